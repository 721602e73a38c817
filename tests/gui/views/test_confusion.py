from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog
from sklearn.metrics import confusion_matrix

from engine.analysis.mistakes import Cell
from engine.training.events import EpochDone
from gui.theme import DARK, LIGHT
from gui.views.confusion import ConfusionView

EVALUATION = frozenset({"evaluation"})
RNG = np.random.default_rng(2)
LABELS = RNG.integers(0, 10, 1000)
PREDICTED = np.where(RNG.random(1000) < 0.8, LABELS, RNG.integers(0, 10, 1000))
BETTER = np.where(RNG.random(1000) < 0.5, LABELS, PREDICTED)


@pytest.fixture
def view(selection, show):
    return show(ConfusionView(selection))


@pytest.fixture
def run(run_of, answers):
    return run_of(answers(LABELS, PREDICTED))


@pytest.fixture
def drawn(view, run):
    view.show_run(run, EVALUATION)
    return view


def choose(view, shown_as):
    view.shown_as.setCurrentIndex(view.shown_as.findData(shown_as))
    view.shown_as.activated.emit(view.shown_as.currentIndex())


def counts(labels, predicted):
    return confusion_matrix(labels, predicted, labels=range(10))


def test_the_counts_are_scikit_learns(drawn):
    np.testing.assert_array_equal(drawn.matrix.counts, counts(LABELS, PREDICTED))


@pytest.mark.parametrize(("shown_as", "normalize"), [("true", "true"), ("predicted", "pred")])
def test_shares_are_shown(drawn, shown_as, normalize):
    choose(drawn, shown_as)

    expected = confusion_matrix(LABELS, PREDICTED, normalize=normalize)
    np.testing.assert_allclose(drawn.matrix.numbers.values, expected)


@pytest.mark.parametrize("shown_as", ["before", "first", "best"])
def test_the_change_since_an_earlier_evaluation_is_shown(view, run, answers, shown_as):
    run.apply(EpochDone(20, 1, 0.1, 0.9, 0.1, 0.8, best=True), 8.0)
    run.apply(answers(LABELS, BETTER, epoch=2), 9.0)
    view.show_run(run, EVALUATION)

    choose(view, shown_as)

    expected = counts(LABELS, BETTER) - counts(LABELS, PREDICTED)
    np.testing.assert_array_equal(view.matrix.numbers.values, expected)
    now, then = (100 * np.mean(said == LABELS) for said in (BETTER, PREDICTED))
    assert view.said.text() == (
        f"{now:.2f} % right, {now - then:+.2f} since step 20; blue is better"
    )
    assert "Since epoch 1, step 20: change in images. Blue is better" in view.said.toolTip()


def test_a_change_to_other_images_is_of_shares_and_says_so(view, run_of, answers):
    sample = answers(LABELS[:100], PREDICTED[:100], whole=False)
    view.show_run(run_of(sample, answers(LABELS, PREDICTED, epoch=2)), EVALUATION)

    choose(view, "before")

    assert view.matrix.numbers.unit == "points"
    assert view.said.text() == "Points since step 20, of other images; blue is better"
    assert "of other images: change of the share of the true class" in view.said.toolTip()


def test_with_nothing_earlier_to_compare_with_it_says_so_and_shows_counts(drawn):
    choose(drawn, "before")

    assert drawn.matrix.numbers.unit == "images"
    assert "nothing earlier" in drawn.said.text()


def test_where_nothing_has_changed_it_says_so(view, run, answers):
    run.apply(answers(LABELS, PREDICTED, epoch=2), 9.0)
    view.show_run(run, EVALUATION)

    choose(view, "before")

    assert view.said.text().endswith("% right; no cell differs from step 20")


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_what_is_said_of_a_change_fits_one_line(view, run, answers, theme):
    run.apply(answers(LABELS, BETTER, epoch=2), 9.0)
    view.set_theme(theme)
    view.resize(400, 300)
    view.show_run(run, EVALUATION)

    choose(view, "before")

    assert view.said.heightForWidth(400) < 2 * view.said.fontMetrics().height()


