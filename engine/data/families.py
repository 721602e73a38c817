"""The public datasets in MNIST's format, each declared once: its folder, files and mirrors.

MD5 sums are torchvision's; sizes are those of the files behind these sums. Every mirror is https
and the sum decides whether what arrived is right, so a mirror that changes does no harm.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.project.sources import FashionMnist, Kmnist, KnownSource, Mnist


@dataclass(frozen=True)
class RemoteFile:
    """One file: its name on a mirror, the MD5 sums of it packed and unpacked, its bytes packed.

    `unpacked_md5` is empty where it is unknown. The same images packed anew have another `md5`.
    """

    name: str
    md5: str
    size: int
    unpacked_md5: str = ""

    @property
    def unpacked_name(self) -> str:
        """The name without .gz."""
        return self.name.removesuffix(".gz")


@dataclass(frozen=True)
class Family:
    """A dataset of four IDX files: its folder as in torchvision, and where it is offered."""

    folder: str
    licence: str
    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]


FAMILIES: dict[type[KnownSource], Family] = {
    Mnist: Family(
        folder="MNIST",
        licence="CC BY-SA 3.0",
        mirrors=(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz",
                "f68b3c2dcbeaaa9fbdd348bbdeb94873",
                9_912_422,
                "6bbc9ace898e44ae57da46a324031adb",
            ),
            RemoteFile(
                "train-labels-idx1-ubyte.gz",
                "d53e105ee54ea40749a09fcbcd1e9432",
                28_881,
                "a25bea736e30d166cdddb491f175f624",
            ),
            RemoteFile(
                "t10k-images-idx3-ubyte.gz",
                "9fb629c4189551a2d022fa330f9573f3",
                1_648_877,
                "2646ac647ad5339dbf082846283269ea",
            ),
            RemoteFile(
                "t10k-labels-idx1-ubyte.gz",
                "ec29112dd5afa0611ce80d1b7f02629c",
                4_542,
                "27ae3e4e09519cfbb04c329615203637",
            ),
        ),
    ),
    # torchvision's mirror for it speaks http only; these are its authors' repository and Keras'.
    FashionMnist: Family(
        folder="FashionMNIST",
        licence="MIT",
        mirrors=(
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880
            ),
            RemoteFile("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29_515),
            RemoteFile("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4_422_102),
            RemoteFile("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5_148),
        ),
    ),
    # The same host as torchvision's, by https. It is down at times, hence the second.
    Kmnist: Family(
        folder="KMNIST",
        licence="CC BY-SA 4.0",
        mirrors=(
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "https://huggingface.co/datasets/tanganke/kmnist/resolve/"
            "756d43e894032ce8838db8b32e7500c9c3b5d050/raw/",
        ),
        files=(
            RemoteFile(
                "train-images-idx3-ubyte.gz", "bdb82020997e1d708af4cf47b453dcf7", 18_165_135
            ),
            RemoteFile("train-labels-idx1-ubyte.gz", "e144d726b3acfaa3e44228e80efcd344", 29_497),
            RemoteFile("t10k-images-idx3-ubyte.gz", "5c965bf0a639b31b8f53240b1b52f4d7", 3_041_136),
            RemoteFile("t10k-labels-idx1-ubyte.gz", "7320c461ea6c1c855c0b718fb2a4b134", 5_120),
        ),
    ),
}


def family_of(source: KnownSource) -> Family | None:
    """Look up files and mirrors; None for what needs no fetching: the bundled digits."""
    return FAMILIES.get(type(source))
