from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QFocusEvent
from PySide6.QtWidgets import QApplication

from gui.theme import DARK
from gui.widgets.gallery.gallery import Gallery, Tiles

KEYS = Qt.Key
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


def images_of(count=300, shape=(1, 8, 8)):
    return np.random.default_rng(0).random((count, *shape), np.float32)


def show_rows(gallery, images, rows, **more):
    rows = np.asarray(rows)
    gallery.tiles.show(
        images, rows, lambda place: (f"{rows[place]}", "x"), lambda p: f"image {rows[p]}", **more
    )


@pytest.fixture
def gallery(show):
    return show(Gallery(Tiles()), 500, 400)


@pytest.fixture
def images():
    return images_of()


@pytest.fixture
def full(gallery, images):
    show_rows(gallery, images, np.arange(300))
    return gallery


def centre(gallery, place) -> QPoint:
    return gallery.visualRect(gallery.tiles.index(place)).center()


def click(qtbot, gallery, place, keys=Qt.KeyboardModifier.NoModifier):
    qtbot.mouseClick(gallery.viewport(), LEFT, keys, centre(gallery, place))


def at(gallery):
    return gallery.currentIndex().row()


def columns(gallery):
    tops = [gallery.visualRect(gallery.tiles.index(p)).top() for p in range(30)]
    return tops.count(tops[0])


def test_a_tile_says_what_it_is_to_eyes_mouse_and_screen_reader(full):
    index = full.tiles.index(7)

    assert index.data() == "7\nx"
    assert index.data(Qt.ItemDataRole.ToolTipRole) == "image 7"
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "image 7"


def test_the_first_key_goes_to_the_first_tile(full, qtbot):
    qtbot.keyClick(full, KEYS.Key_Down)

    assert at(full) == 0


@pytest.mark.parametrize(
    ("key", "to"),
    [
        (KEYS.Key_Right, lambda start, across: start + 1),
        (KEYS.Key_Left, lambda start, across: start - 1),
        (KEYS.Key_Down, lambda start, across: start + across),
        (KEYS.Key_Up, lambda start, across: start - across),
        (KEYS.Key_Home, lambda start, across: 0),
        (KEYS.Key_End, lambda start, across: 299),
    ],
)
def test_a_key_moves_to_a_neighbour_or_an_end(full, qtbot, key, to):
    full.show_image(40)

    qtbot.keyClick(full, key)

    assert at(full) == to(40, columns(full))
    area = full.visualRect(full.currentIndex())
    assert full.viewport().rect().contains(area.center())


def test_page_down_and_page_up_come_back(full, qtbot):
    full.show_image(3)

    qtbot.keyClick(full, KEYS.Key_PageDown)
    below = at(full)
    qtbot.keyClick(full, KEYS.Key_PageUp)

    assert below > 3
    assert below % columns(full) == 3
    assert at(full) == 3


def test_moving_tells_which_image_was_chosen(full, images, qtbot):
    show_rows(full, images, [5, 3, 9])

    with qtbot.waitSignal(full.chosen) as told:
        click(qtbot, full, 1)

    assert told.args == [3]
    assert full.image() == 3


def test_being_moved_is_no_choice(full, qtbot):
    with qtbot.assertNotEmitted(full.chosen):
        assert full.show_image(250)

    assert at(full) == 250
    assert full.viewport().rect().contains(centre(full, 250))


def test_an_image_that_is_not_shown_can_not_be_gone_to(full, images):
    show_rows(full, images, [1, 2])

    assert not full.show_image(7)
    assert not full.show_image(None)
    assert not full.show_image(10_000)


@pytest.mark.parametrize("key", [KEYS.Key_Return, KEYS.Key_Enter])
def test_enter_opens_the_current_image(full, qtbot, key):
    full.show_image(4)

    with qtbot.waitSignal(full.opened) as told:
        qtbot.keyClick(full, key)

    assert told.args == [4]


def test_a_double_click_opens_an_image(full, qtbot):
    click(qtbot, full, 6)

    with qtbot.waitSignal(full.opened) as told:
        qtbot.mouseDClick(full.viewport(), LEFT, pos=centre(full, 6))

    assert told.args == [6]


@pytest.mark.parametrize(("first", "last"), [(2, 9), (9, 2), (4, 7), (7, 4)])
def test_shift_highlights_all_from_one_tile_to_another(full, qtbot, first, last):
    click(qtbot, full, first)
    click(qtbot, full, last, SHIFT)

    low, high = sorted((first, last))
    assert full.highlighted().tolist() == list(range(low, high + 1))


def test_shift_and_an_arrow_highlight_as_far_as_it_goes(full, qtbot):
    full.show_image(8)
    qtbot.keyClick(full, KEYS.Key_Right, SHIFT)
    qtbot.keyClick(full, KEYS.Key_Right, SHIFT)

    assert full.highlighted().tolist() == [8, 9, 10]


def test_control_adds_and_takes_away_single_tiles(full, qtbot):
    click(qtbot, full, 1)
    click(qtbot, full, 4, CONTROL)
    click(qtbot, full, 6, CONTROL)
    click(qtbot, full, 4, CONTROL)

    assert full.highlighted().tolist() == [1, 6]


