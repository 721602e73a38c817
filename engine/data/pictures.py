"""One picture file becomes an array: upright, without transparency, in 8 bits, of one size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from engine.project.sources import ImageShape

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = frozenset(
    (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
)

LARGEST = 80_000_000
"""Pixels; beyond it a picture is taken for a bomb, as Pillow does a little later."""

GREY_MODES = frozenset(("1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N"))
DEEP_MODES = GREY_MODES - {"1", "L", "LA", "La"}
"""Pillow's names of grey in more than 8 bits: whole numbers in 16 or 32, and floats."""

ROTATED_MODES = {"JPEG", "MPO"}
ORIENTATION, SIDEWAYS = 0x0112, {5, 6, 7, 8}

GREY_TOLERANCE = 8
"""How far the channels of a grey picture may differ: JPEG rounds them."""


class BrokenPictureError(Exception):
    """The file is no picture that can be read."""


@dataclass(frozen=True)
class Look:
    """What a picture's header tells: height and width as a person sees it, and Pillow's mode."""

    size: tuple[int, int]
    mode: str

    @property
    def grey(self) -> bool:
        """Whether its mode knows no colour."""
        return self.mode in GREY_MODES


def look(path: Path) -> Look:
    """Read only a picture's header.

    Raises:
        BrokenPictureError: it is no picture, or a bomb.
    """
    with _opened(path) as image:
        width, height = image.size
        sideways = image.format in ROTATED_MODES and image.getexif().get(ORIENTATION) in SIDEWAYS
        return Look((width, height) if sideways else (height, width), image.mode)


def decode(path: Path, shape: ImageShape) -> NDArray[np.uint8]:
    """Read a picture as uint8 (C, H, W), C 1 or 3, resized with antialiasing where necessary.

    The whole picture is kept and stretched to the size. It is turned upright as its EXIF data
    say, transparency is laid on white, of an animation the first frame is taken, and 16 bits are
    brought to 8.

    Raises:
        BrokenPictureError: it is no picture, damaged, or a bomb.
    """
    channels, height, width = shape
    with _opened(path) as image:
        side = 2 * max(height, width)
        image.draft("L" if channels == 1 else "RGB", (side, side))  # JPEG decodes small at once
        plain = _plain(image).convert("L" if channels == 1 else "RGB")
        pixels = np.asarray(_resized(plain, (width, height)), np.uint8)
    return pixels[None] if channels == 1 else pixels.transpose(2, 0, 1)


def is_colourful(path: Path) -> bool:
    """Say whether a picture's channels differ, JPEG's rounding aside.

    Raises:
        BrokenPictureError: it is no picture, damaged, or a bomb.
    """
    with _opened(path) as image:
        image.draft("RGB", (64, 64))
        pixels = np.asarray(_plain(image).convert("RGB"), np.int16)
    return bool((pixels.max(axis=2) - pixels.min(axis=2)).max() > GREY_TOLERANCE)


@contextmanager
def _opened(path: Path) -> Iterator[Image]:
    """Open a picture; whatever is raised while it is open is the picture's fault.

    Pillow's decoders raise almost anything on damaged bytes: OSError, SyntaxError, struct.error,
    ValueError, IndexError, DecompressionBombError.
    """
    import PIL.Image

    try:
        if not path.is_file():  # to open a pipe would wait for ever
            raise BrokenPictureError("no regular file")
        with PIL.Image.open(path) as image:
            if image.width * image.height > LARGEST:
                raise BrokenPictureError(f"{image.width}×{image.height} pixels")
            yield image
    except Exception as error:
        raise BrokenPictureError(str(error)) from error


def _plain(image: Image) -> Image:
    """Turn upright, lay transparency on white, and bring to 8 bits."""
    import PIL.Image
    import PIL.ImageOps

    upright = PIL.ImageOps.exif_transpose(image)
    if upright.mode in DEEP_MODES:
        return PIL.Image.fromarray(_eight_bits(np.asarray(upright), upright.mode))
    if upright.has_transparency_data:
        transparent = upright.convert("RGBA")
        white = PIL.Image.new("RGBA", transparent.size, "white")
        return PIL.Image.alpha_composite(white, transparent)
    return upright


def _eight_bits(pixels: NDArray[np.generic], mode: str) -> NDArray[np.uint8]:
    """Bring 16-bit, 32-bit and float grey to 0..255, by the range that the values are in."""
    values: NDArray[np.float32] = np.nan_to_num(pixels.astype(np.float32))
    largest = float(values.max(initial=0))
    if mode == "F" and largest <= 1:
        values *= 255
    elif mode.startswith("I;16") or largest > 255:
        values /= 257
    return values.clip(0, 255).astype(np.uint8)


def _resized(image: Image, size: tuple[int, int]) -> Image:
    from PIL.Image import Resampling

    return image if image.size == size else image.resize(size, Resampling.BILINEAR)
