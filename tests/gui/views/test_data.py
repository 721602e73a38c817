"""The data dialog, driven as a person does: by clicks and keys. The network is a fake."""

from __future__ import annotations

import contextlib
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QCoreApplication, QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QPushButton, QScrollArea

from engine.data import download
from engine.data.families import FAMILIES
from engine.problems import ProblemError
from engine.project.sources import (
    FILE_SOURCES,
    KNOWN_SOURCES,
    BundledDigits,
    FashionMnist,
    IdxFolder,
    ImageFolder,
    Mnist,
    NpzFile,
)
from gui.background import Rate
from gui.theme import DARK, LIGHT, THEMES
from gui.views.data import DataDialog, dropped_path
from gui.widgets.data.files import FilesPage, path_of
from gui.widgets.data.known import host_of
from gui.widgets.data.list import ROW
from gui.widgets.data.samples import columns, picked
from gui.widgets.data.words import breakable, byte_words, percent_words, plain
from gui.words import clock

LEFT = Qt.MouseButton.LeftButton
LONG = 60_000  # milliseconds; the first import of torch takes its time


class Network:
    """Stands for engine.data.download.download: what it was asked, and what it does."""

    def __init__(self) -> None:
        self.asked: list[tuple[type, str | None]] = []
        self.refusal = ""
        self.goes_on = threading.Event()
        self.goes_on.set()

    def download(self, source, folder, progress, *, mirror=None) -> None:
        self.asked.append((type(source), mirror))
        progress(0, 4_000_000)
        while not self.goes_on.wait(0.01):
            progress(1_000_000, 4_000_000)
        if self.refusal:
            raise ProblemError(self.refusal)
        put_family(type(source), folder)
        progress(4_000_000, 4_000_000)


def put_family(kind, folder: Path) -> None:
    """Write four small but sound files where a dataset belongs."""
    target = folder / FAMILIES[kind].folder / "raw"
    target.mkdir(parents=True, exist_ok=True)
    write_idx(target, "train", 40)
    write_idx(target, "t10k", 10)


def write_idx(folder: Path, part: str, count: int) -> None:
    images = np.arange(count * 16, dtype=np.uint32).astype(np.uint8).reshape(count, 4, 4)
    labels = np.arange(count, dtype=np.uint8) % 5
    for name, array in (
        (f"{part}-images-idx3-ubyte", images),
        (f"{part}-labels-idx1-ubyte", labels),
    ):
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        (folder / name).write_bytes(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes())


@pytest.fixture(scope="module", autouse=True)
def _libraries():
    """Load what the workers need, so that no test's thread is busy importing when it ends."""
    import sklearn.datasets
    import sklearn.model_selection  # noqa: F401
    import torchvision.datasets  # noqa: F401


@pytest.fixture
def network(monkeypatch) -> Iterator[Network]:
    fake = Network()
    monkeypatch.setattr(download, "download", fake.download)
    yield fake
    fake.goes_on.set()


@pytest.fixture
def folder(tmp_path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def dialog(qtbot, document, folder, network) -> DataDialog:
    return opened(qtbot, document, folder)


def opened(qtbot, document, folder) -> DataDialog:
    dialog = DataDialog(document, folder)
    qtbot.addWidget(dialog)
    dialog.set_theme(LIGHT)
    dialog.open()
    qtbot.waitExposed(dialog)
    return dialog


def page(dialog: DataDialog, kind):
    """Choose a source by a click in the list, and give its page."""
    place = next(place for place, page in dialog.pages.items() if page.kind is kind)
    area = dialog.list.visualItemRect(dialog.list.item(place))
    QTest.mouseClick(dialog.list.viewport(), LEFT, pos=area.center())
    assert dialog.page.kind is kind
    return dialog.page


def click(button) -> None:
    assert button.isVisible()
    assert button.isEnabled()
    QTest.mouseClick(button, LEFT)


def rows(dialog: DataDialog):
    return {page.kind: dialog.list.item(place).data(ROW) for place, page in dialog.pages.items()}


def used(document):
    return document.project.data.source


def look_at(qtbot, files: FilesPage, path: Path) -> None:
    files.path.selectAll()
    QTest.keyClicks(files.path, str(path))
    click(files.look)
    qtbot.waitUntil(lambda: not files.busy, timeout=LONG)


def archive(path: Path, **more: object) -> Path:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 6, 4), dtype=np.uint8)
    np.savez(
        path, x_train=images, y_train=np.array(["cat", "dog", "eel"])[np.arange(60) % 3], **more
    )
    return path


