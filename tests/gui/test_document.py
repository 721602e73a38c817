from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.problems import ProblemError
from engine.project.layers import Conv2d, Dense, Dropout
from engine.project.presets import FIRST, preset
from engine.store.projects import load_project, save_project
from gui.document import MERGE_SECONDS, Document


def add_dense(document, units=128):
    document.edit("Add Dense", document.project.insert(0, Dense(units=units)))


def set_epochs(document, epochs, merge="epochs"):
    document.edit("Change epochs", document.project.set_training(epochs=epochs), merge)


@pytest.fixture
def clock(monkeypatch):
    """The seconds that edits are told; a test moves them."""
    now = [100.0]
    monkeypatch.setattr("gui.document.monotonic", lambda: now[0])
    return now


def test_it_starts_with_the_first_lesson(document):
    assert document.project == preset(FIRST)
    assert not document.modified
    assert document.problems == ()


def test_an_edit_is_shown_once(document, qtbot):
    edited = document.project.insert(0, Dense())

    with qtbot.waitSignal(document.changed) as changed:
        document.edit("Add Dense", edited)

    assert changed.args == [edited]
    assert document.project == edited


def test_an_edit_that_changes_nothing_is_no_step(document):
    document.edit("Nothing", document.project.set_training(epochs=30))

    assert document.undo_stack.count() == 0


def test_undo_and_redo_have_no_limit(document):
    projects = [document.project]
    for number in range(1000):
        set_epochs(document, number + 1, merge="")
        projects.append(document.project)

    for project in reversed(projects[:-1]):
        document.undo_stack.undo()
        assert document.project == project
    for project in projects[1:]:
        document.undo_stack.redo()
        assert document.project == project


def test_a_running_change_of_a_field_is_one_step(document):
    before = document.project
    for epochs in (31, 32, 33):
        set_epochs(document, epochs)

    document.undo_stack.undo()

    assert document.project == before


def test_a_change_of_another_field_is_a_step_of_its_own(document):
    set_epochs(document, 31)
    document.edit("Change seed", document.project.set_training(seed=1), "seed")

    assert document.undo_stack.count() == 2


def test_a_change_after_a_pause_is_a_step_of_its_own(document, clock):
    set_epochs(document, 31)
    clock[0] += MERGE_SECONDS + 0.1
    set_epochs(document, 32)

    assert document.undo_stack.count() == 2


def test_a_change_that_keeps_running_stays_one_step_however_long(document, clock):
    for epochs in range(31, 61):
        clock[0] += 0.9 * MERGE_SECONDS
        set_epochs(document, epochs)

    assert document.undo_stack.count() == 1


def test_edits_without_a_field_are_steps_of_their_own(document):
    add_dense(document)
    add_dense(document)

    assert document.undo_stack.count() == 2


def test_a_running_change_back_to_the_start_becomes_no_step(document):
    set_epochs(document, 31)
    set_epochs(document, 30)

    assert document.undo_stack.count() == 0
    assert not document.modified


def test_a_change_right_after_saving_is_a_step_of_its_own(document, tmp_path):
    set_epochs(document, 31)
    document.save(tmp_path / "a.layerscope.json")
    set_epochs(document, 32)

    document.undo_stack.undo()

    assert document.project.training.epochs == 31
    assert not document.modified


def test_an_edit_after_undo_drops_what_was_undone(document):
    set_epochs(document, 31, merge="")
    document.undo_stack.undo()
    set_epochs(document, 32, merge="")

    assert not document.undo_stack.canRedo()


def test_what_is_saved_can_be_opened(document, tmp_path):
    add_dense(document)
    document.save(tmp_path / "mine.layerscope.json")
    other = Document()

    other.open(tmp_path / "mine.layerscope.json")

    assert other.project == document.project
    assert other.name == document.name == "mine"


def test_saving_takes_the_modified_mark_away_and_undo_brings_it_back(document, tmp_path):
    add_dense(document)
    assert document.modified
    document.save(tmp_path / "mine.layerscope.json")
    assert not document.modified

    document.undo_stack.undo()

    assert document.modified


def test_save_as_leaves_the_first_file_and_goes_on_with_the_second(document, tmp_path):
    first, second = tmp_path / "first.layerscope.json", tmp_path / "second.layerscope.json"
    document.save(first)
    saved = document.project
    add_dense(document)

    document.save(second)

    assert load_project(first) == saved
    assert load_project(second) == document.project
    assert document.path == second


def test_the_modified_mark_is_told(document, qtbot):
    with qtbot.waitSignal(document.renamed):
        add_dense(document)


