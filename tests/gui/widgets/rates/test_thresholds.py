from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from sklearn.metrics import average_precision_score, roc_auc_score

from engine.analysis.mistakes import Cell
from gui.theme import DARK
from gui.widgets.rates.class_rows import CLASS
from gui.widgets.rates.thresholds import ThresholdCurves

RNG = np.random.default_rng(3)
LABELS = RNG.integers(0, 10, 400)
SCORES = RNG.random((400, 10)).astype(np.float32) + np.eye(10, dtype=np.float32)[LABELS] * 0.5
PROBABILITIES = SCORES / SCORES.sum(axis=1, keepdims=True)


@pytest.fixture
def evaluation(answers):
    return answers(LABELS, PROBABILITIES.argmax(axis=1), probabilities=PROBABILITIES)


@pytest.fixture
def page(selection, show):
    page = show(ThresholdCurves(selection), 400, 300)
    selection.cells_changed.connect(lambda _: page.show_evaluation(page._run, page._drawn))
    return page


def finish(page, qtbot):
    qtbot.waitUntil(lambda: not page._left)


def listed(page):
    return [page.legend.item(row).text() for row in range(page.legend.count())]


def classes(page):
    return [page.legend.item(row).data(CLASS) for row in range(page.legend.count())]


@pytest.mark.parametrize(
    ("recall", "score"), [(False, roc_auc_score), (True, average_precision_score)]
)
def test_the_areas_are_scikit_learns_the_smallest_first(
    selection, show, qtbot, run_of, evaluation, recall, score
):
    page = show(ThresholdCurves(selection, recall=recall), 400, 300)
    page.show_evaluation(run_of(evaluation), evaluation)
    finish(page, qtbot)

    areas = {n: score(n == LABELS, PROBABILITIES[:, n]) for n in range(10)}
    order = sorted(areas, key=lambda n: areas[n])
    assert listed(page) == [f"{areas[n]:.4f}  class {n}" for n in order]
    assert page.said.text().endswith(f"{np.mean([*areas.values()]):.4f}")


def test_the_lines_are_the_curves_in_percent(page, qtbot, run_of, evaluation):
    page.show_evaluation(run_of(evaluation), evaluation)
    finish(page, qtbot)

    line = page.plot.lines[3]
    assert (line.x[0], line.x[-1], line.y[-1]) == (0, 100, 100)
    np.testing.assert_allclose(np.trapezoid(line.y, line.x) / 1e4, page.curves[3].area, atol=1e-3)


def test_a_row_of_the_legend_selects_its_class(page, qtbot, run_of, evaluation, selection):
    page.show_evaluation(run_of(evaluation), evaluation)
    finish(page, qtbot)

    place = page.legend.visualItemRect(page.legend.item(2)).center()
    qtbot.mouseClick(page.legend.viewport(), Qt.MouseButton.LeftButton, pos=place)

    number = classes(page)[2]
    assert selection.cells == (Cell(true=number),)
    assert page.plot.strong == {number}


def test_a_selected_class_stays_marked_where_the_order_changes(
    page, qtbot, run_of, evaluation, answers, selection
):
    page.show_evaluation(run_of(evaluation), evaluation)
    finish(page, qtbot)
    selection.select_cells((Cell(true=classes(page)[0]),))

    labels = (LABELS + 3) % 10
    other = answers(labels, labels, epoch=2)
    page.show_evaluation(run_of(other), other)
    finish(page, qtbot)

    assert [item.data(CLASS) for item in page.legend.selectedItems()] == [selection.cells[0].true]


def test_legend_and_lines_point_at_each_other(page, qtbot, run_of, evaluation):
    page.show_evaluation(run_of(evaluation), evaluation)
    finish(page, qtbot)

    page.legend.entered.emit(page.legend.indexFromItem(page.legend.item(1)))

    assert page.plot.under_mouse == classes(page)[1]
    assert page.legend.item(1).font().bold()
    page.legend.pointed.emit(None)
    assert not page.legend.item(1).font().bold()


def test_a_class_without_images_is_listed_last_without_an_area(page, qtbot, run_of, answers):
    one = answers([0, 1, 1], [0, 1, 0])
    page.show_evaluation(run_of(one), one)
    finish(page, qtbot)

    assert listed(page)[2:] == [f"–  class {n}" for n in range(2, 10)]
    assert [line.number for line in page.plot.lines] == [0, 1]


def test_where_no_class_has_a_curve_it_is_said(page, qtbot, run_of, answers):
    one = answers([3], [3])
    page.show_evaluation(run_of(one), one)
    finish(page, qtbot)

    assert page.said.text() == "No class has both images of its own and images of others."


def test_where_probabilities_are_not_kept_it_is_said_and_the_way_shown(
    page, qtbot, run_of, answers, evaluation, selection
):
    sample = answers([0, 1], [0, 1], epoch=2, whole=False)
    newest = answers([0, 1], [0, 1], epoch=3)
    run = run_of(evaluation, sample, newest)
    shown = run.evaluation("validation", sample.step)
    assert shown.probabilities is None

    page.show_evaluation(run, shown)

    assert page.missing.isVisible()
    assert "ends of epochs" in page.missing.text()
    assert page.nearest.text() == "Show epoch 1"
    qtbot.mouseClick(page.nearest, Qt.MouseButton.LeftButton)
    assert selection.step == evaluation.step
    page.show_evaluation(run, evaluation)
    assert not page.missing.isVisible()


def test_a_drawing_stays_when_its_probabilities_are_given_up(page, qtbot, run_of, answers):
    sample = answers(LABELS, LABELS, whole=False)
    run = run_of(sample)
    page.show_evaluation(run, sample)
    finish(page, qtbot)
    before = page.curves
    run.apply(answers(LABELS, LABELS, epoch=2), 9.0)

    page.show_evaluation(run, run.evaluation("validation", sample.step))

    assert page.curves is before
    assert not page.missing.isVisible()


def test_nothing_is_computed_out_of_sight(page, qtbot, run_of, evaluation):
    page.hide()
    page.show_evaluation(run_of(evaluation), evaluation)
    assert page._left

    page.show()

    finish(page, qtbot)
    assert page.legend.count() == 10


def test_keys_enlarge_and_show_the_whole_again(page, qtbot, run_of, evaluation):
    page.show_evaluation(run_of(evaluation), evaluation)
    box = page.plot.canvas.getViewBox()
    whole = box.viewRange()

    qtbot.keyClick(page.legend, Qt.Key.Key_Plus)
    assert box.viewRange()[0][1] < whole[0][1]

    qtbot.keyClick(page.legend, Qt.Key.Key_0)
    assert box.viewRange() == whole


def test_the_theme_changes_the_legends_lines(page, qtbot, run_of, evaluation):
    page.show_evaluation(run_of(evaluation), evaluation)
    finish(page, qtbot)
    before = page.legend.item(0).icon().cacheKey()

    page.set_theme(DARK)

    assert page.legend.item(0).icon().cacheKey() != before
