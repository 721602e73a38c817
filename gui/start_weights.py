"""The weights that the next training starts from: chosen, told of, used once or removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QWidget

from engine.problems import ProblemError
from engine.store.runs import runs_folder
from gui.document import Document
from gui.widgets.weights.pending_strip import PendingStrip

if TYPE_CHECKING:
    from engine.store.weights import Weights
    from engine.training.warm_start import Fit, WarmStart
    from gui.widgets.weights.start_dialog import Choice, StartDialog

SETTLED_MILLISECONDS = 150  # after an edit; a spin box that is held down edits many times


class StartWeights(QObject):
    """Holds the chosen weights; the strip says of them what the project of the moment takes."""

    layer_wanted = Signal(str)  # one that the person looks at in the dialog

    def __init__(self, window: QWidget, document: Document) -> None:
        super().__init__(window)
        self._window, self._document = window, document
        self._pending: Weights | None = None
        self._choice: Choice | None = None
        self.strip = PendingStrip()
        self.strip.show_wanted.connect(self.choose)
        self.strip.removed.connect(self.remove)
        self._settled = QTimer(self)
        self._settled.setSingleShot(True)
        self._settled.setInterval(SETTLED_MILLISECONDS)
        self._settled.timeout.connect(self._look_again)
        document.changed.connect(lambda _: self._pending and self._settled.start())

    @property
    def pending(self) -> Weights | None:
        """What the next training starts from, as far as it fits."""
        return self._pending

    def choose(self) -> StartDialog:
        """Let the person choose weights, and see what is taken of them."""
        from gui.widgets.weights.start_dialog import StartDialog

        dialog = StartDialog(self._document.project, runs_folder(), self._choice, self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.table.layer_chosen.connect(self.layer_wanted)
        dialog.accepted.connect(lambda: self._take(dialog))
        dialog.open()
        return dialog

    def remove(self) -> None:
        """Let the next training start from its seed alone."""
        self._pending = self._choice = None
        self._settled.stop()
        self.strip.say("")

    def used(self) -> WarmStart | None:
        """Give what a training of the project starts from, for this once.

        Raises:
            ProblemError: nothing fits the project any more; the weights stay chosen.
        """
        if self._pending is None:
            return None
        from engine.training.warm_start import warm_start

        start = warm_start(self._document.project, self._pending)
        self.remove()
        return start

    def _take(self, dialog: StartDialog) -> None:
        if dialog.weights is not None and dialog.fit is not None:
            self._pending, self._choice = dialog.weights, dialog.choice
            self._say(dialog.fit)

    def _look_again(self) -> None:
        """See what an edited project takes; one with problems may yet become sound."""
        if self._pending is None:
            return
        from engine.training.warm_start import fit

        try:
            self._say(fit(self._document.project, self._pending))
        except ProblemError:
            self._say(None)

    def _say(self, fit: Fit | None) -> None:
        assert self._pending is not None
        name = self._pending.name
        if fit is None:
            sentence = self.tr("The next training starts from “{name}”, as far as it fits.")
            self.strip.say(sentence.format(name=name))
            return
        sentence = self.tr(
            "The next training starts from “{name}”: {taken} of {count} layers take its weights."
        )
        self.strip.say(sentence.format(name=name, taken=len(fit.taken), count=len(fit.layers)))
