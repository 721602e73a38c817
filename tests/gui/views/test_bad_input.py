"""What no view may stumble over, shown in all views of a run at once. A warning of Qt, an error in
painting or an unpainted view fails.
"""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from engine.training.events import EpochDone, Progress
from gui.views.confusion import ConfusionView
from gui.views.curves import CurvesView
from gui.views.image import ImageView
from gui.views.learning import LearningView
from gui.views.mistakes import MistakesView
from gui.views.per_class import PerClassView
from gui.views.timeline import TimelineView

ALL = frozenset({"started", "progress", "epoch", "evaluation", "end"})
SMALL, ROOMY = QSize(380, 230), QSize(700, 450)
PAGES = ("table", "over time", "reliability", "roc", "precision recall")
DIGITS = np.arange(40) % 10
PARTLY = np.where(np.arange(40) % 3, DIGITS, (DIGITS + 1) % 10)
CASES = {
    "a class that is never predicted": (DIGITS, np.where(PARTLY == 3, 4, PARTLY)),
    "a class without images": (DIGITS[DIGITS != 3], PARTLY[DIGITS != 3]),
    "one image": ([1], [1]),
    "one wrong image": ([1], [2]),
    "no image": ([], []),
    "two classes": (np.arange(40) % 2, np.arange(40) % 5 % 2),
    "62 classes": (np.arange(200) % 62, np.arange(200) % 61),
}
SHAPES = {"8x8": (1, 8, 8), "256x256 in colour": (3, 256, 256)}


@pytest.fixture
def shown(selection, show):
    """Show a run in all its views, small and roomy, and give what was painted."""

    def shown(run):
        views = [
            kind(selection)
            for kind in (ConfusionView, MistakesView, ImageView, LearningView, PerClassView)
        ] + [CurvesView(selection), TimelineView(selection)]
        selection.select_image(0 if len(run.evaluation("validation", None).rows) else None)
        for view in views:
            view.show_run(run, ALL)
            show(view)
        return [picture for view in views for picture in pictures(view)]

    return shown


def pictures(view):
    for page in PAGES if isinstance(view, PerClassView) else ("",):
        if page:
            view.show_page(page)
        for size in (SMALL, ROOMY):
            view.resize(size)
            QApplication.processEvents()
            yield view.grab().toImage()


def classes_of(name):
    return {"two classes": 2, "62 classes": 62}.get(name, 10)


def evaluated(answers, labels, predicted, **more):
    """Two evaluations, each at the end of an epoch."""
    labels, predicted = np.asarray(labels, int), np.asarray(predicted, int)
    for epoch in (1, 2):
        yield Progress(20 * epoch, 0.5, 0.5)
        yield (one := answers(labels, predicted, epoch=epoch, **more))
        yield EpochDone(20 * epoch, epoch, 0.5, 0.5, one.loss, one.accuracy, best=epoch == 1)


def all_painted(found):
    return all(picture.size() in (SMALL, ROOMY) and not picture.isNull() for picture in found)


@pytest.mark.parametrize("name", CASES)
def test_all_views_show_it(shown, run_of, answers, project_of, name):
    classes = classes_of(name)
    events = evaluated(answers, *CASES[name], classes=classes)

    assert all_painted(shown(run_of(*events, project=project_of(classes))))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_all_views_show_images_of_any_size(shown, run_of, answers, project_of, shape):
    events = evaluated(answers, DIGITS, PARTLY)

    assert all_painted(shown(run_of(*events, project=project_of(10, shape), count=40)))


def test_all_views_show_probabilities_that_are_no_numbers(shown, run_of, answers):
    nothing = np.full((40, 10), np.nan, np.float32)

    assert all_painted(shown(run_of(*evaluated(answers, DIGITS, PARTLY, probabilities=nothing))))
