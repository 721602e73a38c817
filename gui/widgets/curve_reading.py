"""The line above the curves: what they are, or what the cursor reads of them."""

from __future__ import annotations

from html import escape

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from engine.training.history import Run
from gui.theme import Theme

GAP = 12  # pixels between what happened and the values
LEAST_WORDS = 90  # pixels that are left for what happened


class CurveReading(QLabel):
    """Says values in one line, in as many words as there is room for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.RichText)
        # What a cursor reads is long, and must not widen the window.
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def show_legend(self, theme: Theme, before: str | None) -> None:
        """Say which curve is which; `before` is the title of the run behind, if there is one."""
        words = self.tr(
            "<span style='color:{training}'>&#9473;</span> training &nbsp; "
            "<span style='color:{validation}'>&#9679;</span> validation &nbsp; "
            "<span style='color:{validation}'>&#9733;</span> best epoch"
        ).format(training=theme.training, validation=theme.validation)
        if before is not None:
            words += self.tr(
                " &nbsp; <span style='color:{color}'>&#9476; &#9675;</span> before: {title}"
            ).format(color=theme.before, title=escape(before))
        self.setText(words)

    def read(self, run: Run, before: Run | None, x: float, happened: str) -> None:
        """Say the values of a run after `x` epochs and of the run behind it, and what happened
        there, if anything. What is too long for the line is said briefly, then without validation
        and the run behind, and of what happened as much is said as there is room for.
        """
        strong = QFont(self.font())
        strong.setBold(True)
        letters = QFontMetrics(strong)
        whole = letters.horizontalAdvance(happened) + GAP if happened else 0
        least = min(whole, LEAST_WORDS + GAP)
        values = self._training(run, x, brief=False) + self._others(run, before, x, brief=False)
        if self._left(values) < whole:
            values = self._training(run, x, brief=True) + self._others(run, before, x, brief=True)
        if self._left(values) < least:
            values = self._training(run, x, brief=True)
        room = max(self._left(values), least) - GAP
        if happened:
            shown = letters.elidedText(happened, Qt.TextElideMode.ElideRight, room)
            values = self.tr("<b>{what}</b> &nbsp; {values}").format(
                what=escape(shown), values=values
            )
        self.setText(values)

    def _left(self, values: str) -> int:
        """Tell how many pixels of the line values leave."""
        return self.width() - self.fontMetrics().horizontalAdvance(values)

    def _others(self, run: Run, before: Run | None, x: float, *, brief: bool) -> str:
        return self._validated(run, x, brief) + self._of_before(before, x, brief)

    def _training(self, run: Run, x: float, *, brief: bool) -> str:
        epochs = run.progress.column(0)
        place = int(np.clip(np.searchsorted(epochs, x), 0, len(epochs) - 1))
        return (
            self.tr("epoch {epoch:.2f}: loss {loss:.3f}, {accuracy:.1f} %")
            if brief
            else self.tr("epoch {epoch:.2f}: training loss {loss:.4f}, accuracy {accuracy:.2f} %")
        ).format(
            epoch=epochs[place],
            loss=run.progress.column(1)[place],
            accuracy=100 * run.progress.column(2)[place],
        )

    def _validated(self, run: Run, x: float, brief: bool) -> str:
        """Say the validation of the epoch whose end is the nearest."""
        done = max(1, round(x)) - 1
        if done >= len(run.epochs):
            return ""
        words = (
            self.tr("; validation {loss:.3f}, {accuracy:.1f} %")
            if brief
            else self.tr("; validation loss {loss:.4f}, accuracy {accuracy:.2f} %")
        )
        epoch = run.epochs[done]
        return words.format(loss=epoch.validation_loss, accuracy=100 * epoch.validation_accuracy)

    def _of_before(self, run: Run | None, x: float, brief: bool) -> str:
        """Say the values of the run behind, where it got so far."""
        if run is None or not len(run.progress) or x > run.progress.column(0)[-1]:
            return ""
        place = int(np.searchsorted(run.progress.column(0), x))
        words = (
            self.tr("; before {loss:.3f}, {accuracy:.1f} %")
            if brief
            else self.tr("; before: loss {loss:.4f}, accuracy {accuracy:.2f} %")
        )
        return words.format(
            loss=run.progress.column(1)[place], accuracy=100 * run.progress.column(2)[place]
        )
