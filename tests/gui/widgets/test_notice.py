from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from gui.widgets.notice import Notice

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def parent(show):
    return show(QWidget(), 400, 100)


@pytest.fixture
def notice(parent):
    return Notice(parent)


def test_it_is_hidden_until_something_is_said(notice):
    assert not notice.isVisible()

    notice.say("<b>This</b> is so.")

    assert notice.isVisible()
    assert notice.sentence.textFormat() == Qt.TextFormat.PlainText
    assert not notice.way_on.isVisible()


def test_its_button_goes_on_and_closes_it(notice, qtbot):
    done = []
    notice.say("This is so.", "Mend it", lambda: done.append(1))

    qtbot.mouseClick(notice.way_on, LEFT)

    assert done == [1]
    assert not notice.isVisible()


def test_it_can_be_closed(notice, qtbot):
    notice.say("This is so.")

    qtbot.mouseClick(notice.close_button, LEFT)

    assert not notice.isVisible()
