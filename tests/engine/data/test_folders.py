import os
import sys

import numpy as np
import PIL.Image
import psutil
import pytest

from engine.data import folders
from engine.data.dataset import Cancelled, silent
from engine.data.folders import common_size, examine_folder, listed, read_folder
from engine.data.prepare import prepare
from engine.problems import ProblemError
from engine.project.sources import Data, ImageFolder


def notes(images):
    return [str(note) for note in images.notes]


def source(root, shape):
    return ImageFolder(
        path=str(root), input_shape=shape, class_names=("cat", "dog"), train_size=10, test_size=2
    )


def test_each_subfolder_is_a_class_in_natural_order(picture_folder):
    images = examine_folder(picture_folder(("10", "9", "b")), silent)
    assert images.class_names == ("9", "10", "b")


def test_files_are_listed_in_natural_order(picture_folder):
    names = [p.path.name for p in listed(picture_folder(("a", "b"), 12)).train[:12]]
    assert names == [f"{number}.png" for number in range(12)]


def test_rows_lead_back_to_the_listed_picture(picture_folder):
    images = examine_folder(picture_folder(), silent)
    pictures = listed(picture_folder()).train
    for pixels, row in zip(images.test_images, images.test_rows, strict=True):
        path = pictures[row].path
        assert pixels[0, 0, 0] == 100 + int(path.stem) + 10 * (path.parent.name == "dog")


def test_a_sixth_of_each_class_is_kept_for_the_test(picture_folder):
    images = examine_folder(picture_folder(), silent)
    assert np.bincount(images.test_labels).tolist() == [1, 1]
    assert len(images.train_labels) == 10


def test_torchvision_lists_the_same_pictures(picture_folder):
    from torchvision.datasets import ImageFolder as Reference

    root = picture_folder()
    assert [(str(p.path), p.label) for p in listed(root).train] == Reference(str(root)).samples


def test_grey_pictures_have_one_channel(picture_folder):
    assert examine_folder(picture_folder(), silent).input_shape == (1, 6, 6)


def test_grey_pictures_saved_in_colour_have_one_channel(picture_folder):
    assert examine_folder(picture_folder(colour=(9, 9, 9)), silent).input_shape == (1, 6, 6)


def test_colour_in_a_few_pictures_gives_three_channels(picture_folder, picture):
    root = picture_folder(count=20, colour=(9, 9, 9))
    for number in range(20, 25):
        picture(root / "dog" / f"{number}.png", (200, 9, 9))
    assert examine_folder(root, silent).input_shape == (3, 6, 6)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(28, 28)] * 3, (28, 28)),
        ([(20, 30)] * 3, (20, 30)),
        ([(4, 4)] * 3, (4, 4)),
        ([(480, 640)] * 3, (48, 64)),
        ([(3, 6000)], (1, 64)),
        ([(20, 20), (30, 30), (40, 40)], (30, 30)),
        ([(400, 300), (500, 600)], (64, 64)),
        ([(2, 3), (3, 2)], (8, 8)),
    ],
)
def test_the_common_size_follows_the_rule(sizes, expected):
    assert common_size(sizes) == expected


def test_pictures_of_different_sizes_are_brought_to_one(picture_folder, picture):
    root = picture_folder()
    picture(root / "cat" / "large.png", 7, (60, 40))
    assert examine_folder(root, silent).input_shape == (1, 8, 8)


def test_a_declared_shape_is_what_is_read(picture_folder):
    root = picture_folder()
    assert read_folder(source(root, (3, 5, 4)), root, silent).input_shape == (3, 5, 4)


def test_train_and_test_folders_are_two_parts(picture_folder, tmp_path):
    picture_folder(root="all/Train", count=4)
    picture_folder(root="all/test", count=2, colour=200)
    images = examine_folder(tmp_path / "all", silent)
    assert (len(images.train_labels), len(images.test_labels)) == (8, 4)
    assert images.test_images.min() == 200


