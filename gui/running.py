"""What the person does with a training and its runs: start, pause, step, change, go on, go back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QAction, QDesktopServices
from PySide6.QtWidgets import QWidget

from engine.places import data_folder
from engine.problems import Mend, ProblemError
from engine.project.project import Project
from engine.project.sources import KnownSource
from engine.store.run_list import title_of
from engine.store.runs import runs_folder
from engine.store.weights import kept_weights
from engine.training.events import Diverged, Failed, Finished
from engine.training.history import Kind, Run
from gui.actions import tooltip
from gui.background import Task
from gui.document import Document
from gui.keep_weights import WeightsKeeper
from gui.open_run import RunOpener
from gui.selection import Selection
from gui.session import Session, State
from gui.start_weights import StartWeights
from gui.verify_run import RunVerifier
from gui.widgets.banner import Banner

if TYPE_CHECKING:
    from engine.store.run_list import RunSummary
    from engine.training.resume import Continuation
    from engine.training.verify import Verdict
    from engine.training.warm_start import WarmStart
    from gui.theme import Theme
    from gui.views.rewind import RewindView
    from gui.views.runs import RunsView

REWIND_SIZE = QSize(560, 190)
STEPS = 10  # of one click on "Step ten"
KEYS = ("pause", "stop", "quit")  # commands whose shortcuts work in the other windows, too
OVER = ("completed", "early")  # ends after which nothing is left to be done


class Running(QObject):
    """Carries out the commands of the menus Training and Runs, and says which of them can be."""

    data_wanted = Signal()  # the images are missing
    compared = Signal(object, str)  # Run or None: what a branch comes from, and its name

    def __init__(
        self,
        window: QWidget,
        document: Document,
        session: Session,
        selection: Selection,
        banner: Banner,
        actions: Mapping[str, QAction],
        ask_to_save: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self.window, self.document, self.session = window, document, session
        self.selection, self.banner, self.actions = selection, banner, actions
        self._ask_to_save = ask_to_save
        self.opener, self.verifier = RunOpener(window), RunVerifier(window)
        self.start_weights = StartWeights(window, document)
        self.keeper = WeightsKeeper(window, banner)
        for part in (banner, self.start_weights):
            part.layer_wanted.connect(self._select)
        self._runs: RunsView | None = None
        self._rewind: RewindView | None = None
        self._theme: Theme | None = None
        self.opener.ready.connect(self._go_on)
        self.opener.refused.connect(banner.say)
        self.verifier.verified.connect(self._show_verdict)
        self.verifier.refused.connect(banner.say)
        session.state_changed.connect(lambda _: self.show_state())
        session.run_changed.connect(self._show_run)
        document.changed.connect(lambda _: self.show_state())
        for name, handler in {
            "start_weights": self.start_weights.choose,
            "save_weights": lambda: self._with_folder(self.keeper.save),
            "export_onnx": lambda: self._with_folder(self.keeper.export),
            "train": self.train,
            "pause": self.pause_or_run_on,
            "step": lambda: self.step(1),
            "step_ten": lambda: self.step(STEPS),
            "stop": session.stop,
            "runs": self.show_runs,
            "rewind": self.show_rewind,
            "resume": self.resume_shown,
            "verify": self.verify_shown,
            "runs_folder": self.show_folder,
        }.items():
            actions[name].triggered.connect(lambda _=False, handler=handler: handler())

    # ---- the commands

    def train(self, steps: int | None = None) -> None:
        """Train the project, or take so many steps of it; where its images are missing, get them
        first.
        """
        from engine.data.load import found  # brings what reads files, which the start needs not

        source = self.document.project.data.source
        if isinstance(source, KnownSource) and not found(source, data_folder()):
            self.data_wanted.emit()
            return
        try:
            start = self.start_weights.used()
        except ProblemError as error:
            self.banner.say(str(error))
            return
        self.banner.hide()
        self.selection.clear()
        self.compared.emit(None, "")
        self.session.start(self.document.project, steps=steps, start=start)
        if start is not None:
            self.banner.say(self._started_from(start), error=False)

    def _started_from(self, start: WarmStart) -> str:
        return self.tr("This training started from the weights of “{name}”.").format(
            name=start.source
        )

    def _with_folder(self, act: Callable[[Path], None]) -> None:
        if self.session.folder is not None:
            act(self.session.folder)

    def pause_or_run_on(self) -> None:
        """Let the training wait, or go on."""
        if self.session.state in (State.PAUSING, State.PAUSED):
            self.session.run_on()
        else:
            self.session.pause()

    def step(self, count: int) -> None:
        """Take so many batches, and wait; a training begins with them where none is under way."""
        if self.session.state.busy:
            self.session.step(count)
        elif self.actions["train"].isEnabled():
            self.train(count)

    def change(self, field: str, value: float) -> None:
        """Give a field of the running project another value."""
        self.session.change(field, value)

    def resume_shown(self) -> None:
        """Go on with the run that is shown."""
        if self.session.folder is not None:
            self.resume(self.session.folder)

    def resume(self, folder: Path) -> None:
        """Go on with a run where its newest checkpoint stands."""
        if not self._refuse_while_busy():
            self.opener.resume(folder)

    def branch(self, step: int) -> None:
        """Go on from an earlier moment of the run that is shown, with the project as it is now."""
        if self.session.folder is not None and not self._refuse_while_busy():
            self.opener.branch(self.session.folder, step, self.document.project)

    def verify_shown(self) -> None:
        """Train the run that is shown again, and compare."""
        if self.session.folder is not None:
            self.verify(self.session.folder)

    def verify(self, folder: Path) -> None:
        """Train a run again, and compare."""
        if not self._refuse_while_busy():
            self.verifier.verify(folder, data_folder())

    def show_folder(self) -> None:
        """Show the newest run's folder in the system's file manager."""
        if self.session.folder is not None:
            open_folder(self.session.folder)

    def show_runs(self) -> None:
        """Open the window with all runs, or bring it to the front."""
        from gui.views.runs import RunsView

        if self._runs is None:
            self._runs = RunsView(runs_folder(), self.window)
            self._runs.open_wanted.connect(lambda path: self.opener.open(path, data_folder()))
            self._runs.resume_wanted.connect(self.resume)
            self._runs.verify_wanted.connect(self.verify)
            self._runs.folder_wanted.connect(open_folder)
            for wanted in (self._runs.open_wanted, self._runs.resume_wanted):
                wanted.connect(lambda _: self._to_front())  # the list would hide what it shows
            self._runs.addActions([self.actions[name] for name in KEYS])
            if self._theme is not None:
                self._runs.set_theme(self._theme)
        self._runs.show_own(self.session.folder if self.session.state.busy else None)
        if self._runs.isVisible():
            self._runs.show_changed()  # another program may have ended one meanwhile
        self._runs.show()
        self._runs.raise_()
        self._runs.activateWindow()

    def _to_front(self) -> None:
        """Bring the main window before the list of runs."""
        self.window.raise_()
        self.window.activateWindow()

    def show_rewind(self) -> None:
        """Open the window with the checkpoints of the run that is shown."""
        from gui.views.rewind import RewindView

        if self._rewind is None:
            self._rewind = RewindView(self.window)
            self._rewind.setWindowFlag(Qt.WindowType.Dialog)
            self._rewind.setWindowTitle(self.tr("Go back"))
            self._rewind.resize(REWIND_SIZE)
            self._rewind.branch_wanted.connect(self.branch)
            self._rewind.addActions([self.actions[name] for name in KEYS])
            self._rewind.step_looked_at.connect(self.selection.select_step)
            self.document.changed.connect(self._rewind.show_project)
        self._rewind.show()
        self._show_rewindable()
        self._rewind.raise_()
        self._rewind.activateWindow()

    def _show_rewindable(self) -> None:
        """Tell the window of checkpoints, while it is open, what run is shown, and whether it can
        be branched.
        """
        if self._rewind is not None and self._rewind.isVisible():
            self._rewind.show_project(self.document.project)
            self._rewind.set_busy(self.session.state.busy)
            self._rewind.show_run_folder(self.session.folder, self.session.run)

    def look_for_cut_off(self) -> None:
        """Offer to go on with the newest run, if a kill or a crash has cut it off."""
        folder = runs_folder()
        looking = Task(lambda _: newest_cut_off(folder), self)
        looking.done.connect(self._offer_to_go_on)
        looking.start()

    def _offer_to_go_on(self, run: RunSummary | None) -> None:
        if run is None or self.session.state.busy:
            return
        words = self.tr(
            "The training of “{name}” was cut off in epoch {epoch} of {epochs}. It can go on where "
            "it was: now, or another day by “Continue” in the list of runs."
        ).format(name=run.name, epoch=run.epochs_done + 1, epochs=run.epochs or "?")
        self.banner.say(
            words,
            error=False,
            offers=[
                (self.tr("Go on"), lambda: self.resume(run.folder)),
                (self.tr("Look at it"), lambda: self.opener.open(run.folder, data_folder())),
            ],
        )

    # ---- what follows

    def set_theme(self, theme: Theme) -> None:
        """Draw the window of runs in the theme's colours."""
        self._theme = theme
        if self._runs is not None:
            self._runs.set_theme(theme)

    def close(self) -> None:
        """End what is under way, as the window closes."""
        self.session.close()
        self.opener.close()
        self.verifier.close()
        self.keeper.close()
        for part in (self._runs, self._rewind):
            if part is not None:
                part.close()

    def show_state(self) -> None:
        """Enable what can be done now; the tooltips say why the rest can't."""
        state, run = self.session.state, self.session.run
        waits = state in (State.PAUSING, State.PAUSED)
        moving = state.busy and state is not State.STOPPING
        problems = self.document.problems
        self._show_trainable()
        actions = self.actions
        actions["stop"].setEnabled(moving)
        actions["pause"].setEnabled(moving)
        pause = self.tr("Go on") if waits else self.tr("Pause")
        actions["pause"].setText(pause)
        actions["pause"].setToolTip(tooltip(actions["pause"], pause))
        for name in ("step", "step_ten"):
            actions[name].setEnabled(moving or (not state.busy and not problems))
        actions["open_run"].setEnabled(not state.busy)
        folder = self.session.folder  # made with the first step
        kept = folder is not None and folder.is_dir()
        actions["runs_folder"].setEnabled(kept)
        actions["verify"].setEnabled(kept and not state.busy)
        learned = folder is not None and bool(kept_weights(folder))
        actions["save_weights"].setEnabled(learned)
        actions["export_onnx"].setEnabled(learned and not state.busy)
        over = run is not None and isinstance(run.end, Finished) and run.end.reason in OVER
        actions["resume"].setEnabled(kept and not state.busy and not over)
        if self._runs is not None:
            self._runs.show_own(folder if state.busy else None)
            self._runs.show_changed()
        actions["rewind"].setEnabled(kept)
        self._show_rewindable()

    def _show_trainable(self) -> None:
        """Enable Train, or let its tooltip say what stands in the way."""
        train = self.actions["train"]
        problems, busy = self.document.problems, self.session.state.busy
        train.setEnabled(not problems and not busy)
        why = self.tr("Train the network")
        if problems:
            why = str(problems[0])
        elif busy:
            why = self.tr("A training is running; stop it first")
        train.setToolTip(tooltip(train, why))

    def _refuse_while_busy(self) -> bool:
        if self.session.state.busy:
            self.banner.say(self.tr("A training is running; stop it first."), error=False)
        return self.session.state.busy

    def _go_on(self, going_on: Continuation) -> None:
        if not going_on.is_new and not self._open_project(going_on.run.current):
            going_on.give_up()
            return
        self.banner.hide()
        self.selection.clear()
        self.compared.emit(None, "")
        for note in going_on.notes:
            self.banner.say(note, error=False)
        if going_on.is_new:
            parent = self.session.folder  # a branch is made of the run that is shown
            self.compared.emit(self.session.run, title_of(parent) if parent else "")
            if self._rewind is not None:
                self._rewind.close()  # it would hide what the branch does
        self.session.go_on(going_on)

    def _open_project(self, project: Project) -> bool:
        """Show the project of a run, unless it is shown; tell whether the person agrees."""
        if project == self.document.project:
            return True
        if not self._ask_to_save():
            return False
        self.document.replace(project, None)
        return True

    def _show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        if "warning" in kinds and run.warnings:
            self.banner.say(run.warnings[-1], error=False)
        if "end" in kinds and isinstance(run.end, Failed):
            self.banner.say(run.end.message, run.end.details)
        if "end" in kinds and run.diverged is not None:
            self._show_diverged(run, run.diverged)

    def _show_diverged(self, run: Run, diverged: Diverged) -> None:
        """Say what went wrong, and offer what mends it as an edit that can be undone."""
        from engine.training.guard import mends

        self.banner.say(
            diverged.message,
            layer="" if diverged.layer == "output" else diverged.layer,
            offers=[
                (mend.title, partial(self._mend, mend))
                for mend in mends(diverged.cause, run.current)
            ],
        )

    def _mend(self, mend: Mend) -> None:
        self.document.edit(mend.title, mend.apply(self.document.project))

    def _select(self, layer: str) -> None:
        self.selection.select_named(layer, self.document.project)

    def _show_verdict(self, folder: Path, verdict: Verdict) -> None:
        """Say whether a run could be repeated; notes are for whoever copies the details."""
        words = self.tr("“{run}”: {verdict}").format(run=folder.name, verdict=verdict.words)
        notes = "\n".join(map(str, verdict.notes))
        self.banner.say(words, notes, error=not verdict.equal)


def newest_cut_off(folder: Path) -> RunSummary | None:
    """Find the newest run, if nobody writes to it and its log has no end."""
    from engine.store.run_list import folders_in, read_summary

    for newest in sorted(folders_in(folder), key=lambda path: path.name, reverse=True)[:1]:
        run = read_summary(newest)
        return run if run is not None and run.state == "crashed" else None
    return None


def open_folder(folder: Path) -> None:
    """Show a folder in the system's file manager."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
