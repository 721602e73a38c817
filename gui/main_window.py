"""The main window places the views and hands commands on; it holds no logic of its own."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QMainWindow,
    QMenu,
    QMessageBox,
    QSizePolicy,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.places import data_folder
from engine.problems import ProblemError
from engine.project.presets import FIRST, preset
from engine.store.projects import SUFFIX
from engine.store.runs import runs_folder
from engine.store.weights import SUFFIX as WEIGHTS
from engine.training.history import Kind, Run
from gui.actions import COMMANDS, make_actions, tooltip
from gui.arrangement import Arrangement
from gui.document import Document
from gui.icons import icon
from gui.open_run import Opened
from gui.running import Running
from gui.save_names import ask_for_name
from gui.selection import Selection
from gui.session import Session, State
from gui.settings_file import SettingsFile
from gui.theme import MARGIN, SPACING, THEMES, Theme, palette, stylesheet
from gui.views.code import CodeView
from gui.views.confusion import ConfusionView
from gui.views.diagram import DiagramView
from gui.views.image import ImageView
from gui.views.learning import LearningView
from gui.views.mistakes import MistakesView
from gui.views.network import NetworkView
from gui.views.palette import PaletteView
from gui.views.per_class import PerClassView
from gui.views.rows import RowsView
from gui.views.settings import SettingsView
from gui.views.status import StatusView
from gui.views.step import StepView
from gui.views.timeline import TimelineView
from gui.widgets.banner import Banner
from gui.widgets.no_curves import NoCurves
from gui.widgets.settled import Settled

if TYPE_CHECKING:
    from gui.views.browser import DataBrowser
    from gui.views.curves import CurvesView

LEAST_CURVES = QSize(545, 147)  # about what they need: a small window must not grow by them later
TOOLBAR = (
    *("new", "open", "save", "", "undo", "redo", "", "data", ""),
    *("train", "pause", "step", "stop", ""),
)
TITLED = ("data", "train", "pause")  # on the toolbar with their words
LAYER_COMMANDS = (
    "cut",
    "copy",
    "paste",
    "duplicate",
    "delete",
    "select_all",
    "move_up",
    "move_down",
    "wrap",
    "wrap_parallel",
    "unwrap",
)


class RunView(Protocol):
    """A view of what a run has told."""

    def show_run(self, run: Run, kinds: frozenset[Kind]) -> None: ...

    def set_theme(self, theme: Theme) -> None: ...


class MainWindow(QMainWindow):
    """All views of the main loop around one document and one session."""

    def __init__(
        self, document: Document, session: Session, selection: Selection, settings: SettingsFile
    ) -> None:
        super().__init__()
        self.document, self.session, self.settings = document, session, settings
        self.selection = selection
        self.setObjectName("main")
        self.setAcceptDrops(True)
        self.actions_by_name = make_actions(self)
        self.palette_view = PaletteView()
        self.network = NetworkView(document, selection)
        self.training = SettingsView(document)
        self.confusion = ConfusionView(selection)
        self.per_class = PerClassView(selection)
        self.mistakes = MistakesView(selection)
        self.image = ImageView(selection)
        self.rows = RowsView(selection, lambda: session.folder)
        self.learning = LearningView(selection)
        self.timeline = TimelineView(selection)
        self.status = StatusView()
        self.banner = Banner()
        self.step = StepView(document, selection)
        self.code = CodeView(document, selection)
        self.diagram = DiagramView(document, selection)
        self.running = Running(
            self, document, session, selection, self.banner, self.actions_by_name, self.ask_to_save
        )
        self.arrangement = Arrangement(self, settings)
        self._curves: CurvesView | None = None
        self._browser: DataBrowser | None = None
        self._place_views()
        self._connect()
        self._make_toolbar()
        self._make_menus()
        self.use_theme(settings.theme)
        self.arrangement.restore()
        self._show_document()
        self._show_undo()
        self._show_state(session.state)
        self.running.show_state()
        self.network.column.setFocus()  # not the palette's search, which would take shortcuts

    @property
    def curves(self) -> CurvesView:
        """The curves. They are made when they are first asked for: what draws them takes as long
        to load as everything else that the window shows.
        """
        if self._curves is None:
            from gui.views.curves import CurvesView

            self._curves = CurvesView(self.selection)
            self._curves.set_theme(self._theme)
            self._curves.zoomed.connect(self.learning.show_range)
            self._centre.replaceWidget(self._no_curves, self._curves)
            self._no_curves.deleteLater()
            self._show_busy()
        return self._curves

    def ask_to_save(self) -> bool:
        """Ask what to do with unsaved changes; tell whether to go on."""
        if not self.document.modified:
            return True
        button = QMessageBox.StandardButton
        answer = QMessageBox.question(
            self,
            self.tr("Save changes?"),
            escape(
                self.tr("“{name}” has changes that are not saved.").format(name=self.document.name)
            ),
            button.Save | button.Discard | button.Cancel,
            button.Save,
        )
        if answer == button.Save:
            return self.save()
        return answer == button.Discard

    def new(self) -> None:
        """Start with the first lesson."""
        if self.ask_to_save():
            self.document.replace(preset(FIRST), None)

    def choose_and_open(self) -> None:
        """Ask for a project file and open it."""
        folder = str(self.document.path.parent) if self.document.path else ""
        path, _ = QFileDialog.getOpenFileName(
            self, self.tr("Open a project"), folder, self._opened_kinds()
        )
        if path:
            self._open_asking(Path(path))

    def open_path(self, path: Path) -> None:
        """Open a project file; where that fails, say why and keep what is open."""
        try:
            self.document.open(path)
        except ProblemError as error:
            self.banner.say(str(error))
        else:
            self.banner.hide()
            self.settings.remember(path)

    def choose_and_open_run(self) -> None:
        """Ask for the folder of a run and open it."""
        start = runs_folder()
        folder = QFileDialog.getExistingDirectory(
            self, self.tr("Open the folder of a run"), str(start if start.is_dir() else "")
        )
        if folder:
            self.running.opener.open(Path(folder), data_folder())

    def save(self) -> bool:
        """Save under the project's name, or ask for one; tell whether it is saved."""
        return self._save(self.document.path) if self.document.path else self.save_as()

    def save_as(self) -> bool:
        """Ask for a name and save; tell whether it is saved."""
        start = self.document.path or Path.home() / f"{self.document.name}{SUFFIX}"
        kinds = dict(zip(self._file_kinds().split(";;"), (SUFFIX, ".json"), strict=True))
        chosen = ask_for_name(self, self.tr("Save the project"), start, kinds)
        return chosen is not None and self._save(chosen[0])

    def choose_data(self) -> None:
        """Open the dialog that chooses, fetches and looks at images."""
        from gui.views.data import DataDialog  # brings network code, which the start needs not

        dialog = DataDialog(self.document, data_folder(), self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.set_theme(self._theme)
        dialog.open()

    def browse_data(self) -> None:
        """Open the window in which all images can be looked at, or bring it to the front."""
        from gui.views.browser import DataBrowser  # brings what reads files

        if self._browser is None:
            self._browser = DataBrowser(self.document, data_folder(), self)
            self._browser.data_wanted.connect(self.choose_data)
            self._browser.set_theme(self._theme)
        self._browser.show()
        self._browser.raise_()
        self._browser.activateWindow()

    def about(self) -> None:
        """Say what this program is."""
        from importlib.metadata import version

        QMessageBox.about(
            self,
            self.tr("About Layerscope"),
            self.tr(
                "Layerscope {version}\n\nBuild a neural network by clicking, watch it train, and "
                "look at every digit it gets wrong."
            ).format(version=version("layerscope")),
        )

    def use_theme(self, name: str) -> None:
        """Show everything light, dark, or as the system does."""
        self.settings.theme = name
        if name not in THEMES:
            dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
            name = "dark" if dark else "light"
        self._theme = THEMES[name]
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.setPalette(palette(self._theme))
        if app.styleSheet() != stylesheet(self._theme):  # polishing every widget takes 0.4 s
            app.setStyleSheet(stylesheet(self._theme))
        for view in (self.palette_view, self.network, self.banner, self._curves, self._browser):
            if view is not None:
                view.set_theme(self._theme)
        self.code.set_theme(self._theme)
        self.diagram.set_theme(self._theme)
        for run_view in self._run_views():
            run_view.set_theme(self._theme)
        self.running.set_theme(self._theme)
        self._draw_icons(self._theme)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._may_stop_training() or not self.ask_to_save():
            event.ignore()
            return
        self.running.close()
        self.training.augmentation_preview.let_go()
        self.mistakes.exporter.working.close_task()
        self.code.let_go()
        self.rows.let_go()
        if self._browser is not None:
            self._browser.close()
        self.arrangement.keep()
        self.settings.sync()
        event.accept()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        path = _dropped_file(event)
        if path is not None:
            self._open_asking(path)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ThemeChange and self.settings.theme not in THEMES:
            self.use_theme("system")

    def _open_asking(self, path: Path) -> None:
        if self.ask_to_save():
            self.open_path(path)

    def _save(self, path: Path) -> bool:
        try:
            self.document.save(path)
        except ProblemError as error:
            self.banner.say(str(error))
            return False
        self.settings.remember(path)
        return True

    def _may_stop_training(self) -> bool:
        if not self.session.state.busy:
            return True
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Question)
        waits = self.session.state is State.PAUSED
        box.setWindowTitle(
            self.tr("A training is paused") if waits else self.tr("A training is running")
        )
        box.setText(self.tr("Stop the training and quit? What it has learned so far is kept."))
        stop = box.addButton(self.tr("Stop and quit"), QMessageBox.ButtonRole.AcceptRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.exec()
        answer = box.clickedButton()
        box.deleteLater()
        return answer is stop

    def _place_views(self) -> None:
        centre = QWidget()
        self._centre = QVBoxLayout(centre)
        self._centre.setContentsMargins(0, 0, 0, 0)
        self._centre.setSpacing(0)
        self._no_curves = _panel(NoCurves())
        self._no_curves.setMinimumSize(LEAST_CURVES)
        self._centre.addWidget(self.banner)
        self._centre.addWidget(self.running.start_weights.strip)
        self._centre.addWidget(self._no_curves, 1)
        self._centre.addWidget(self.timeline)
        self.setCentralWidget(Settled(centre))
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, SPACING, 0, 0)
        palette_margin = QWidget()
        inner = QVBoxLayout(palette_margin)
        inner.setContentsMargins(MARGIN, 0, MARGIN, 0)
        inner.addWidget(self.palette_view)
        column.addWidget(palette_margin)
        column.addWidget(self.network, 1)
        self.arrangement.place(
            {
                "network": left,
                "diagram": self.diagram,
                "training": self.training,
                "confusion": self.confusion,
                "per_class": self.per_class,
                "mistakes": self.mistakes,
                "image": self.image,
                "rows": self.rows,
                "learning": self.learning,
                "step": self.step,
                "code": self.code,
            }
        )

    def _connect(self) -> None:
        self.palette_view.chosen.connect(self.network.add)
        self.network.data_wanted.connect(self.choose_data)
        self.network.refused.connect(self.banner.say)
        self.diagram.refused.connect(self.banner.say)
        self.document.changed.connect(self._show_document)
        self.document.renamed.connect(self._show_document)
        self.document.undo_stack.indexChanged.connect(self._show_undo)
        self.session.state_changed.connect(self._show_state)
        self.session.run_changed.connect(self._show_run)
        self.running.opener.opened.connect(self._show_opened)
        self.running.data_wanted.connect(self.choose_data)
        self.running.compared.connect(lambda run, name: self.curves.compare(run, name))
        self.training.change_wanted.connect(self.running.change)
        self.step.step_wanted.connect(self.running.step)
        self.step.run_on_wanted.connect(self.session.run_on)
        self.mistakes.refused.connect(self.banner.say)
        self.mistakes.opened.connect(lambda _: self.arrangement.show("image"))
        self.confusion.refused.connect(self.banner.say)
        handlers: dict[str, Callable[[], object]] = {
            "new": self.new,
            "open": self.choose_and_open,
            "open_run": self.choose_and_open_run,
            "save": self.save,
            "save_as": self.save_as,
            "quit": self.close,
            "undo": self.document.undo_stack.undo,
            "redo": self.document.undo_stack.redo,
            "data": self.choose_data,
            "browse": self.browse_data,
            "code": self.show_code,
            "about": self.about,
        }
        for name, handler in handlers.items():
            self.actions_by_name[name].triggered.connect(lambda _=False, handler=handler: handler())
        for name in LAYER_COMMANDS:
            action = self.actions_by_name[name]
            # Elsewhere these keys are the field's, the table's or the gallery's own.
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            self.network.column.addAction(action)
            action.triggered.connect(lambda _=False, name=name: self.network.run_command(name))
        self.selection.layers_changed.connect(lambda _: self._show_layer_commands())

    def _make_toolbar(self) -> None:
        bar = QToolBar(self.tr("Main"))
        bar.setObjectName("toolbar")
        bar.setMovable(False)
        bar.setIconSize(QSize(18, 18))
        self.addToolBar(bar)
        for name in TOOLBAR:
            if not name:
                bar.addSeparator()
                continue
            bar.addAction(self.actions_by_name[name])
            button = bar.widgetForAction(self.actions_by_name[name])
            button.setObjectName(name)
            if isinstance(button, QToolButton) and name in TITLED:
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.status.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(Settled(self.status))
        bar.toggleViewAction().setVisible(False)

    def _make_menus(self) -> None:
        menus: dict[str, QMenu] = {}
        for command in COMMANDS:
            menu = menus.get(command.menu)
            if menu is None:
                menu = menus[command.menu] = self.menuBar().addMenu(self.tr(command.menu))
            if command.separator:
                menu.addSeparator()
            menu.addAction(self.actions_by_name[command.name])
            if command.name not in LAYER_COMMANDS:
                self.addAction(self.actions_by_name[command.name])
            if command.name == "open":
                self._recent = menu.addMenu(self.tr("Open &recent"))
                self._recent.aboutToShow.connect(self._fill_recent)
        self.menuBar().insertMenu(menus["&Help"].menuAction(), self._view_menu())

    def _view_menu(self) -> QMenu:
        menu = QMenu(self.tr("&View"), self)
        menu.addActions(self.arrangement.actions())
        menu.addAction(self.tr("&Arrange as at first"), self.arrangement.put_back)
        menu.addSeparator()
        group = QActionGroup(self)
        for name, title in (
            ("system", self.tr("As the system")),
            ("light", self.tr("Light")),
            ("dark", self.tr("Dark")),
        ):
            action = QAction(title, group, checkable=True, checked=self.settings.theme == name)
            action.triggered.connect(lambda _=False, name=name: self.use_theme(name))
            menu.addAction(action)
        return menu

    def _fill_recent(self) -> None:
        self._recent.clear()
        for path in self.settings.recent:
            action = self._recent.addAction(str(path).replace("&", "&&"))
            action.triggered.connect(lambda _=False, path=path: self._open_asking(path))
        if self._recent.isEmpty():
            self._recent.addAction(self.tr("Nothing yet")).setEnabled(False)

    def _draw_icons(self, theme: Theme) -> None:
        for command in COMMANDS:
            if command.icon:
                color = {"train": theme.accent_text, "stop": theme.danger}.get(
                    command.name, theme.text
                )
                self.actions_by_name[command.name].setIcon(
                    icon(
                        command.icon,
                        color,
                        theme.border if command.name != "train" else theme.muted,
                    )
                )

    def _show_document(self) -> None:
        """Show name and state of the project in the title, and what can be done now."""
        self.setWindowTitle(f"{self.document.name}[*] – Layerscope")
        self.setWindowModified(self.document.modified)
        source = self.document.project.data.source
        self.actions_by_name["data"].setIconText(  # on the toolbar; the menu keeps the command
            self.tr("{title}  {count:,}").format(title=source.title, count=source.train_size)
        )
        self._show_edited()
        self._show_layer_commands()

    def _show_layer_commands(self) -> None:
        """Offer what can be done with the selected layers."""
        for name in LAYER_COMMANDS:
            self.actions_by_name[name].setEnabled(self.network.can(name))

    def _show_undo(self) -> None:
        """Offer undo and redo; only once the stack has moved does it know what it can do."""
        stack = self.document.undo_stack
        for name, able, text in (
            ("undo", stack.canUndo(), stack.undoText()),
            ("redo", stack.canRedo(), stack.redoText()),
        ):
            action = self.actions_by_name[name]
            action.setEnabled(able)
            word = self.tr("Undo") if name == "undo" else self.tr("Redo")
            action.setToolTip(tooltip(action, f"{word}: {text}" if text else word))

    def _show_state(self, state: State) -> None:
        self.status.show_state(state)
        self.step.set_paused(state is State.PAUSED)
        self._show_busy()
        self._show_edited()

    def _show_busy(self) -> None:
        for empty in self.findChildren(NoCurves):
            empty.show_busy(self.session.state.busy)

    def _show_edited(self) -> None:
        """Say so where the project has moved on from the run that is under way."""
        run = self.session.run
        current = run.current if run is not None and self.session.state.busy else None
        self.status.show_edited(current is not None and current != self.document.project)
        self.training.show_running(current)

    def _show_run(self, run: Run, kinds: frozenset[Kind]) -> None:
        self.curves.show_run(run, kinds)
        self.status.show_run(run, kinds)
        for view in self._run_views():
            view.show_run(run, kinds)
        if "change" in kinds:
            self._show_edited()
        if "loading" in kinds and run.dataset is not None:
            self.training.show_images(run)
        if "step" in kinds and run.stepped is not None:
            self.arrangement.show("step")

    def _run_views(self) -> tuple[RunView, ...]:
        return (
            self.timeline,
            self.confusion,
            self.per_class,
            self.mistakes,
            self.image,
            self.rows,
            self.learning,
            self.step,
        )

    def _show_opened(self, opened: Opened) -> None:
        """Show a run that was read, and open its project, so that it can be trained again."""
        if self.session.state.busy:
            self.banner.say(
                self.tr("A training began meanwhile. Open the run again when it is over.")
            )
            return
        if not self.ask_to_save():
            return
        self.banner.hide()
        self.selection.clear()
        self.document.replace(opened.run.project, None)
        self.session.show(opened.run, opened.folder)
        if opened.missing:
            self.banner.say(
                self.tr("The run's images are not shown. {why}").format(why=opened.missing),
                error=False,
            )

    def show_code(self) -> None:
        """Show the scripts, or bring them to the front, with the keyboard in the first of them."""
        self.arrangement.show("code")
        self.code.setFocus()

    def _opened_kinds(self) -> str:
        weights = self.tr("Weights with their project (*{suffix})").format(suffix=WEIGHTS)
        return self._file_kinds().replace(";;", f";;{weights};;", 1)

    def _file_kinds(self) -> str:
        return self.tr("Layerscope projects (*{suffix});;All files (*)").format(suffix=SUFFIX)


def _panel(content: QWidget) -> QWidget:
    panel = QWidget()
    panel.setObjectName("panel")
    panel.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    layout = QVBoxLayout(panel)
    layout.setContentsMargins(0, SPACING, 0, 0)
    layout.addWidget(content)
    return panel


def _dropped_file(event: QDropEvent) -> Path | None:
    """Find the project file in what is dropped."""
    for url in event.mimeData().urls():
        if url.isLocalFile() and url.toLocalFile().endswith((".json", WEIGHTS)):
            return Path(url.toLocalFile())
    return None
