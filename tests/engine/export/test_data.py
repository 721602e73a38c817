"""The scripts' first part reads a person's files into the sets that the engine trains on."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest
from PIL import Image

from engine.data.load import inspect, load
from engine.export.layout import IdxFiles, ImageFolders, NpzArrays
from engine.export.script import FRAMEWORKS, script
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
    """Compare the script's images and labels of each set with the engine's."""
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
    layout = IdxFiles(*names, *([] if with_test else ["", ""]))
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
            NpzArrays("X", "Y", "", "", axes="NCHW"),
            {"X": random_images(60, 3, 6, 5), "Y": np.array(["b10", "b2", "a"])[np.arange(60) % 3]},
        ),
        (
            NpzArrays("data", "target", "", "", bytes=False, one_hot=True),
            {"data": random_images(60, 6, 5) / 255, "target": np.eye(3)[np.arange(60) % 3]},
        ),
        (
            NpzArrays("data", "target", "", "", bytes=False),
            {"data": random_images(60, 6, 5) / 7 - 3, "target": np.arange(60)[:, None] % 3},
        ),
    ],
    ids=["mnist", "colour", "text", "one-hot", "any range"],
)
def test_npz_archives(tmp_path, framework, layout, arrays):
    path = tmp_path / 'it\'s "mine".npz'
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
