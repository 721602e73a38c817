from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QLabel, QVBoxLayout, QWidget

from gui.widgets.settled import Settled


class Asked(QObject):
    """Counts how often a widget is asked to lay itself out."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.times = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.times += event.type() == QEvent.Type.LayoutRequest
        return False


@pytest.fixture
def label(qapp):
    label = QLabel("some words")
    label.setMinimumWidth(200)
    return label


@pytest.fixture
def around(label, show):
    view, around = QWidget(), QWidget()
    QVBoxLayout(view).addWidget(label)
    QVBoxLayout(around).addWidget(Settled(view))
    show(around)
    QApplication.processEvents()
    asked = Asked(around)
    yield asked  # and hold the window until the test is over
    around.close()


def test_a_text_that_fits_is_no_matter_of_what_is_around(around, label):
    label.setText("other words")
    QApplication.processEvents()

    assert around.times == 0


def test_what_needs_more_room_gets_it(around, label, qtbot):
    label.setMinimumSize(900, 50)

    qtbot.waitUntil(lambda: around.times > 0)
    qtbot.waitUntil(lambda: label.window().width() >= 900)


def test_a_view_fills_its_room(around, label):
    settled = label.window().findChild(Settled)

    label.window().resize(700, 500)
    QApplication.processEvents()

    assert settled.view.size() == settled.size()


def test_a_width_that_a_view_was_given_counts(show):
    view = QWidget()
    settled = Settled(view)
    view.setMinimumWidth(321)
    show(settled)

    assert settled.minimumSizeHint().width() == 321
    assert settled.sizeHint().width() >= 321