def test_a_validation_folder_is_learnt_from(picture_folder, tmp_path):
    picture_folder(root="all/train", count=4)
    picture_folder(root="all/valid", count=3)
    picture_folder(root="all/test", count=2)
    images = examine_folder(tmp_path / "all", silent)
    assert len(images.train_labels) == 14


def test_train_without_test_keeps_a_sixth(picture_folder, tmp_path):
    picture_folder(root="all/train", count=6)
    images = examine_folder(tmp_path / "all", silent)
    assert (len(images.train_labels), len(images.test_labels)) == (10, 2)


def test_classes_called_train_and_test_are_classes(picture_folder):
    assert examine_folder(picture_folder(("train", "test")), silent).class_names == (
        "test",
        "train",
    )


def test_test_pictures_without_classes_are_noted(picture_folder, picture, tmp_path):
    picture_folder(root="all/train", count=6)
    picture(tmp_path / "all" / "test" / "1.png")
    images = examine_folder(tmp_path / "all", silent)
    assert "its pictures have no labels" in notes(images)[0]


def test_a_class_only_in_the_test_is_refused(picture_folder, tmp_path):
    picture_folder(root="all/train")
    picture_folder(("cat", "emu"), root="all/test")
    with pytest.raises(
        ProblemError, match="has the class emu, which has no pictures to learn from"
    ):
        examine_folder(tmp_path / "all", silent)


def test_hidden_folders_and_files_are_passed_over(picture_folder, picture):
    root = picture_folder()
    picture(root / ".ipynb_checkpoints" / "a.png")
    picture(root / "__MACOSX" / "a.png")
    picture(root / "cat" / "._0.png")
    (root / "cat" / "notes.txt").write_text("no picture")
    assert len(listed(root).pictures) == 12


def test_broken_pictures_are_left_out_and_named(picture_folder):
    root = picture_folder(count=10)
    for number in range(5):
        (root / "cat" / f"{number}.png").write_bytes(b"broken")
    images = examine_folder(root, silent)
    assert notes(images) == [
        "5 broken pictures were left out: cat/0.png, cat/1.png, cat/2.png and 2 more."
    ]
    assert len(images.train_labels) + len(images.test_labels) == 15


def test_a_picture_bomb_is_left_out(picture_folder, bomb):
    root = picture_folder()
    bomb(root / "dog" / "bomb.png", 12_000)
    assert "dog/bomb.png" in notes(examine_folder(root, silent))[0]


def test_rows_count_broken_pictures_too(picture_folder):
    root = picture_folder()
    (root / "cat" / "0.png").write_bytes(b"broken")
    images = examine_folder(root, silent)
    assert sorted([*images.train_rows, *images.test_rows]) == list(range(1, 12))


def test_a_class_whose_pictures_are_all_broken_is_named(picture_folder):
    root = picture_folder()
    for path in (root / "dog").iterdir():
        path.write_bytes(b"broken")
    with pytest.raises(ProblemError, match="Class dog has 0 images, but at least 3"):
        examine_folder(root, silent)


def test_only_broken_pictures_are_refused(picture_folder):
    root = picture_folder()
    for path in root.rglob("*.png"):
        path.write_bytes(b"broken")
    with pytest.raises(ProblemError, match=r"None of the pictures .* can be read"):
        examine_folder(root, silent)


def test_an_empty_class_folder_is_noted_and_no_class(picture_folder):
    root = picture_folder()
    (root / "bird").mkdir()
    images = examine_folder(root, silent)
    assert images.class_names == ("cat", "dog")
    assert set(images.train_labels) == {0, 1}
    assert notes(images)[0].startswith("The folder bird in ")


def test_one_class_is_refused(picture_folder):
    with pytest.raises(
        ProblemError, match=r"only one class with pictures, cat, but .* at least two"
    ):
        examine_folder(picture_folder(("cat",)), silent)


