"""What the test of the real window does, in the window's own process.

python first_lesson.py build|reopen PROJECT_FILE SCREENSHOT_FOLDER light|dark
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path

from person import Person
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from gui.app import housekeeping, leave, make_app, make_window
from gui.main_window import MainWindow
from gui.session import State

CNN_SMALL = ["conv2d", "max_pool2d", "flatten", "dense"]


def build(window: MainWindow, person: Person, path: Path) -> None:
    person.photograph("1-first-start")
    person.wait_for("torch, loaded behind the window", lambda: "torch.optim" in sys.modules)
    clear_the_network(window, person)
    for kind in CNN_SMALL:
        person.click(window.palette_view.buttons[kind])
    person.wait_for("all four layers", lambda: kinds(window) == CNN_SMALL)
    assert window.document.project.parameters == 320 + (32 * 9 + 1) * 128 + 129 * 10
    change_units(window, person)
    show_an_error_and_mend_it(window, person)
    train(window, person)
    look_at_a_cell(window, person)
    go_back(window, person)
    save(window, person, path)
    close(window, person)


def reopen(window: MainWindow, person: Person, path: Path) -> None:
    assert window.document.path == path
    assert kinds(window) == CNN_SMALL
    assert window.document.project.training.epochs == 15
    assert not window.isWindowModified()
    person.photograph("9-opened-again")
    close(window, person)


def clear_the_network(window: MainWindow, person: Person) -> None:
    person.click(next(iter(window.network.column.cards.values())))
    person.press("ctrl+a", "Delete")
    person.wait_for("no layers", lambda: kinds(window) == [])
    assert not window.actions_by_name["train"].isEnabled()
    person.photograph("2-no-layers")


def change_units(window: MainWindow, person: Person) -> None:
    """Fill in a form, undo and redo it, and set the epochs."""
    card = window.network.column.cards["dense_1"]
    person.wait_for("the new card's form", lambda: card.form is not None)
    person.click(card.form.controls["units"])
    person.write("96")
    person.wait_for("96 units", lambda: units(window) == 96)
    person.press("ctrl+z")
    person.wait_for("128 units", lambda: units(window) == 128)
    person.press("ctrl+shift+z")
    person.wait_for("96 units", lambda: units(window) == 96)
    person.press("ctrl+z")
    person.click(window.training.training.controls["epochs"])
    person.write("15")
    person.wait_for("15 epochs", lambda: window.document.project.training.epochs == 15)


def show_an_error_and_mend_it(window: MainWindow, person: Person) -> None:
    person.click(window.network.column.cards["flatten_1"])
    person.press("Delete")
    card = window.network.column.cards["dense_1"]
    person.wait_for("the sentence", lambda: "Flatten" in card.problem.sentence.text())
    person.photograph("3-wrong-layer")
    person.click(card.problem.button)
    person.wait_for("the mend", lambda: kinds(window) == CNN_SMALL)


def train(window: MainWindow, person: Person) -> None:
    person.press("F5")
    person.wait_for("mistakes while training", lambda: window.mistakes.tiles.rowCount() > 0)
    assert window.session.state is State.RUNNING
    person.photograph("4-training")
    person.wait_for("the end", lambda: window.session.state is State.IDLE)
    assert window.session.run.end.test_accuracy > 0.9


def look_at_a_cell(window: MainWindow, person: Person) -> None:
    """Click the cell with most mistakes and see its images and no others."""
    person.wait_for("mistakes at the end", lambda: window.mistakes.tiles.rowCount() > 0)
    counts = window.confusion.matrix.counts.copy()
    counts[range(10), range(10)] = 0
    true, predicted = divmod(int(counts.argmax()), 10)
    person.click_cell(window.confusion.matrix, true, predicted)
    wanted = [(true, predicted)] * int(counts[true, predicted])
    person.wait_for("the cell's images", lambda: shown(window) == wanted)
    screen = window.screen().availableGeometry()
    assert screen.contains(window.frameGeometry()), "the window outgrew the screen"
    person.photograph("5-one-cell")
    person.click(window.mistakes.gallery)
    person.press("Home", "Return")
    person.wait_for("that image large", window.image.said.isVisible)
    assert window.selection.image == int(window.mistakes.picked().rows[0])
    person.photograph("6-one-image")
    person.click(window.mistakes.gallery)
    person.press("Escape")
    person.wait_for("all", lambda: window.mistakes.tiles.rowCount() == counts.sum())


def go_back(window: MainWindow, person: Person) -> None:
    """Look at the first evaluation of the run, and at the newest again."""
    evaluations = window.session.run.evaluations["validation"]
    person.click(window.timeline.slider)
    person.press("Home")
    person.wait_for("the first evaluation", lambda: window.selection.step == evaluations[0].step)
    mistakes = int((evaluations[0].labels != evaluations[0].predicted).sum())
    person.wait_for("its mistakes", lambda: window.mistakes.tiles.rowCount() == mistakes)
    person.photograph("7-the-first-evaluation")
    person.press("End")
    person.wait_for("the newest", lambda: window.selection.step is None)


def save(window: MainWindow, person: Person, path: Path) -> None:
    QTimer.singleShot(100, lambda: answer_the_file_dialog(person, path))
    person.press("ctrl+s")  # comes back when the dialog is closed
    person.wait_for("the saved file", path.is_file)
    assert not window.isWindowModified()


def answer_the_file_dialog(person: Person, path: Path) -> None:
    """Type a path where the dialog's caret waits for one, as soon as it does."""
    dialog = QApplication.activeModalWidget()
    if dialog is None or not dialog.isActiveWindow():
        QTimer.singleShot(100, lambda: answer_the_file_dialog(person, path))
        return
    person.photograph("8-saving")
    person.write(str(path))
    person.press("Return")


def close(window: MainWindow, person: Person) -> None:
    """Close the window as its manager does, once it has the keyboard."""
    person.click(window.network.parameters)
    person.wait_for("the keyboard", window.isActiveWindow)
    person.press("alt+F4")
    person.wait_for("the window's end", lambda: not window.isVisible())


def shown(window: MainWindow) -> list[tuple[int, int]]:
    """Give the true and the predicted class of each image in the gallery."""
    picked = window.mistakes.picked()
    return (
        list(zip(picked.labels.tolist(), picked.predicted.tolist(), strict=True)) if picked else []
    )


def kinds(window: MainWindow) -> list[str]:
    return [layer.type for layer in window.document.project.layers]


def units(window: MainWindow) -> int:
    return window.document.project.layer("dense_1").units


def main(lesson: str, path: Path, screenshots: Path, theme: str) -> int:
    app = make_app()
    app.setAttribute(Qt.ApplicationAttribute.AA_DontUseNativeDialogs)
    window = make_window(str(path) if lesson == "reopen" else None)
    window.use_theme(theme)
    window.show()
    assert "torch" not in sys.modules, "the window must be there before torch is"
    housekeeping(app, window)
    outcome: list[str] = []

    def act() -> None:
        try:
            {"build": build, "reopen": reopen}[lesson](window, Person(screenshots), path)
        except BaseException:
            outcome.append(traceback.format_exc())
        # The window is closed; Qt may have told a loop of the lesson's own to quit, not app.exec.
        app.exit()

    QTimer.singleShot(1000, act)
    code = app.exec()
    print(*outcome, file=sys.stderr)
    return leave(1 if outcome else code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4]))
