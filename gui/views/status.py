"""Where the training stands: progress, epoch, time left, images per second, the result."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QProgressBar, QSizePolicy, QWidget

from engine.training.events import EpochDone, Finished
from engine.training.history import Kind, Run
from gui.session import State
from gui.theme import SPACING
from gui.words import clock

TEXT_SECONDS = 0.5  # numbers that change faster can't be read
PARTS = 1000
GAP = 2 * SPACING  # pixels between two of its parts


class StatusView(QWidget):
    """A progress bar and a few numbers beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bar = QProgressBar()
        self.bar.setRange(0, PARTS)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(8)
        self.bar.setMinimumWidth(90)
        self.bar.setMaximumWidth(260)
        self.bar.setAccessibleName(self.tr("Training progress"))
        self.epoch, self.time, self.speed, self.result = QLabel(), QLabel(), QLabel(), QLabel()
        self.result.setObjectName("heading")
        self.note = QLabel()
        self.note.setObjectName("note")
        self.note.setToolTip(
            self.tr(
                "This run trains a copy of the project as it was when Train was pressed. "
                "What can be changed in it is offered in Training; the rest is for the next run."
            )
        )
        for label in (self.time, self.speed):
            label.setObjectName("muted")
        self._spared = (self.note, self.time, self.speed)  # where there is no room: the last first
        self._state = State.IDLE
        self._run: Run | None = None
        self._texts_at = 0.0
        self._results = ("", "")  # all of them, and what is said where there is little room
        layout = QHBoxLayout(self)
        layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        layout.setContentsMargins(SPACING, 0, SPACING, 0)
        layout.setSpacing(GAP)
        for widget in (self.epoch, self.bar, self.time, self.speed):
            layout.addWidget(widget)
        layout.addWidget(self.note)
        layout.addStretch()
        layout.addWidget(self.result)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.bar.hide()

    def show_edited(self, edited: bool) -> None:
        """Say that the project is no longer the one that trains."""
        self.note.setText(self.tr("Your edits are not in this run") if edited else "")
        self._fit()

    def show_state(self, state: State) -> None:
        """Show what the session is doing."""
        self._state = state
        self.bar.setVisible(state.busy)
        words = {
            State.STOPPING: self.tr("Stopping…"),
            State.PAUSING: self.tr("Pausing…"),
            State.PAUSED: self.tr("Paused"),
        }
        if state in words:
            self.epoch.setText(words[state])
        if self._run is not None:
            self._show_epoch(self._run)
        self._fit()

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Move the bar, and renew the numbers a few times a second."""
        self._run = run
        if self._state is State.PREPARING:
            self._show_preparing(run)
        elif run.total_steps:
            self._move_bar(PARTS * run.step // run.total_steps)
        now = monotonic()
        if kinds & {"started", "epoch", "end"} or now - self._texts_at >= TEXT_SECONDS:
            self._texts_at = now
            self._show_texts(run)
            self._fit()

    def minimumSizeHint(self) -> QSize:
        """Be content with any width: a toolbar hides what has less than it needs, as a whole."""
        return QSize(0, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Show what there is room for: state, bar and result always, the rest as it fits."""
        room = self.contentsRect().width() - 2 * SPACING - self.epoch.sizeHint().width() - GAP
        if not self.bar.isHidden():
            room -= self.bar.minimumWidth() + GAP
        whole, brief = self._results
        fits = self.result.fontMetrics().horizontalAdvance(whole) <= room
        self.result.setText(whole if fits else brief)
        self.result.setToolTip("" if fits else whole)
        room -= self.result.sizeHint().width() + GAP
        for label in self._spared:
            if label.text():
                room -= label.sizeHint().width() + GAP
            label.setVisible(bool(label.text()) and room >= 0)

    def _show_preparing(self, run: Run) -> None:
        self.epoch.setText(self.tr("Preparing…"))
        loading = run.loading
        if loading is None or not loading.total:
            self.bar.setRange(0, 0)  # moves to and fro
        else:
            self._move_bar(PARTS * loading.done // loading.total)

    def _move_bar(self, parts: int) -> None:
        """Let the bar be painted with everything else: by itself it paints at once, and with it all
        that is not laid out yet.
        """
        self.bar.setUpdatesEnabled(False)
        self.bar.setRange(0, PARTS)
        self.bar.setValue(parts)
        self.bar.setUpdatesEnabled(True)

    def _show_texts(self, run: Run) -> None:
        self._show_epoch(run)
        left, speed = run.seconds_left, run.images_per_second
        running = run.end is None and self._state.busy
        self.time.setText(
            self.tr("{time} left").format(time=clock(left)) if running and left is not None else ""
        )
        self.speed.setText(
            self.tr("{speed:,.0f} images/s").format(speed=speed) if running and speed else ""
        )
        self._results = self._results_of(run)
        if not self._state.busy or run.end is not None:
            self.epoch.setText(self._end(run))

    def _show_epoch(self, run: Run) -> None:
        """Say which epoch the run is in, while it trains or waits."""
        words = {
            State.RUNNING: self.tr("epoch {epoch} of {epochs}"),
            State.PAUSED: self.tr("Paused in epoch {epoch} of {epochs}"),
        }
        if run.started is not None and run.end is None and self._state in words:
            said = words[self._state]
            self.epoch.setText(said.format(epoch=run.epoch, epochs=epochs_of(run)))

    def _end(self, run: Run) -> str:
        match run.end:
            case Finished(reason="completed"):
                words = self.tr("Finished epoch {epoch} of {epochs}")
            case Finished(reason="early", epoch=done):
                words = self.tr("Stopped by itself after epoch {epoch}: no longer better")
                return words.format(epoch=done)
            case Finished(reason="diverged"):
                words = self.tr("Stopped in epoch {epoch}: not a number")
            case Finished() if run.started is None:
                words = self.tr("Stopped")
            case Finished():
                words = self.tr("Stopped in epoch {epoch} of {epochs}")
            case None:
                words = self.tr("Cut off in epoch {epoch} of {epochs}")
            case _:
                words = self.tr("Failed")
        return words.format(epoch=run.epoch, epochs=epochs_of(run))

    def _tested_epoch(self, run: Run) -> EpochDone:
        """Give the epoch whose weights the test set was used on."""
        stopping = run.project.training.early_stopping
        if run.best is None or not (stopping.on and stopping.restore_best):
            return run.epochs[-1]
        if stopping.watch == "validation accuracy":
            return run.best
        return min(run.epochs, key=lambda done: done.validation_loss)

    def _results_of(self, run: Run) -> tuple[str, str]:
        """Say how good the network is, whole and briefly."""
        if not run.epochs:
            return "", ""
        words = self.tr("validation {validation:.2f} %")
        if not isinstance(run.end, Finished) or run.end.test_accuracy is None:
            said = words.format(validation=100 * run.epochs[-1].validation_accuracy)
            return said, said
        test = self.tr("test {test:.2f} %").format(test=100 * run.end.test_accuracy)
        validation = 100 * self._tested_epoch(run).validation_accuracy
        return f"{test}   {words.format(validation=validation)}", test


def epochs_of(run: Run) -> int:
    """Tell how many epochs the run has, or was meant to have."""
    return run.course.epochs if run.course else run.project.training.epochs
