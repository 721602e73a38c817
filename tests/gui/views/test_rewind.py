from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QSlider

from engine.project.layers import Dense
from engine.store.checkpoints import Checkpoint, Checkpoints
from engine.training.events import Changed
from engine.training.history import Run
from gui.views.rewind import NO_BREAK, RewindView

KINDS = {0: "first", 20: "epoch", 40: "best", 60: "epoch"}
WEIGHTS = {"weight": np.zeros(250, np.float32)}


def write(folder, kinds):
    store = Checkpoints(folder)
    for step, kind in kinds.items():
        store.write(Checkpoint(step, step // 20, kind, WEIGHTS, {}))


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, KINDS)
    return tmp_path


@pytest.fixture
def view(show):
    return show(RewindView(), 700, 180)


@pytest.fixture
def showing(view, qtbot):
    """Show a run's folder, and wait until it is read."""

    def showing(folder, run):
        view.show_run_folder(folder, run)
        qtbot.waitUntil(lambda: view._reading is None)
        return view

    return showing


@pytest.fixture
def shown(showing, folder, trained):
    view = showing(folder, trained)
    view.show_project(trained.project)
    return view


def empty(view):
    return view._stack.currentIndex() == 0


def test_before_a_run_it_says_what_will_be_here(view):
    assert empty(view)
    assert view._stack.currentWidget().text() == (
        "A run's checkpoints appear here once it has been trained."
    )


def test_a_run_without_checkpoints_shows_the_same(showing, tmp_path, trained):
    assert empty(showing(tmp_path, trained))


def test_the_newest_checkpoint_is_chosen_first(shown):
    assert shown.step == 60
    assert shown.words.text() == "Epoch 3.00, step 60: validation 80.0 %"


def test_there_is_a_place_for_each_checkpoint(shown):
    assert (shown.slider.minimum(), shown.slider.maximum()) == (0, 3)
    assert shown.slider.tickPosition() is QSlider.TickPosition.TicksBelow


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (0, "Epoch 0.00, step 0: the first weights"),
        (1, "Epoch 1.00, step 20: validation 70.0 %"),
        (2, "Epoch 2.00, step 40: validation 90.0 %, the best epoch"),
    ],
)
def test_it_says_which_moment_is_chosen(shown, place, words):
    shown.slider.setValue(place)

    assert shown.words.text() == words
    assert shown.slider.accessibleDescription() == words


def test_between_epochs_it_tells_the_validation_before(showing, tmp_path, trained):
    write(tmp_path, {50: "running"})

    view = showing(tmp_path, trained)

    assert view.words.text() == "Epoch 2.50, step 50: validation 90.0 % at step 40"


def test_before_the_first_validation_it_says_so(showing, tmp_path, run_of):
    write(tmp_path, {5: "running"})

    assert showing(tmp_path, run_of()).words.text() == "Epoch 0.25, step 5: not validated yet"


def test_it_tells_how_much_of_the_disk_is_taken(shown, folder):
    size = sum(path.stat().st_size for path in (folder / "checkpoints").iterdir())

    assert shown.size_words.text() == f"4 checkpoints, {size / 1000:.3g} kB"


def test_moving_the_slider_asks_to_look_at_that_moment(shown, qtbot):
    with qtbot.waitSignal(shown.step_looked_at) as asked:
        QTest.keyClick(shown.slider, Qt.Key.Key_Left)

    assert asked.args == [40]


def test_reading_a_folder_asks_for_nothing(view, showing, folder, trained, qtbot):
    with qtbot.assertNotEmitted(view.step_looked_at):
        showing(folder, trained)


def test_the_chosen_step_stays_chosen_when_there_are_more(shown, showing, folder, trained):
    shown.slider.setValue(1)
    write(folder, {80: "epoch"})

    showing(folder, trained)

    assert (shown.step, shown.slider.maximum()) == (20, 4)


def test_a_chosen_step_that_is_gone_gives_way_to_the_newest(shown, showing, folder, trained):
    shown.slider.setValue(1)
    (folder / "checkpoints" / "000000020.json").unlink()

    showing(folder, trained)

    assert shown.step == 60


def test_a_branch_begins_at_the_chosen_checkpoint(shown, qtbot):
    shown.slider.setValue(2)

    with qtbot.waitSignal(shown.branch_wanted) as wanted:
        shown.branch.click()

    assert wanted.args == [40]


def test_the_same_first_weights_are_a_branch_at_step_0(shown, qtbot):
    with qtbot.waitSignal(shown.branch_wanted) as wanted:
        shown.anew.click()

    assert wanted.args == [0]


