import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from engine.data import load
from engine.data.dataset import Cancelled
from engine.places import data_folder
from engine.problems import ProblemError
from engine.project.sources import (
    FILE_SOURCES,
    KNOWN_SOURCES,
    BundledDigits,
    Data,
    IdxFolder,
    ImageFolder,
    Kmnist,
    Mnist,
    NpzFile,
    Source,
)

FOLDER = Path("nowhere")


@pytest.fixture
def npz(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (60, 4, 4), np.uint8)
    np.savez(tmp_path / "data.npz", images=images, labels=np.arange(60) % 3)
    return tmp_path / "data.npz"


@pytest.fixture
def reads(monkeypatch):
    """Counts how often something is really read."""
    sources, real = [], load.read

    def read(source, folder, progress):
        sources.append(source)
        return real(source, folder, progress)

    monkeypatch.setattr(load, "read", read)
    return sources


@pytest.mark.parametrize("kind", [*KNOWN_SOURCES, *FILE_SOURCES])
def test_every_declared_source_has_a_reader(kind):
    assert load.read.dispatch(kind) is not load.read.dispatch(Source)


def test_every_kind_of_file_can_be_examined():
    assert set(load.EXAMINERS) == set(FILE_SOURCES)


def test_a_source_without_a_reader_is_our_own_mistake():
    with pytest.raises(TypeError, match="no reader is registered for Source"):
        load.read(Source(type="odd"), FOLDER, print)


def test_the_bundled_digits_are_ready_at_once():
    dataset = load.load(Data(), 0, FOLDER)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (1293, 144, 360)
    assert dataset.input_shape == BundledDigits.input_shape


def test_what_is_found_is_declared(npz):
    source = load.inspect(NpzFile, npz)
    assert source == NpzFile(
        path=str(npz),
        input_shape=(1, 4, 4),
        class_names=("0", "1", "2"),
        train_size=51,
        test_size=9,
    )


def test_a_kept_test_set_and_training_are_all(npz):
    source = load.inspect(NpzFile, npz)
    assert source.train_size + source.test_size == 60


@pytest.mark.parametrize("kind", FILE_SOURCES)
def test_what_was_inspected_can_be_loaded(kind, npz, idx_folder, picture_folder):
    path = {IdxFolder: idx_folder, ImageFolder: picture_folder, NpzFile: lambda: npz}[kind]()
    source = load.inspect(kind, path)
    load._last.clear()
    dataset = load.load(Data(source=source, validation=0.34), 0, FOLDER)
    assert len(dataset.train) + len(dataset.validation) == source.train_size
    assert len(dataset.test) == source.test_size
    assert dataset.class_names == source.class_names


def test_what_was_inspected_is_not_read_again(npz, reads):
    load.load(Data(source=load.inspect(NpzFile, npz)), 0, FOLDER)
    assert reads == []


def test_the_images_of_what_was_inspected_are_at_hand(npz, reads):
    images = load.images_of(load.inspect(NpzFile, npz), FOLDER)
    assert len(images.train_images) == 51
    assert reads == []


def test_the_same_source_is_read_once(reads):
    for seed in range(3):
        load.load(Data(), seed, FOLDER)
    assert len(reads) == 1


def test_the_same_dataset_is_made_once():
    data = Data()

    assert load.load(data, 0, FOLDER) is load.load(data, 0, FOLDER)


@pytest.mark.parametrize(("data", "seed"), [(Data(validation=0.2), 0), (Data(), 1)])
def test_another_split_is_made_anew(data, seed):
    first = load.load(Data(), 0, FOLDER).validation.indices

    assert not np.array_equal(load.load(data, seed, FOLDER).validation.indices, first)


def test_images_that_are_read_anew_make_a_new_dataset():
    first = load.load(Data(), 0, FOLDER)
    load._last.clear()

    assert load.load(Data(), 0, FOLDER) is not first


def test_only_the_last_source_is_kept(npz, reads):
    files = Data(source=load.inspect(NpzFile, npz))
    for data in (Data(), files, Data()):
        load.load(data, 0, FOLDER)
    assert len(reads) == 3