def test_a_new_best_epoch_is_compared_with_at_once(view, run, answers):
    run.apply(EpochDone(20, 1, 0.1, 0.9, 0.1, 0.8, best=True), 8.0)
    run.apply(answers(LABELS, BETTER, epoch=2), 9.0)
    view.show_run(run, EVALUATION)
    choose(view, "best")

    run.apply(EpochDone(40, 2, 0.1, 0.9, 0.1, 0.9, best=True), 9.0)
    view.show_run(run, frozenset({"epoch"}))

    assert "nothing earlier" in view.said.text()


def test_what_is_chosen_goes_to_the_selection_and_comes_back(drawn, selection):
    drawn.matrix.chosen.emit((Cell(4, 9),))
    drawn.matrix.toggled.emit(Cell(true=3))

    assert selection.cells == (Cell(4, 9), Cell(true=3)) == drawn.matrix.cells


def test_the_buttons_of_the_legend_select_all_errors_and_all_right_answers(drawn, selection):
    drawn.panel.legend.errors.click()
    assert selection.cells == (Cell(),)

    drawn.panel.legend.right.click()
    assert selection.cells == (Cell(right=True),)


def test_an_earlier_evaluation_is_shown_when_the_slider_goes_there(drawn, run, answers, selection):
    run.apply(answers(LABELS, LABELS, epoch=2), 9.0)
    drawn.show_run(run, EVALUATION)

    selection.select_step(20)

    np.testing.assert_array_equal(drawn.matrix.counts, counts(LABELS, PREDICTED))
    assert "epoch 1," in drawn.said.text()


@pytest.mark.parametrize(
    ("whole", "words"),
    [
        (True, "1,000 images, epoch 3, {share:.2f} % right"),
        (False, "sample of 1,000, epoch 3, {share:.2f} % right"),
    ],
)
def test_it_says_what_is_counted(view, run_of, answers, whole, words):
    view.show_run(run_of(answers(LABELS, PREDICTED, epoch=3, whole=whole)), EVALUATION)

    assert view.said.text() == words.format(share=100 * np.mean(LABELS == PREDICTED))


def test_of_the_training_set_it_says_when_the_answers_were_given(view, run_of, answers, selection):
    view.show_run(run_of(answers([1, 2], [1, 1], of="training")), EVALUATION)

    selection.select_set("training")

    assert view.matrix.counts[2, 1] == 1
    assert view.said.text() == "2 images, epoch 1, 50.00 % right while learning"
    assert "as each image was learned from" in view.said.toolTip()


@pytest.mark.parametrize(
    ("of", "reason"), [("test", "when the last epoch is done"), ("training", "an epoch is done")]
)
def test_a_set_can_not_be_chosen_before_it_is_evaluated(drawn, run, answers, of, reason):
    item = drawn.of.model().item(drawn.of.findData(of))
    assert not item.isEnabled()
    assert reason in item.toolTip()

    run.apply(answers([3], [5], of=of), 9.0)
    drawn.show_run(run, EVALUATION)

    assert item.isEnabled()


def test_choosing_a_set_shows_it(drawn, run, answers, selection):
    run.apply(answers([3, 3], [5, 5], of="test"), 9.0)
    drawn.show_run(run, EVALUATION)

    drawn.of.setCurrentIndex(drawn.of.findData("test"))
    drawn.of.activated.emit(drawn.of.currentIndex())

    assert selection.of == "test"
    assert drawn.matrix.counts[3, 5] == drawn.matrix.counts.sum() == 2


def test_the_set_that_another_view_chose_is_shown(drawn, run, answers, selection):
    run.apply(answers([3], [5], of="test"), 9.0)

    selection.select_set("test")

    assert drawn.of.currentText() == "Test"
    assert drawn.matrix.counts.sum() == 1


def test_confused_classes_stand_together_on_demand(view, run_of, answers):
    labels = np.repeat(np.arange(10), 10)
    predicted = np.where(np.isin(labels, (2, 9)) & (np.arange(100) % 2 == 0), 11 - labels, labels)
    view.show_run(run_of(answers(labels, predicted)), EVALUATION)

    view.menu.together.setChecked(True)

    order = view.matrix.numbers.order.tolist()
    assert abs(order.index(2) - order.index(9)) == 1
    assert sorted(order) == list(range(10))