def pictures(folder: Path, broken: int = 0) -> Path:
    for shade, name in enumerate(("dark", "light")):
        (folder / name).mkdir(parents=True)
        for number in range(6):
            Image.new("RGB", (9, 9), (100 * shade, 0, 20)).save(folder / name / f"{number}.png")
    for number in range(broken):
        (folder / "dark" / f"broken{number}.png").write_bytes(b"no picture")
    return folder


# The list


def test_every_declared_source_has_its_page_in_the_declared_order(dialog):
    assert [page.kind for page in dialog.pages.values()] == [*KNOWN_SOURCES, *FILE_SOURCES]


def test_it_opens_at_the_projects_source_and_marks_it(dialog):
    assert dialog.page.kind is BundledDigits
    assert [kind for kind, row in rows(dialog).items() if row.used] == [BundledDigits]
    assert dialog.used.text() == "In use: Digits 8×8"


def test_the_list_tells_what_is_here_and_what_must_be_fetched(qtbot, document, folder, network):
    put_family(Mnist, folder)
    dialog = opened(qtbot, document, folder)

    assert rows(dialog)[Mnist].about == "70,000 · on this machine"
    assert rows(dialog)[FashionMnist].about == "70,000 · 30.9 MB to download"


def test_headers_are_skipped_by_the_keys(dialog):
    places = []
    dialog.list.setFocus()
    for key in (Qt.Key.Key_End, Qt.Key.Key_Home, *[Qt.Key.Key_Down] * 6):
        QTest.keyClick(dialog.list, key)
        places.append(dialog.page.kind)

    assert places == [NpzFile, *KNOWN_SOURCES, *FILE_SOURCES]


def test_a_page_tells_sizes_shape_and_classes(dialog):
    known = page(dialog, FashionMnist)

    assert known.facts.words("Images") == "60,000 to learn from, 10,000 for the test"
    assert known.facts.words("Each image") == "28×28 pixels, grey"
    assert known.facts.words("Classes").startswith("10: T-shirt, Trouser")


# A dataset that is here


def test_a_dataset_that_is_here_is_used_by_one_click_as_one_edit(qtbot, document, folder, network):
    put_family(Mnist, folder)
    layers = document.project.layers
    dialog = opened(qtbot, document, folder)
    known = page(dialog, Mnist)
    assert known.heading.text() == "On this machine"
    assert known.place.text().replace("\u200b", "") == str(folder / "MNIST" / "raw")

    click(dialog.use)

    assert not dialog.isVisible()
    assert used(document) == Mnist()
    assert document.project.layers == layers
    assert document.undo_stack.undoText() == "Data: MNIST"
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert used(document) == BundledDigits()
    assert network.asked == []


def test_using_what_is_used_already_changes_nothing(dialog, document):
    click(dialog.use)

    assert not dialog.isVisible()
    assert document.undo_stack.count() == 0


def test_samples_of_every_class_are_shown(qtbot, dialog):
    digits = page(dialog, BundledDigits)
    qtbot.waitUntil(lambda: digits.samples.isVisible(), timeout=LONG)

    assert digits.samples.names == tuple("0123456789") * 2


def test_damaged_files_are_told_and_can_be_fetched_after_asking(qtbot, document, folder, network):
    put_family(Mnist, folder)
    (folder / "MNIST" / "raw" / "train-images-idx3-ubyte").write_bytes(b"nonsense")
    dialog = opened(qtbot, document, folder)
    known = page(dialog, Mnist)
    qtbot.waitUntil(lambda: known.trouble.isVisible())

    assert not dialog.use.isEnabled()
    click(known.ask)
    assert network.asked == []
    click(known.start)
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert used(document) == Mnist()


def test_what_is_here_can_be_fetched_again_after_asking(qtbot, document, folder, network):
    put_family(Mnist, folder)
    dialog = opened(qtbot, document, folder)
    known = page(dialog, Mnist)
    qtbot.waitUntil(lambda: known.samples.isVisible())

    click(known.renew)
    click(known.refuse)
    assert known.heading.text() == "On this machine"
    click(known.renew)
    click(known.start)

    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert network.asked == [(Mnist, None)]