def test_edited_files_are_read_again(npz, reads):
    data = Data(source=load.inspect(NpzFile, npz))
    os.utime(npz, ns=(1, 1))
    load.load(data, 0, FOLDER)
    assert len(reads) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"input_shape": (1, 9, 9)}, "it held images of 1×9×9, and now it holds images of 1×4×4"),
        ({"class_names": ("a", "b")}, "it held the 2 classes a, b, and now it holds the 3 classes"),
        ({"train_size": 7}, "it held 7 training images, and now it holds 51 training images"),
        ({"test_size": 7}, "it held 7 test images, and now it holds 9 test images"),
    ],
)
def test_files_that_changed_since_they_were_chosen_are_told(npz, change, words):
    source = load.inspect(NpzFile, npz).model_copy(update=change)
    with pytest.raises(ProblemError, match=f"has changed since it was chosen: {words}"):
        load.load(Data(source=source), 0, FOLDER)


def test_files_that_are_gone_are_told(npz):
    source = load.inspect(NpzFile, npz)
    npz.unlink()
    with pytest.raises(ProblemError, match=r"data\.npz does not exist"):
        load.load(Data(source=source), 0, FOLDER)


def test_a_known_dataset_of_another_size_is_refused(idx_folder):
    folder = idx_folder(test=True)
    with pytest.raises(ProblemError, match="of MNIST hold images of 1×4×5, but images of 1×28×28"):
        load.load(Data(source=Mnist()), 0, folder)


def test_a_dataset_that_is_not_there_is_told(tmp_path):
    with pytest.raises(ProblemError, match="KMNIST is not in the data folder"):
        load.load(Data(source=Kmnist()), 0, tmp_path)


def test_nothing_is_kept_of_a_cancelled_reading(npz, reads):
    source = load.inspect(NpzFile, npz)
    load._last.clear()

    def cancel(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        load.load(Data(source=source), 0, FOLDER, cancel)
    load.load(Data(source=source), 0, FOLDER)
    assert len(reads) == 2


def test_a_folder_whose_name_is_no_text_is_a_sentence(npz):
    odd = npz.with_name(os.fsdecode(b"\xff.npz"))
    npz.rename(odd)
    with pytest.raises(ProblemError, match="path: "):
        load.inspect(NpzFile, odd)


def test_the_bundled_digits_are_always_found():
    assert load.found(BundledDigits(), FOLDER)


def test_files_are_found_by_their_names(idx_folder):
    folder = idx_folder(test=True)
    assert load.found(Mnist(), folder)
    assert not load.found(Kmnist(), folder)


def test_the_data_folder_is_the_one_that_the_environment_names(monkeypatch, tmp_path):
    monkeypatch.setenv("LAYERSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAYERSCOPE_DATA", str(tmp_path / "data"))
    assert data_folder() == tmp_path / "data"


def test_the_data_folder_lies_in_the_home_that_the_environment_names(monkeypatch, tmp_path):
    monkeypatch.setenv("LAYERSCOPE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LAYERSCOPE_DATA", raising=False)
    assert data_folder() == tmp_path / "home" / "data"


def test_the_data_folder_is_otherwise_the_systems(monkeypatch):
    monkeypatch.delenv("LAYERSCOPE_HOME", raising=False)
    monkeypatch.delenv("LAYERSCOPE_DATA", raising=False)
    assert data_folder() == platformdirs.user_data_path("layerscope", appauthor=False) / "data"


def test_importing_the_data_needs_none_of_the_heavy_libraries():
    heavy = ("torch", "torchvision", "sklearn", "PIL", "PySide6")
    code = (
        "import sys, engine.data.load, engine.data.download\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.mnist
def test_mnist_is_loaded_whole(real_data):
    dataset = load.load(Data(source=Mnist(), standardise=True), 0, real_data)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (
        54_000,
        6_000,
        10_000,
    )
    np.testing.assert_allclose(dataset.mean, 0.1307, atol=5e-4)
    np.testing.assert_allclose(dataset.deviation, 0.3081, atol=5e-4)
