"""A run read back from its folder is the run that was followed; a stranger's does no harm."""

from __future__ import annotations

import json
import math
import os
import shutil
from dataclasses import fields, replace
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.data.dataset import Cancelled, SetName, Split
from engine.problems import ProblemError
from engine.project.layers import Dense, Flatten
from engine.project.optimizers import Sgd
from engine.project.presets import preset
from engine.project.sources import NpzFile
from engine.store.runs import LOG
from engine.training import archive, evaluations
from engine.training.control import Control
from engine.training.events import Evaluated, Finished, Started
from engine.training.history import Run
from engine.training.loop import train
from engine.training.record import Recorder
from engine.training.reopen import check_images, reopen

MISSING = "evaluations could not be read: their files are missing or damaged."
MISSING_FULL = "The probabilities of all classes could not be read for "


@pytest.fixture
def follow(tmp_path, dataset):
    """Train, keep the run in a folder, and give the run as it was followed."""

    def follow(project, data=dataset, control=None, until=lambda event: False):
        run, recorder = Run(project), Recorder(tmp_path / "run", project)
        for now, event in enumerate(train(project, data, control or Control(), threads=1)):
            run.apply(event, now)
            assert recorder.keep(event) is None
            if until(event):
                break
        recorder.close()
        return run

    return follow


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


def assert_equal(one: Evaluated, other: Evaluated):
    for field in fields(Evaluated):
        mine, others = getattr(one, field.name), getattr(other, field.name)
        if isinstance(mine, np.ndarray):
            np.testing.assert_array_equal(mine, others, strict=True)
        else:
            assert mine == others or (math.isnan(mine) and math.isnan(others)), field.name


def assert_same(reopened: Run, followed: Run):
    assert reopened.project == followed.project
    assert reopened.started == followed.started
    for mine, others in (
        (reopened.progress, followed.progress),
        (reopened.validated, followed.validated),
    ):
        for column in range(3):
            np.testing.assert_array_equal(mine.column(column), others.column(column))
    assert str(reopened.epochs) == str(followed.epochs)
    assert str(reopened.best) == str(followed.best)
    assert str(reopened.end) == str(followed.end)
    for of in get_args(SetName):
        assert len(reopened.evaluations[of]) == len(followed.evaluations[of])
        assert reopened.evaluations[of].every == followed.evaluations[of].every
        for one, other in zip(reopened.evaluations[of], followed.evaluations[of], strict=True):
            assert_equal(one, other)


# ---- as it was


def test_a_run_is_as_it_was_at_its_end(project, make_dataset, follow, folder):
    followed = follow(project, make_dataset(validation=700))

    reopened = reopen(folder)

    assert_same(reopened, followed)
    assert len(reopened.evaluations["validation"]) > 3
    assert reopened.warnings == []
    assert reopened.seconds >= 0


@pytest.mark.parametrize("size", [17, 700], ids=["small", "sampled"])
@pytest.mark.parametrize("file_bytes", [1, 10**6])
def test_a_run_that_was_thinned_is_as_it_was(
    make_project, make_dataset, follow, folder, monkeypatch, size, file_bytes
):
    monkeypatch.setattr(evaluations, "MOST", 10)
    monkeypatch.setattr(evaluations, "PROBABILITIES_BYTES", 1)
    monkeypatch.setattr(archive, "FILE_BYTES", file_bytes)
    monkeypatch.setattr("engine.training.record.FILES_SECONDS", 0.0)

    followed = follow(make_project(epochs=23), make_dataset(validation=size))
    reopened = reopen(folder)

    assert_same(reopened, followed)
    assert reopened.evaluations["training"].every == 4
    assert reopened.warnings == []


@pytest.mark.parametrize("kind", [Started, Evaluated])
def test_a_run_that_was_left_has_no_end(project, follow, folder, kind):
    followed = follow(project, until=lambda event: isinstance(event, kind))

    reopened = reopen(folder)

    assert_same(reopened, followed)
    assert reopened.end is None


def test_a_run_stopped_within_an_epoch_keeps_its_newest_answers_whole(
    project, make_dataset, follow, folder
):
    follow(
        project,
        make_dataset(validation=700),
        until=lambda event: isinstance(event, Evaluated) and not event.whole,
    )

    newest = reopen(folder).evaluation("validation")

    assert newest.probabilities is not None
    assert not newest.whole


@pytest.mark.usefixtures("unguarded")
def test_numbers_that_overflowed_come_back(make_project, follow, folder):
    layers = [Flatten(), *[Dense()] * 6]
    followed = follow(make_project(*layers, optimizer=Sgd(learning_rate=100), epochs=5))

    reopened = reopen(folder)

    assert math.isnan(followed.end.test_loss)
    assert_same(reopened, followed)


