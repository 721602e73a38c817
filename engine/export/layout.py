"""How a person's files are laid out, which a script has to know and the project does not say.

Whoever has looked at the files passes it on; otherwise the usual layout is assumed, and said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Axes = Literal["NHW", "NHWC", "NCHW"]


@dataclass(frozen=True)
class IdxFiles:
    """The files' paths below the folder; without a test set the last two are empty, and a sixth of
    all is kept for it.
    """

    images: str = "train-images-idx3-ubyte"
    labels: str = "train-labels-idx1-ubyte"
    test_images: str = "t10k-images-idx3-ubyte"
    test_labels: str = "t10k-labels-idx1-ubyte"


@dataclass(frozen=True)
class ImageFolders:
    """The folders with one subfolder a class, below the source's own, which is "". Where `test` is
    None, a sixth of all is kept for the test.
    """

    train: tuple[str, ...] = ("",)
    test: str | None = None


@dataclass(frozen=True)
class NpzArrays:
    """The arrays' names, the last two empty as for IdxFiles, and how their values are stored:
    bytes 0..255 or numbers of any range; labels as they are or in one-hot rows.
    """

    images: str = "x_train"
    labels: str = "y_train"
    test_images: str = "x_test"
    test_labels: str = "y_test"
    axes: Axes = "NHW"
    bytes: bool = True
    one_hot: bool = False


Layout = IdxFiles | ImageFolders | NpzArrays