# Download


def test_nothing_is_fetched_before_the_second_click(qtbot, dialog, document, network, folder):
    known = page(dialog, Mnist)
    assert not dialog.use.isEnabled()
    assert known.ask.text() == "Download 11.6 MB from ossci-datasets.s3.amazonaws.com…"

    click(known.ask)

    assert known.heading.text() == "Download MNIST?"
    assert known.offered.words("From") == (
        "ossci-datasets.s3.amazonaws.com (or storage.googleapis.com, if that fails)"
    )
    assert known.offered.words("Size") == "11.6 MB in 4 files"
    assert known.offered.words("Licence") == "CC BY-SA 3.0"
    assert known.offered.words("Into") == str(folder)
    assert network.asked == []
    click(known.start)
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert network.asked == [(Mnist, None)]
    assert used(document) == Mnist()
    assert document.undo_stack.undoText() == "Data: MNIST"


def test_not_now_goes_back_without_the_network(dialog, network):
    known = page(dialog, Mnist)
    click(known.ask)
    click(known.refuse)

    assert known.heading.text() == "Not on this machine yet"
    assert known.ask.hasFocus()
    assert network.asked == []


def test_a_held_key_does_not_answer_the_question(dialog, network):
    known = page(dialog, Mnist)
    known.ask.setFocus()
    QTest.keyClick(known.ask, Qt.Key.Key_Return)
    assert known.start.hasFocus()

    none = Qt.KeyboardModifier.NoModifier
    held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, none, "\r", True)
    QCoreApplication.sendEvent(known.start, held)
    assert network.asked == []


def test_a_download_shows_how_far_it_is_and_locks_the_list(qtbot, dialog, network):
    network.goes_on.clear()
    known = page(dialog, Mnist)
    click(known.ask)
    click(known.start)
    working = known.working
    qtbot.waitUntil(lambda: "1.0 of 4.0 MB" in working.state.text())

    assert working.title.text() == "Downloading from ossci-datasets.s3.amazonaws.com"
    assert working.bar.value() == working.bar.maximum() // 4
    assert working.cancel.hasFocus()
    assert not dialog.list.isEnabled()
    assert not dialog.use.isEnabled()
    network.goes_on.set()
    qtbot.waitUntil(lambda: not dialog.isVisible())


def test_cancel_goes_back_and_the_download_can_begin_anew(qtbot, dialog, network, document):
    network.goes_on.clear()
    known = page(dialog, Mnist)
    click(known.ask)
    click(known.start)
    click(known.working.cancel)
    assert known.working.state.text() == "Cancelling…"
    qtbot.waitUntil(lambda: not known.busy)

    assert known.heading.text() == "Not on this machine yet"
    assert not known.trouble.isVisible()
    assert dialog.list.isEnabled()
    assert known.ask.hasFocus()
    assert document.undo_stack.count() == 0
    network.goes_on.set()
    click(known.ask)
    click(known.start)
    qtbot.waitUntil(lambda: not dialog.isVisible())


def test_a_failure_says_its_sentence_and_can_be_tried_again(qtbot, dialog, network, document):
    network.refusal = "example.org was not found: is this computer connected to the internet?"
    known = page(dialog, Mnist)
    click(known.ask)
    click(known.start)
    qtbot.waitUntil(lambda: known.trouble.isVisible())

    assert known.trouble.words == network.refusal
    assert known.files.isVisible()
    assert known.again.hasFocus()
    assert dialog.isVisible()
    network.refusal = ""
    click(known.again)
    qtbot.waitUntil(lambda: not dialog.isVisible())
    assert used(document) == Mnist()
    assert len(network.asked) == 2


def test_what_failed_can_be_copied(qtbot, dialog, network, qapp):
    network.refusal = "The connection broke off."
    known = page(dialog, Mnist)
    click(known.ask)
    click(known.start)
    qtbot.waitUntil(lambda: known.trouble.isVisible())
    click(known.trouble.copy)

    assert qapp.clipboard().text().startswith("The connection broke off.\n\nTraceback")


