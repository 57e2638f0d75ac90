// Sets the theme before the first paint; everything else of the page comes later, as modules.
(() => {
  try {
    const theme = localStorage.getItem("fluxgram.theme");
    if (theme === '"dark"' || theme === '"light"') document.documentElement.dataset.theme = JSON.parse(theme);
  } catch {
    // no storage: the system's theme holds
  }
})();
