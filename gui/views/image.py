"""One image large: what it is, what the network says of it and said before, and its like."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from engine.data.dataset import Dataset
from engine.training.events import Evaluated
from engine.training.history import Kind, Run
from gui.in_sight import WhenInSight
from gui.pictures import as_picture
from gui.selection import Selection
from gui.theme import MARGIN, SPACING, Theme
from gui.widgets.data.words import breakable, plain
from gui.widgets.empty_state import EmptyState
from gui.widgets.gallery.answers import origin_words, percent
from gui.widgets.large_picture import LargePicture
from gui.widgets.lens.nearest_images import NearestImages, Question
from gui.widgets.lens.prediction_strip import Answer, PredictionStrip, answers_to, place_of
from gui.widgets.lens.probability_bars import Bar, ProbabilityBars, bars_of, two_bars
from gui.widgets.scrolled import scrolled

SHOWN = frozenset[Kind]({"loading", "started", "evaluation", "end"})

ROOMY = 260  # pixels of height from which there is room for the least important words


class ImageView(QWidget):
    """The selected image in the evaluation that is looked at; a click on its course goes there."""

    def __init__(self, selection: Selection, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.selection = selection
        self.said, self.where, self.note = QLabel(), QLabel(), QLabel()
        self.picture = LargePicture()
        self.bars = ProbabilityBars()
        self.course = QLabel()
        self.strip = PredictionStrip()
        self.nearest = NearestImages()
        self.empty = EmptyState()
        self._run: Run | None = None
        self._sight = WhenInSight(self, self._show_now)
        self._image: tuple[object, ...] = ()  # what the picture and its like were shown for
        self._followed: tuple[object, ...] = ()  # what its course was collected for
        self._told: tuple[object, ...] = ()  # what the words and bars were shown for
        self._answers: tuple[Answer, ...] = ()
        self._lay_out()
        self.strip.step_chosen.connect(selection.select_step)
        for signal in (selection.set_changed, selection.step_changed, selection.image_changed):
            signal.connect(self._show_new)
        self._show_new()

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        """Show what the run now tells of the selected image, if it is another and can be seen."""
        if run is not self._run:
            self._run, self._image, self._followed, self._told = run, (), (), ()
        if kinds & SHOWN:
            self._show_new()

    def set_theme(self, theme: Theme) -> None:
        """Draw in the theme's colours."""
        for part in (self.picture, self.bars, self.strip, self.nearest):
            part.set_theme(theme)

    def resizeEvent(self, event: object) -> None:
        self._leave_room()

    def _leave_room(self) -> None:
        """Leave the least important words out where there is little room."""
        self.course.setVisible(bool(self._answers) and self.height() >= ROOMY)

    def _show_new(self) -> None:
        self._sight.draw()

    def _show_now(self) -> None:
        run, row = self._run, self.selection.image
        missing = self._missing()
        if missing or run is None or run.dataset is None or row is None:
            self._show_empty(missing)
            return
        self._stack.setCurrentIndex(1)
        self._show_image(run.dataset, row)
        self._show_answers(run, run.dataset, row)

    def _missing(self) -> str:
        """Say what there is to show and how to get it; "" where all of it is here."""
        run, row = self._run, self.selection.image
        if run is None:
            return self.tr(
                "Here you will see one image large, how sure the network is of each class, "
                "and what it said of the image before. Train, then choose an image in Mistakes."
            )
        if run.dataset is None:
            return self.tr("The images of this run are not loaded, so none can be shown.")
        if row is None:
            return self.tr("Choose a digit in Mistakes to see it large here.")
        if not 0 <= row < len(run.dataset.split(self.selection.of)):
            return self.tr("The chosen image is not among those of this run.")
        return ""

    def _show_empty(self, words: str) -> None:
        """Hold on to nothing, so that a run that has gone leaves no images behind."""
        self.empty.setText(words)
        self._stack.setCurrentIndex(0)
        self._image, self._followed, self._told, self._answers = (), (), (), ()
        self.nearest.ask(None)

    def _show_image(self, dataset: Dataset, row: int) -> None:
        """Show what stays the same whatever the network says."""
        split = dataset.split(self.selection.of)
        image = (split, row)
        if image == self._image:
            return
        self._image = image
        index = int(split.indices[row])
        origin = origin_words(self.selection.of, index, split.file(index))
        self.where.setText(breakable(origin))
        self.picture.show_picture(as_picture(split.images[row]), origin)
        own = row if split is dataset.train else None
        label = int(split.labels[row])
        names = dataset.class_names
        self.nearest.ask(Question(dataset.train, names, split.images[row], label, own))

    def _show_answers(self, run: Run, dataset: Dataset, row: int) -> None:
        """Show what the network says in the evaluation that is looked at, and its course."""
        of = self.selection.of
        evaluations = run.evaluations[of]
        looked_at = run.evaluation(of, self.selection.step)
        newest = (*self._image, _step_of(evaluations.newest))
        if newest != self._followed:  # a slider's moves change nothing of the course
            self._followed = newest
            self._answers = answers_to(evaluations, row)
        told = (*newest, _step_of(looked_at))
        if told == self._told:
            return
        self._told = told
        shown = last_until(self._answers, looked_at.step if looked_at else 0)
        found = None if shown is None else evaluations.at(self._answers[shown].step)
        names, label = dataset.class_names, int(dataset.split(of).labels[row])
        self._say(found, looked_at, row, names, label)
        self._show_course(names, shown)

    def _say(
        self,
        found: Evaluated | None,
        looked_at: Evaluated | None,
        row: int,
        names: Sequence[str],
        label: int,
    ) -> None:
        """Put one evaluation's answer into words and bars."""
        place = None if found is None else place_of(found, row)
        if found is None or place is None:
            self.said.setText(self.tr("It is {true}.").format(true=plain(names[label])))
            self._set_note(self.tr("No evaluation has contained this image yet."))
            self.bars.show_bars(())
            return
        predicted = int(found.predicted[place])
        self.said.setText(
            self._words(predicted == label, float(found.confidence[place])).format(
                true=plain(names[label]), predicted=plain(names[predicted])
            )
        )
        self.bars.show_bars(_bars(found, place, names))
        self._set_note(self._notes(found, looked_at, len(names)))

    def _words(self, right: bool, sureness: float) -> str:
        if isnan(sureness):
            return self.tr("It is {true}; the network says {predicted}, but gives no number.")
        words = (
            self.tr("It is {true}, as the network says, which gives it {percent}.")
            if right
            else self.tr("It is {true}; the network says {predicted} and gives it {percent}.")
        )
        together = percent(sureness).replace(" ", "\N{NO-BREAK SPACE}")  # % alone begins no line
        return words.replace("{percent}", together)

    def _notes(self, found: Evaluated, looked_at: Evaluated | None, classes: int) -> str:
        notes = []
        if looked_at is not None and found.step != looked_at.step:
            notes.append(
                self.tr(
                    "The evaluation after step {step:,} is of a sample without this image; "
                    "this is from step {found:,}."
                ).format(step=looked_at.step, found=found.step)
            )
        if found.probabilities is None and classes > len(self.bars.bars):
            notes.append(
                self.tr("Of this evaluation only the predicted and the true class are kept.")
            )
        elif classes > len(self.bars.bars):
            words = self.tr("The {shown} most probable of {classes} classes.")
            notes.append(words.format(shown=len(self.bars.bars), classes=classes))
        return " ".join(notes)

    def _show_course(self, names: tuple[str, ...], shown: int | None) -> None:
        answers = self._answers
        right = sum(answer.right for answer in answers)
        words = self.tr("Right in {right} of {count} evaluations")
        self.course.setText(words.format(right=right, count=len(answers)))
        self._leave_room()
        self.strip.setVisible(bool(answers))
        self.strip.show_answers(answers, names, shown)

    def _set_note(self, words: str) -> None:
        self.note.setText(words)
        self.note.setVisible(bool(words))

    def _lay_out(self) -> None:
        for label, name in (
            (self.said, "heading"),
            (self.where, "muted"),
            (self.note, "muted"),
            (self.course, "muted"),
        ):
            label.setObjectName(name)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        middle = QHBoxLayout()
        middle.setSpacing(2 * SPACING)
        middle.addWidget(self.picture, 2)
        middle.addWidget(self.bars, 3)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(MARGIN, SPACING, MARGIN, SPACING)
        column.setSpacing(SPACING // 2)
        column.addWidget(self.said)
        column.addWidget(self.where)
        column.addLayout(middle, 1)
        for widget in (self.note, self.course, self.strip, self.nearest):
            column.addWidget(widget)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.empty)
        self.scrolled = scrolled(content)
        bar = self.scrolled.verticalScrollBar().sizeHint().width()
        self.scrolled.setMinimumWidth(content.minimumSizeHint().width() + bar)
        self._stack.addWidget(self.scrolled)


def last_until(answers: Sequence[Answer], step: int) -> int | None:
    """Find the last answer after at most so many steps; the first where all are later."""
    if not answers:
        return None
    return max((place for place, one in enumerate(answers) if one.step <= step), default=0)


def _step_of(evaluation: Evaluated | None) -> int | None:
    return None if evaluation is None else evaluation.step


def _bars(evaluation: Evaluated, place: int, names: Sequence[str]) -> tuple[Bar, ...]:
    true, predicted = int(evaluation.labels[place]), int(evaluation.predicted[place])
    if evaluation.probabilities is not None:
        return bars_of(names, evaluation.probabilities[place], true, predicted)
    sureness = float(evaluation.confidence[place])
    return two_bars(names, true, predicted, float(evaluation.true_probability[place]), sureness)
