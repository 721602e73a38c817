"""The slider over a run: which of its evaluations all views show, and playing them back."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QWidget

from engine.data.dataset import SetName
from engine.training.evaluations import Evaluations
from engine.training.events import Evaluated
from engine.training.history import Kind, Run
from gui.icons import icon
from gui.selection import Selection
from gui.theme import LIGHT, MARGIN, SPACING, Theme

SHOWN = frozenset[Kind]({"started", "evaluation", "end"})
PLAY_MILLISECONDS = 120  # between two evaluations played back
PLAY_STEPS = 100  # at most, so that a long run is played back in as many
LONGEST = 200  # pixels of the words beside the slider


class TimelineView(QWidget):
    """One position for each evaluation of the set that is looked at; its right end is live."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection = selection
        self.play = QToolButton()
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.live = QToolButton()
        self.words = QLabel()
        self._run: Run | None = None
        self._theme = LIGHT
        self._timer = QTimer(self)
        self._timer.setInterval(PLAY_MILLISECONDS)
        self._timer.timeout.connect(self._play_on)
        self._set_up()
        self._lay_out()
        for changed in (selection.step_changed, selection.set_changed):
            changed.connect(lambda _: self._show())

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Take in how many evaluations there are now."""
        if run is not self._run:
            self._run = run
            self._stop()
        if kinds & SHOWN:
            self._show()

    def set_theme(self, theme: Theme) -> None:
        """Draw the icons in the theme's colours."""
        self._theme = theme
        self._draw_icon()

    @property
    def _evaluations(self) -> Evaluations | None:
        return self._run.evaluations[self.selection.of] if self._run else None

    def _show(self) -> None:
        """Set the slider to what is selected, without telling it as the person's doing."""
        evaluations = self._evaluations
        count = len(evaluations) if evaluations else 0
        for control in (self.play, self.slider):
            control.setEnabled(count > 1)
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, count - 1))
        self.slider.setPageStep(max(1, count // 10))
        self.slider.setValue(self._place())
        self.slider.blockSignals(False)
        step = self.selection.step
        self.live.setEnabled(count > 0)
        self.live.setChecked(step is None and count > 0)
        shown = self._run.evaluation(self.selection.of, step) if self._run else None
        self.words.setText(self._words(shown))
        self.slider.setToolTip(self._bound(evaluations))

    def _place(self) -> int:
        """Tell which evaluation is shown, counted from the oldest."""
        evaluations, step = self._evaluations, self.selection.step
        if not evaluations:
            return 0
        return len(evaluations) - 1 if step is None else max(0, evaluations.place(step))

    def _select(self, place: int) -> None:
        """Show the evaluation at a place; the last one is live."""
        evaluations = self._evaluations
        if not evaluations:
            return
        last = place >= len(evaluations) - 1
        self.selection.select_step(None if last else evaluations[place].step)

    def _moved(self, place: int) -> None:
        self._stop()
        self._select(place)

    def _go_live(self) -> None:
        self._stop()
        self.selection.select_step(None)
        self._show()  # a click on it while it is live must not let it spring up

    def _toggle_play(self, on: bool) -> None:
        if not on:
            self._stop()
            return
        if self.selection.step is None:
            self._select(0)
        self._timer.start()
        self._draw_icon()

    def _play_on(self) -> None:
        """Show the next evaluation; where it is the last, that is the end of it."""
        evaluations = self._evaluations
        count = len(evaluations) if evaluations else 0
        place = self._place() + max(1, count // PLAY_STEPS)
        self._select(place)
        if place >= count - 1:
            self._stop()

    def _stop(self) -> None:
        self._timer.stop()
        self.play.setChecked(False)
        self._draw_icon()

    def _draw_icon(self) -> None:
        playing = self._timer.isActive()
        name = self.tr("Stop playing") if playing else self.tr("Play the run from here")
        self.play.setIcon(
            icon("pause" if playing else "play", self._theme.text, self._theme.border)
        )
        self.play.setToolTip(name)
        self.play.setAccessibleName(name)

    def _words(self, shown: Evaluated | None) -> str:
        run = self._run
        if run is None or run.started is None or shown is None:
            return self._none_words(self.selection.of)
        return self.tr("epoch {epoch:.2f}, step {step:,}: {accuracy:.2f} %").format(
            epoch=run.epochs_at(shown.step),
            step=shown.step,
            accuracy=100 * shown.accuracy,
        )

    def _none_words(self, of: SetName) -> str:
        if self._run is None or of == "validation":
            return self.tr("No evaluation yet")
        if of == "test":
            return self.tr("The test set is used at the end")
        return self.tr("Training's answers come with each epoch")

    def _bound(self, evaluations: Evaluations | None) -> str:
        """Say how many evaluations there are to choose from."""
        words = self.tr("Go back to an earlier evaluation of this run; at the right end it is live")
        if not evaluations:
            return words
        kept = (
            self.tr("All {count:,} evaluations are kept.")
            if evaluations.every == 1
            else self.tr("{count:,} evaluations are kept: of the whole set every {every}th.")
        )
        return f"{words}\n{kept.format(count=len(evaluations), every=evaluations.every)}"

    def _set_up(self) -> None:
        self.play.setObjectName("small")
        self.play.setCheckable(True)
        self.play.setIconSize(QSize(16, 16))
        self.play.clicked.connect(self._toggle_play)
        self.slider.setAccessibleName(self.tr("Evaluation of the run"))
        self.slider.valueChanged.connect(self._moved)
        self.live.setObjectName("live")
        self.live.setCheckable(True)
        self.live.setText(self.tr("Live"))
        self.live.setToolTip(self.tr("Show the newest evaluation, and each one that comes"))
        self.live.clicked.connect(self._go_live)
        self.words.setObjectName("muted")
        self.words.setMinimumWidth(LONGEST)
        self.words.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Preferred)
        self.words.setText(self._none_words("validation"))
        for control in (self.play, self.slider, self.live):
            control.setEnabled(False)

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 0, MARGIN, SPACING // 2)
        row.addWidget(self.play)
        row.addWidget(self.slider, 1)
        row.addWidget(self.live)
        row.addWidget(self.words)
