"""Where images come from, each kind declared once: what it is, and what is known of it.

A source is plain data inside a project file. engine.data.load reads it.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveInt

ImageShape = tuple[PositiveInt, PositiveInt, PositiveInt]
"""Channels, height, width."""

DIGITS = tuple("0123456789")


class Source(BaseModel):
    """A place that labelled images come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: ClassVar[str]
    help: ClassVar[str]

    type: str = ""


class KnownSource(Source):
    """A public dataset whose shape, classes and sizes everybody knows."""

    input_shape: ClassVar[ImageShape]
    class_names: ClassVar[tuple[str, ...]]
    train_size: ClassVar[int]
    test_size: ClassVar[int]


class BundledDigits(KnownSource):
    """The digits that scikit-learn carries; 360 of them, stratified, are its test set."""

    type: Literal["digits"] = "digits"
    title = "Digits 8×8"
    help = "1,797 real handwritten digits of 8×8 pixels that come with the program."
    input_shape = (1, 8, 8)
    class_names = DIGITS
    train_size = 1437
    test_size = 360


class Mnist(KnownSource):
    """LeCun, Cortes and Burges' handwritten digits."""

    type: Literal["mnist"] = "mnist"
    title = "MNIST"
    help = "70,000 handwritten digits of 28×28 pixels, the first dataset of most lessons."
    input_shape = (1, 28, 28)
    class_names = DIGITS
    train_size = 60_000
    test_size = 10_000


class FashionMnist(KnownSource):
    """Zalando's clothes, in MNIST's format."""

    type: Literal["fashion-mnist"] = "fashion-mnist"
    title = "Fashion-MNIST"
    help = "70,000 pictures of clothes in ten kinds, as large as MNIST and harder."
    input_shape = (1, 28, 28)
    class_names = (
        "T-shirt", "Trouser", "Pullover", "Dress", "Coat",
        "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    )  # fmt: skip
    train_size = 60_000
    test_size = 10_000


class Kmnist(KnownSource):
    """Cursive Japanese characters, in MNIST's format."""

    type: Literal["kmnist"] = "kmnist"
    title = "KMNIST"
    help = "70,000 cursive Japanese characters in ten classes, as large as MNIST and harder."
    input_shape = (1, 28, 28)
    class_names = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
    train_size = 60_000
    test_size = 10_000


class FileSource(Source):
    """Files of the person's own. What was found in them when they were chosen is kept here, so
    that shapes are known without reading them again, and a later change of the files is noticed.
    """

    pattern: ClassVar[str] = ""  # of a file's name, where the source is a file and no folder

    path: str = Field(min_length=1, description="The file or folder.")
    input_shape: ImageShape = Field(description="Channels, height and width of every image.")
    class_names: tuple[str, ...] = Field(min_length=2, description="The classes, in their order.")
    train_size: int = Field(ge=2, description="Images to learn from, validation included.")
    test_size: int = Field(ge=1, description="Images kept for the test at the end.")


class IdxFolder(FileSource):
    """Images and labels in the file format of MNIST."""

    type: Literal["idx"] = "idx"
    title = "Folder of IDX files"
    help = (
        "train-images-idx3-ubyte and train-labels-idx1-ubyte, plain or .gz; with t10k-images and "
        "t10k-labels as the test set where they exist."
    )


class ImageFolder(FileSource):
    """Pictures in one subfolder a class, all brought to one size."""

    type: Literal["images"] = "images"
    title = "Folder of images"
    help = (
        "One subfolder a class with PNG, JPEG, BMP, GIF, TIFF or WebP pictures; or two folders "
        "train and test that hold such subfolders."
    )


class NpzFile(FileSource):
    """Named arrays in one NumPy archive."""

    type: Literal["npz"] = "npz"
    title = "NumPy archive (.npz)"
    pattern = "*.npz"
    help = (
        "Arrays x_train and y_train, with x_test and y_test where they exist; or images and "
        "labels. Images are N×H×W, N×H×W×C or N×C×H×W."
    )


AnySource = Annotated[
    BundledDigits | Mnist | FashionMnist | Kmnist | IdxFolder | ImageFolder | NpzFile,
    Field(discriminator="type"),
]
KNOWN_SOURCES: tuple[type[KnownSource], ...] = (BundledDigits, Mnist, FashionMnist, Kmnist)
FILE_SOURCES: tuple[type[FileSource], ...] = (IdxFolder, ImageFolder, NpzFile)


class Data(BaseModel):
    """Which images, and how they are split and scaled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: AnySource = Field(default_factory=BundledDigits)
    validation: float = Field(
        0.1,
        ge=0.01,
        le=0.5,
        title="Validation share",
        description="The share of the training images kept aside to measure on while training. "
        "Drawn by the seed, with every class in its proportion.",
    )
    standardise: bool = Field(
        False,
        title="Standardise",
        description="Subtract the training set's mean and divide by its deviation, channel by "
        "channel. Without it pixels are scaled to 0..1.",
    )
