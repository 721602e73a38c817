"""A block of layers as a card that holds cards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QToolButton, QVBoxLayout, QWidget

from engine.problems import Problem, shown
from engine.project.layers import Layer, Parallel, Traced
from engine.project.layers.blocks import MOST_BRANCHES
from gui.icons import icon
from gui.theme import Theme
from gui.widgets.network.branch import Branch, DropZone
from gui.widgets.network.card import Card
from gui.widgets.network.tools import small_button
from gui.widgets.network.words import ElidedLabel

EDGES = (3, 0, 2, 6)  # pixels around the branches: left, top, right, bottom
CHEVRON = QSize(12, 12)


class BlockCard(Card):
    """A card over the columns of its branches. Folding it up is the view's affair: the project
    knows nothing of it.
    """

    folded = Signal(bool)
    branch_wanted = Signal()
    branch_unwanted = Signal(int)
    zone_pressed = Signal(object)  # Place

    def __init__(self, kind: type[Layer], name: str, parent: QWidget | None = None) -> None:
        super().__init__(kind, name, parent)
        self.branches: list[Branch] = []
        self.is_folded = False
        self.chevron = small_button("")
        self.chevron.setIconSize(CHEVRON)
        self.chevron.clicked.connect(lambda: self.fold(not self.is_folded))
        self.head.addWidget(self.chevron, 0, 0, 2, 1)
        self.head.setContentsMargins(-6, 0, 0, 0)  # a form below begins where those of others do
        self.head.setHorizontalSpacing(4)
        self.held = ElidedLabel()
        self.held.setObjectName("muted")
        self.rows.addWidget(self.held)
        self.body = QWidget()
        self._columns = QVBoxLayout(self.body)
        self._columns.setContentsMargins(*EDGES)
        self._columns.setSpacing(4)
        self.more: QToolButton | None = self._make_more() if issubclass(kind, Parallel) else None
        self.whole.addWidget(self.body)
        self._show_folded()

    def hold(self, branches: Sequence[Sequence[Card]]) -> None:
        """Show these cards in so many branches."""
        while len(self.branches) < len(branches):
            self._add_branch()
        for branch, cards in zip(self.branches, branches, strict=False):
            branch.hold(cards)
        for branch in self.branches[len(branches) :]:
            self._columns.removeWidget(branch)
            branch.hide()
            branch.deleteLater()
        del self.branches[len(branches) :]

    def show_layer(self, row: Traced, problem: Problem | None) -> None:
        super().show_layer(row, problem)
        if self.more is not None:
            self.more.setEnabled(len(row.inner) < MOST_BRANCHES)
            for branch, rows in zip(self.branches, row.inner, strict=True):
                shape = rows[-1].output_shape if rows else row.input_shape
                branch.show_header(shown(shape) if shape else "", len(row.inner) > 1)
                if self._theme is not None:
                    branch.set_theme(self._theme)
        self._show_held(row)

    def fold(self, folded: bool) -> None:
        """Show what the block holds, or a line about it."""
        if folded != self.is_folded:
            self.is_folded = folded
            self._show_folded()
            self.folded.emit(folded)

    def zones(self) -> Iterator[DropZone]:
        """Give the places of its branches that are empty."""
        for branch in self.branches:
            if branch.zone is not None and not branch.cards:
                yield branch.zone

    def branch_at(self, point: QPoint) -> Branch | None:
        """Find the branch at a height, in global coordinates; None above and below all."""
        if self.is_folded or not self.branches:
            return None
        y = self.body.mapFromGlobal(point).y()
        if not self.branches[0].geometry().top() <= y <= self.branches[-1].geometry().bottom():
            return None
        return [branch for branch in self.branches if branch.y() <= y][-1]

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self._show_chevron()
        if self.more is not None:
            self.more.setIcon(icon("new", theme.muted, theme.border))
        for branch in self.branches:
            branch.set_theme(theme)

    def _add_branch(self) -> None:
        branch = Branch(self.name, len(self.branches))
        branch.zone_pressed.connect(self.zone_pressed)
        branch.removed.connect(self.branch_unwanted)
        self._columns.insertWidget(len(self.branches), branch)
        self.branches.append(branch)

    def _make_more(self) -> QToolButton:
        more = small_button(self.tr("Add a branch to the block"))
        more.setText(self.tr("Add branch"))
        more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        more.clicked.connect(lambda: self.branch_wanted.emit())
        self._columns.addWidget(more)
        return more

    def _show_folded(self) -> None:
        self.body.setVisible(not self.is_folded)
        self.held.setVisible(self.is_folded)
        title = self.tr("Unfold (Right)") if self.is_folded else self.tr("Fold up (Left)")
        self.chevron.setToolTip(title)
        self.chevron.setAccessibleName(title)
        self._show_chevron()

    def _show_chevron(self) -> None:
        if self._theme is not None:
            name = "right" if self.is_folded else "down"
            self.chevron.setIcon(icon(name, self._theme.muted))

    def _show_held(self, row: Traced) -> None:
        """Say in a line what is inside, for when it is folded up."""
        held = [each for each in row.walk() if each is not row]
        wrong = any(each.problem is not None for each in held)
        self.held.setObjectName("problem" if wrong else "muted")
        self.held.style().polish(self.held)
        self.held.setText(self._held_words([each.layer for each in held], wrong))

    def _held_words(self, layers: Sequence[Layer], wrong: bool) -> str:
        if wrong:
            return self.tr("{count} inside, one is wrong").format(count=len(layers))
        titles = ", ".join(layer.short_title() for layer in layers)
        return self.tr("{count} inside: {titles}").format(count=len(layers), titles=titles)
