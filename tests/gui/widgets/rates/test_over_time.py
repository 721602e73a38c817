from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from sklearn.metrics import precision_recall_fscore_support

from engine.analysis.mistakes import Cell
from gui.widgets.rates import over_time
from gui.widgets.rates.over_time import RATES, Course, RatesOverTime

RNG = np.random.default_rng(2)
STEPS = (20, 40, 60)  # of the run below, 20 an epoch


@pytest.fixture
def run(run_of, answers):
    labels = np.arange(200) % 10
    return run_of(
        *(
            answers(labels, np.where(RNG.random(200) < right, labels, (labels + 1) % 10), epoch=n)
            for n, right in enumerate((0.3, 0.6, 0.9), 1)
        )
    )


@pytest.fixture
def page(selection, show, run):
    page = show(RatesOverTime(selection), 400, 300)
    selection.step_changed.connect(lambda _: shown(page, run))
    selection.cells_changed.connect(lambda _: shown(page, run))
    shown(page, run)
    return page


def shown(page, run):
    page.show_evaluation(run, run.evaluation(page.selection.of, page.selection.step))


def test_the_course_is_scikit_learns_at_each_evaluation(run):
    steps, rates = Course(10).follow(run.evaluations["validation"])

    assert steps.tolist() == [*STEPS]
    for one, found in zip(run.evaluations["validation"], rates, strict=True):
        precision, recall, f1, _ = precision_recall_fscore_support(one.labels, one.predicted)
        np.testing.assert_allclose(found[RATES.index("precision")], precision)
        np.testing.assert_allclose(found[RATES.index("recall")], recall)
        np.testing.assert_allclose(found[RATES.index("f1")], f1)


def test_a_class_without_images_has_no_course(answers):
    _, rates = Course(10).follow([answers([0, 1], [0, 3])])

    assert np.isnan(rates[0, :, 3]).all()
    assert rates[0, 0, 1] == 0


def test_each_evaluation_is_counted_once(page, run, answers, monkeypatch):
    counted = []
    count = over_time.confusion_matrix
    monkeypatch.setattr(over_time, "confusion_matrix", lambda *of: counted.append(1) or count(*of))
    run.apply(answers([0, 1], [0, 1], epoch=4), 9.0)

    shown(page, run)
    shown(page, run)

    assert len(counted) == 1
    assert page.plot.lines[0].x.tolist() == [1, 2, 3, 4]


def test_another_run_begins_anew(page, run_of, answers):
    other = run_of(answers([0], [0], epoch=2))

    shown(page, other)

    assert [line.number for line in page.plot.lines] == [0]
    assert page.plot.lines[0].x.tolist() == [2]


def test_the_evaluation_that_is_shown_is_marked(page, selection):
    assert page.plot.mark == 3

    selection.select_step(40)

    assert page.plot.mark == 2


def test_a_click_selects_the_nearest_evaluation(page, selection):
    page.plot.clicked.emit(1.8)

    assert selection.step == 40


def test_the_selected_classes_stand_out(page, selection):
    selection.select_cells((Cell(true=4), Cell(true=7, predicted=1)))

    assert page.plot.strong == {4, 7}


def test_a_label_selects_its_class_and_lets_go_of_it(page, selection):
    page.plot.label_clicked.emit(4, False)
    page.plot.label_clicked.emit(5, True)
    assert selection.cells == (Cell(true=4), Cell(true=5))

    page.plot.label_clicked.emit(4, False)
    page.plot.label_clicked.emit(4, False)
    assert selection.cells == ()


def test_arrow_keys_go_through_the_evaluations(page, selection, qtbot):
    qtbot.keyClick(page, Qt.Key.Key_Left)
    assert selection.step == 40
    qtbot.keyClick(page, Qt.Key.Key_Home)
    assert selection.step == 20
    qtbot.keyClick(page, Qt.Key.Key_Left)
    assert selection.step == 20
    qtbot.keyClick(page, Qt.Key.Key_Right)
    assert selection.step == 40
    qtbot.keyClick(page, Qt.Key.Key_End)
    assert selection.step is None


def test_arrow_keys_go_through_the_classes(page, selection, qtbot):
    qtbot.keyClick(page, Qt.Key.Key_Down)
    qtbot.keyClick(page, Qt.Key.Key_Down)
    assert selection.cells == (Cell(true=1),)
    qtbot.keyClick(page, Qt.Key.Key_Up)
    assert selection.cells == (Cell(true=0),)
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert selection.cells == ()


def test_the_values_are_said_to_those_who_see_no_lines(page, run, selection):
    selection.select_cells((Cell(true=4),))

    recall = 100 * np.mean(run.evaluation("validation").predicted[4::10] == 4)
    assert page.accessibleDescription() == f"class 4: {recall:.2f} % at epoch 3.00"


def test_samples_are_left_out_once_the_whole_set_was_evaluated_twice(answers):
    sample, first, second = (
        answers([0, 1], [0, 0], epoch=epoch, whole=epoch > 1) for epoch in (1, 2, 3)
    )

    assert over_time.comparable([sample, first]) == [sample, first]
    assert over_time.comparable([sample, first, second]) == [first, second]