def test_a_save_that_fails_keeps_the_old_file_and_the_modified_mark(
    document, tmp_path, monkeypatch
):
    path = tmp_path / "mine.layerscope.json"
    document.save(path)
    saved = path.read_bytes()
    add_dense(document)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_disk)
        with pytest.raises(ProblemError, match="the disk is full"):
            document.save(path)

    assert path.read_bytes() == saved
    assert document.modified
    assert list(tmp_path.iterdir()) == [path]


def test_a_save_as_that_fails_keeps_the_path(document, tmp_path, monkeypatch):
    path = tmp_path / "mine.layerscope.json"
    document.save(path)
    monkeypatch.setattr(os, "fsync", full_disk)

    with pytest.raises(ProblemError):
        document.save(tmp_path / "other.layerscope.json")

    assert document.path == path


def full_disk(_):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\xfe", b'{"format": 1'])
def test_an_open_that_fails_keeps_everything(document, tmp_path, content):
    add_dense(document)
    project, path = document.project, tmp_path / "bad.layerscope.json"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ProblemError, match=r"can't be opened\."):
        document.open(path)

    assert (document.project, document.path) == (project, None)
    assert document.undo_stack.canUndo()


def test_opening_begins_a_new_history(document, tmp_path):
    save_project(tmp_path / "other.layerscope.json", preset("mlp-128"))
    add_dense(document)

    document.open(tmp_path / "other.layerscope.json")

    assert not document.undo_stack.canUndo()
    assert not document.modified


def test_problems_follow_edits(document):
    document.edit("Add Convolution", document.project.insert(1, Conv2d()))
    assert [problem.where for problem in document.problems] == ["conv2d_1"]

    document.undo_stack.undo()

    assert document.problems == ()


def test_views_that_are_told_of_a_change_find_its_problems(document):
    found = []
    document.changed.connect(lambda _: found.append(len(document.problems)))

    document.edit("Add Convolution", document.project.insert(1, Conv2d()))

    assert found == [1]


@pytest.mark.parametrize(
    ("path", "title", "name"),
    [
        ("/tmp/my digits.layerscope.json", "First lesson", "my digits"),
        ("/tmp/other.json", "First lesson", "other.json"),
        (None, "First lesson", "First lesson"),
        (None, "", "Untitled"),
    ],
)
def test_its_name_is_the_files_or_the_projects_or_none(document, path, title, name):
    project = document.project.model_copy(update={"title": title})
    document.replace(project, Path(path) if path else None)

    assert document.name == name


class Editing(RuleBasedStateMachine):
    """A document beside a list of the projects that it should remember."""

    def __init__(self) -> None:
        super().__init__()
        self.document = Document()
        self.projects = [self.document.project]
        self.place = 0
        self.saved: int | None = 0  # None once what was saved can't be come back to

    @rule(index=st.integers(0, 3), units=st.integers(1, 50))
    def add(self, index, units):
        self._edit(self.document.project.insert(index, Dense(units=units), Dropout()))

    @rule(epochs=st.integers(1, 3))
    def set_epochs(self, epochs):
        self._edit(self.document.project.set_training(epochs=epochs))

    @precondition(lambda self: self.document.project.layers)
    @rule(data=st.data())
    def remove(self, data):
        names = [layer.name for layer in self.document.project.layers]
        self._edit(self.document.project.remove([data.draw(st.sampled_from(names))]))

    @precondition(lambda self: self.document.project.layers)
    @rule(data=st.data(), index=st.integers(0, 4))
    def move(self, data, index):
        names = [layer.name for layer in self.document.project.layers]
        self._edit(self.document.project.move([data.draw(st.sampled_from(names))], index))

    @rule()
    def undo(self):
        self.place = max(0, self.place - 1)
        self.document.undo_stack.undo()

    @rule()
    def redo(self):
        self.place = min(len(self.projects) - 1, self.place + 1)
        self.document.undo_stack.redo()

    @rule()
    def save(self):
        self.saved = self.place
        self.document.undo_stack.setClean()

    def _edit(self, project):
        if project != self.document.project:
            if self.saved is not None and self.saved > self.place:
                self.saved = None
            self.projects[self.place + 1 :] = [project]
            self.place += 1
        self.document.edit("Edit", project)

    @invariant()
    def the_project_is_the_one_remembered(self):
        assert self.document.project == self.projects[self.place]

    @invariant()
    def undo_and_redo_are_told_rightly(self):
        stack = self.document.undo_stack
        assert stack.canUndo() == (self.place > 0)
        assert stack.canRedo() == (self.place < len(self.projects) - 1)

    @invariant()
    def the_modified_mark_is_right(self):
        assert self.document.modified == (self.place != self.saved)


TestEditing = Editing.TestCase
TestEditing.settings = settings(max_examples=30, stateful_step_count=30, deadline=None)
