"""The diagram in its view: it follows the project and the selection, and is saved."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QTabWidget, QWidget

from engine.project.layers import Conv2d, Dense, Flatten, Residual
from engine.project.project import Project
from gui.theme import THEMES
from gui.views.diagram import DiagramView


@pytest.fixture
def view(document, selection, show):
    view = DiagramView(document, selection)
    view.set_theme(THEMES["light"])
    document.replace(
        Project().insert(0, Residual(layers=(Conv2d(padding="same"),)), Flatten()), None
    )
    view.resize(420, 600)
    show(view)
    return view


def middle(view, name):
    box = view.canvas.box_of(name)
    zoom = view.canvas.zoom
    return QPoint(round((box.x + box.width / 2) * zoom), round((box.y + 10) * zoom))


def test_a_click_selects_the_innermost_layer(view, selection, qtbot):
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=middle(view, "conv2d_1"))
    assert selection.layers == ("conv2d_1",)

    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert selection.layers == ()


def test_what_is_selected_elsewhere_is_marked(view, selection):
    before = view.canvas.grab().toImage()

    selection.select_layers(("flatten_1",))

    assert view.canvas.selected == ("flatten_1",)
    assert view.canvas.grab().toImage() != before


def test_the_arrows_walk_through_the_network(view, selection, qtbot):
    for expected in ("residual_1", "conv2d_1", "flatten_1", "flatten_1"):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Down)
        assert selection.layers == (expected,)

    qtbot.keyClick(view.canvas, Qt.Key.Key_Escape)
    assert selection.layers == ()


def test_it_follows_each_edit(view, document):
    document.edit("Remove", document.project.remove(["residual_1"]))

    assert view.canvas.box_of("residual_1") is None
    assert view.canvas.box_of("flatten_1") is not None


def test_it_fits_the_width_until_one_zooms(view, qtbot):
    view.resize(200, 600)
    qtbot.waitUntil(lambda: view.canvas.zoom < 1)

    qtbot.keyClicks(view.canvas, "+")
    zoomed = view.canvas.zoom
    view.resize(420, 600)
    qtbot.wait(1)

    assert view.canvas.zoom == zoomed
    view.fit()
    assert view.canvas.zoom == 1


def test_it_is_saved_as_a_drawing_and_as_a_picture(view, tmp_path):
    view.save(tmp_path / "network.svg")
    view.save(tmp_path / "network.png")

    drawing = ET.parse(tmp_path / "network.svg").getroot()
    words = {"".join(text.itertext()).strip() for text in drawing.iter() if "text" in text.tag}
    assert {"Residual block", "Convolution 2D", "Flatten"} <= words
    picture = QImage(str(tmp_path / "network.png"))
    figure = view.canvas.figure
    assert (picture.width(), picture.height()) == (
        2 * round(figure.width),
        2 * round(figure.height),
    )


def test_in_the_drawing_only_a_boxs_edge_has_the_groups_colour(view):
    figure, box = view.canvas.figure, view.canvas.box_of("flatten_1")
    picture = QImage(round(figure.width), round(figure.height), QImage.Format.Format_RGB32)
    painter = QPainter(picture)
    QSvgRenderer(view.content(".svg")).render(painter)
    painter.end()
    light = THEMES["light"]

    def color(from_left: float) -> QColor:
        return picture.pixelColor(round(box.x + from_left), round(box.y + box.height / 2))

    assert color(2) == QColor(light.groups[Flatten.group])
    assert color(8) == color(box.width - 4) == QColor(light.card)


@pytest.mark.parametrize("name", ["network.txt", "a file/network.svg"])
def test_a_place_that_can_not_be_written_is_told(view, tmp_path, qtbot, name):
    (tmp_path / "a file").touch()

    with qtbot.waitSignal(view.refused) as told:
        view.save(tmp_path / name)

    assert told.args[0].endswith(".")


def test_a_layer_that_was_selected_out_of_sight_is_in_sight_when_the_diagram_is(
    document, selection, show, qtbot
):
    tabs, view = QTabWidget(), DiagramView(document, selection)
    view.set_theme(THEMES["light"])
    document.replace(Project().insert(0, Flatten(), *[Dense(units=9)] * 30), None)
    tabs.addTab(view, "diagram")
    tabs.addTab(QWidget(), "other")
    show(tabs, 420, 300)
    tabs.setCurrentIndex(1)
    selection.select_layers(("dense_30",))

    tabs.setCurrentIndex(0)

    def sees_it():
        return view.canvas.visibleRegion().contains(middle(view, "dense_30"))

    qtbot.waitUntil(sees_it)
    assert view.canvas.selected == ("dense_30",)