def test_answers_share_rows_and_labels(project, make_dataset, follow, folder):
    follow(project, make_dataset(validation=700))

    whole = [one for one in reopen(folder).evaluations["validation"] if one.whole]

    assert whole[0].labels is whole[-1].labels
    assert whole[0].rows is whole[-1].rows


def test_its_images_can_be_told_from_others(project, dataset, make_dataset, follow, folder):
    follow(project, dataset)
    run = reopen(folder)

    check_images(run, dataset)
    for other in ({"validation_seed": 5}, {"test_seed": 5}, {"train": 39}):
        with pytest.raises(ProblemError, match="not those that this run was trained with"):
            check_images(run, make_dataset(**other))


@pytest.mark.parametrize("of", ["train", "validation", "test"])
def test_more_images_of_the_same_classes_are_others(make_project, make_dataset, follow, folder, of):
    dataset = make_dataset()
    follow(make_project(epochs=1), dataset)
    split = getattr(dataset, of)
    parts = split.images, split.labels, split.indices
    more = Split(*(np.concatenate([part, part[:1]]) for part in parts))

    with pytest.raises(ProblemError, match="their number or their classes"):
        check_images(reopen(folder), replace(dataset, **{of: more}))


def test_images_are_others_even_where_all_answers_are_lost(
    make_project, make_dataset, follow, folder
):
    follow(make_project(epochs=1))
    shutil.rmtree(folder / "evaluations")

    with pytest.raises(ProblemError, match="not those that this run was trained with"):
        check_images(reopen(folder), make_dataset(train=39))


@pytest.mark.parametrize("ahead", [3, 12, 17, 33])
def test_a_run_that_is_killed_right_after_it_was_thinned_lacks_nothing(
    make_project, follow, folder, tmp_path, monkeypatch, ahead
):
    """The log must not lag behind the files: it tells which of the evaluations are kept."""
    monkeypatch.setattr(evaluations, "MOST", 10)
    monkeypatch.setattr("engine.training.record.FILES_SECONDS", 0.0)
    monkeypatch.setattr("engine.store.runs.FLUSH_SECONDS", 1e9)
    monkeypatch.setattr("engine.store.writer.Writer.write", lambda _, work: work())  # all at once
    left = tmp_path / "left"

    def kill(event):
        if isinstance(event, Evaluated) and event.step >= ahead and not left.exists():
            shutil.copytree(folder, left)

    follow(make_project(epochs=23), until=kill)

    reopened = reopen(left)
    assert reopened.warnings == []
    assert reopened.evaluation("validation").step <= ahead + 3


def test_it_tells_how_far_it_is_and_can_be_cancelled(project, follow, folder):
    follow(project)
    told = []
    reopen(folder, lambda done, total: told.append((done, total)))

    def cancel(done, total):
        raise Cancelled

    assert told == [(done, 7) for done in range(7)]
    with pytest.raises(Cancelled):
        reopen(folder, cancel)


# ---- missing and damaged


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(ProblemError, match="There is no such file"):
        reopen(tmp_path)


def test_a_run_without_its_log_is_refused(project, follow, folder):
    follow(project)
    (folder / LOG).unlink()

    with pytest.raises(ProblemError, match="does not exist"):
        reopen(folder)


def test_missing_evaluations_are_told_once(project, follow, folder):
    followed = follow(project)
    (folder / "evaluations" / "training-000000005.npz").unlink()

    reopened = reopen(folder)

    assert reopened.warnings == [f"3 of 19 {MISSING}"]
    assert len(reopened.evaluations["training"]) == 0
    assert_equal(reopened.evaluation("validation"), followed.evaluation("validation"))


def test_missing_probabilities_are_told_once(project, follow, folder):
    followed = follow(project)
    (folder / "evaluations" / "training-000000005-probabilities.npz").unlink()

    reopened = reopen(folder)

    assert reopened.warnings[0].startswith(f"{MISSING_FULL}3 of ")
    assert_equal(reopened.evaluation("training"), followed.evaluation("training").compact())


