from __future__ import annotations

import pytest
from PySide6.QtWidgets import QTabWidget, QWidget

from gui.in_sight import WhenInSight


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
