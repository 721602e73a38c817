from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, QSize
from PySide6.QtWidgets import QLabel, QStackedLayout, QTabWidget, QVBoxLayout, QWidget

from gui.in_sight import WhenInSight, rehearse


@pytest.fixture
def drawn():
    return []


@pytest.fixture
def make(drawn):
    def make():
        view = QWidget()
        return view, WhenInSight(view, lambda: drawn.append(view))

    return make


def test_a_view_in_sight_is_drawn_at_once(make, show, drawn):
    view, sight = make()
    show(view)

    sight.draw()

    assert drawn == [view]


def test_what_is_asked_for_before_it_is_shown_is_drawn_once_then(make, show, drawn):
    view, sight = make()
    sight.draw()
    sight.draw()
    assert not drawn

    show(view)

    assert drawn == [view]


def test_a_view_that_nothing_was_asked_of_is_not_drawn_when_it_is_shown(make, show, drawn):
    view, _ = make()

    show(view)

    assert not drawn


def test_a_view_behind_anothers_tab_waits_until_it_comes_to_the_front(make, show, drawn, qtbot):
    tabs, (view, sight) = QTabWidget(), make()
    tabs.addTab(QWidget(), "front")
    tabs.addTab(view, "behind")
    show(tabs)
    sight.draw()
    assert not drawn

    tabs.setCurrentWidget(view)

    qtbot.waitUntil(lambda: drawn == [view])


def test_a_view_that_another_covers_waits_until_it_is_uncovered(make, show, drawn, qtbot):
    parent, (view, sight) = QWidget(), make()
    view.setParent(parent)
    cover = QWidget(parent)
    cover.setAutoFillBackground(True)
    show(parent)
    for child in (view, cover):
        child.setGeometry(parent.rect())
    cover.raise_()
    sight.draw()
    assert not drawn

    cover.hide()

    qtbot.waitUntil(lambda: drawn == [view])


class Sizes(QObject):
    """Keeps the sizes that a widget is given, and how often it is painted."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.sizes: list[QSize] = []
        self.paints = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self.sizes.append(watched.size())
        self.paints += event.type() == QEvent.Type.Paint
        return False


@pytest.fixture
def stack(show):
    view = QWidget()
    layout = QVBoxLayout(view)
    stack = QStackedLayout()
    layout.addLayout(stack)
    page = QWidget()
    QVBoxLayout(page).addWidget(QLabel("what comes later"))
    stack.addWidget(QLabel("nothing yet"))
    stack.addWidget(page)
    show(view, 300, 200)
    yield stack  # and hold the view until the test is over
    view.close()


def test_a_rehearsed_page_is_painted_where_nobody_sees_it(stack):
    label = Sizes(stack.widget(1).findChild(QLabel))

    rehearse(stack)

    assert label.paints == 1
    assert stack.widget(1).isHidden()
    assert stack.currentIndex() == 0


def test_a_rehearsed_page_is_not_laid_out_again_when_it_is_shown(stack):
    rehearse(stack)
    page = Sizes(stack.widget(1).findChild(QLabel))

    stack.setCurrentIndex(1)

    assert page.sizes == []
    assert stack.widget(1).geometry() == stack.widget(0).geometry()
