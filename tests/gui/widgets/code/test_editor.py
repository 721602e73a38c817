from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QTextCharFormat

from gui.theme import DARK, LIGHT
from gui.widgets.code.editor import CodeEditor

TEXT = "".join(f"line {number}\n" for number in range(100))


@pytest.fixture
def editor(show):
    editor = show(CodeEditor(), 400, 300)
    editor.show_text(TEXT)
    return editor


def middle_of(editor, line):
    block = editor.document().findBlockByNumber(line)
    box = editor.blockBoundingGeometry(block).translated(editor.contentOffset())
    return QPoint(30, round(box.center().y()))


def first_seen(editor):
    return editor.firstVisibleBlock().blockNumber()


def formats(editor, line):
    block = editor.document().findBlockByNumber(line)
    return {
        block.text()[part.start : part.start + part.length]: QTextCharFormat(part.format)
        for part in block.layout().formats()
    }


def test_it_shows_the_text_from_its_start(editor):
    assert editor.toPlainText() == TEXT
    assert first_seen(editor) == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "a\n"),
        ("a\n", ""),
        ("a\nb\nc\n", "a\nx\nc\n"),
        ("a\nb\n", "a\nb\nc\n"),
        ("a\nb\nc\n", "c\n"),
        ("a\na\n", "a\na\na\n"),
    ],
)
def test_it_becomes_any_other_text(qtbot, before, after):
    editor = CodeEditor()
    qtbot.addWidget(editor)
    editor.show_text(before)

    editor.show_text(after)

    assert editor.toPlainText() == after


def test_a_change_above_leaves_the_lines_before_ones_eyes(editor):
    editor.verticalScrollBar().setValue(50)

    editor.show_text("new\nnewer\n" + TEXT)

    assert first_seen(editor) == 52


def test_a_change_below_leaves_all_as_it_is(editor):
    editor.verticalScrollBar().setValue(20)

    editor.show_text(TEXT.replace("line 90\n", "other\n"))

    assert first_seen(editor) == 20


def test_a_change_in_sight_does_not_scroll(editor):
    editor.verticalScrollBar().setValue(20)

    editor.show_text(TEXT.replace("line 21\n", "other\nand more\n"))

    assert first_seen(editor) == 20
    assert not editor.textCursor().hasSelection()


def test_lines_out_of_sight_are_scrolled_to(editor):
    editor.reveal(range(80, 83))

    assert first_seen(editor) < 80 < 83 < first_seen(editor) + editor.verticalScrollBar().pageStep()


def test_lines_in_sight_are_left_where_they_are(editor):
    editor.verticalScrollBar().setValue(10)

    editor.reveal(range(12, 14))

    assert first_seen(editor) == 10


def test_of_many_lines_the_first_is_scrolled_to(editor):
    editor.reveal(range(40, 90))

    assert first_seen(editor) == 40


def test_the_caret_goes_along_so_that_the_keys_go_on_from_there(editor, qtbot):
    editor.reveal(range(80, 83))

    qtbot.keyClick(editor, Qt.Key.Key_Down)

    assert editor.textCursor().blockNumber() == 81
    assert first_seen(editor) > 0


def test_what_is_selected_in_the_text_stays_so(editor):
    editor.selectAll()

    editor.reveal(range(80, 83))

    assert editor.textCursor().hasSelection()


def test_a_click_chooses_its_line(editor, qtbot):
    editor.verticalScrollBar().setValue(10)

    with qtbot.waitSignal(editor.line_chosen) as chosen:
        qtbot.mouseClick(editor.viewport(), Qt.MouseButton.LeftButton, pos=middle_of(editor, 13))

    assert chosen.args == [13]


def test_a_click_below_the_text_chooses_nothing(editor, qtbot):
    editor.show_text("one\n")

    with qtbot.assertNotEmitted(editor.line_chosen):
        qtbot.mouseClick(editor.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(30, 250))


def test_to_select_text_chooses_no_line(editor, qtbot):
    button = Qt.MouseButton.LeftButton
    with qtbot.assertNotEmitted(editor.line_chosen):
        qtbot.mousePress(editor.viewport(), button, pos=middle_of(editor, 2))
        qtbot.mouseMove(editor.viewport(), middle_of(editor, 5))
        qtbot.mouseRelease(editor.viewport(), button, pos=middle_of(editor, 5))

    assert editor.textCursor().hasSelection()


def test_enter_chooses_the_carets_line(editor, qtbot):
    for _ in range(3):
        qtbot.keyClick(editor, Qt.Key.Key_Down)

    with qtbot.waitSignal(editor.line_chosen) as chosen:
        qtbot.keyClick(editor, Qt.Key.Key_Return)

    assert chosen.args == [3]


def test_nothing_can_be_typed(editor, qtbot):
    qtbot.keyClicks(editor, "abc")

    assert editor.toPlainText() == TEXT


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_words_have_the_themes_colours(editor, theme):
    editor.set_theme(theme)
    editor.show_text("# a\nif 1:\n")

    comment, words = formats(editor, 0)["# a"], formats(editor, 1)

    assert comment.foreground().color() == QColor(theme.code["comment"])
    assert comment.fontItalic()
    assert words["if"].foreground().color() == QColor(theme.code["keyword"])
    assert words["if"].fontWeight() > 500
    assert words["1"].foreground().color() == QColor(theme.code["number"])


def test_marked_lines_have_a_colour_behind_them(editor):
    editor.set_theme(DARK)
    editor.mark([3, 4])

    marks = editor.extraSelections()
    assert [mark.cursor.blockNumber() for mark in marks] == [3, 4]
    assert {mark.format.background().color().name() for mark in marks} == {DARK.accent_soft}


def test_the_stripe_has_the_colour_of_the_layers_group(editor):
    editor.set_stripes({2: "Convolution"})

    picture = editor.grab().toImage()
    x = editor.numbers_width - 2
    found = picture.pixelColor(x, middle_of(editor, 2).y()).name()
    assert found == LIGHT.groups["Convolution"]
    assert picture.pixelColor(x, middle_of(editor, 4).y()).name() == LIGHT.window


def test_a_text_is_found_again_and_again(editor):
    editor.show_text("one two\nOne\n")

    found = []
    for _ in range(3):
        assert editor.find_text("one")
        found.append(editor.textCursor().blockNumber())
    assert found == [0, 1, 0]
    assert editor.find_text("one", back=True)
    assert editor.textCursor().blockNumber() == 1


def test_what_is_not_there_leaves_the_caret(editor):
    editor.find_text("line 30")
    before = editor.textCursor().position()

    assert not editor.find_text("nothing of that")
    assert editor.textCursor().position() == before