def test_the_order_stays_while_looking_back(drawn, run, answers, selection):
    run.apply(answers(LABELS, BETTER, epoch=2), 9.0)
    drawn.show_run(run, EVALUATION)
    drawn.menu.together.setChecked(True)
    before = drawn.matrix.numbers.order.tolist()

    selection.select_step(20)

    assert drawn.matrix.numbers.order.tolist() == before


def test_the_diagonal_can_be_hidden(drawn):
    drawn.menu.hide_diagonal.setChecked(True)

    assert not drawn.matrix.numbers.diagonal
    assert drawn.panel.legend.right.isHidden()


@pytest.mark.parametrize(("width", "there"), [(700, True), (400, False)])
def test_pairs_stand_beside_the_matrix_where_there_is_room(drawn, qtbot, width, there):
    drawn.resize(width, 450)

    assert drawn.panel.pairs.isVisible() == there
    assert drawn.menu.pairs.isChecked() == there


def test_the_first_pair_is_the_most_confused(drawn):
    drawn.resize(700, 450)

    errors = counts(LABELS, PREDICTED) - np.diag(np.diagonal(counts(LABELS, PREDICTED)))
    cell = drawn.panel.pairs.pairs.cell(0)
    assert errors[cell.true, cell.predicted] == errors.max()


def test_pairs_can_be_put_away(drawn):
    drawn.resize(700, 450)

    drawn.menu.pairs.trigger()

    assert drawn.panel.pairs.isHidden()
    assert not drawn.menu.pairs.isChecked()


@pytest.mark.parametrize("size", [(380, 230), (420, 380)])
def test_pairs_that_are_asked_for_are_there_where_there_is_little_room(drawn, size):
    drawn.resize(*size)

    drawn.menu.pairs.trigger()

    QApplication.processEvents()
    pairs, matrix = drawn.panel.pairs, drawn.matrix
    assert pairs.isVisible()
    assert drawn.menu.pairs.isChecked()
    for part in (pairs, matrix):
        assert part.visibleRegion().boundingRect().size() == part.size()
    assert pairs.rowAt(0) == 0


def test_the_table_has_the_same_numbers(drawn, run, answers):
    drawn.menu.table.setChecked(True)
    run.apply(answers(LABELS, BETTER, epoch=2), 9.0)
    drawn.show_run(run, EVALUATION)

    table, expected = drawn.panel.table, counts(LABELS, BETTER)
    assert table.isVisible()
    assert table.cells.data(table.cells.index(3, 3)) == str(expected[3, 3])


@pytest.mark.parametrize("part", ["matrix", "table", "pairs"])
def test_ctrl_c_copies_the_numbers(drawn, qtbot, part):
    drawn.resize(700, 450)
    drawn.menu.table.setChecked(part == "table")
    QGuiApplication.clipboard().clear()

    qtbot.keyClick(getattr(drawn.panel, part), Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)

    content = QGuiApplication.clipboard().mimeData()
    assert content.text().splitlines()[0].split("\t")[1] == "class 0"
    assert "<table>" in content.html()


@pytest.mark.parametrize("suffix", [".png", ".svg", ".csv", ".PNG"])
def test_it_is_saved_as_the_name_says(drawn, tmp_path, suffix):
    start = {".png": b"\x89PNG", ".svg": b"<?xml", ".csv": b"\xef\xbb\xbftrue"}[suffix.lower()]

    drawn.save(tmp_path / f"matrix{suffix}")

    assert (tmp_path / f"matrix{suffix}").read_bytes().startswith(start)


def test_another_kind_of_file_is_refused(drawn, tmp_path, qtbot):
    with qtbot.waitSignal(drawn.refused) as told:
        drawn.save(tmp_path / "matrix.bmp")

    assert "must end in .png, .svg or .csv" in told.args[0]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_can_not_be_written_is_said(drawn, tmp_path, qtbot):
    (tmp_path / "file").write_text("no folder")

    with qtbot.waitSignal(drawn.refused) as told:
        drawn.save(tmp_path / "file" / "matrix.csv")

    assert "could not be saved" in told.args[0]


