"""The data browser, driven as a person does: by clicks and keys."""

from __future__ import annotations

import gc
import threading
import weakref
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPushButton, QSlider, QToolButton

from engine.data.dataset import Dataset, Split
from engine.data.load import load
from engine.places import data_folder
from engine.problems import ProblemError
from engine.project.sources import Mnist
from gui.theme import DARK, LIGHT
from gui.views import browser
from gui.views.browser import DataBrowser

LEFT = Qt.MouseButton.LeftButton
CTRL = Qt.KeyboardModifier.ControlModifier
LONG = 60_000  # milliseconds; the first import of scikit-learn takes its time


class Source:
    """Stands for engine.data.load.load: what it was asked, and what it gives."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, int]] = []
        self.dataset = dataset_of()
        self.refusal = ""
        self.goes_on = threading.Event()
        self.goes_on.set()

    def load(self, data, seed, folder, progress):
        self.asked.append((data, seed))
        while not self.goes_on.wait(0.01):
            progress(1, 4)
        if self.refusal:
            raise ProblemError(self.refusal)
        return self.dataset


def dataset_of(train=40, validation=12, test=20, classes=5, shape=(1, 4, 4), seed=0) -> Dataset:
    """Make images that are all different."""
    generator = np.random.default_rng(seed)

    def split(count: int, first: int) -> Split:
        images = generator.random((count, *shape), np.float32)
        return Split(images, np.arange(count) % classes, first + 2 * np.arange(count))

    channels = np.zeros(shape[0], np.float32)
    names = tuple(f"class {number}" for number in range(classes))
    sets = split(train, 0), split(validation, 1), split(test, 0)
    return Dataset(*sets, names, channels, channels + 1)


def with_twins() -> Dataset:
    """Make a dataset whose test images 0 and 1 are training images, one under another class."""
    dataset = dataset_of()
    dataset.test.images[:2] = dataset.train.images[[7, 11]]
    dataset.test.labels[:2] = dataset.train.labels[[7, 11]] + [0, 1]
    dataset.train.images[30] = dataset.train.images[20]
    return dataset


@pytest.fixture
def source(monkeypatch):
    fake = Source()
    monkeypatch.setattr(browser, "load", fake.load)
    yield fake
    fake.goes_on.set()


@pytest.fixture
def opened(qtbot, document, tmp_path):
    """Open a browser and wait until all is known."""

    def opened(wait=True, folder=tmp_path):
        view = DataBrowser(document, folder)
        qtbot.addWidget(view)
        view.set_theme(LIGHT)
        with qtbot.waitExposed(view):
            view.show()
        if wait:
            settle(qtbot, view)
        return view

    return opened


@pytest.fixture
def view(source, opened):
    return opened()


def settle(qtbot, view):
    qtbot.waitUntil(lambda: not view.loading and not view.survey.running, timeout=LONG)


def click(button) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, LEFT)


def choose_class(view, place, modifiers=Qt.KeyboardModifier.NoModifier):
    bars = view.about.bars
    area = bars.visualItemRect(bars.item(place))
    QTest.mouseClick(bars.viewport(), LEFT, modifiers, area.center())


def choose_image(view, place):
    gallery = view.wall.gallery
    area = gallery.visualRect(view.wall.tiles.index(place))
    QTest.mouseClick(gallery.viewport(), LEFT, pos=area.center())


def seek(view, text):
    view.wall.search.setFocus()
    view.wall.search.clear()
    QTest.keyClicks(view.wall.search, text)
    QTest.keyClick(view.wall.search, Qt.Key.Key_Return)


def shown_labels(view):
    browsed = view._browsed
    return browsed.labels[browsed.rows]


def notes(view):
    return [note.words for note in view.about.notes.every if note.isVisible()]


def fact(view, name):
    return view.about.facts.words(name)


# --- loading


def test_the_bundled_digits_are_there_without_a_download(opened):
    view = opened()

    assert view.windowTitle() == "Data – Digits 8×8"
    assert len(view.dataset.test) == 360
    assert fact(view, "Each image") == "8×8, grey"
    assert fact(view, "Pixels") == "0 to 1"


def test_missing_images_are_one_sentence_and_a_way_to_choose_others(qtbot, document, opened):
    document.edit("MNIST", document.project.set_data(source=Mnist()))
    view = opened()

    assert "MNIST" in view.opening.trouble.words
    with qtbot.waitSignal(view.data_wanted):
        click(view.opening.choose)


def test_other_data_are_read_at_once_where_there_were_none(qtbot, document, source, opened):
    source.refusal = "The file is gone."
    view = opened()
    assert view.opening.trouble.words == "The file is gone."

    source.refusal = ""
    document.edit("MNIST", document.project.set_data(source=Mnist()))
    settle(qtbot, view)

    assert view.wall.isVisible()
    assert view.windowTitle() == "Data – MNIST"


def test_cancel_ends_the_reading_and_offers_it_again(qtbot, source, opened):
    source.goes_on.clear()
    view = opened(wait=False)
    qtbot.waitUntil(view.opening.working.bar.isVisible)

    click(view.opening.working.cancel)
    qtbot.waitUntil(lambda: not view.loading)
    source.goes_on.set()
    click(view.opening.again)
    settle(qtbot, view)

    assert view.wall.isVisible()


def test_a_change_of_the_split_is_said_and_offered(qtbot, document, source, view):
    document.edit("Share", document.project.set_data(validation=0.3))
    assert view.changed.isVisible()

    click(view.renew)
    settle(qtbot, view)

    assert not view.changed.isVisible()
    assert source.asked[-1][0].validation == 0.3


def test_the_seed_decides_the_split_too(document, view):
    document.edit("Seed", document.project.set_training(seed=7))

    assert view.changed.isVisible()

    document.undo_stack.undo()
    assert not view.changed.isVisible()


def test_what_changes_no_image_is_no_change(document, view):
    document.edit("Standardise", document.project.set_data(standardise=True))

    assert not view.changed.isVisible()


def test_closing_while_reading_leaves_nothing_and_opening_reads_again(qtbot, source, opened):
    source.goes_on.clear()
    view = opened(wait=False)

    view.close()
    source.goes_on.set()
    view.show()
    settle(qtbot, view)

    assert len(source.asked) == 2
    assert view.wall.isVisible()


def test_a_closed_window_lets_go_of_the_images(source, view):
    images = weakref.ref(source.dataset)
    source.dataset = None

    view.close()
    gc.collect()

    assert images() is None


# --- sets and classes


def test_the_tabs_say_how_many_images_each_set_has(view):
    texts = [view.sets.tabText(place).split() for place in range(3)]

    assert texts == [["Training", "40"], ["Validation", "12"], ["Test", "20"]]


def test_the_keyboard_turns_to_another_set(view):
    view.sets.setFocus()
    QTest.keyClick(view.sets, Qt.Key.Key_Right)

    assert view.of == "validation"
    assert fact(view, "Images") == "12"
    assert view.wall.count.text() == "12 images"


def test_a_click_on_a_class_shows_its_images_and_a_chip(view):
    choose_class(view, 3)

    assert set(shown_labels(view)) == {3}
    assert view.wall.count.text() == "8 of 40 images"
    assert [chip.text() for chip in view.wall.chips.chips.values()] == ["class 3"]


def test_ctrl_adds_a_class_and_its_chip_takes_it_away(view):
    choose_class(view, 3)
    choose_class(view, 1, CTRL)
    assert set(shown_labels(view)) == {1, 3}

    click(view.wall.chips.chips[3])

    assert set(shown_labels(view)) == {1}
    assert view.about.bars.classes == (1,)


def test_a_filter_stays_when_the_set_changes(view):
    choose_class(view, 2)

    view.show_set("test")

    assert view.wall.count.text() == "4 of 20 images"


def test_many_classes_share_one_chip(view):
    view.about.bars.select_classes(range(5))

    assert [chip.text() for chip in view.wall.chips.chips.values()] == ["5 classes"]
    click(view.wall.chips.chips[None])
    assert view.wall.count.text() == "40 images"


def test_every_class_has_a_mean_image_at_last(view):
    from gui.widgets.data.class_bars import ROW

    bars = view.about.bars

    assert all(bars.item(place).data(ROW).mean is not None for place in range(bars.count()))


# --- one image


def test_an_image_is_shown_large_with_what_is_known_of_it(view):
    choose_image(view, 2)

    assert view.pane.isVisible()
    facts = {name: view.pane.facts.words(name) for name in ("Image", "Set", "Class")}
    assert facts == {"Image": "4", "Set": "Training", "Class": "class 2"}
    assert view.pane.facts.words("File") == "no file"
    assert view.pane.picture.accessibleName() == "Image 4 of the training set: class 2"


def test_the_file_of_an_image_is_named(source, opened):
    files = tuple(f"{index}.png" for index in range(100))
    source.dataset = replace(source.dataset, train=replace(source.dataset.train, files=files))
    view = opened()

    choose_image(view, 2)

    assert view.pane.facts.words("File") == "4.png"


def test_a_closed_image_comes_back_by_another_click(view):
    choose_image(view, 2)
    click(view.pane.close_button)
    assert not view.pane.isVisible()

    choose_image(view, 2)

    assert view.pane.isVisible()


@pytest.mark.parametrize("index", [0, 38, 78])
def test_the_image_that_is_large_stays_in_sight_among_the_others(qtbot, view, index):
    view.resize(760, 520)
    seek(view, str(index))
    gallery = view.wall.gallery
    view.grab()  # lays out all that waits

    tile = gallery.visualRect(gallery.currentIndex())

    assert gallery.viewport().rect().contains(tile)


def test_an_image_of_another_set_is_not_shown_on(view):
    choose_image(view, 2)

    view.show_set("test")

    assert not view.pane.isVisible()


def test_an_index_leads_to_its_image(view):
    seek(view, "24")

    assert view.pane.facts.words("Image") == "24"
    assert view.wall.gallery.image() == 12


def test_an_index_kept_for_validation_leads_there(view):
    seek(view, "3")

    assert view.of == "validation"
    assert view.pane.facts.words("Image") == "3"


def test_an_index_that_the_filter_hides_takes_the_filter_away(view):
    choose_class(view, 1)

    seek(view, "0")

    assert view.about.bars.classes == ()
    assert view.pane.facts.words("Class") == "class 0"


def test_an_index_that_is_not_there_is_said(view):
    seek(view, "100000")

    assert view.wall.said.text() == "The training set has no image with the index 100,000."
    choose_class(view, 1)
    assert not view.wall.said.isVisible()


def test_the_slider_makes_tiles_larger(view):
    before = view.wall.gallery.visualRect(view.wall.tiles.index(0)).height()

    view.wall.tile_size.setValue(128)

    assert view.wall.gallery.visualRect(view.wall.tiles.index(0)).height() > before


# --- duplicates


def test_all_is_well_is_said_too(view):
    assert notes(view) == [
        "No image is in two sets.",
        "No image of the training set is in it twice.",
    ]


def test_shared_images_are_a_warning(source, opened):
    source.dataset = with_twins()
    view = opened()

    assert notes(view) == [
        "2 images of the test set are also in the training set, 1 under another class.",
        "2 training images are there more than once.",
    ]
    assert view.about.notes.notes["training", "test"].sign.isVisible()
    assert not view.about.notes.within.sign.isVisible()


def test_show_puts_shared_images_side_by_side(source, opened):
    source.dataset = with_twins()
    view = opened()

    click(view.about.notes.notes["training", "test"].button)

    assert view.wall.count.text() == "4 images in 2 groups"
    captions = [list(view.wall.tiles.caption(place)) for place in range(4)]
    assert captions == [
        ["class 2", "training #14", "group 1"],
        ["class 2", "test #0", "group 1"],
        ["class 1", "training #22", "group 2"],
        ["class 2", "test #2", "group 2"],
    ]


def test_a_shared_image_says_which_set_it_is_of(source, opened):
    source.dataset = with_twins()
    view = opened()
    click(view.about.notes.notes["training", "test"].button)

    choose_image(view, 1)

    assert view.pane.facts.words("Set") == "Test"


def test_escape_goes_back_step_by_step(qtbot, source, opened):
    source.dataset = with_twins()
    view = opened()
    click(view.about.notes.notes["training", "test"].button)
    choose_image(view, 1)

    QTest.keyClick(view.wall.gallery, Qt.Key.Key_Escape)
    assert not view.pane.isVisible()
    QTest.keyClick(view.wall.gallery, Qt.Key.Key_Escape)
    assert view.wall.count.text() == "40 images"
    QTest.keyClick(view.wall.gallery, Qt.Key.Key_Escape)
    assert not view.isVisible()


# --- whatever the data are


@pytest.mark.parametrize(
    "dataset",
    [
        dataset_of(shape=(3, 5, 9)),
        dataset_of(train=62, validation=62, test=62, classes=62),
        dataset_of(classes=2),
        dataset_of(train=5, validation=1, test=0),
        dataset_of(train=3, validation=1, test=1, classes=62),
        dataset_of(train=4, validation=4, test=4, shape=(3, 256, 256)),
    ],
    ids=["colour", "62 classes", "2 classes", "no test image", "empty classes", "large"],
)
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_any_dataset_is_shown(source, opened, dataset, theme):
    source.dataset = dataset
    view = opened()
    view.set_theme(theme)
    view.resize(760, 520)

    for of in ("test", "validation", "training"):
        view.show_set(of)
        view.grab()

    choose_image(view, 0)
    view.grab()
    assert view.pane.isVisible()


def test_a_set_without_images_says_so(source, opened):
    source.dataset = dataset_of(test=0)
    view = opened()

    view.show_set("test")

    assert view.wall.none.isVisible()
    assert fact(view, "Pixels") == "none"


def test_every_control_has_a_name(view):
    choose_image(view, 0)
    choose_class(view, 0)
    kinds = (QPushButton, QToolButton, QLineEdit, QSlider)
    controls = [part for kind in kinds for part in view.findChildren(kind) if part.isVisible()]

    assert controls
    for control in controls:
        words = control.accessibleName() or (control.text() if hasattr(control, "text") else "")
        assert words, control.objectName()


@pytest.mark.mnist
def test_mnist_has_no_image_twice(document, opened):
    document.edit("MNIST", document.project.set_data(source=Mnist()))
    view = opened(folder=data_folder())

    assert fact(view, "Each image") == "28×28, grey"
    assert notes(view)[0] == "No image is in two sets."
    project = document.project
    counts = np.bincount(load(project.data, project.training.seed, data_folder()).train.labels)
    view.show_set("training")
    choose_class(view, 1)
    assert view.wall.count.text() == f"{counts[1]:,} of {counts.sum():,} images"
