from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from gui.theme import DARK, LIGHT
from gui.widgets.rates.reliability import ReliabilityDiagram


@pytest.fixture
def diagram(show):
    return show(ReliabilityDiagram(), 380, 200)


@pytest.fixture
def evaluation(answers):
    """Ask for an evaluation of answers given with a confidence, of which so many are right."""

    def evaluation(confidence, right):
        made = answers(np.zeros(len(right), int), np.where(right, 0, 1))
        return replace(made, confidence=np.asarray(confidence, np.float32))

    return evaluation


def test_a_network_that_is_too_sure_is_called_so(diagram, evaluation, run_of):
    diagram.show_evaluation(run_of(), evaluation([0.95] * 10, [True] * 5 + [False] * 5))

    assert diagram.said.text() == (
        "Expected calibration error 45.0 %. It is right less often than it is sure."
    )


def test_a_network_that_is_not_sure_enough_is_called_so(diagram, evaluation, run_of):
    diagram.show_evaluation(run_of(), evaluation([0.55] * 4, [True] * 4))

    assert "45.0 %. It is right more often than it is sure." in diagram.said.text()


def test_a_network_that_knows_is_called_so(diagram, evaluation, run_of):
    diagram.show_evaluation(run_of(), evaluation([0.75] * 4, [True] * 3 + [False]))

    assert "0.0 %. It is right as often as it is sure." in diagram.said.text()


def test_gaps_that_cancel_out_are_told(diagram, evaluation, run_of):
    diagram.show_evaluation(run_of(), evaluation([0.85, 0.65] * 2, [False, True, True, True]))

    assert "surer than right in some bins" in diagram.said.text()


def test_images_without_a_probability_are_counted(diagram, evaluation, run_of):
    diagram.show_evaluation(run_of(), evaluation([0.9, np.nan], [True, True]))

    assert diagram.said.text().endswith("1 image without a probability is left out.")


def test_no_probability_at_all_is_said(diagram, evaluation, run_of):
    diagram.show_evaluation(run_of(), evaluation([np.nan] * 3, [True] * 3))

    assert diagram.said.text().startswith("There are no answers with a probability.")
    assert not diagram.grab().isNull()


def test_each_bin_can_be_read_without_seeing_it(diagram, evaluation, run_of):
    diagram.show_evaluation(run_of(), evaluation([0.95, 0.95, 0.35], [True, False, True]))

    assert diagram.accessibleDescription() == (
        "30 to 40 % sure: 1 images, right 100.0 %, sure 35.0 % on average; "
        "90 to 100 % sure: 2 images, right 50.0 %, sure 95.0 % on average"
    )
    assert diagram.words(0) == "0 to 10 % sure: no images"


def test_a_bar_is_as_high_as_what_was_right(diagram, evaluation, run_of):
    diagram.set_theme(LIGHT)
    diagram.show_evaluation(run_of(), evaluation([0.55] * 100, [True] * 50 + [False] * 50))
    picture = diagram.diagram.grab().toImage()

    box = diagram.diagram.getViewBox()
    for percent, inside in ((25, True), (75, False)):
        spot = diagram.diagram.mapFromScene(box.mapViewToScene(QPointF(53, percent)))
        empty = picture.pixelColor(spot) == QColor(LIGHT.panel)
        assert empty is not inside


def test_the_same_evaluation_is_not_computed_again(diagram, evaluation, run_of):
    run, one = run_of(), evaluation([0.5], [True])
    diagram.show_evaluation(run, one)
    before = diagram.bins

    diagram.show_evaluation(run, one)
    diagram.set_theme(DARK)

    assert diagram.bins is before