def test_a_mirror_takes_the_place_of_the_declared_ones(qtbot, dialog, network):
    known = page(dialog, Mnist)
    assert not known.mirror.isVisible()
    click(known.more)
    assert known.mirror.hasFocus()
    QTest.keyClicks(known.mirror, " https://mirror.example/mnist ")
    assert known.ask.text() == "Download 11.6 MB from mirror.example…"
    click(known.ask)
    assert known.offered.words("From") == "mirror.example"
    click(known.start)
    qtbot.waitUntil(lambda: not dialog.isVisible())

    assert network.asked == [(Mnist, "https://mirror.example/mnist")]


def test_a_half_typed_mirror_is_no_error(dialog):
    known = page(dialog, Mnist)
    click(known.more)
    QTest.keyClicks(known.mirror, "http://[")

    assert known.ask.isEnabled()
    assert host_of("http://[") == "http://["


@contextlib.contextmanager
def empty_server() -> Iterator[str]:
    """A web server on this machine that has nothing."""

    class Nothing(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Nothing) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_the_engines_own_refusal_is_shown(qtbot, document, folder):
    dialog = opened(qtbot, document, folder)
    known = page(dialog, Mnist)
    click(known.more)
    with empty_server() as address:
        QTest.keyClicks(known.mirror, address)
        click(known.ask)
        click(known.start)
        qtbot.waitUntil(lambda: known.trouble.isVisible())

    assert "answered 404" in known.trouble.words


def test_a_data_folder_that_cannot_be_written_is_told(qtbot, document, tmp_path):
    (tmp_path / "file").write_text("in the way")
    dialog = opened(qtbot, document, tmp_path / "file" / "data")
    known = page(dialog, Mnist)
    click(known.ask)
    click(known.start)
    qtbot.waitUntil(lambda: known.trouble.isVisible())

    assert "could not be written" in known.trouble.words


# Files at hand


def chosen_by(monkeypatch, path: Path) -> list[QFileDialog]:
    """Let every file dialog choose this path as soon as it opens."""
    shown: list[QFileDialog] = []

    def choose(chooser: QFileDialog) -> None:
        shown.append(chooser)
        chooser.fileSelected.emit(str(path))

    monkeypatch.setattr(QFileDialog, "open", choose)
    return shown


@pytest.mark.parametrize("way", [0, 1], ids=["their folder", "one of the files"])
def test_files_at_hand_are_taken(way, qtbot, dialog, document, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(
        download, "adopt", lambda source, chosen, folder, progress: put_family(Mnist, folder)
    )
    shown = chosen_by(monkeypatch, tmp_path)
    known = page(dialog, Mnist)
    known.files.menu().actions()[way].trigger()
    qtbot.waitUntil(lambda: not dialog.isVisible())

    modes = QFileDialog.FileMode
    assert shown[0].fileMode() == (modes.Directory, modes.ExistingFile)[way]
    assert used(document) == Mnist()


def test_files_of_something_else_are_refused_and_the_download_is_still_asked_for(
    qtbot, dialog, network, tmp_path, monkeypatch
):
    chosen_by(monkeypatch, tmp_path)
    known = page(dialog, Mnist)
    known.files.menu().actions()[0].trigger()
    qtbot.waitUntil(lambda: known.trouble.isVisible())

    assert "does not hold train-images-idx3-ubyte" in known.trouble.words
    assert known.ask.isVisible()
    assert not known.again.isVisible()
    assert network.asked == []


def drop(dialog: DataDialog, path: Path) -> QDropEvent:
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(path))])
    event = QDropEvent(
        QPointF(300, 200), Qt.DropAction.CopyAction, content, LEFT, Qt.KeyboardModifier.NoModifier
    )
    event.content = content  # Qt does not keep it
    dialog.dropEvent(event)
    return event


def test_dropped_files_of_a_known_dataset_are_taken(qtbot, dialog, tmp_path, monkeypatch):
    taken = []
    monkeypatch.setattr(download, "adopt", lambda *values: taken.append(values[1]))
    monkeypatch.setattr("gui.widgets.data.known.load.found", lambda source, folder: bool(taken))
    page(dialog, Mnist)
    drop(dialog, tmp_path)
    qtbot.waitUntil(lambda: not dialog.isVisible())

    assert taken == [tmp_path]


def test_nothing_can_be_dropped_on_what_is_here_already(dialog, tmp_path, monkeypatch):
    page(dialog, BundledDigits)
    drop(dialog, tmp_path)

    assert not dialog.page.busy


