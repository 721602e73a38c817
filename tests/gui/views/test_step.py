from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabWidget, QWidget

from engine.training.events import Progress, Stepped
from engine.training.look import BatchLook, LayerLook
from gui.theme import DARK, LIGHT
from gui.views.step import StepView, as_read
from gui.widgets.empty_state import EmptyState

STEP = frozenset({"step"})
COUNT = 6
DENSE = LayerLook("dense_1", "Dense", "Core", 90, 0.3, 0.5, 0.6, None, 0.1, 2.0, 1e-3, None, None)
LOOK = BatchLook(
    images=np.random.default_rng(0).random((COUNT, 1, 8, 8), np.float32),
    rows=np.arange(10, 10 + COUNT),
    labels=np.zeros(COUNT, np.int64),
    predicted_before=np.array([0, 1, 1, 1, 0, 1]),
    confidence_before=np.full(COUNT, 0.4, np.float32),
    predicted_after=np.array([0, 0, 0, 1, 1, 1]),
    confidence_after=np.full(COUNT, 0.6, np.float32),
    loss_before=2.0,
    loss_after=1.5,
    rate=0.01,
    layers=(DENSE,),
)


@pytest.fixture
def view(show, document, selection):
    return show(StepView(document, selection), 700, 300)


def stepped(step=37, epoch=2, **values):
    return Stepped(step, epoch, replace(LOOK, **values))


def is_empty(view):
    return isinstance(view._stack.currentWidget(), EmptyState)


def test_before_any_step_it_says_how_to_take_one(view, run_of):
    view.show_run(run_of(), STEP)

    assert is_empty(view)
    assert "F10" in view._stack.currentWidget().text()


def test_a_step_is_told_in_a_line(view, run_of):
    view.show_run(run_of(stepped()), STEP)

    assert not is_empty(view)
    assert view.title.text() == "Step 37, epoch 2"
    line = view.said.text()
    assert "Loss 2.000 → <b>1.500</b>" in line
    assert "▼ 25 %" in line
    assert LIGHT.success in line
    assert "right 2 → <b>3</b> of 6" in line
    assert "0.0100" in view.said.toolTip()
    assert view.counted.text() == "2 corrected, 1 spoilt, 2 wrong, 1 right"


def test_a_loss_that_rose_is_marked_as_such(view, run_of):
    view.set_theme(DARK)
    view.show_run(run_of(stepped(loss_after=2.5)), STEP)

    assert "▲ 25 %" in view.said.text()
    assert DARK.danger in view.said.text()


@pytest.mark.parametrize(("before", "after"), [(2.0, np.nan), (np.inf, 1.0), (0.0, 0.0)])
def test_of_a_loss_that_is_no_number_no_share_is_told(view, run_of, before, after):
    view.show_run(run_of(stepped(loss_before=before, loss_after=after)), STEP)

    assert "%" not in view.said.text()


def test_the_batchs_images_and_the_layers_are_shown(view, run_of):
    view.show_run(run_of(stepped()), STEP)

    assert view.images.count() == COUNT
    assert "Image 1,011 of the training set." in view.images.item(0).toolTip()
    assert view.layers.layers.rowCount() == 1


def test_of_a_large_batch_it_says_how_many_are_shown(view, run_of):
    view.show_run(run_of(stepped(images=LOOK.images[:2])), STEP)

    assert view.images.count() == 2
    assert view.counted.text().endswith("; the first 2 are shown")


def test_the_next_step_takes_the_place_of_the_one_before(view, run_of):
    view.show_run(run_of(stepped(37)), STEP)
    view.show_run(run_of(stepped(37), stepped(38, labels=LOOK.labels + 1)), STEP)

    assert view.title.text() == "Step 38, epoch 2"
    assert view.images.item(0).text().startswith("class 1")


def test_a_step_that_others_have_followed_says_so(view, run_of):
    view.show_run(run_of(stepped(37), Progress(60, 0.5, 0.9)), frozenset({"progress"}))

    assert view.title.text() == "Step 37: it has gone on since"


def test_a_figure_of_the_curves_from_before_the_step_is_none_that_followed(view, run_of):
    view.show_run(run_of(Progress(37, 0.5, 0.9), stepped(37)), STEP)

    assert view.title.text() == "Step 37, epoch 2"


def test_the_same_step_is_drawn_once(view, run_of):
    run = run_of(stepped())
    view.show_run(run, STEP)
    first = view.images.item(0)

    view.show_run(run, STEP)

    assert view.images.item(0) is first


def test_a_new_run_begins_without_a_step(view, run_of):
    view.show_run(run_of(stepped()), STEP)
    view.show_run(run_of(), frozenset({"started"}))

    assert is_empty(view)