def test_pictures_without_class_folders_are_refused(picture_folder):
    with pytest.raises(ProblemError, match="has no subfolders: one subfolder for each class"):
        examine_folder(picture_folder() / "cat", silent)


def test_folders_without_pictures_are_refused(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with pytest.raises(ProblemError, match="has 2 subfolders but no PNG, JPEG"):
        examine_folder(tmp_path, silent)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ProblemError, match="does not exist"):
        examine_folder(tmp_path / "gone", silent)


def test_too_little_memory_is_said_before_decoding(picture_folder, monkeypatch):
    class Full:
        available = 100

    monkeypatch.setattr(psutil, "virtual_memory", Full)
    with pytest.raises(ProblemError, match="12 pictures of 6×6 would take"):
        examine_folder(picture_folder(), silent)


def test_progress_counts_every_picture_twice(picture_folder):
    seen = []
    examine_folder(picture_folder(), lambda done, total: seen.append((done, total)))
    assert seen == [(done, 24) for done in range(25)]


def test_reading_can_be_cancelled_at_any_picture(picture_folder):
    def cancel(done, total):
        if done == 15:
            raise Cancelled

    with pytest.raises(Cancelled):
        examine_folder(picture_folder(), cancel)


def test_a_torchvision_that_does_not_fit_torch_is_explained(picture_folder, monkeypatch):
    class Mismatched:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == "torchvision":
                raise RuntimeError("operator torchvision::nms does not exist")

    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Mismatched(), *sys.meta_path])
    with pytest.raises(
        ProblemError, match=r"nms does not exist\).*install both from the same index"
    ):
        folders.listed(picture_folder())


def test_each_image_is_named_by_its_own_file_after_the_split(picture_folder, picture):
    root = picture_folder(("a", "b"), 30)
    for number, path in enumerate(sorted(root.rglob("*.png"))):
        picture(path, number)
    (root / "a" / "3.png").write_bytes(b"broken")

    dataset = prepare(examine_folder(root, silent), Data(), seed=1)

    for of in ("training", "validation", "test"):
        split = dataset.split(of)
        for image, index in zip(split.images, split.indices.tolist(), strict=True):
            pixels = np.asarray(PIL.Image.open(root / split.file(index)).convert("L")) / 255
            np.testing.assert_allclose(image[0], pixels, atol=1e-6)


def test_a_test_folder_names_its_own_files(picture_folder, tmp_path):
    picture_folder(root="all/train", count=4)
    picture_folder(root="all/test", count=2, colour=200)
    dataset = prepare(examine_folder(tmp_path / "all", silent), Data(validation=0.5), seed=1)

    test = dataset.test
    assert [test.file(index) for index in test.indices.tolist()] == [
        "test/cat/0.png",
        "test/cat/1.png",
        "test/dog/0.png",
        "test/dog/1.png",
    ]
    assert {dataset.train.file(i).split("/")[0] for i in dataset.train.indices} == {"train"}


def test_the_splits_share_their_names(picture_folder):
    dataset = prepare(examine_folder(picture_folder(), silent), Data(validation=0.5), seed=1)

    assert dataset.train.files is dataset.validation.files


@pytest.mark.skipif(sys.platform != "linux", reason="only there a name may be any bytes")
def test_a_file_name_that_is_no_unicode_is_shown_as_far_as_it_is(picture_folder):
    root = picture_folder()
    (root / "cat" / "0.png").rename(root / "cat" / "x\udcff.png")

    files = examine_folder(root, silent).train_files

    assert "cat/x\ufffd.png" in files
    "".join(files).encode()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_among_the_pictures_is_left_out_and_noted(picture_folder):
    root = picture_folder()
    os.mkfifo(root / "cat" / "pipe.png")

    images = examine_folder(root, silent)

    assert len(images.train_labels) == 10
    assert notes(images) == ["1 broken pictures were left out: cat/pipe.png."]