def test_control_a_highlights_all(full, qtbot):
    qtbot.keyClick(full, KEYS.Key_A, CONTROL)

    assert len(full.highlighted()) == 300


def test_dragging_highlights_what_the_rectangle_touches(full, qtbot):
    viewport, across = full.viewport(), columns(full)
    qtbot.mousePress(viewport, LEFT, pos=QPoint(1, full.viewport().height() - 2))
    qtbot.mouseMove(viewport, centre(full, across + 1))
    qtbot.mouseMove(viewport, centre(full, 1))
    qtbot.mouseRelease(viewport, LEFT, pos=centre(full, 1))

    marked = set(full.highlighted().tolist())
    assert {0, 1, across, across + 1} <= marked
    assert 2 not in marked


def test_other_answers_to_the_same_images_keep_the_place(full, images):
    full.verticalScrollBar().setValue(333)
    full.show_image(60)
    scrolled = full.verticalScrollBar().value()

    show_rows(full, images, np.r_[0:60, 61:300, 60])

    assert full.image() == 60
    assert full.highlighted().tolist() == [299]
    assert full.verticalScrollBar().value() == scrolled


def test_restoring_the_place_is_no_choice(full, images, qtbot):
    full.show_image(60)

    with qtbot.assertNotEmitted(full.chosen):
        show_rows(full, images, np.arange(50, 300))


def test_an_image_that_is_gone_is_no_longer_current(full, images):
    full.show_image(60)

    show_rows(full, images, np.arange(50))

    assert full.image() is None
    assert not len(full.highlighted())


def test_images_of_another_set_are_not_taken_for_the_old_ones(full):
    full.show_image(60)

    show_rows(full, images_of(), np.arange(300))

    assert full.image() is None


def test_pictures_are_made_for_what_is_seen_and_kept(full, images):
    full.grab()
    made = dict(full.painter._pictures)

    show_rows(full, images, np.arange(300))
    full.grab()

    assert 0 < len(made) < 100
    assert all(full.painter._pictures[row] is picture for row, picture in made.items())


def test_kept_pictures_are_bounded(full):
    full.painter._most = 64

    for value in range(0, full.verticalScrollBar().maximum(), 100):
        full.verticalScrollBar().setValue(value)
        full.grab()

    assert len(full.painter._pictures) == 64


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (3, 256, 256), (1, 5, 9), (1, 1, 1)])
def test_a_picture_keeps_its_proportions_and_colours(gallery, shape):
    images = images_of(4, shape)
    show_rows(gallery, images, [2])
    gallery.grab()

    picture, *_ = gallery.painter._pictures[2]

    _, height, width = shape
    assert max(picture.width(), picture.height()) == 64
    assert abs(picture.width() / picture.height() - width / height) < 0.05
    if width <= 64:
        corner = picture.toImage().pixelColor(0, 0).getRgb()[:3]
        assert list(corner) == np.round(255 * np.resize(images[2, :, 0, 0], 3)).tolist()


def test_the_current_tile_is_framed_in_the_themes_colour(full, qtbot):
    full.set_theme(DARK)
    click(qtbot, full, 0)

    drawn = full.viewport().grab(full.visualRect(full.tiles.index(0))).toImage()

    seen = {drawn.pixelColor(x, drawn.height() // 3).name() for x in range(drawn.width())}
    assert QColor(DARK.accent).name() in seen


def test_larger_tiles_keep_what_is_at_the_top(full):
    full.verticalScrollBar().setValue(full.visualRect(full.tiles.index(100)).top())

    full.set_tile_size(128)

    assert full.viewport().rect().intersects(full.visualRect(full.tiles.index(100)))
    assert full.visualRect(full.tiles.index(0)).width() >= 128


def test_a_long_caption_makes_tiles_wider_within_reason(full, images):
    narrow = full.visualRect(full.tiles.index(0)).width()
    show_rows(full, images, np.arange(300), widest="an aeroplane > a car")
    wide = full.visualRect(full.tiles.index(0)).width()
    show_rows(full, images, np.arange(300), widest="m" * 500)

    assert narrow < wide < 180
    assert full.visualRect(full.tiles.index(0)).width() < 220


def test_an_empty_gallery_does_nothing(gallery, qtbot):
    for key in (KEYS.Key_Down, KEYS.Key_End, KEYS.Key_Return, KEYS.Key_PageDown, KEYS.Key_X):
        qtbot.keyClick(gallery, key)

    assert not gallery.grab().isNull()
    assert gallery.image() is None


def test_it_is_emptied(full):
    full.tiles.clear()

    assert full.tiles.rowCount() == 0
    assert full.verticalScrollBar().maximum() == 0


def test_a_screen_reader_hears_the_tiles(full):
    from PySide6.QtGui import QAccessible

    table = QAccessible.queryAccessibleInterface(full)

    assert table.childCount() == 300
    assert table.child(3).text(QAccessible.Text.Name) == "image 3"


def test_coming_by_keyboard_chooses_nothing(full, qtbot):
    with qtbot.assertNotEmitted(full.chosen):
        QApplication.sendEvent(full, QFocusEvent(QEvent.Type.FocusIn))

    assert full.image() is None


def test_a_click_chooses_one_image_once(full, qtbot):
    told = []
    full.chosen.connect(told.append)

    click(qtbot, full, 5)

    assert told == [5]
