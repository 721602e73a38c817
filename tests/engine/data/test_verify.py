import gzip
import hashlib

import numpy as np
import pytest

from engine.data import families
from engine.data.families import FAMILIES, RemoteFile
from engine.data.idx import home
from engine.data.verify import check_known_file, check_published_file, is_known_file
from engine.problems import ProblemError
from engine.project.sources import FashionMnist, Kmnist, KnownSource, Mnist


class Tiny(KnownSource):
    """Six training and three test images of 2×2, as a known dataset."""

    type: str = "tiny"
    title = "Tiny"
    help = ""
    input_shape = (1, 2, 2)
    class_names = ("a", "b")
    train_size = 6
    test_size = 3


IMAGES = np.arange(24, dtype=np.uint8).reshape(6, 2, 2)


@pytest.fixture
def tiny(tmp_path, idx_bytes):
    data = idx_bytes(IMAGES)
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(data, mtime=1))
    packed = hashlib.md5(path.read_bytes()).hexdigest()
    return path, RemoteFile("train-images-idx3-ubyte.gz", packed, 99, hashlib.md5(data).hexdigest())


def without_content(file):
    return RemoteFile(file.name, file.md5, file.size)


@pytest.mark.parametrize("kind", [Mnist, FashionMnist, Kmnist])
def test_names_and_checksums_are_torchvisions(kind):
    from torchvision import datasets

    reference = getattr(datasets, FAMILIES[kind].folder)
    assert [(file.name, file.md5) for file in FAMILIES[kind].files] == reference.resources


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.folder)
def test_every_mirror_is_https_and_ends_with_a_slash(family):
    assert all(m.startswith("https://") and m.endswith("/") for m in family.mirrors)


def test_the_published_file_is_accepted(tiny):
    check_published_file(Tiny(), tiny[1], tiny[0])


def test_its_unpacked_content_is_accepted(tiny):
    tiny[0].write_bytes(gzip.decompress(tiny[0].read_bytes()))
    check_published_file(Tiny(), tiny[1], tiny[0])


def test_its_content_packed_anew_is_accepted(tiny):
    tiny[0].write_bytes(gzip.compress(gzip.decompress(tiny[0].read_bytes()), mtime=2))
    check_published_file(Tiny(), tiny[1], tiny[0])


def test_other_content_of_the_same_shape_is_refused(tiny, idx_bytes):
    tiny[0].write_bytes(idx_bytes(IMAGES + 1))
    with pytest.raises(ProblemError, match="is not the published train-images-idx3-ubyte of Tiny"):
        check_known_file(Tiny(), tiny[1], tiny[0])


def test_where_the_content_is_unknown_the_right_shape_is_enough_for_files_at_hand(tiny, idx_bytes):
    tiny[0].write_bytes(idx_bytes(IMAGES + 1))
    check_known_file(Tiny(), without_content(tiny[1]), tiny[0])


def test_where_the_content_is_unknown_a_download_must_be_the_published_file(tiny, idx_bytes):
    tiny[0].write_bytes(idx_bytes(IMAGES + 1))
    with pytest.raises(ProblemError, match=f"but {tiny[1].md5} was expected"):
        check_published_file(Tiny(), without_content(tiny[1]), tiny[0])


def test_another_shape_is_refused(tiny, idx_bytes):
    tiny[0].write_bytes(idx_bytes(IMAGES[:5]))
    with pytest.raises(ProblemError, match=r"holds 5×2×2 values, but .* of Tiny holds 6×2×2"):
        check_known_file(Tiny(), without_content(tiny[1]), tiny[0])


def test_a_damaged_file_is_not_known(tiny):
    tiny[0].write_bytes(tiny[0].read_bytes()[:-9])
    assert not is_known_file(Tiny(), tiny[1], tiny[0])


def test_the_files_of_another_dataset_are_told(tiny, monkeypatch):
    family = families.Family("Tiny", "", (), (tiny[1],))
    monkeypatch.setitem(FAMILIES, Tiny, family)
    with pytest.raises(ProblemError, match="belongs to Tiny, not to MNIST"):
        check_known_file(Mnist(), FAMILIES[Mnist].files[0], tiny[0])


@pytest.mark.mnist
@pytest.mark.parametrize("file", FAMILIES[Mnist].files, ids=lambda file: file.name)
def test_the_real_files_are_known(real_data, file):
    place = home(Mnist(), real_data)
    path = next(p for p in place.iterdir() if p.name.startswith(file.unpacked_name))
    check_published_file(Mnist(), file, path)
