"""Small files of every kind that a person might choose, written into a temporary folder."""

import gzip
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from engine.data import load


@pytest.fixture(autouse=True)
def _nothing_kept_between_tests():
    load._last.clear()
    yield
    load._last.clear()


@pytest.fixture(scope="session")
def idx_bytes():
    """Pack an array of bytes as an IDX file, by hand and not by the code under test."""

    def pack(array):
        sizes = struct.pack(f">{array.ndim}I", *array.shape)
        return bytes((0, 0, 8, array.ndim)) + sizes + array.tobytes()

    return pack


@pytest.fixture
def digit_images():
    """Twelve images of 4×5 in three classes, each image filled with its own number."""
    images = np.repeat(np.arange(12, dtype=np.uint8), 20).reshape(12, 4, 5)
    return images, (np.arange(12) % 3).astype(np.uint8)


@pytest.fixture
def idx_folder(tmp_path, idx_bytes, digit_images):
    """Write a folder of IDX files; returns the folder."""

    def write(*, test=False, packed=False, style="-idx", images=None, labels=None):
        folder = tmp_path / "mine"
        folder.mkdir(exist_ok=True)
        images_, labels_ = digit_images
        arrays = (images_ if images is None else images, labels_ if labels is None else labels)
        for part in ("train", "t10k") if test else ("train",):
            for array, kind in zip(arrays, ("images", "labels"), strict=True):
                name = f"{part}-{kind}{style}{array.ndim}-ubyte" + (".gz" if packed else "")
                data = idx_bytes(array)
                (folder / name).write_bytes(gzip.compress(data) if packed else data)
        return folder

    return write


@pytest.fixture
def picture():
    """Save one picture of a colour (a number is a grey), creating its folder."""
    from PIL import Image

    def save(path: Path, colour=0, size=(6, 6), mode=None):
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = mode or ("L" if isinstance(colour, int) else "RGB")
        Image.new(mode, size, colour).save(path)
        return path

    return save


@pytest.fixture
def picture_folder(tmp_path, picture):
    """Write class folders with pictures each; returns the folder above."""

    def write(classes=("cat", "dog"), count=6, root="pictures", colour=100, size=(6, 6)):
        for number, name in enumerate(classes):
            for index in range(count):
                shade = colour if isinstance(colour, tuple) else colour + 10 * number + index
                picture(tmp_path / root / name / f"{index}.png", shade, size)
        return tmp_path / root

    return write


@pytest.fixture
def bomb():
    """Write a PNG of a few bytes that declares a square of this side."""

    def write(path: Path, side):
        header = b"IHDR" + struct.pack(">2I5B", side, side, 1, 0, 0, 0, 0)
        chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 9) + b"IDAT")
        return path

    return write


@pytest.fixture
def real_data():
    """The folder with the real MNIST files; skips where there is none."""
    from engine.project.sources import Mnist

    folder = os.environ.get("LAYERSCOPE_DATA")
    if not folder or not load.found(Mnist(), Path(folder)):
        pytest.skip("LAYERSCOPE_DATA names no folder that holds MNIST")
    return Path(folder)