def test_what_is_no_line_of_the_log_is_skipped(project, follow, folder):
    followed = follow(project)
    log = folder / LOG
    first, *rest = log.read_bytes().splitlines(keepends=True)
    strange = [
        b'{"event": "Comet", "step": 4}\n',
        b"[1, 2]\n",
        b"\xff\xfe\x00\n",
        b"[" * 100_000 + b"\n",
        b'{"event": "Progress", "step": "many", "loss": 1, "accuracy": 1}\n',
        b'{"event": "Progress", "step": 1' + b"0" * 400 + b', "loss": 1, "accuracy": 1}\n',
        b'{"event": "Progress", "step": 1e400, "loss": 1, "accuracy": 1}\n',
        b'{"event": "Progress", "step": 1, "loss": 1e300, "accuracy": 1}\n',
        b'{"event": "Progress", "step": 1, "loss": -Infinity, "accuracy": 1}\n',
        b'{"event": "Progress", "step": 1, "loss": true, "accuracy": 1}\n',
        b'{"event": "Progress", "step": 1}\n',
        b'{"event": "EpochDone", "step": -1, "epoch": 1}\n',
        b'{"event": "Evaluated", "step": 1, "of": "nothing"}\n',
        first.replace(b'"epochs": 3', b'"epochs": 99'),
    ]
    log.write_bytes(first + b"".join(strange + rest))

    assert_same(reopen(folder), followed)


def test_without_its_epochs_a_run_was_not_completed(project, follow, folder):
    """Whoever shows a test result may ask for the last epoch's."""
    follow(project)
    lines = (folder / LOG).read_text().splitlines(keepends=True)
    (folder / LOG).write_text("".join(line for line in lines if "EpochDone" not in line))

    assert reopen(folder).end is None


@pytest.mark.parametrize(
    "change",
    [
        {"train_count": 2**31 - 1},
        {"train_count": 10**30},
        {"train_count": 41},
        {"validation_count": 0},
        {"epochs": 0},
        {"steps_per_epoch": 0},
    ],
    ids=str,
)
def test_sizes_that_are_not_the_files_are_not_believed(project, follow, folder, change):
    follow(project)
    first, *rest = (folder / LOG).read_text().splitlines(keepends=True)
    (folder / LOG).write_text(json.dumps(json.loads(first) | change) + "\n" + "".join(rest))

    run = reopen(folder)

    assert run.started is None or len(run.warnings) == 1
    assert run.total_steps >= 0


ANSWERS = "validation-000000001.npz"
FULL = "validation-000000001-probabilities.npz"


def spoil(path, name, change):
    with np.load(path) as content:
        arrays = dict(content)
    if change is None:
        del arrays[name]
    else:
        arrays[name] = change(arrays[name])
    np.savez(path, **arrays)


def with_first(value):
    def change(array):
        array = array.copy()
        array.flat[0] = value
        return array

    return change


SPOILED = {
    "no predicted": (ANSWERS, "predicted", None),
    "no labels": (ANSWERS, "labels", None),
    "no steps": (ANSWERS, "steps", None),
    "a class too many": (ANSWERS, "predicted", with_first(3)),
    "a label too many": (ANSWERS, "labels", with_first(3)),
    "negative class": (ANSWERS, "predicted", lambda a: with_first(-1)(a.astype(np.int64))),
    "fractions": (ANSWERS, "predicted", lambda a: a.astype(np.float32)),
    "objects": (ANSWERS, "predicted", lambda a: a.astype(object)),
    "an image too few": (ANSWERS, "predicted", lambda a: a[:, :-1]),
    "an evaluation too few": (ANSWERS, "confidence", lambda a: a[:-1]),
    "flat": (ANSWERS, "predicted", np.ravel),
    "above 1": (ANSWERS, "confidence", with_first(1.5)),
    "below 0": (ANSWERS, "true_probability", with_first(-0.5)),
    "infinite": (ANSWERS, "confidence", with_first(np.inf)),
    "doubles": (ANSWERS, "confidence", lambda a: a.astype(float)),
    "steps back": (ANSWERS, "steps", lambda a: a[::-1]),
    "steps of text": (ANSWERS, "steps", lambda a: a.astype(str)),
    "full: too few classes": (FULL, "probabilities", lambda a: a[..., :2]),
    "full: too few images": (FULL, "probabilities", lambda a: a[:, :2]),
    "full: flat": (FULL, "probabilities", np.ravel),
    "full: a number": (FULL, "probabilities", lambda a: np.float32(1)),
    "full: above 1": (FULL, "probabilities", with_first(2)),
}


@pytest.mark.parametrize(("file", "name", "change"), SPOILED.values(), ids=SPOILED)
def test_a_file_of_another_shape_is_skipped_and_told(project, follow, folder, file, name, change):
    followed = follow(project)
    spoil(folder / "evaluations" / file, name, change)

    reopened = reopen(folder)

    (warning,) = reopened.warnings
    assert warning.endswith("missing or damaged.")
    assert len(reopened.evaluations["validation"]) == (15 if file == FULL else 0)
    assert_equal(reopened.evaluation("training"), followed.evaluation("training"))


