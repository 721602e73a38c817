"""What is found in a person's files lets a script read the very sets that the engine trains on."""

from __future__ import annotations

import gzip
import re
import struct

import numpy as np
import pytest
from PIL import Image

from engine.data.load import inspect, load
from engine.export.find_layout import find_layout
from engine.export.layout import IdxFiles, ImageFolders, NpzArrays
from engine.export.script import FRAMEWORKS, script
from engine.problems import ProblemError
from engine.project.layers import Dense, Flatten
from engine.project.project import Project
from engine.project.sources import IdxFolder, ImageFolder, NpzFile
from tests.engine.export.running import NETWORK, run, up_to

each_framework = pytest.mark.parametrize("framework", FRAMEWORKS)
KINDS = ("images-idx3", "labels-idx1")
MISSING = ("import matplotlib", "import keras", "from keras")


def random_images(count, *shape, seed=0):
    generator = np.random.default_rng([count, seed])
    return generator.integers(0, 256, (count, *shape), dtype=np.uint8)


def check_sets(source, framework, layout, atol=0.0):
    """Compare what is found in the files with what is there, and the script's images and labels
    of each set with the engine's: to the bit, where nothing else is said.
    """
    assert find_layout(source) == layout
    project = Project().insert(0, Flatten(), Dense(units=4)).set_data(source=source, validation=0.2)
    project = project.set_training(batch_size=4, seed=5)
    dataset = load(project.data, 5, None)
    text = up_to(
        script(project, framework, layout).text,
        "\ndef dataset(" if framework == "pytorch" else NETWORK,
        without=MISSING,
    )

    names = run(text)

    for part, of in (("train", "training"), ("validation", "validation"), ("test", "test")):
        ours, theirs = dataset.split(of), names[f"{part}_images"]
        theirs = theirs if framework == "pytorch" else theirs.transpose(0, 3, 1, 2)
        assert theirs.dtype == np.float32
        order = places(theirs, ours.images)
        assert sorted(order) == list(range(len(ours)))
        np.testing.assert_allclose(theirs, ours.images[order], rtol=0, atol=atol)
        np.testing.assert_array_equal(names[f"{part}_labels"], ours.labels[order])


def places(images, among):
    """Give for each image the place of the one that is nearest to it."""
    return np.abs(images[:, None] - among[None]).sum(axis=(2, 3, 4)).argmin(axis=1)