def test_the_name_that_is_offered_says_run_set_and_epoch(drawn, tmp_path, monkeypatch):
    asked = []

    def ask(parent, title, start, kinds):
        asked.append(start)
        return str(tmp_path / "matrix"), kinds.split(";;")[2]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)

    drawn.menu.save.trigger()

    assert asked[0].endswith(f"{drawn._run.project.title} validation epoch 1 confusion.png")
    assert (tmp_path / "matrix.csv").exists()


def test_nothing_is_copied_or_saved_before_an_evaluation(view):
    assert not view.menu.copy.isEnabled()
    assert not view.menu.save.isEnabled()


@pytest.mark.parametrize(
    ("labels", "predicted", "classes"),
    [
        ([0, 1, 2], [0, 0, 0], 3),  # classes never predicted
        ([0, 0, 0], [0, 1, 2], 3),  # classes without an image
        ([1], [1], 2),
        (range(62), range(62), 62),
        ([61] * 5, [0] * 5, 62),
        ([], [], 10),
    ],
)
@pytest.mark.parametrize("size", [(700, 450), (380, 230)])
def test_any_answers_are_painted_in_every_way(
    selection, show, run_of, answers, project_of, labels, predicted, classes, size
):
    view = show(ConfusionView(selection), *size)
    some = answers(np.array(labels, int), np.array(predicted, int), classes=classes)
    more = answers(np.array(labels, int), np.array(labels, int), classes=classes, epoch=2)
    selection.select_cells((Cell(0, 1), Cell(right=True), Cell()))
    view.menu.together.setChecked(True)

    view.show_run(run_of(some, more, project=project_of(classes)), EVALUATION)

    for index in range(view.shown_as.count()):
        choose(view, view.shown_as.itemData(index))
        view.grab()
        view.menu.hide_diagonal.toggle()
        view.menu.table.toggle()
        view.grab()


def test_answers_without_a_probability_are_counted(view, run_of, answers):
    nothing = np.full((2, 10), np.nan)

    view.show_run(run_of(answers([1, 2], [0, 0], probabilities=nothing)), EVALUATION)

    assert view.matrix.counts[1, 0] == view.matrix.counts[2, 0] == 1


def test_all_controls_fit_into_a_narrow_view(drawn):
    drawn.resize(380, 230)
    drawn.grab()

    for control in (drawn.of, drawn.shown_as, drawn.menu, drawn.matrix):
        assert drawn.rect().contains(control.mapTo(drawn, control.rect().bottomRight()))
    assert drawn.minimumSizeHint().width() <= 380
    assert drawn.minimumSizeHint().height() <= 230


def test_before_an_evaluation_it_says_what_will_be_here(view):
    assert "which digit is read as which" in view._stack.currentWidget().text()


def test_a_new_run_begins_empty(drawn, run_of):
    drawn.show_run(run_of(), frozenset({"started"}))

    assert drawn._stack.currentIndex() == 0
    assert len(drawn.matrix.counts) == 0


def test_the_same_evaluation_is_counted_once(drawn, run, monkeypatch):
    monkeypatch.setattr("gui.views.confusion.confusion_matrix", lambda *_: 1 / 0)

    drawn.show_run(run, frozenset({"evaluation"}))


def test_a_hidden_matrix_counts_when_it_is_shown(view, run):
    view.hide()
    view.show_run(run, EVALUATION)
    assert len(view.matrix.counts) == 0

    view.show()

    assert view.matrix.counts.sum() == 1000


def test_controls_have_names_for_a_screen_reader(view):
    panel = view.panel
    controls = (view.of, view.shown_as, view.matrix, panel.table, panel.pairs, panel.legend.right)
    assert all(control.accessibleName() for control in controls)


def test_it_is_drawn_in_the_themes_colours(drawn):
    before = drawn.grab().toImage()

    drawn.set_theme(DARK)

    assert drawn.grab().toImage() != before


def test_one_image_is_one(view, run_of, answers):
    view.show_run(run_of(answers([1], [1])), EVALUATION)

    assert view.said.text() == "1 image, epoch 1, 100.00 % right"