def test_out_of_sight_nothing_is_drawn(show, run_of, qtbot, document, selection):
    tabs, view = QTabWidget(), StepView(document, selection)
    tabs.addTab(QWidget(), "first")
    tabs.addTab(view, "step")
    show(tabs)
    view.show_run(run_of(stepped()), STEP)
    assert view.images.count() == 0

    tabs.setCurrentWidget(view)

    qtbot.waitUntil(lambda: view.images.count() == COUNT)


def test_steps_are_offered_while_the_training_waits(view, run_of, qtbot):
    view.show_run(run_of(stepped()), STEP)
    assert not any(button.isEnabled() for button in view.buttons)

    view.set_paused(True)

    one, ten, on = view.buttons
    for button, steps in ((one, 1), (ten, 10)):
        with qtbot.waitSignal(view.step_wanted) as wanted:
            qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
        assert wanted.args == [steps]
    with qtbot.waitSignal(view.run_on_wanted):
        qtbot.mouseClick(on, Qt.MouseButton.LeftButton)


def test_with_little_room_layers_and_images_are_pages(view, run_of):
    view.show_run(run_of(stepped()), STEP)
    assert view.images.isVisible()
    assert view.layers.isVisible()
    assert not view.page.isVisible()

    view.resize(380, 230)

    assert view.page.isVisible()
    assert (view.layers.isVisible(), view.images.isVisible()) == (True, False)
    assert "right" not in view.said.text()
    view.page.setCurrentIndex(1)
    view.page.activated.emit(1)
    assert (view.layers.isVisible(), view.images.isVisible()) == (False, True)


@pytest.mark.parametrize("size", [(380, 230), (700, 300)])
def test_it_takes_no_more_than_its_place(show, run_of, size, document, selection):
    view = show(StepView(document, selection), *size)
    layers = tuple(replace(DENSE, name=f"dense_{number}", update_ratio=0.5) for number in range(8))

    view.show_run(run_of(stepped(12_345, 123, layers=layers)), STEP)

    assert (view.width(), view.height()) == size
    assert view.hint.isVisible()


def test_the_hint_is_there_only_where_a_layer_is_marked(view, run_of):
    view.show_run(run_of(stepped()), STEP)

    assert not view.hint.isVisible()


def test_images_are_shown_as_they_were_read(run_of):
    dataset = run_of().dataset
    dataset = replace(dataset, mean=np.float32([0.3]), deviation=np.float32([0.25]))
    images = dataset.train.images[:5]

    np.testing.assert_allclose(as_read(dataset.standardised(images), dataset), images, atol=1e-6)


def test_a_channel_that_never_varies_is_only_shifted_back(run_of):
    dataset = run_of().dataset
    dataset = replace(dataset, mean=np.float32([0.5]), deviation=np.float32([0]))
    images = np.full((2, 1, 8, 8), 0.5, np.float32)

    np.testing.assert_array_equal(as_read(dataset.standardised(images), dataset), images)


LAYERS = tuple(replace(DENSE, name=name) for name in ("flatten_1", "dense_1", "output"))


def click_row(view, row, qtbot):
    place = view.layers.visualRect(view.layers.layers.index(row, 1)).center()
    qtbot.mouseClick(view.layers.viewport(), Qt.MouseButton.LeftButton, pos=place)


def marked_rows(view):
    return [index.row() for index in view.layers.selectionModel().selectedRows()]


def test_a_click_on_a_row_selects_its_layer(view, run_of, selection, qtbot):
    view.show_run(run_of(stepped(layers=LAYERS)), STEP)

    click_row(view, 1, qtbot)
    assert selection.layers == ("dense_1",)
    qtbot.keyClick(view.layers, Qt.Key.Key_Up)
    assert selection.layers == ("flatten_1",)

    click_row(view, 2, qtbot)  # the output, which has no form
    assert selection.layers == ()


def test_a_row_of_a_layer_that_is_deleted_selects_nothing(view, run_of, document, selection, qtbot):
    view.show_run(run_of(stepped(layers=LAYERS)), STEP)
    document.edit("Delete", document.project.remove(["dense_1"]))

    click_row(view, 1, qtbot)

    assert selection.layers == ()


def test_the_row_of_a_layer_that_is_selected_elsewhere_is_marked(view, run_of, selection):
    selection.select_layers(("dense_1",))
    view.show_run(run_of(stepped(layers=LAYERS)), STEP)
    assert marked_rows(view) == [1]

    selection.select_layers(("flatten_1",))
    assert marked_rows(view) == [0]

    selection.select_layers(("flatten_1", "dense_1"))
    assert marked_rows(view) == []