def write_idx(path, array):
    head = struct.pack(">BBBB", 0, 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wb") as file:
        file.write(head + array.tobytes())


@each_framework
@pytest.mark.parametrize("suffixes", [("", ""), (".gz", ".gz"), ("", ".gz")])
@pytest.mark.parametrize("with_test", [True, False])
def test_idx_folders(tmp_path, framework, suffixes, with_test):
    for part, count in (("train", 60), ("t10k", 18))[: 1 + with_test]:
        images, labels = f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"
        write_idx(tmp_path / (images + suffixes[0]), random_images(count, 6, 5))
        write_idx(tmp_path / (labels + suffixes[1]), np.arange(count, dtype=np.uint8) % 3 * 2)

    parts = [
        f"{part}-{kind}-ubyte" for part in ("train", "t10k")[: 1 + with_test] for kind in KINDS
    ]
    names = [name + suffixes["labels" in name] for name in parts]
    packed = tuple(name for name in names if name.endswith(".gz"))
    layout = IdxFiles(*names, *([] if with_test else ["", ""]), packed=packed)
    check_sets(inspect(IdxFolder, tmp_path), framework, layout)


@each_framework
def test_idx_files_that_are_not_what_their_names_say(tmp_path, framework):
    """Some browsers unpack what they fetch and leave it its name."""
    (tmp_path / "raw").mkdir()
    images, labels = "raw/train-images-idx3-ubyte.gz", "raw/train-labels.idx1-ubyte"
    write_idx(tmp_path / "images", random_images(30, 6, 5))
    write_idx(tmp_path / "labels.gz", np.arange(30, dtype=np.uint8) % 3)
    (tmp_path / "images").rename(tmp_path / images)
    (tmp_path / "labels.gz").rename(tmp_path / labels)

    layout = IdxFiles(images, labels, "", "", packed=(labels,))
    check_sets(inspect(IdxFolder, tmp_path), framework, layout)


@each_framework
@pytest.mark.parametrize(
    ("layout", "arrays"),
    [
        (
            NpzArrays(),
            {"x_train": random_images(60, 6, 5), "y_train": np.arange(60) % 3}
            | {"x_test": random_images(18, 6, 5), "y_test": np.arange(18) % 3},
        ),
        (
            NpzArrays("images", "labels", "", "", axes="NHWC"),
            {"images": random_images(60, 6, 5, 3), "labels": np.arange(60) % 3 + 7},
        ),
        (
            NpzArrays("X", "Y", "", "", axes="NCHW", label_kind="text"),
            {"X": random_images(60, 3, 6, 5), "Y": np.array(["b10", "b2", "a"])[np.arange(60) % 3]},
        ),
        (
            NpzArrays("data", "target", "", "", bytes=False, label_kind="one-hot"),
            {"data": random_images(60, 6, 5) / 255, "target": np.eye(3)[np.arange(60) % 3]},
        ),
        (
            NpzArrays("data", "target", "", "", bytes=False),
            {"data": random_images(60, 6, 5) / 7 - 3, "target": np.arange(60)[:, None] % 3},
        ),
        (
            NpzArrays(bytes=False),
            {"x_train": random_images(60, 6, 5) % 15 + 2, "y_train": np.arange(60) % 3 + 4.0}
            | {"x_test": random_images(18, 6, 5) % 20, "y_test": np.arange(18) % 3 + 4.0},
        ),
        (
            NpzArrays("images", "labels", "", "", bytes=False, label_kind="encoded"),
            {
                "images": np.asfortranarray(random_images(60, 6, 5) > 99),
                "labels": np.array(["é", "ö"])[np.arange(60) % 2],
            },
        ),
    ],
    ids=["mnist", "colour", "text", "one-hot", "any range", "faint", "bits"],
)
def test_npz_archives(tmp_path, framework, layout, arrays):
    path = tmp_path / 'it\'s "mine".npz'
    if layout.label_kind == "encoded":
        arrays = arrays | {"labels": np.char.encode(arrays["labels"], "utf-8")}
    np.savez(path, **arrays)

    check_sets(inspect(NpzFile, path), framework, layout, atol=0 if layout.bytes else 1e-6)


@each_framework
@pytest.mark.parametrize("parts", [("",), ("train", "test"), ("train", "val", "test")])
@pytest.mark.parametrize("channels", [1, 3])
def test_image_folders(tmp_path, framework, parts, channels):
    shape = (8, 9, 3) if channels == 3 else (8, 9)
    for number, part in enumerate(parts):
        for label in ("cat", "dog 10", "dog 2"):
            folder = tmp_path / part / label
            folder.mkdir(parents=True)
            pictures = random_images(12 + len(label), *shape, seed=number)
            for index, pixels in enumerate(pictures):
                Image.fromarray(pixels).save(folder / f"{index}.png")

    train = tuple(part for part in parts if part != "test")
    layout = ImageFolders(train, "test" if "test" in parts else None, suffixes=(".png",))
    check_sets(inspect(ImageFolder, tmp_path), framework, layout)


@each_framework
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_of_many_kinds(tmp_path, framework, channels):
    """Transparent, large, hidden, broken ones, and one that lies deeper."""
    rng = np.random.default_rng(channels)
    for label in ("cat", "dog"):
        folder = tmp_path / "Train" / label / "more"
        folder.mkdir(parents=True)
        for index in range(8):
            pixels = rng.integers(0, 256, (20 + index, 30), np.uint8)
            picture = Image.fromarray(pixels if channels == 1 else np.stack([pixels] * 3, -1) // 2)
            if channels == 3:
                picture.putpixel((0, 0), (255, 0, 9))
            picture.save(folder.parent / f"{index}.png")
        grey = rng.integers(0, 256, (200, 300), np.uint8)
        Image.fromarray(grey).save(folder / "large.jpg")
        Image.fromarray(grey).save(folder / "grey.pgm")
        clear = np.stack([grey, np.where(grey > 99, 255, 0).astype(np.uint8)], -1)
        Image.fromarray(clear).save(folder / "clear.png")
        (folder / ".hidden.png").write_bytes(b"")
    (folder / "broken.png").write_bytes(b"no picture")

    suffixes = (".jpg", ".pgm", ".png")
    layout = ImageFolders(("Train",), None, broken=True, suffixes=suffixes)
    check_sets(inspect(ImageFolder, tmp_path), framework, layout)


def grey(bits, seed):
    """Give noise of 20×30 pixels in 8, 16 or 32 bits, or floats in 0..1."""
    values = np.random.default_rng(seed).random((20, 30))
    match bits:
        case "float":
            return Image.fromarray(values.astype(np.float32))
        case 32:
            return Image.fromarray((values * 65535).astype(np.int32))
    return Image.fromarray((values * (2**bits - 1)).astype(f"uint{bits}"))


def in_colour(mode, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (20, 30, 4), np.uint8)
    colour = Image.fromarray(pixels)
    return colour if mode == "RGBA" else colour.convert("RGB").convert(mode)


def big_endian(seed):
    return Image.fromarray(np.asarray(grey(16, seed)).astype(">u2"))


GREY = {
    "8.png": lambda seed: grey(8, seed),
    "bits.png": lambda seed: grey(8, seed).convert("1"),
    "clear.png": lambda seed: in_colour("RGBA", seed).convert("LA"),
}
SIXTEEN = {
    "16.png": lambda seed: grey(16, seed),
    "16.tif": lambda seed: grey(16, seed),
    "turned.tiff": big_endian,
}
OF_ANY_RANGE = {
    "16.pgm": lambda seed: grey(16, seed),  # which Pillow opens as 32 bits
    "32.tif": lambda seed: grey(32, seed),
    "small.tif": lambda seed: Image.fromarray(np.asarray(grey(8, seed)).astype(np.int32)),
    "float.tif": lambda seed: grey("float", seed),
    "large float.tif": lambda seed: Image.fromarray(np.asarray(grey(8, seed)).astype(np.float32)),
}
COLOUR = {
    "rgb.png": lambda seed: in_colour("RGB", seed),
    "rgba.png": lambda seed: in_colour("RGBA", seed),
    "rgba.webp": lambda seed: in_colour("RGBA", seed),
    "palette.png": lambda seed: in_colour("P", seed),
    "palette.gif": lambda seed: in_colour("P", seed),
    "cmyk.jpg": lambda seed: in_colour("CMYK", seed),
    "cmyk.tif": lambda seed: in_colour("CMYK", seed),
    "rgb.bmp": lambda seed: in_colour("RGB", seed),
}


@each_framework
@pytest.mark.parametrize(
    ("kinds", "deep"),
    [
        (GREY, ()),
        (GREY | SIXTEEN, ("I;16", "I;16B")),
        (GREY | SIXTEEN | OF_ANY_RANGE, ("F", "I", "I;16", "I;16B")),
        (GREY | SIXTEEN | COLOUR, ("I;16", "I;16B")),
        (COLOUR, ()),
    ],
    ids=["grey", "16 bits", "any range", "colour and 16 bits", "colour"],
)
def test_pictures_of_every_mode(tmp_path, framework, kinds, deep):
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        for number in range(3):
            for name, made in kinds.items():
                picture = made([number, ord(label[0]), *name.encode()])
                picture.save(tmp_path / label / f"{number} {name}")

    suffixes = tuple(sorted({f".{name.split('.')[1]}" for name in kinds}))
    layout = ImageFolders(suffixes=suffixes, deep=deep)
    check_sets(inspect(ImageFolder, tmp_path), framework, layout)


def test_a_script_for_eight_bits_says_nothing_of_more():
    source = ImageFolder(
        path="/a", input_shape=(1, 8, 8), class_names=("a", "b"), train_size=20, test_size=5
    )
    project = Project().insert(0, Flatten()).set_data(source=source).set_training(batch_size=4)

    assert "257" not in script(project, "pytorch", ImageFolders()).text
    assert "def to_bytes" not in script(project, "pytorch", ImageFolders(deep=("I;16",))).text
    assert "def to_bytes" in script(project, "pytorch", ImageFolders(deep=("F",))).text


@each_framework
def test_files_whose_names_hold_one_number_in_two_ways(tmp_path, framework):
    """Which is in the test set depends on the order, so that must be one."""
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        pictures = random_images(20, 8, 9, seed=ord(label[0]))
        names = ["1", "01", "001", "A", "a", "٣", "²", "x٣", *map(str, range(5, 17))]
        for name, pixels in zip(names, pictures, strict=True):
            Image.fromarray(pixels).save(tmp_path / label / f"{name}.png")

    check_sets(inspect(ImageFolder, tmp_path), framework, ImageFolders(suffixes=(".png",)))


@each_framework
def test_means_do_not_drift_over_many_pixels(framework):
    """Added up one by one in single precision, 400,000 numbers are off by half a thousandth."""
    project = Project().insert(0, Flatten(), Dense()).set_data(standardise=True)
    (wanted,) = re.findall(r"mean=(train_images.+\))", script(project, framework).text)
    images = np.full((40, 100, 100, 3), 0.1, np.float32)
    images = images.transpose(0, 3, 1, 2) if framework == "pytorch" else images

    mean = eval(wanted, {"train_images": images, "np": np})

    np.testing.assert_allclose(mean, [np.float64(images[0, 0, 0, 0])] * 3, rtol=1e-9)


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [(IdxFolder, "no IDX files"), (ImageFolder, "no subfolders"), (NpzFile, "is not a file")],
)
def test_files_that_are_gone_are_told_of(tmp_path, kind, sentence):
    source = kind(
        path=str(tmp_path),
        input_shape=(1, 8, 8),
        class_names=("a", "b"),
        train_size=20,
        test_size=5,
    )
    with pytest.raises(ProblemError, match=sentence):
        find_layout(source)
