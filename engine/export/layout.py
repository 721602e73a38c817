"""How a person's files are laid out, which a script has to know and the project does not say.

Whoever has looked at the files passes it on; otherwise the usual layout is assumed, and said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Axes = Literal["NHW", "NHWC", "NCHW"]
LabelKind = Literal["numbers", "text", "encoded", "one-hot"]
"""Numbers of any type; names; names as UTF-8 bytes; a row with a single 1 for each image."""


@dataclass(frozen=True)
class IdxFiles:
    """The files' paths below the folder; without a test set the last two are empty, and a sixth of
    all is kept for it. `packed` names those that are gzip, which their own names may not say.
    """

    images: str = "train-images-idx3-ubyte"
    labels: str = "train-labels-idx1-ubyte"
    test_images: str = "t10k-images-idx3-ubyte"
    test_labels: str = "t10k-labels-idx1-ubyte"
    packed: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The files that are there."""
        return tuple(n for n in (self.images, self.labels, self.test_images, self.test_labels) if n)


@dataclass(frozen=True)
class ImageFolders:
    """The folders with one subfolder a class, below the source's own, which is "". Where `test` is
    None, a sixth of all is kept for the test. Where some pictures are broken, they are left out.
    `suffixes` are those of their names, in lower case, or all that are read where nobody has
    looked; `deep` are Pillow's modes of those that have more than 8 bits of grey.
    """

    train: tuple[str, ...] = ("",)
    test: str | None = None
    broken: bool = False
    suffixes: tuple[str, ...] = ()
    deep: tuple[str, ...] = ()


@dataclass(frozen=True)
class NpzArrays:
    """The arrays' names, the last two empty as for IdxFiles, and how their values are stored:
    bytes 0..255 or numbers of any range.
    """

    images: str = "x_train"
    labels: str = "y_train"
    test_images: str = "x_test"
    test_labels: str = "y_test"
    axes: Axes = "NHW"
    bytes: bool = True
    label_kind: LabelKind = "numbers"


Layout = IdxFiles | ImageFolders | NpzArrays
