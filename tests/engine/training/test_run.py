"""A whole run, from the data to the result: what is told, and that no error escapes."""

from __future__ import annotations

import pytest

from engine.data.dataset import Cancelled
from engine.problems import ProblemError
from engine.project.layers import Dense, Flatten
from engine.project.losses import CrossEntropy
from engine.project.presets import preset
from engine.project.sources import Mnist
from engine.store.runs import read_log
from engine.training import run as run_module
from engine.training.control import Control
from engine.training.events import DataReady, Failed, Finished, Loading, Progress, Started, Warned
from engine.training.run import run

DIGITS = preset("digits-mlp").set_training(epochs=2, device="cpu")


@pytest.fixture
def tiny(monkeypatch, dataset):
    """Give the tiny dataset for whatever is asked."""

    def load(data, seed, folder, progress):
        progress(0, 2)
        progress(2, 2)
        return dataset

    monkeypatch.setattr(run_module, "load", load)


def events_of(project, **options):
    return list(run(project, Control(), threads=1, **options))


def test_it_tells_the_data_first_and_the_result_last():
    events = events_of(DIGITS)

    assert [type(event) for event in events[:2]] == [DataReady, Started]
    assert len(events[0].dataset.train) == events[1].train_count
    assert events[-1].reason == "completed"
    assert events[-1].test_accuracy > 0.5


def test_reading_is_told_meanwhile(tiny, project):
    told = []

    events_of(project, loading=told.append)

    assert told == [Loading(0, 2), Loading(2, 2)]


def test_the_run_is_kept_under_its_folders_name(tiny, project, tmp_path):
    events = events_of(project, folder=tmp_path / "my run")

    assert next(event.run for event in events if isinstance(event, Started)) == "my run"
    assert next(line["event"] for line in read_log(tmp_path / "my run")) == "Started"


def test_a_run_that_nobody_wants_kept_writes_nothing(tiny, project, own_home):
    events_of(project)

    assert list(own_home.iterdir()) == []


def test_a_warning_is_told_where_it_happens(tiny, project, tmp_path):
    (tmp_path / "file").write_text("")

    events = events_of(project, folder=tmp_path / "file" / "run")

    assert [type(event) for event in events[:3]] == [DataReady, Warned, Started]
    assert events[-1].reason == "completed"


def test_a_stop_while_images_are_read_ends_the_run(project, monkeypatch):
    control = Control()

    def load(data, seed, folder, progress):
        control.stop()
        progress(1, 2)
        pytest.fail("the reading went on")

    monkeypatch.setattr(run_module, "load", load)

    assert list(run(project, control)) == [Finished("stopped", step=0, epoch=0)]


def test_a_project_with_a_problem_is_not_begun(make_project, monkeypatch):
    monkeypatch.setattr(run_module, "load", lambda *_: pytest.fail("data were read"))

    (failed,) = events_of(make_project(Dense()))

    assert failed == Failed("Dense needs a row of numbers, but gets 1×4×4. Add Flatten before it.")


def test_a_layer_too_large_for_the_memory_is_told_before_taking_any(make_project, monkeypatch):
    monkeypatch.setattr(run_module, "load", lambda *_: pytest.fail("data were read"))

    (failed,) = events_of(make_project(Flatten(), Dense(units=1_000_000_000)))

    assert failed.message.startswith("Dense has 17,000,000,000 parameters: training it would take")


def test_missing_data_get_a_sentence(tmp_path):
    (failed,) = events_of(preset("mlp-128"), data=tmp_path)

    assert failed.message.startswith(f"MNIST is not in the data folder {tmp_path}")
    assert failed.details == ""


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ProblemError("It can't be done."), "It can't be done."),
        (MemoryError(), "There is not enough memory for this training."),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "There is not enough memory"),
        (RuntimeError("CUDA out of memory. Tried"), "There is not enough memory"),
        (RuntimeError("boom"), "Training broke off by an error of the program: RuntimeError: boom"),
        (ZeroDivisionError("x"), "Training broke off by an error of the program: ZeroDivision"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_while_training_is_the_last_event(tiny, project, monkeypatch, error, sentence):
    calls = iter(range(100))

    def of(self, scores, labels):
        if next(calls) == 7:
            raise error
        return real(self, scores, labels)

    real = CrossEntropy.of
    monkeypatch.setattr(CrossEntropy, "of", of)

    events = events_of(project)

    assert any(isinstance(event, Progress) for event in events)
    assert events[-1].message.startswith(sentence)


def test_an_unforeseen_error_carries_its_traceback(tiny, project, monkeypatch):
    def of(self, scores, labels):
        raise RuntimeError("boom")

    monkeypatch.setattr(CrossEntropy, "of", of)

    failed = events_of(project)[-1]

    assert failed.details.startswith("Traceback (most recent call last)")
    assert "boom" in failed.details


def test_an_error_is_kept_in_the_log(tiny, project, monkeypatch, tmp_path):
    monkeypatch.setattr(CrossEntropy, "of", lambda *_: 1 / 0)

    events_of(project, folder=tmp_path / "run")

    last = list(read_log(tmp_path / "run"))[-1]
    assert last["event"] == "Failed"
    assert "ZeroDivisionError" in last["details"]


def test_a_consumer_that_leaves_closes_the_log(tiny, project, tmp_path):
    events = run(project, Control(), folder=tmp_path / "run", threads=1)
    for event in events:
        if isinstance(event, Progress):
            break
    events.close()

    assert [line["event"] for line in read_log(tmp_path / "run")] == ["Started", "Progress"]


def test_mnist_can_be_asked_for_by_any_folder(tmp_path, monkeypatch):
    asked = []

    def load(data, seed, folder, progress):
        asked.append((data.source, seed, folder))
        raise Cancelled

    monkeypatch.setattr(run_module, "load", load)

    events_of(preset("mlp-128").set_training(seed=4), data=tmp_path)

    assert asked == [(Mnist(), 4, tmp_path)]
