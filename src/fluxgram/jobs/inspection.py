"""Finished pictures before they are handed out: looked at by a classifier where the policy says so, and redacted.

The classifier is loaded with the worker, before its first job. Nothing about it is silent: what was not looked at is
`unchecked`, and where that is not what the client asked for, a note says why.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fluxgram.errors import FluxgramError
from fluxgram.jobs.orders import Note

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxgram.families.picture_classifier import HubClassifier
    from fluxgram.service import ServiceSettings
    from fluxgram.settings import Settings
    from fluxgram.store.records import JobRecord, Verdict

FLAGGED_FROM = 0.5
"""Score from which a picture is flagged."""
_log = logging.getLogger(__name__)


def check_classifier(service: ServiceSettings) -> None:
    """Whether the classifier that the settings name may be had; nothing is loaded or fetched.

    Raises:
        CheckpointMissing: It is a folder that is not there, or no name at all.
    """
    if service.classifier and service.safety != "off":
        from fluxgram.families.picture_classifier import check_name

        check_name(service.classifier)


class Inspector:
    """Looks at finished pictures.

    Args:
        settings: Of the machine.
        service: Policy and classifier.
    """

    def __init__(self, settings: Settings, service: ServiceSettings) -> None:
        self._settings = settings
        self._service = service
        self._classifier: HubClassifier | None = None
        self._missing: FluxgramError | None = None

    def prepare(self) -> None:
        """Load the classifier before the first picture needs it; where it is not needed in any case, say why not.

        Raises:
            FluxgramError: The policy wants every picture looked at, and there is nothing to look with.
        """
        if self._service.classifier and self._service.safety != "off":
            try:
                self._loaded()
            except FluxgramError:
                if self._service.safety == "require":
                    raise

    def inspect(self, image: Image, record: JobRecord) -> tuple[Image, Verdict, tuple[Note, ...]]:
        """The picture to hand out, what was said of it, and what must be told.

        Raises:
            FluxgramError: The policy wants it looked at, and there is nothing to look with.
        """
        if not self.looks_at(record):
            return image, "unchecked", ()
        try:
            classifier = self._loaded()
        except FluxgramError as error:
            if self._service.safety == "require":
                raise
            return image, "unchecked", (Note("check", "yes", f"The pictures are not checked: {error}"),)
        score = classifier.score(image)
        if score.unsafe < FLAGGED_FROM:
            return image, "clean", ()
        how = str(record.extra.get("redact", "blur"))
        what = f"Flagged as {score.label} ({score.unsafe:.2f}) by {classifier.name}"
        if how == "none" and self._service.safety == "require":
            how = "blur"  # it was submitted under another policy
        if how == "none":
            return image, "flagged", (Note("check", score.label, f"{what}."),)
        from fluxgram.safety.pictures import redact

        note = Note("check", score.label, f"{what}, and redacted ({how}).")
        return redact(image, how), "flagged", (note,)

    def looks_at(self, record: JobRecord) -> bool:
        """Whether a job's pictures are looked at; its previews are then shown to nobody, as nobody looks at those."""
        policy = self._service.safety
        if policy == "off" or (policy == "prefer" and not self._service.classifier):
            return False
        return policy == "require" or record.extra.get("check") is not False

    def _loaded(self) -> HubClassifier:
        if self._missing is not None:
            raise self._missing
        if self._classifier is None:
            from fluxgram.families.picture_classifier import load_classifier

            try:
                self._classifier = load_classifier(self._service.classifier, self._settings)
            except FluxgramError as error:
                _log.warning("the picture classifier cannot be used: %s", error)
                self._missing = error
                raise
        return self._classifier
