"""The mistakes: every image that the network got wrong, with what it said instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QStackedLayout, QVBoxLayout, QWidget

from engine.analysis.mistakes import Cell
from engine.data.dataset import Split
from engine.store.exports import Picked
from engine.training.events import Evaluated
from engine.training.history import Kind, Run
from gui.in_sight import WhenInSight
from gui.selection import Selection, Shelf
from gui.theme import SPACING, Theme
from gui.widgets.chips import Chips
from gui.widgets.empty_state import EmptyState
from gui.widgets.gallery.answers import Answers
from gui.widgets.gallery.exporter import Exporter
from gui.widgets.gallery.gallery import NO_ROWS, Gallery, Rows, Tiles
from gui.widgets.gallery.head import GalleryHead
from gui.widgets.gallery.likeness import Likeness
from gui.widgets.gallery.listed import Listed
from gui.widgets.gallery.words import (
    cell_words,
    count_words,
    none_words,
    set_words,
    waiting_words,
)
from gui.widgets.notice import Notice

SHOWN = frozenset[Kind]({"loading", "started", "evaluation", "end"})


class MistakesView(QWidget):
    """A gallery of the images of the selection, at the evaluation that is looked at."""

    opened = Signal(int)  # an image's place in its split, to be looked at large
    refused = Signal(str)  # why an export could not be written

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection = selection
        self.tiles = Tiles(self)
        self.gallery = Gallery(self.tiles)
        self.head, self.chips, self.notice = GalleryHead(), Chips(), Notice()
        self.exporter = Exporter(self.picked)
        self.none, self.waiting = EmptyState(), EmptyState(self._first_words())
        self._run: Run | None = None
        self._split: Split | None = None
        self._evaluation: Evaluated | None = None
        self._listed: Listed | None = None
        self._positions: Rows = NO_ROWS
        self.likeness = Likeness(self)
        self._like: int | None = None
        self._sight = WhenInSight(self, self._show_now)
        self._lay_out()
        self._connect()

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Show the evaluation that is looked at, if it is another one and can be seen."""
        if run is not self._run:
            self._run, self._like = run, None  # its images may be others
            self.likeness.forget()
            self.head.allow("likeness", self.selection.image is not None)
        if kinds & SHOWN:
            self._show_new()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        for part in (self.gallery, self.chips, self.notice):
            part.set_theme(theme)

    def picked(self) -> Picked | None:
        """Give what is to be exported: the highlighted images if they are several, or all."""
        run, evaluation, split = self._run, self._evaluation, self._split
        if run is None or evaluation is None or split is None or not len(self._positions):
            return None
        marked = self.gallery.highlighted()
        places = self._positions[marked] if len(marked) > 1 else self._positions
        all_probabilities = evaluation.probabilities
        indices = split.indices[evaluation.rows[places]]
        return Picked(
            of=evaluation.of,
            images=split.images,
            rows=evaluation.rows[places],
            indices=indices,
            labels=evaluation.labels[places],
            predicted=evaluation.predicted[places],
            confidence=evaluation.confidence[places],
            true_probability=evaluation.true_probability[places],
            probabilities=None if all_probabilities is None else all_probabilities[places],
            class_names=run.project.data.source.class_names,
            files=tuple(map(split.file, indices.tolist())),
        )

    # --- what is shown

    def _show_new(self) -> None:
        self._sight.draw()

    def _show_now(self) -> None:
        if self._run is None:
            return
        evaluation = self._run.evaluation(self.selection.of, self.selection.step)
        split = _split(self._run, evaluation)
        listed = self._sorted(self._wanted(), split)
        same = evaluation is self._evaluation and split is self._split and listed == self._listed
        if evaluation is None or not same:
            self._show(self._run, evaluation, listed)
        self._say_count()

    def _wanted(self) -> Listed:
        return Listed(
            self.selection.cells,
            self.selection.shelf,
            self.head.right_too.isChecked(),
            self.head.sorting,
            self._like,
        )

    def _sorted(self, wanted: Listed, split: Split | None) -> Listed:
        """Keep the order there was while the likeness of the images is still to be found."""
        if wanted.sorting != "likeness" or wanted.like is None or split is None:
            return wanted
        self.likeness.ask(split.images, wanted.like)
        if self.likeness.ranks(split.images, wanted.like) is not None:
            return wanted
        before = self._listed or Listed()
        return replace(wanted, sorting=before.sorting, like=before.like)

    def _ranks(self, listed: Listed, split: Split) -> Rows | None:
        return None if listed.like is None else self.likeness.ranks(split.images, listed.like)

    def _say_count(self) -> None:
        if self._evaluation is None or self._listed is None or self._split is None:
            return
        words = count_words(len(self._positions), self._evaluation, self._listed)
        if self.likeness.sorting and self.head.sorting == "likeness":
            words = self.tr("{words}, sorting …").format(words=words)
        self.head.count.setText(words)

    def _show(self, run: Run, evaluation: Evaluated | None, listed: Listed) -> None:
        """List the images anew; the place is kept where only the answers are others."""
        same = listed == self._listed and _of(evaluation) == _of(self._evaluation)
        self._evaluation, self._listed = evaluation, listed
        self._show_chips(run)
        self._split = split = _split(run, evaluation)
        if evaluation is None or split is None:
            self._show_waiting(run, evaluation)
            return
        names = run.project.data.source.class_names
        self._positions = listed.positions(evaluation, len(names), self._ranks(listed, split))
        self._show_tiles(evaluation, split, Answers(evaluation, split, names))
        self._stack.setCurrentWidget(self._shown)
        if not same:
            self.notice.hide()
            self.gallery.scrollToTop()

    def _show_tiles(self, evaluation: Evaluated, split: Split, answers: Answers) -> None:
        positions = self._positions
        self.tiles.show(
            split.images,
            evaluation.rows[positions],
            lambda place: answers.caption(int(positions[place])),
            lambda place: answers.sentences(int(positions[place])),
            widest=answers.widest(),
        )
        if self.gallery.image() is None:
            self.gallery.show_image(self.selection.image, scroll=False)
        assert self._listed is not None
        self.none.setText(none_words(evaluation, self._listed))
        self.none.setVisible(len(positions) == 0)
        self.gallery.setVisible(len(positions) > 0)

    def _show_waiting(self, run: Run, evaluation: Evaluated | None) -> None:
        """Say why there is nothing to show yet."""
        self._positions = NO_ROWS
        self.tiles.clear()
        if evaluation is not None:
            words = self.tr("The images that this run was evaluated on are not loaded.")
        elif not any(run.evaluations.values()):
            words = self._first_words()
        else:
            words = waiting_words(self.selection.of)
        self.waiting.setText(words)
        self._stack.setCurrentWidget(self.waiting)

    def _show_chips(self, run: Run) -> None:
        names = run.project.data.source.class_names
        shelf = self.selection.shelf
        chips: list[tuple[Cell | Shelf, str]] = [] if shelf is None else [(shelf, shelf.title)]
        chips += [(cell, cell_words(cell, names)) for cell in self.selection.cells]
        self.chips.show_chips(chips)

    def _first_words(self) -> str:
        return self.tr(
            "Every image that the network gets wrong will be here, "
            "with what it said instead and how sure it was."
        )

    # --- what the person does

    def _remove(self, filter_: Cell | Shelf) -> None:
        if isinstance(filter_, Shelf):
            self.selection.select_shelf(None)
        else:
            self.selection.toggle_cell(filter_)

    def _clear(self) -> None:
        self.notice.hide()
        self.selection.select_shelf(None)
        self.selection.select_cells(())

    def _change_order(self) -> None:
        self._like = self.selection.image if self.head.sorting == "likeness" else None
        self._show_new()

    def _show_shelf(self, shelf: Shelf | None) -> None:
        self.head.allow("shelf", shelf is not None)
        if shelf is not None:
            self.head.sort_as_shelf()
        self._like = self._like if self.head.sorting == "likeness" else None
        self._show_new()

    def _show_image(self, row: int | None) -> None:
        """Follow to an image that was chosen elsewhere, if it is listed."""
        self.head.allow("likeness", row is not None or self._like is not None)
        if not self.gallery.show_image(row):
            self.gallery.selectionModel().clear()

    def _show_set(self) -> None:
        self._like = None
        self.head.allow("likeness", False)
        self._show_new()

    def _seek(self, index: int) -> None:
        """Go to the image of this index in its file, or say why that can't be."""
        if self._split is None or self._evaluation is None:
            return
        of = set_words(self._evaluation.of)
        rows = np.flatnonzero(self._split.indices == index)
        if not len(rows):
            words = self.tr("Image {index:,} is not in {set}.")
            self.notice.say(words.format(index=index, set=of))
            return
        row = int(rows[0])
        if self.gallery.show_image(row):
            self.notice.hide()
            self.selection.select_image(row)
            self.gallery.setFocus()
            return
        self._offer(row, index)

    def _offer(self, row: int, index: int) -> None:
        """Say that an image is not listed, and offer to show it by itself."""
        if self._evaluation is None or row not in self._evaluation.rows:
            words = self.tr("Image {index:,} is not in the sample that was evaluated here.")
            self.notice.say(words.format(index=index))
            return
        self.notice.say(
            self.tr("Image {index:,} is not in this selection.").format(index=index),
            self.tr("Show it alone"),
            lambda: self._show_alone(row, index),
        )

    def _show_alone(self, row: int, index: int) -> None:
        title = self.tr("image {index:,}").format(index=index)
        self.selection.select_cells(())
        self.selection.select_shelf(Shelf(title, np.array([row])))
        self.selection.select_image(row)
        self.gallery.setFocus()

    def _show_menu(self, point: QPoint) -> None:
        """Offer what can be done with the current image, by mouse or the menu key."""
        row = self.gallery.image()
        if row is not None:
            self.menu_of(row).popup(self.gallery.viewport().mapToGlobal(point))

    def menu_of(self, row: int) -> QMenu:
        """Make the menu of an image."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        large = menu.addAction(self.tr("Look at it large"))
        large.triggered.connect(lambda: self.opened.emit(row))
        like = menu.addAction(self.tr("Sort by likeness to it"))
        like.triggered.connect(lambda: self._sort_like(row))
        menu.addSeparator()
        menu.addActions(self.exporter.menu.actions())
        return menu

    def _say_unsorted(self, sentence: str) -> None:
        self.notice.say(sentence)
        self._show_new()

    def _sort_like(self, row: int) -> None:
        self.selection.select_image(row)
        self.head.order.setCurrentIndex(self.head.order.findData("likeness"))
        self._change_order()

    # --- wiring

    def _connect(self) -> None:
        selection, gallery = self.selection, self.gallery
        selection.set_changed.connect(self._show_set)
        selection.step_changed.connect(self._show_new)
        selection.cells_changed.connect(self._show_new)
        selection.shelf_changed.connect(self._show_shelf)
        selection.image_changed.connect(self._show_image)
        self.likeness.changed.connect(self._show_new)
        self.likeness.failed.connect(self._say_unsorted)
        gallery.chosen.connect(selection.select_image)
        gallery.opened.connect(self.opened)
        gallery.customContextMenuRequested.connect(self._show_menu)
        self.head.changed.connect(self._change_order)
        self.head.sought.connect(self._seek)
        self.head.sized.connect(gallery.set_tile_size)
        self.head.export.setMenu(self.exporter.menu)
        self.chips.removed.connect(self._remove)
        self.chips.cleared.connect(self._clear)
        self.exporter.refused.connect(self.refused)
        self.exporter.saved.connect(self.notice.say)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self._clear)

    def _lay_out(self) -> None:
        self.gallery.setAccessibleName(self.tr("Images of the selection"))
        self.gallery.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._shown = QWidget()
        column = QVBoxLayout(self._shown)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.head, self.notice, self.exporter):
            column.addWidget(part)
        self.none.hide()
        column.addWidget(self.none, 1)
        column.addWidget(self.gallery, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, SPACING, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.chips)
        self._stack = QStackedLayout()
        layout.addLayout(self._stack, 1)  # a stack without a place shows its widget alone
        self._stack.addWidget(self.waiting)
        self._stack.addWidget(self._shown)


def _of(evaluation: Evaluated | None) -> str | None:
    return evaluation.of if evaluation else None


def _split(run: Run, evaluation: Evaluated | None) -> Split | None:
    """Give the images that an evaluation is of; None where they are not there, or others."""
    if run.dataset is None or evaluation is None:
        return None
    split = run.dataset.split(evaluation.of)
    fits = not len(evaluation.rows) or int(evaluation.rows.max()) < len(split)
    return split if fits else None