# A person's own files


def test_an_archive_is_looked_at_and_used(qtbot, dialog, document, tmp_path):
    files = page(dialog, NpzFile)
    path = archive(tmp_path / "beasts.npz", extra=np.zeros(2))
    assert not files.look.isEnabled()
    look_at(qtbot, files, path)

    assert files.heading.text() == "What was found"
    assert files.facts.words("Images") == "51 to learn from, 9 for the test"
    assert files.facts.words("Each image") == "4 pixels wide, 6 high, grey"
    assert files.facts.words("Classes") == "3: cat, dog, eel"
    assert files.notes.text() == "These arrays are not used: extra."
    assert files.samples.names == ("cat", "dog", "eel") * 8
    assert dialog.use.hasFocus()
    click(dialog.use)
    assert used(document) == files.source
    assert used(document).path == str(path)
    document.undo_stack.undo()
    assert used(document) == BundledDigits()


def test_a_folder_of_images_is_looked_at_with_its_notes(qtbot, dialog, document, tmp_path):
    files = page(dialog, ImageFolder)
    look_at(qtbot, files, pictures(tmp_path / "shades", broken=2))

    assert files.facts.words("Each image") == "9×9 pixels, colour"
    assert "2 broken pictures were left out" in files.notes.text().replace("\u200b", "")
    click(dialog.use)
    assert used(document).class_names == ("dark", "light")


def test_a_folder_of_idx_files_is_looked_at(qtbot, dialog, document, tmp_path):
    put_family(Mnist, tmp_path)
    files = page(dialog, IdxFolder)
    look_at(qtbot, files, tmp_path / "MNIST")

    assert files.facts.words("Images") == "40 to learn from, 10 for the test"
    click(dialog.use)
    assert isinstance(used(document), IdxFolder)


def test_browsing_looks_at_once(qtbot, dialog, tmp_path, monkeypatch):
    shown = chosen_by(monkeypatch, archive(tmp_path / "beasts.npz"))
    files = page(dialog, NpzFile)
    click(files.browse)
    qtbot.waitUntil(lambda: files.source is not None)

    assert shown[0].fileMode() == QFileDialog.FileMode.ExistingFile
    assert shown[0].nameFilters()[0].endswith("(*.npz)")


def test_folders_are_browsed_for_as_folders(qtbot, dialog, tmp_path, monkeypatch):
    shown = chosen_by(monkeypatch, tmp_path)
    files = page(dialog, IdxFolder)
    click(files.browse)
    qtbot.waitUntil(lambda: not files.busy)

    assert shown[0].fileMode() == QFileDialog.FileMode.Directory


def test_a_dropped_file_is_looked_at_once(qtbot, dialog, tmp_path):
    files = page(dialog, NpzFile)
    event = drop(dialog, archive(tmp_path / "beasts.npz"))
    qtbot.waitUntil(lambda: files.source is not None)

    assert event.isAccepted()
    assert dropped_path(event) == files.path.text()


def test_a_problem_stands_on_the_page(qtbot, dialog, tmp_path):
    files = page(dialog, NpzFile)
    look_at(qtbot, files, tmp_path / "nowhere.npz")

    assert "does not exist" in files.trouble.words
    assert files.trouble.isVisible()
    assert not dialog.use.isEnabled()
    assert files.look.hasFocus()


def test_another_path_is_not_yet_looked_at(qtbot, dialog, tmp_path):
    files = page(dialog, NpzFile)
    look_at(qtbot, files, archive(tmp_path / "beasts.npz"))
    files.path.setFocus()
    QTest.keyClicks(files.path, "x")

    assert files.source is None
    assert not files.samples.isVisible()
    assert not dialog.use.isEnabled()
    assert files.path.hasFocus()


@pytest.fixture
def slow_look(monkeypatch) -> Iterator[threading.Event]:
    """Let reading files take until it is cancelled or let go."""
    go = threading.Event()

    def inspect(kind, path, progress):
        while not go.wait(0.01):
            progress(1, 3)
        raise ProblemError("It was let go.")

    monkeypatch.setattr("gui.widgets.data.files.load.inspect", inspect)
    yield go
    go.set()


