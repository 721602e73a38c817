"""Where the views stand: in docks around the curves, shown, raised, hidden, moved and put back."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QByteArray, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow, QWidget

from gui.settings_file import SettingsFile
from gui.widgets.dock_action import DockAction
from gui.widgets.settled import Settled

FIRST_SIZE = QSize(1440, 900)
LOWER_SHARE = 0.46  # of the window's height, for matrix and mistakes
CODE_SHARE = 0.36  # of the window's height, for the scripts when they are first shown
BEHIND = ("per_class", "image", "rows", "learning", "step")  # the matrix, as tabs
HIDDEN = ("diagram", "code")  # at first: they take their room from the curves


class Arrangement(QObject):
    """The docks of a window by their names, in the order of its menu."""

    def __init__(self, window: QMainWindow, settings: SettingsFile) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self.docks: dict[str, QDockWidget] = {}
        self._first = QByteArray()  # how all stand when the program is started for the first time

    def place(self, views: Mapping[str, QWidget]) -> None:
        """Put each view into its dock, and the docks where they stand at first."""
        window, side = self._window, Qt.DockWidgetArea
        window.setDockNestingEnabled(True)
        window.setAnimated(False)
        for corner, area in (
            (Qt.Corner.TopLeftCorner, side.LeftDockWidgetArea),
            (Qt.Corner.TopRightCorner, side.RightDockWidgetArea),
            (Qt.Corner.BottomLeftCorner, side.LeftDockWidgetArea),
            (Qt.Corner.BottomRightCorner, side.RightDockWidgetArea),
        ):
            window.setCorner(corner, area)
        for name, title, area in self._places():
            self._dock(name, title, views[name], area)
        self._stand_beside_each_other()
        for name in HIDDEN:
            self.docks[name].hide()
        self._size()
        toggle = self.docks["diagram"].toggleViewAction()
        toggle.triggered.connect(self._seat_diagram)
        toggle.toggled.connect(self._keep_cards)
        self.docks["code"].toggleViewAction().triggered.connect(self._size_code)

    def actions(self) -> list[QAction]:
        """Make what shows and hides each dock from a menu."""
        return [DockAction(dock, self) for dock in self.docks.values()]

    def show(self, name: str) -> None:
        """Show a view, or bring it to the front."""
        dock = self.docks[name]
        if dock.isHidden():
            dock.toggleViewAction().trigger()
        dock.raise_()

    def put_back(self) -> None:
        """Put all views where they stood when the program was started for the first time."""
        self._window.restoreState(self._first)

    def restore(self) -> None:
        """Put all as it was when the program ended, and remember how it stands at first."""
        window = self._window
        self._first = window.saveState()
        geometry, state = self._settings.kept("geometry"), self._settings.kept("state")
        if geometry is not None:
            window.restoreGeometry(geometry)
        else:
            screen = window.screen().availableSize()
            if screen.width() <= FIRST_SIZE.width() or screen.height() <= FIRST_SIZE.height():
                window.setWindowState(Qt.WindowState.WindowMaximized)
        if state is not None:
            window.restoreState(state)

    def keep(self) -> None:
        """Keep how all stands now, for the next start."""
        self._settings.keep("geometry", self._window.saveGeometry())
        self._settings.keep("state", self._window.saveState())

    def _places(self) -> tuple[tuple[str, str, Qt.DockWidgetArea], ...]:
        side = Qt.DockWidgetArea
        return (
            ("network", self.tr("Network"), side.LeftDockWidgetArea),
            ("diagram", self.tr("Diagram"), side.LeftDockWidgetArea),
            ("training", self.tr("Training"), side.RightDockWidgetArea),
            ("confusion", self.tr("Confusion"), side.BottomDockWidgetArea),
            ("per_class", self.tr("Per class"), side.BottomDockWidgetArea),
            ("mistakes", self.tr("Mistakes"), side.BottomDockWidgetArea),
            ("image", self.tr("Image"), side.BottomDockWidgetArea),
            ("rows", self.tr("Rows"), side.BottomDockWidgetArea),
            ("learning", self.tr("Learning"), side.BottomDockWidgetArea),
            ("step", self.tr("Step"), side.BottomDockWidgetArea),
            ("code", self.tr("Code"), side.TopDockWidgetArea),
        )

    def _dock(self, name: str, title: str, view: QWidget, area: Qt.DockWidgetArea) -> None:
        dock = QDockWidget(title, self._window)
        dock.setObjectName(name)
        dock.setWidget(Settled(view))
        self._window.addDockWidget(area, dock)
        self.docks[name] = dock

    def _stand_beside_each_other(self) -> None:
        docks, beside = self.docks, Qt.Orientation.Horizontal
        self._window.splitDockWidget(docks["network"], docks["diagram"], beside)
        self._window.splitDockWidget(docks["confusion"], docks["mistakes"], beside)
        for name in BEHIND:
            self._window.tabifyDockWidget(docks["confusion"], docks[name])
        docks["confusion"].raise_()

    def _size(self) -> None:
        window, docks = self._window, self.docks
        size = FIRST_SIZE.boundedTo(window.screen().availableSize())
        window.resize(size)
        across, lower = Qt.Orientation.Horizontal, [docks["confusion"], docks["mistakes"]]
        window.resizeDocks([docks["network"], docks["training"]], [316, 250], across)
        window.resizeDocks(lower, [400, 440], across)
        height = round(LOWER_SHARE * size.height())
        window.resizeDocks(lower, [height, height], Qt.Orientation.Vertical)

    def _size_code(self, shown: bool) -> None:
        if shown:
            height = round(CODE_SHARE * self._window.height())
            self._window.resizeDocks([self.docks["code"]], [height], Qt.Orientation.Vertical)

    def _seat_diagram(self, shown: bool) -> None:
        """Stand it beside the cards, or behind them where the screen is too narrow for both."""
        window, network, diagram = self._window, self.docks["network"], self.docks["diagram"]
        if shown and window.minimumSizeHint().width() > window.screen().availableSize().width():
            self._keep_cards()
            window.tabifyDockWidget(network, diagram)
            diagram.raise_()

    def _keep_cards(self) -> None:
        """Keep the cards as wide as they are: the diagram takes its room from the curves."""
        network = self.docks["network"]
        in_front = self.docks["diagram"] if network.visibleRegion().isEmpty() else network
        across = Qt.Orientation.Horizontal
        resize = partial(self._window.resizeDocks, [network], [in_front.width()], across)
        QTimer.singleShot(0, self, resize)