def test_a_packed_file_is_skipped(project, follow, folder):
    """A run packs none; a stranger's could hold a thousand times its own size."""
    follow(project)
    path = folder / "evaluations" / FULL
    np.savez_compressed(path, steps=np.arange(1, 16), probabilities=np.zeros((15, 17, 3), "f4"))

    assert reopen(folder).warnings[0].startswith(MISSING_FULL)


@pytest.mark.parametrize(
    "change",
    [with_first(700), lambda rows: rows[::-1], lambda rows: np.sort(rows // 2)],
    ids=["out of the set", "falling", "twice"],
)
def test_samples_of_other_rows_are_skipped(project, make_dataset, follow, folder, change):
    follow(project, make_dataset(validation=700))
    path = next((folder / "evaluations").glob("validation-sample-*[0-9].npz"))
    spoil(path, "rows", change)

    assert all(one.whole for one in reopen(folder).evaluations["validation"])


@pytest.fixture(scope="module")
def kept_once(tmp_path_factory):
    """A place for one run that is spoiled in many ways."""
    return tmp_path_factory.mktemp("kept")


def test_each_file_cut_anywhere_costs_a_sentence(make_project, make_dataset, follow, folder):
    follow(make_project(epochs=2), make_dataset(validation=510, train=20))
    whole = folder.with_name("whole")
    shutil.copytree(folder, whole)
    paths = [path for path in whole.rglob("*") if path.suffix in (".json", ".jsonl", ".npz")]
    assert len(paths) > 9
    for path in paths:
        content, cut = path.read_bytes(), folder / path.relative_to(whole)
        for length in sorted(
            {0, 1, 7, 100, len(content) // 2, len(content) - 30, len(content) - 1}
        ):
            cut.write_bytes(content[:length])
            told = told_of(folder)
            if path.parent.name == "evaluations":
                assert len(told) == 1, (path.name, length)
            elif path.name in ("evaluation.npz", "test.npz"):
                assert not told
            assert all(sentence.endswith(".") for sentence in told)
        cut.write_bytes(content)


def told_of(folder):
    """Give the sentences that come of reopening a folder."""
    try:
        return reopen(folder).warnings
    except ProblemError as error:
        return [str(error)]


@given(data=st.data())
def test_bytes_changed_anywhere_do_no_harm(data, kept_once):
    """Whatever comes out can be indexed with: class numbers and rows are in range."""
    folder = kept_once / "run"
    if not folder.exists():
        keep_tiny(folder)
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".jsonl", ".npz"))
    path = data.draw(st.sampled_from(paths))
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    value = data.draw(st.integers(0, 255))
    path.write_bytes(content[:place] + bytes([value]) + content[place + 1 :])
    try:
        for evaluation in (one for each in reopen(folder).evaluations.values() for one in each):
            assert 0 <= evaluation.predicted.min() <= evaluation.predicted.max() < 3
            assert 0 <= evaluation.labels.min() <= evaluation.labels.max() < 3
            assert 0 <= evaluation.rows.min() <= evaluation.rows.max() < 20
            assert len(evaluation.rows) == len(evaluation.labels) == len(evaluation.predicted)
    except ProblemError:
        pass
    finally:
        path.write_bytes(content)


def keep_tiny(folder):
    """Write a run of random answers."""
    source = NpzFile(
        path="tiny.npz",
        input_shape=(1, 4, 4),
        class_names=("a", "b", "c"),
        train_size=20,
        test_size=20,
    )
    project = preset("digits-mlp").set_data(source=source)
    recorder, random = Recorder(folder, project), np.random.default_rng(0)
    recorder.keep(Started("", 1, 20, 20, 20, 9, 10, "cpu", 1))
    rows = np.arange(20)
    for step in range(1, 4):
        full = random.dirichlet(np.ones(3), 20).astype(np.float32)
        whole = Evaluated(
            *(step, 1, "validation", True, 0.5, 0.5, rows, rows % 3, full.argmax(1)),
            confidence=full.max(1),
            true_probability=full[rows, rows % 3],
            probabilities=full,
        )
        some = {name: getattr(whole, name)[:7] for name in ("rows", "labels", "predicted")}
        some |= {name: getattr(whole, name)[:7] for name in ("confidence", "true_probability")}
        sample = replace(whole, **some, of="test", whole=False, probabilities=full[:7])
        recorder.keep(whole)
        recorder.keep(sample)
    recorder.keep(Finished("stopped", 3, 0))
    recorder.close()


@pytest.mark.parametrize("name", ["project.json", LOG])
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")
def test_a_pipe_in_a_run_folder_is_told_at_once(project, follow, folder, name):
    follow(project)
    (folder / name).unlink()
    os.mkfifo(folder / name)

    with pytest.raises(ProblemError, match=r"a pipe or a device|is not a file"):
        reopen(folder)