def test_looking_shows_progress_and_can_be_cancelled(qtbot, dialog, slow_look):
    files = page(dialog, NpzFile)
    QTest.keyClicks(files.path, "/some/archive.npz")
    click(files.look)
    qtbot.waitUntil(lambda: files.working.state.text().startswith("33 %"))
    assert files.working.title.text() == "Reading archive.npz"
    assert not files.path.isEnabled()

    click(files.working.cancel)
    qtbot.waitUntil(lambda: not files.busy)

    assert files.path.isEnabled()
    assert not files.working.isVisible()
    assert not files.trouble.isVisible()
    assert dialog.list.isEnabled()


def test_the_projects_own_files_are_shown_at_once(qtbot, document, folder, tmp_path):
    source = NpzFile(
        path="/home/me/beasts.npz",
        input_shape=(3, 6, 4),
        class_names=("cat", "dog"),
        train_size=50,
        test_size=10,
    )
    document.edit("own", document.project.set_data(source=source))
    dialog = opened(qtbot, document, folder)

    assert dialog.page.kind is NpzFile
    assert dialog.page.path.text() == "/home/me/beasts.npz"
    assert dialog.page.heading.text() == "What the project uses"
    assert dialog.page.facts.words("Images") == "50 to learn from, 10 for the test"
    assert rows(dialog)[NpzFile].about == "beasts.npz"
    assert dialog.used.text() == "In use: NumPy archive (.npz), beasts.npz"


# Keyboard


def test_all_of_a_download_goes_by_the_keyboard(qtbot, dialog, network, document):
    dialog.list.setFocus()
    QTest.keyClick(dialog.list, Qt.Key.Key_Down)
    assert dialog.page.kind is Mnist
    QTest.keyClick(dialog.list, Qt.Key.Key_Return)
    assert dialog.page.start.hasFocus()
    QTest.keyClick(dialog.page.start, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not dialog.isVisible())

    assert used(document) == Mnist()


def test_return_in_the_path_looks_and_return_again_uses(qtbot, dialog, document, tmp_path):
    files = page(dialog, NpzFile)
    QTest.keyClicks(files.path, str(archive(tmp_path / "beasts.npz")))
    QTest.keyClick(files.path, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: files.source is not None)
    assert dialog.use.hasFocus()
    QTest.keyClick(dialog.use, Qt.Key.Key_Return)

    assert isinstance(used(document), NpzFile)


def test_return_on_close_closes_and_chooses_nothing(qtbot, document, folder, network):
    put_family(Mnist, folder)
    dialog = opened(qtbot, document, folder)
    page(dialog, Mnist)
    dialog.leave.setFocus()
    QTest.keyClick(dialog.leave, Qt.Key.Key_Return)

    assert not dialog.isVisible()
    assert document.undo_stack.count() == 0


def test_escape_cancels_what_runs_and_then_closes(qtbot, dialog, network):
    network.goes_on.clear()
    known = page(dialog, Mnist)
    click(known.ask)
    click(known.start)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    qtbot.waitUntil(lambda: not known.busy)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)

    assert not dialog.isVisible()


def test_everything_is_in_the_tab_order(dialog):
    known = page(dialog, Mnist)
    dialog.list.setFocus()
    reached = []
    for _ in range(8):
        reached.append(dialog.focusWidget())
        QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Tab)

    assert reached[:5] == [dialog.list, known.ask, known.files, known.more, dialog.leave]


# Closing


def test_closing_while_a_download_runs_cancels_it(qtbot, dialog, network, document):
    network.goes_on.clear()
    known = page(dialog, Mnist)
    click(known.ask)
    click(known.start)
    qtbot.waitUntil(lambda: bool(network.asked))
    worker = known.working.task._worker
    dialog.close()

    assert not dialog.isVisible()
    assert not worker.is_alive()
    assert document.undo_stack.count() == 0


def test_closing_while_files_are_read_cancels_it(qtbot, dialog, slow_look):
    files = page(dialog, NpzFile)
    QTest.keyClicks(files.path, "/some/archive.npz")
    click(files.look)
    worker = files.working.task._worker
    click(dialog.leave)

    assert not dialog.isVisible()
    worker.join(2)
    assert not worker.is_alive()


def test_a_dialog_that_is_gone_hears_no_more_of_the_document(qtbot, document, folder, network):
    dialog = DataDialog(document, folder)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
    with qtbot.waitSignal(dialog.destroyed):
        dialog.close()

    document.edit("batch", document.project.set_training(batch_size=7))


