"""What lies in the folder of a run's evaluations: what memory keeps, and little else."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from engine.problems import ProblemError
from engine.store.runs import RunFolder
from engine.training import archive as module
from engine.training import evaluations
from engine.training.archive import STACKS, Archive
from engine.training.evaluations import Evaluations
from engine.training.events import Evaluated

ROWS, LABELS = np.arange(5), np.array([0, 2, 1, 1, 0])


def evaluation(step, of="validation", whole=True, seed=0):
    random = np.random.default_rng((step, seed))
    probabilities = random.dirichlet(np.ones(3), 5).astype(np.float32)
    predicted = probabilities.argmax(1)
    rows = ROWS if whole else ROWS + 7
    return Evaluated(
        *(step, 1, of, whole, 0.5, 0.5, rows, LABELS, predicted),
        confidence=probabilities.max(1),
        true_probability=probabilities[ROWS, LABELS],
        probabilities=probabilities,
    )


@pytest.fixture
def folder(project, tmp_path):
    folder = RunFolder.new(tmp_path / "run", project)
    yield folder
    folder.close()


@pytest.fixture
def archive(folder):
    return Archive(folder)


@pytest.fixture
def files(folder):
    """Give what lies in the folder: names, and the arrays in each."""

    def read():
        contents = {}
        for path in sorted((folder.path / "evaluations").iterdir()):
            with np.load(path) as arrays:
                contents[path.name] = {name: arrays[name] for name in arrays.files}
        return contents

    return read


def steps_on_disk(files, stack):
    """Give the steps in all files of a stack, in the order of the files."""
    names = [path for path in files if path.startswith(stack.prefix())]
    names = [name for name in names if "sample" not in name or not stack.whole]
    names = [name for name in names if ("probabilities" in name) == stack.full]
    return [step for name in names for step in files[name]["steps"].tolist()]


def test_those_that_came_since_the_last_writing_share_a_file(archive, files):
    came = [evaluation(step) for step in (5, 10)]
    for one in came:
        archive.add(one)
    archive.write()
    archive.add(evaluation(15))
    archive.write()

    content = files()
    assert set(content) == {
        "validation-000000005.npz",
        "validation-000000005-probabilities.npz",
        "validation-000000015.npz",
        "validation-000000015-probabilities.npz",
    }
    answers = content["validation-000000005.npz"]
    assert answers["steps"].tolist() == [5, 10]
    np.testing.assert_array_equal(answers["labels"], LABELS)
    for name in ("predicted", "confidence", "true_probability"):
        np.testing.assert_array_equal(answers[name], [getattr(one, name) for one in came])
    full = content["validation-000000005-probabilities.npz"]["probabilities"]
    np.testing.assert_array_equal(full, [one.probabilities for one in came])


def test_class_numbers_take_a_byte_each(archive, files):
    archive.add(evaluation(5))
    archive.write()

    answers = files()["validation-000000005.npz"]
    assert answers["predicted"].dtype == answers["labels"].dtype == np.uint8
    assert answers["confidence"].dtype == answers["true_probability"].dtype == np.float32


def test_a_sample_tells_its_rows(archive, files):
    archive.add(evaluation(5, whole=False))
    archive.write()

    assert files()["validation-sample-000000005.npz"]["rows"].tolist() == [7, 8, 9, 10, 11]


def test_nothing_is_written_twice(archive, folder, monkeypatch):
    archive.add(evaluation(5))
    archive.write()
    monkeypatch.setattr(folder, "write_arrays", lambda *_, **__: pytest.fail("written again"))

    archive.write()


@pytest.mark.parametrize("every", [1, 3, 10])
def test_the_disk_holds_what_memory_keeps_and_less_than_twice_the_bound(
    archive, files, monkeypatch, every
):
    monkeypatch.setattr(evaluations, "MOST", 12)
    monkeypatch.setattr(evaluations, "PROBABILITIES_BYTES", 1)
    kept = Evaluations()
    archive._kept["validation"] = Evaluations()
    for step in range(1, 101):
        one = evaluation(step, whole=step % 3 == 0)
        kept.add(one)
        archive.add(one)
        if step % every:
            continue
        archive.write()
        on_disk = files()
        for stack in STACKS[4:8]:
            steps = steps_on_disk(on_disk, stack)
            wanted = [one.step for one in kept if stack.holds(one)]
            assert stack.of == "validation"
            assert set(steps) >= set(wanted)
            assert len(steps) == len(set(steps)) <= 2 * len(wanted)


def test_a_file_is_not_made_larger_than_it_may_be(archive, files, monkeypatch):
    monkeypatch.setattr(module, "FILE_BYTES", 2 * evaluation(1).nbytes)
    for step in range(1, 6):
        archive.add(evaluation(step))
    archive.write()

    assert [len(content["steps"]) for content in files().values()] == [2, 2, 2, 2, 1, 1]


def test_sets_do_not_mix(archive, files):
    for of in ("training", "validation", "test"):
        archive.add(evaluation(5, of=of))
        archive.add(evaluation(6, of=of, whole=False))
    archive.write()

    assert len(files()) == 12


def test_nothing_half_written_stands_under_the_names(archive, folder, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "savez", full)
    archive.add(evaluation(5))

    with pytest.raises(ProblemError, match="the disk is full"):
        archive.write()

    assert list((folder.path / "evaluations").iterdir()) == []


def test_what_can_not_be_removed_is_told(archive, monkeypatch):
    monkeypatch.setattr(evaluations, "MOST", 2)
    monkeypatch.setattr(evaluations, "FEWEST", 2)
    archive._kept["validation"] = Evaluations()
    for step in (1, 2):
        archive.add(evaluation(step))
        archive.write()

    def refused(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "unlink", refused)
    archive.add(evaluation(3))

    with pytest.raises(ProblemError, match="not allowed"):
        archive.write()
