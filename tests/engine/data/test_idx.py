import gzip
from pathlib import Path

import numpy as np
import pytest

from engine.data.dataset import Cancelled, silent
from engine.data.idx import examine_folder, home, read_family
from engine.problems import ProblemError
from engine.project.sources import FashionMnist, Kmnist, Mnist


@pytest.mark.parametrize("style", ["-idx", ".idx"])
@pytest.mark.parametrize("packed", [False, True])
def test_files_are_found_by_any_spelling(idx_folder, packed, style, digit_images):
    images = examine_folder(idx_folder(test=True, packed=packed, style=style), silent)
    np.testing.assert_array_equal(images.train_images[:, 0], digit_images[0])
    np.testing.assert_array_equal(images.test_labels, digit_images[1])


def test_a_sixth_is_kept_for_the_test_where_there_is_none(idx_folder, digit_images):
    images = examine_folder(idx_folder(), silent)
    assert (len(images.train_labels), len(images.test_labels)) == (9, 3)
    np.testing.assert_array_equal(images.test_images[:, 0, 0, 0], images.test_rows)
    np.testing.assert_array_equal(images.test_labels, digit_images[1][images.test_rows])


def test_classes_are_the_labels_that_occur(idx_folder, digit_images):
    images = examine_folder(idx_folder(labels=digit_images[1] * 10 + 5), silent)
    assert images.class_names == ("5", "15", "25")
    assert set(images.train_labels) == {0, 1, 2}


def test_a_label_only_in_the_test_is_refused(idx_folder, idx_bytes, digit_images):
    folder = idx_folder(test=True)
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx_bytes(digit_images[1] + 1))
    with pytest.raises(ProblemError, match="4 test labels are not among the classes"):
        examine_folder(folder, silent)


def test_counts_of_images_and_labels_must_agree(idx_folder):
    with pytest.raises(ProblemError, match=r"holds 12 images, but train-labels\S+ holds 5 labels"):
        examine_folder(idx_folder(labels=np.zeros(5, np.uint8)), silent)


def test_swapped_files_are_told(idx_folder):
    folder = idx_folder()
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    images.rename(folder / "x")
    labels.rename(images)
    (folder / "x").rename(labels)
    with pytest.raises(ProblemError, match="is a file of labels, but images were expected there"):
        examine_folder(folder, silent)


def test_images_without_labels_are_told(idx_folder):
    folder = idx_folder()
    (folder / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(ProblemError, match="train-images-idx3-ubyte, but the file that belongs"):
        examine_folder(folder, silent)


def test_a_folder_without_idx_files_says_what_is_expected(tmp_path):
    with pytest.raises(ProblemError, match="holds no IDX files: train-images-idx3-ubyte and"):
        examine_folder(tmp_path, silent)


def test_a_test_set_of_another_size_is_refused(idx_folder, idx_bytes):
    folder = idx_folder(test=True)
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx_bytes(np.zeros((12, 9, 9), np.uint8)))
    with pytest.raises(ProblemError, match="are 4×5 pixels and the test images 9×9"):
        examine_folder(folder, silent)


def test_torchvisions_raw_folder_is_looked_into(idx_folder, tmp_path):
    (tmp_path / "above").mkdir()
    idx_folder().rename(tmp_path / "above" / "raw")
    assert len(examine_folder(tmp_path / "above", silent).train_labels) == 9


def test_cancelling_stops_the_reading(idx_folder):
    def cancel(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        examine_folder(idx_folder(), cancel)


@pytest.mark.parametrize(
    ("source", "place", "is_there"),
    [
        (Mnist(), "MNIST/raw", True),
        (Mnist(), "MNIST", True),
        (Mnist(), ".", True),
        (FashionMnist(), "FashionMNIST/raw", True),
        (Kmnist(), "KMNIST", True),
        (Kmnist(), ".", False),
        (FashionMnist(), "MNIST/raw", False),
    ],
)
def test_a_dataset_is_found_in_torchvisions_layout(idx_folder, tmp_path, source, place, is_there):
    target = tmp_path / "data" / place
    target.mkdir(parents=True, exist_ok=True)
    for file in idx_folder(test=True, packed=True).iterdir():
        file.rename(target / file.name)
    assert (home(source, tmp_path / "data") is not None) is is_there


def test_three_of_four_files_are_no_dataset(idx_folder):
    folder = idx_folder(test=True)
    (folder / "t10k-labels-idx1-ubyte").unlink()
    assert home(Mnist(), folder) is None


def test_a_missing_dataset_says_how_to_get_it(tmp_path):
    with pytest.raises(ProblemError, match=r"KMNIST is not in the data folder .*Choose data"):
        read_family(Kmnist(), tmp_path, silent)


def test_a_label_outside_the_known_classes_is_refused(idx_folder, digit_images):
    folder = idx_folder(test=True, labels=digit_images[1] + 9)
    with pytest.raises(ProblemError, match="A label of MNIST is 11, but it has 10 classes, 0 to 9"):
        read_family(Mnist(), folder, silent)


@pytest.fixture
def torchvision_mnist(real_data, tmp_path):
    """Torchvision's own reader on a copy of the files as it wants them: unpacked."""
    from torchvision.datasets import MNIST

    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    place = home(Mnist(), real_data)
    for file in place.iterdir():
        data = file.read_bytes()
        name = file.name.removesuffix(".gz")
        Path(raw / name).write_bytes(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    return MNIST(tmp_path, train=True), MNIST(tmp_path, train=False)


@pytest.mark.mnist
def test_mnist_is_what_torchvision_reads(real_data, torchvision_mnist):
    images = read_family(Mnist(), real_data, silent)
    train, test = torchvision_mnist
    np.testing.assert_array_equal(images.train_images[:, 0], train.data.numpy())
    np.testing.assert_array_equal(images.train_labels, train.targets.numpy())
    np.testing.assert_array_equal(images.test_images[:, 0], test.data.numpy())
    np.testing.assert_array_equal(images.test_labels, test.targets.numpy())
