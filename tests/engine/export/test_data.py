"""What is found in a person's files lets a script read the very sets that the engine trains on."""

from __future__ import annotations

import gzip
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


def check_sets(source, framework, layout):
    """Compare what is found in the files with what is there, and the script's images and labels
    of each set with the engine's.
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
        np.testing.assert_allclose(theirs, ours.images[order], atol=1e-6)
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

    check_sets(inspect(NpzFile, path), framework, layout)


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
    layout = ImageFolders(train, "test" if "test" in parts else None)
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

    layout = ImageFolders(("Train",), None, broken=True)
    check_sets(inspect(ImageFolder, tmp_path), framework, layout)


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
