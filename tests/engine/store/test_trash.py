from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.problems import ProblemError
from engine.store.trash import (
    Trash,
    delete,
    empty_trash,
    look_into_trash,
    put_back,
    trash_folder,
)


def make(folder: Path, content: str = "log") -> Path:
    folder.mkdir(parents=True)
    (folder / "events.jsonl").write_text(content)
    return folder


def content(folder: Path) -> str:
    return (folder / "events.jsonl").read_text()


def test_a_deleted_run_lies_in_the_trash_beside_it(tmp_path):
    folder = make(tmp_path / "one")

    trashed = delete(folder)

    assert not folder.exists()
    assert trashed == trash_folder(tmp_path) / "one"
    assert look_into_trash(tmp_path) == Trash(1, 3)


def test_a_deleted_run_can_be_put_back(tmp_path):
    folder = make(tmp_path / "one")

    assert put_back(delete(folder), folder) == folder
    assert content(folder) == "log"
    assert look_into_trash(tmp_path) == Trash()


def test_a_run_whose_name_is_taken_is_put_beside_it(tmp_path):
    folder = make(tmp_path / "one", "old")
    trashed = delete(folder)
    make(folder, "new")

    assert put_back(trashed, folder) == tmp_path / "one 2"
    assert (content(folder), content(tmp_path / "one 2")) == ("new", "old")


@given(
    st.lists(
        st.tuples(st.sampled_from(["delete", "make", "back"]), st.sampled_from(["a", "a 2", "b"])),
        max_size=30,
    )
)
def test_no_run_is_ever_lost_or_overwritten(moves):
    with tempfile.TemporaryDirectory() as home:
        runs, deleted, made = Path(home), [], 0
        for move, name in moves:
            folder = runs / name
            if move == "make" and not folder.exists():
                make(folder, str(made))
                made += 1
            elif move == "delete" and folder.exists():
                deleted.append((delete(folder), folder))
            elif move == "back" and deleted:
                put_back(*deleted.pop())

        logs = [*runs.glob("*/events.jsonl"), *trash_folder(runs).glob("*/events.jsonl")]
        assert sorted(int(log.read_text()) for log in set(logs)) == list(range(made))


def test_a_run_in_use_stays(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.store.trash.in_use", lambda _: True)
    folder = make(tmp_path / "one")

    with pytest.raises(ProblemError, match="one is in use"):
        delete(folder)

    assert content(folder) == "log"


def test_a_run_that_is_gone_is_told(tmp_path):
    with pytest.raises(ProblemError, match="one can't be moved"):
        delete(tmp_path / "one")


def test_emptying_deletes_what_is_in_the_trash_alone(tmp_path):
    kept = make(tmp_path / "kept")
    for name in ("one", "two"):
        delete(make(tmp_path / name))

    empty_trash(tmp_path)

    assert look_into_trash(tmp_path) == Trash()
    assert content(kept) == "log"


def test_emptying_no_trash_does_nothing(tmp_path):
    empty_trash(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_emptying_leaves_what_a_link_leads_to(tmp_path):
    elsewhere = make(tmp_path / "elsewhere")
    trash = trash_folder(tmp_path)
    trash.mkdir()
    (trash / "link").symlink_to(elsewhere)

    empty_trash(tmp_path)

    assert content(elsewhere) == "log"
    assert list(trash.iterdir()) == []


def test_what_can_not_be_deleted_is_told_and_the_rest_is_gone(tmp_path, monkeypatch):
    for name in ("one", "two"):
        delete(make(tmp_path / name))
    from engine.store import trash

    remove = trash._remove

    def refuse_one(folder: Path) -> None:
        if folder.name == "one":
            raise PermissionError(13, "Permission denied")
        remove(folder)

    monkeypatch.setattr(trash, "_remove", refuse_one)

    with pytest.raises(ProblemError, match=r"1 of 2 runs can't be deleted: one \(Permission"):
        empty_trash(tmp_path)

    assert [folder.name for folder in trash_folder(tmp_path).iterdir()] == ["one"]
