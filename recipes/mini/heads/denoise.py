"""Intel Open Image Denoise through ctypes: the library that the `bpy` wheel brings along (Apache-2.0).

Works on one thread, for one renderer a core. Pictures are float32 (height, width, 3).
"""

from __future__ import annotations

import ctypes
import importlib.util
from functools import lru_cache
from pathlib import Path

import numpy as np

CPU_DEVICE = 1
FLOAT3 = 3
BALANCED_QUALITY = 5

_POINTER, _TEXT, _SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
_SIGNATURES: dict[str, tuple[object, list[object]]] = {
    "oidnNewDevice": (_POINTER, [ctypes.c_int]),
    "oidnCommitDevice": (None, [_POINTER]),
    "oidnSetDeviceInt": (None, [_POINTER, _TEXT, ctypes.c_int]),
    "oidnNewFilter": (_POINTER, [_POINTER, _TEXT]),
    "oidnSetSharedFilterImage": (
        None,
        [_POINTER, _TEXT, _POINTER, ctypes.c_int, _SIZE, _SIZE, _SIZE, _SIZE, _SIZE],
    ),
    "oidnSetFilterBool": (None, [_POINTER, _TEXT, ctypes.c_bool]),
    "oidnSetFilterInt": (None, [_POINTER, _TEXT, ctypes.c_int]),
    "oidnCommitFilter": (None, [_POINTER]),
    "oidnExecuteFilter": (None, [_POINTER]),
    "oidnReleaseFilter": (None, [_POINTER]),
    "oidnGetDeviceError": (ctypes.c_int, [_POINTER, ctypes.POINTER(_TEXT)]),
}


class DenoiserError(RuntimeError):
    """The denoiser is missing or refused its input."""


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    """Load the library from the `bpy` package."""
    package = importlib.util.find_spec("bpy")
    if package is None or package.origin is None:
        raise DenoiserError("The package bpy is not installed; it brings the denoiser along.")
    folder = Path(package.origin).parent / "lib"
    for dependency in sorted(folder.glob("libtbb*.so*")):
        try:
            ctypes.CDLL(str(dependency), mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue  # several versions may lie there; one of them fits
    library = ctypes.CDLL(str(folder / "libOpenImageDenoise.so.2"))
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


@lru_cache(maxsize=1)
def _device() -> int:
    """A single-threaded CPU device."""
    library = _library()
    device = library.oidnNewDevice(CPU_DEVICE)
    library.oidnSetDeviceInt(device, b"numThreads", 1)
    library.oidnSetDeviceInt(device, b"setAffinity", 0)
    library.oidnCommitDevice(device)
    return device


class Denoiser:
    """Denoises pictures of one size that share albedo and normals."""

    def __init__(
        self,
        size: tuple[int, int],
        albedo: np.ndarray | None = None,
        normal: np.ndarray | None = None,
        hdr: bool = True,
        quality: int | None = None,
    ) -> None:
        """Prepare the filter.

        Args:
            size: Height and width.
            albedo: Noise-free albedo, float32 (height, width, 3).
            normal: Noise-free normals, float32 (height, width, 3).
            hdr: Whether values may exceed 1.
            quality: Trade of quality for speed, `BALANCED_QUALITY` or None for the best.
        """
        library = _library()
        self._input = np.zeros((*size, 3), np.float32)
        self._output = np.zeros((*size, 3), np.float32)
        self._guides = {
            name: np.ascontiguousarray(guide, np.float32)
            for name, guide in ((b"albedo", albedo), (b"normal", normal))
            if guide is not None
        }
        self._filter = library.oidnNewFilter(_device(), b"RT")
        for name, image in ((b"color", self._input), *self._guides.items(), (b"output", self._output)):
            height, width = size
            library.oidnSetSharedFilterImage(
                self._filter, name, image.ctypes.data, FLOAT3, width, height, 0, 0, 0
            )
        if hdr:
            library.oidnSetFilterBool(self._filter, b"hdr", True)
        if self._guides:
            library.oidnSetFilterBool(self._filter, b"cleanAux", True)
        if quality is not None:
            library.oidnSetFilterInt(self._filter, b"quality", quality)
        library.oidnCommitFilter(self._filter)

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """A denoised copy of a picture."""
        library = _library()
        self._input[:] = picture
        library.oidnExecuteFilter(self._filter)
        message = ctypes.c_char_p()
        if library.oidnGetDeviceError(_device(), ctypes.byref(message)):
            raise DenoiserError((message.value or b"unknown error").decode())
        return self._output.copy()

    def __del__(self) -> None:
        """Release the filter."""
        if hasattr(self, "_filter"):
            _library().oidnReleaseFilter(self._filter)


def denoise(
    picture: np.ndarray, albedo: np.ndarray | None = None, normal: np.ndarray | None = None
) -> np.ndarray:
    """Denoise one picture with values from 0 to 1, at the best quality."""
    height, width = picture.shape[:2]
    return Denoiser((height, width), albedo, normal, hdr=False)(picture)
