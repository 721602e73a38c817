"""The project as scripts, PyTorch's and Keras' side by side, renewed with each edit."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent
from PySide6.QtWidgets import QLayout, QSplitter, QVBoxLayout, QWidget

from engine.export.script import FRAMEWORKS, script
from engine.problems import ProblemError
from engine.project.project import Project, walk
from gui.document import Document
from gui.in_sight import WhenInSight, in_sight
from gui.selection import Selection
from gui.theme import SPACING, Theme
from gui.widgets.code.file_layouts import FileLayouts
from gui.widgets.code.pane import CodePane

ROOMY = 620  # pixels of width from which two scripts stand beside each other
PAUSE_MILLISECONDS = 120  # between two renewals while a value is being changed


class CodeView(QWidget):
    """What the project is in code. A click on a layer's line selects the layer."""

    def __init__(
        self, document: Document, selection: Selection, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.document, self.selection = document, selection
        self.panes = tuple(CodePane(framework) for framework in FRAMEWORKS)
        self.layouts = FileLayouts(self)
        self._front = self.panes[0]  # the one that is shown where there is room for one
        self._clicked: CodePane | None = None  # where a selection under way comes from
        self._with_gaps: set[CodePane] = set()  # that may lack layers, as the person has asked
        self._stale = self._new = True  # what is shown is out of date, and the first there is
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MILLISECONDS)
        self._sight = WhenInSight(self, self._renew)
        self._pause.timeout.connect(self._sight.draw)
        self._lay_out()
        self._connect()
        self._turn(both=False)  # until it has a size: both need much room
        self.setFocusProxy(self._front.editor)
        self._sight.draw()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        for pane in self.panes:
            pane.set_theme(theme)

    def let_go(self) -> None:
        """Give up looking at files, as the window closes."""
        self.layouts.let_go()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._turn(both=self.width() >= ROOMY)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        if self._pause.isActive():
            self._pause.stop()
            self._sight.draw()

    def minimumSizeHint(self) -> QSize:
        """Ask for no more than one script needs."""
        return QSize(self._front.minimumSizeHint().width(), super().minimumSizeHint().height())

    @property
    def up_to_date(self) -> bool:
        """Whether the scripts are those of the project as it is now."""
        return not self._stale

    def _renew_soon(self) -> None:
        """Renew after a moment, once for all edits until then; out of sight, when it is seen."""
        self._stale = True
        if not in_sight(self):
            self._sight.draw()
        elif not self._pause.isActive():
            self._pause.start()

    def _renew(self) -> None:
        """Write the scripts anew where they are out of date."""
        if not self._stale:
            return
        self._stale = False
        project = self.document.project
        new = self._new or self.document.undo_stack.count() == 0  # another one was opened
        for pane in self.panes:
            pane.name = self.document.name
            self._show_script(pane, project)
            if new:
                pane.reveal_network()
        self._show_layers(reveal=new)
        self._new = False

    def _show_script(self, pane: CodePane, project: Project) -> None:
        layout = self.layouts.layout_of(project.data.source)
        try:
            made = script(project, pane.framework, layout, gaps=pane in self._with_gaps)
        except ProblemError as error:
            layers = {layer.name for layer in walk(project.layers)}
            layer = error.problem.where if error.problem.where in layers else ""
            pane.say(str(error), layer=layer, gap=not self.document.problems)
        else:
            pane.show_script(made, {row.layer.name: row.layer.group for row in project.walk()})

    def _write_with_gaps(self, pane: CodePane) -> None:
        self._with_gaps.add(pane)
        self._show_script(pane, self.document.project)
        self._show_layers(reveal=True)

    def _show_layers(self, *, reveal: bool = True) -> None:
        for pane in self.panes:
            pane.show_layers(self.selection.layers, reveal=reveal and pane is not self._clicked)

    def _choose(self, name: str, pane: CodePane) -> None:
        """Select the layer that was clicked; its own script does not scroll under the mouse."""
        self._clicked = pane
        self.selection.select_named(name, self.document.project)
        self._clicked = None

    def _bring_to_front(self, framework: str) -> None:
        self._front = next(pane for pane in self.panes if pane.framework == framework)
        self._turn(both=False)
        self._show_layers()
        self.setFocusProxy(self._front.editor)
        self._front.other.setFocus()

    def _turn(self, *, both: bool) -> None:
        """Show both scripts, or where there is no room for both, the one in front."""
        for pane in self.panes:
            pane.setVisible(both or pane is self._front)
            pane.show_switch(not both)

    def _connect(self) -> None:
        for pane in self.panes:
            pane.layer_chosen.connect(lambda name, pane=pane: self._choose(name, pane))
            pane.framework_wanted.connect(self._bring_to_front)
            pane.gaps_wanted.connect(lambda pane=pane: self._write_with_gaps(pane))
        self.layouts.found.connect(self._renew_soon)
        self.document.changed.connect(lambda _: self._renew_soon())
        self.selection.layers_changed.connect(lambda _: self._show_layers())

    def _lay_out(self) -> None:
        halves = QSplitter(Qt.Orientation.Horizontal)
        halves.setChildrenCollapsible(False)
        for number, pane in enumerate(self.panes):
            halves.addWidget(pane)
            halves.setStretchFactor(number, 1)
        halves.setSizes([ROOMY, ROOMY])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, 0)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        layout.addWidget(halves)