def test_without_the_first_weights_there_is_no_button_for_them(showing, tmp_path, trained):
    write(tmp_path, {20: "epoch"})

    assert not showing(tmp_path, trained).anew.isVisible()


def test_the_settings_of_the_run_are_no_difference(shown):
    assert shown.differences.text().startswith("The settings are those of the run")


def test_it_says_what_a_branch_would_have_otherwise(shown, trained):
    shown.show_project(trained.project.set_training(batch_size=64, epochs=7))

    assert shown.differences.text() == (
        f"A branch would have other settings than the run had then: Batch size 32{NO_BREAK}64; "
        f"Epochs {trained.project.training.epochs}{NO_BREAK}7."
    )


def test_what_was_changed_while_training_is_the_runs_own(shown, showing, folder, trained):
    trained.apply(Changed(60, "batch_size", 32, 64, 0, 10), 99.0)
    showing(folder, trained)

    shown.show_project(trained.project.set_training(batch_size=64))

    assert shown.differences.text().startswith("The settings are those of the run")


def test_settings_are_compared_with_those_of_the_chosen_moment(shown, showing, folder, trained):
    trained.apply(Changed(50, "batch_size", 32, 64, 0, 10), 99.0)
    showing(folder, trained)
    shown.show_project(trained.project.set_training(batch_size=64))

    shown.slider.setValue(2)  # step 40, before the change

    assert f"Batch size 32{NO_BREAK}64" in shown.differences.text()


def test_escape_closes_it(shown):
    QTest.keyClick(shown, Qt.Key.Key_Escape)

    assert not shown.isVisible()


def test_with_other_layers_there_is_no_branch(shown, trained):
    shown.show_project(trained.project.insert(1, Dense(units=8)))

    assert not shown.branch.isEnabled()
    assert not shown.anew.isEnabled()
    assert "The layers differ" in shown.reason.text()
    assert shown.branch.toolTip() == shown.reason.text()
    assert not shown.differences.isVisible()


def test_while_a_training_goes_on_there_is_no_branch(shown):
    shown.set_busy(True)

    assert not shown.branch.isEnabled()
    assert shown.slider.isEnabled()
    assert shown.reason.text() == ("A training is going on. Stop it to go on from a checkpoint.")
    assert shown.reason.isVisible()


def test_once_it_ended_the_checkpoints_are_read_again(shown, folder, qtbot):
    shown.set_busy(True)
    write(folder, {80: "end"})

    shown.set_busy(False)

    qtbot.waitUntil(lambda: shown.slider.maximum() == 4)
    assert shown.branch.isEnabled()
    assert not shown.reason.isVisible()


def test_another_run_takes_the_place_of_the_last(shown, showing, tmp_path, run_of):
    other = tmp_path / "other"
    write(other, {10: "running"})

    showing(other, run_of())

    assert (shown.step, shown.slider.maximum()) == (10, 0)


@pytest.mark.parametrize("run", [True, False])
def test_without_a_folder_or_a_run_it_is_empty(shown, showing, folder, trained, run):
    showing(None if run else folder, trained if run else None)

    assert empty(shown)


def test_a_run_that_never_began_is_shown_by_its_checkpoints_alone(showing, folder, project_of):
    assert showing(folder, Run(project_of())).words.text() == (
        "Epoch 3.00, step 60: not validated yet"
    )


def test_controls_have_names(view):
    assert view.slider.accessibleName() == "Checkpoint of the run"
    assert view.branch.accessibleName() == "Go on from here as a branch"
    assert view.anew.accessibleName() == "Same first weights"


@pytest.mark.parametrize("size", [(380, 180), (420, 300)])
def test_it_fits_into_little_room(shown, size):
    hint = shown.minimumSizeHint()

    assert hint.width() <= size[0]
    assert hint.height() <= size[1]


def test_of_several_epochs_that_were_the_best_in_their_time_only_one_is(showing, tmp_path, trained):
    write(tmp_path, {20: "best", 40: "end"})

    view = showing(tmp_path, trained)

    assert view.words.text() == "Epoch 2.00, step 40: validation 90.0 %, the best epoch"
    view.slider.setValue(0)
    assert view.words.text() == "Epoch 1.00, step 20: validation 70.0 %"


def test_where_all_epochs_are_done_a_branch_needs_more_of_them(shown, trained):
    shown.show_project(trained.project.set_training(epochs=3))
    assert not shown.branch.isEnabled()
    assert shown.reason.text().startswith("All 3 epochs are done here.")
    assert shown.anew.isEnabled()

    shown.slider.setValue(2)
    assert shown.branch.isEnabled()

    shown.slider.setValue(3)
    shown.show_project(trained.project.set_training(epochs=4))
    assert shown.branch.isEnabled()
    assert not shown.reason.isVisible()