# Looks


@pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
@pytest.mark.parametrize("size", [(720, 460), (900, 600), (1280, 720)])
def test_no_page_is_wider_than_its_room(theme, size, qtbot, dialog):
    dialog.set_theme(theme)
    dialog.resize(*size)
    for kind in (*KNOWN_SOURCES, *FILE_SOURCES):
        shown = page(dialog, kind)
        scroll = shown.parent().parent()
        assert isinstance(scroll, QScrollArea)
        assert shown.width() <= scroll.viewport().width()
    assert (dialog.width(), dialog.height()) == size
    assert dialog.list.verticalScrollBar().maximum() == 0


def test_long_foreign_names_do_not_widen_the_page(qtbot, dialog, tmp_path):
    folder = tmp_path / ("x" * 200)
    pictures(folder)
    shutil.move(folder / "dark", folder / ("d" * 200))
    files = page(dialog, ImageFolder)
    look_at(qtbot, files, folder)
    assert files.source is not None
    look_at(qtbot, files, folder / ("y" * 200))
    assert files.trouble.isVisible()

    qtbot.waitUntil(lambda: files.width() <= files.parent().width())


def test_foreign_text_is_shown_as_it_is(dialog):
    labels = dialog.findChildren(QLabel)
    foreign = [label for label in labels if label.wordWrap() or label is dialog.used]

    assert foreign
    assert {label.textFormat() for label in foreign} == {Qt.TextFormat.PlainText}


def test_every_control_has_a_name_to_be_read_out(dialog):
    for kind in (*KNOWN_SOURCES, *FILE_SOURCES):
        page(dialog, kind)
        controls = [*dialog.findChildren(QPushButton), *dialog.findChildren(QLineEdit), dialog.list]
        for control in controls:
            words = "" if control is dialog.list else control.text()
            assert control.accessibleName() or words or not control.isVisible()


def test_the_dialog_is_modal_to_its_window_and_may_be_small(dialog):
    assert dialog.windowModality() == Qt.WindowModality.WindowModal
    assert dialog.minimumWidth() <= 720
    assert dialog.minimumHeight() <= 460


def test_light_and_dark_differ(dialog):
    page(dialog, Mnist)
    light = dialog.grab().toImage()
    dialog.set_theme(DARK)

    assert dialog.grab().toImage() != light


# Words


def test_a_foreign_name_becomes_one_short_line():
    assert plain("cat") == "cat"
    assert plain("a\nb\u202e") == "a\ufffdb\ufffd"
    assert plain("x" * 40) == "x" * 29 + "…"


def test_long_words_may_break():
    assert breakable("a b") == "a b"
    assert breakable("x" * 40) == "x" * 36 + "\u200b" + "x" * 4


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (6.4, "0:06"), (75, "1:15"), (3723, "1:02:03")]
)
def test_times(seconds, text):
    assert clock(seconds) == text


def test_progress_in_words():
    rate = Rate()
    assert byte_words(0, 11_600_000, rate) == "0.0 of 11.6 MB"
    assert percent_words(1, 0, rate) == ""
    rate.add(0, 0)
    rate.add(2, 2_600_000)
    assert byte_words(2_600_000, 11_600_000, rate) == "2.6 of 11.6 MB · 1.3 MB/s · 0:07 left"
    assert percent_words(1_300_000, 2_600_000, rate) == "50 % · 0:00 left"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (" /a/b ", "/a/b"),
        ('"/a b/c"', "/a b/c"),
        ("file:///a%20b", "/a b"),
        ("", ""),
    ],
)
def test_a_path_is_read_as_people_paste_it(text, path):
    assert path_of(text) == path


def test_samples_take_turns_between_the_classes():
    labels = np.array([0, 0, 0, 1, 2, 2], np.int64)

    assert picked(labels, 3, 6).tolist() == [0, 3, 4, 1, 5]
    assert picked(labels, 3, 2).tolist() == [0, 3]


@pytest.mark.parametrize(
    ("classes", "fitting", "across"), [(10, 11, 10), (3, 11, 9), (2, 11, 10), (20, 11, 11)]
)
def test_classes_stand_below_each_other_where_they_fit(classes, fitting, across):
    assert columns(classes, fitting) == across
