"""Starting weights: who takes them, and that runs with them go on and repeat exactly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.problems import ProblemError
from engine.project.layers import BatchNorm, Conv2d, Dense, Flatten, Residual
from engine.store.runs import LOG, START, read_log
from engine.store.weights import About, Weights, digest, read_weights, weights_of
from engine.training import run as run_module
from engine.training import verify
from engine.training.control import Control
from engine.training.events import Failed, Finished, WarmStarted
from engine.training.network import build
from engine.training.reopen import reopen
from engine.training.resume import branch, resume
from engine.training.run import run
from engine.training.warm_start import WarmStart, fit, place, told, warm_start

LAYERS = (Conv2d(filters=3), BatchNorm(), Flatten(), Dense(units=5))


def weights_for(project, **changes) -> Weights:
    torch.manual_seed(99)
    tensors = {name: value.numpy() for name, value in build(project).state_dict().items()}
    return Weights(tensors | changes, About(run="first"), project, Path("first.safetensors"))


def reasons(found) -> dict[str, str]:
    return {one.layer: str(one.why_not) for one in found.left}


# ---- who takes what


def test_the_same_network_takes_all(make_project):
    project = make_project(*LAYERS)
    weights = weights_for(project)

    found = fit(project, weights)

    assert found.taken == ("conv2d_1", "batch_norm_1", "dense_1", "output")
    assert not found.left
    assert not found.unused
    assert digest(found.tensors) == digest(weights.tensors)


def test_a_layer_of_another_size_starts_from_the_seed_and_says_so(make_project):
    project = make_project(*LAYERS)

    found = fit(project.set_layer("dense_1", units=6), weights_for(project))

    assert found.taken == ("conv2d_1", "batch_norm_1")
    assert reasons(found) == {
        "dense_1": "Its weight is 6×12 here and 5×12 there.",
        "output": "Its weight is 3×6 here and 3×5 there.",
    }


def test_a_layer_that_is_new_or_gone_is_told(make_project):
    project = make_project(*LAYERS)
    changed = project.remove(["conv2d_1"]).insert(0, Conv2d(filters=3), Conv2d(filters=3))
    changed = changed.remove(["conv2d_1"])

    found = fit(changed, weights_for(project))

    assert reasons(found)["conv2d_2"] == "They hold no layer of this name."
    assert found.unused == ("conv2d_1",)
    assert list(told(found)) == [
        "Layers that take the weights over: batch_norm_1, dense_1, output.",
        "conv2d_2 starts from the seed. They hold no layer of this name.",
        "Not used of the file: conv2d_1.",
    ]


def test_a_layer_that_moved_into_a_block_keeps_its_weights(make_project):
    project = make_project(Conv2d(filters=1, padding="same"), Flatten())
    inside = make_project(
        Residual(layers=(Conv2d(name="conv2d_1", filters=1, padding="same"),)), Flatten()
    )

    found = fit(inside, weights_for(project))

    assert found.taken == ("conv2d_1", "output")
    inner = next(name for name in found.tensors if name.endswith("conv2d_1.weight"))
    assert inner.startswith("residual_1.")


def test_plain_tensors_go_by_the_network_they_are_for(make_project):
    project = make_project(*LAYERS)
    tensors = weights_for(project).tensors

    found = fit(project, Weights(tensors, About(), None, Path("plain.safetensors")))

    assert len(found.taken) == 4


@pytest.mark.parametrize(
    ("bias", "sentence"),
    [
        (np.array([0, 1, 2, np.nan, 4], np.float32), "Its bias there holds values that are no num"),
        (np.zeros(5, np.float16), "Its bias holds float32 here and float16 there."),
        (np.zeros((), np.float32), "Its bias is 5 here and one number there."),
        (None, "They lack its bias."),
    ],
)
def test_a_layer_takes_its_tensors_together_or_not_at_all(make_project, bias, sentence):
    project = make_project(*LAYERS)
    weights = weights_for(project, **{"dense_1.bias": bias})
    if bias is None:
        del weights.tensors["dense_1.bias"]

    found = fit(project, weights)

    assert "dense_1.weight" not in found.tensors
    assert reasons(found)["dense_1"].startswith(sentence)


def test_extra_tensors_are_told(make_project):
    project = make_project(*LAYERS)
    extra = {"dense_1.mask": np.ones(1), "strange.deep.weight": np.ones(1), "lone": np.ones(1)}

    assert fit(project, weights_for(project, **extra)).unused == (
        "dense_1.mask",
        "strange.deep",
        "lone",
    )


def test_weights_of_which_nothing_fits_are_refused(make_project):
    other = make_project(Flatten(), Dense(units=7))

    with pytest.raises(ProblemError, match=r"No layer of this network can start .* dense_1: Its w"):
        warm_start(make_project(Flatten(), Dense(units=8)), weights_for(other))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("dense_1.weight", ("dense_1", ".weight")),
        ("dense_12.weight", ("dense_12", ".weight")),
        ("conv2d_1_batch.weight", ("conv2d_1", "_batch.weight")),
        ("residual_1.body.conv2d_1.weight", ("conv2d_1", ".weight")),
        ("residual_1.shortcut.weight", ("residual_1", ".shortcut.weight")),
        ("lstm_1.cells.0.weight_ih", ("lstm_1", ".cells.0.weight_ih")),
        ("unknown.0.weight", ("unknown.0", ".weight")),
    ],
)
def test_a_tensor_belongs_to_the_innermost_layer_that_it_names(name, expected):
    names = {"dense_1", "dense_12", "conv2d_1", "residual_1", "lstm_1"}

    assert place(name, names) == expected


# ---- runs that begin with them


@pytest.fixture(autouse=True)
def tiny(monkeypatch, dataset):
    for where in (run_module, verify):
        monkeypatch.setattr(where, "load", lambda *_: dataset)


class StopAt(Control):
    def __init__(self, step):
        super().__init__()
        self._step = step

    def take_changes(self, step):
        if step == self._step:
            self.stop()
        return []


@pytest.fixture
def first(make_project, tmp_path):
    """A run of a network; its folder."""
    events = list(run(make_project(*LAYERS), Control(), folder=tmp_path / "first", threads=1))
    assert isinstance(events[-1], Finished)
    return tmp_path / "first"


@pytest.fixture
def changed(make_project):
    return make_project(*LAYERS).set_layer("dense_1", units=6)


@pytest.fixture
def start(first, changed):
    return warm_start(changed, weights_of(first, "last"))


@pytest.fixture
def warm(changed, start, tmp_path):
    """Train a changed network from the first one's weights; its folder."""

    def train(name="warm", control=None):
        folder = tmp_path / name
        events = list(run(changed, control or Control(), folder=folder, threads=1, start=start))
        assert not isinstance(events[-1], Failed), events[-1]
        return folder

    return train


def lines(folder):
    told = [{**line, "at": 0, "run": ""} for line in read_log(folder)]
    return [line for line in told if line["event"] not in ("Resumed", "Paused", "Continued")]


def test_the_first_snapshot_holds_them(changed, start, dataset):
    from engine.training.loop import train

    events = train(changed, dataset, Control(), threads=1, start=start, due=lambda _: True)
    snapshot = [next(events) for _ in range(3)][-1]

    given = {name: snapshot.tensors[f"network/{name}"] for name in start.tensors}
    assert digest(given) == digest(start.tensors)


def test_the_other_layers_start_from_the_seed(changed, start, dataset):
    from engine.training.loop import train

    def first_weights(**options):
        events = train(changed, dataset, Control(), threads=1, due=lambda _: True, **options)
        return next(event for event in events if hasattr(event, "state")).tensors

    warm, cold = first_weights(start=start), first_weights()
    for name in ("network/dense_1.weight", "random/torch", "random/shuffling"):
        np.testing.assert_array_equal(warm[name], cold[name])


def test_the_folder_and_the_log_tell_of_them(warm, start):
    folder = warm()

    kept = read_weights(folder / START)
    line = [line for line in read_log(folder) if line["event"] == "WarmStarted"]
    assert digest(kept.tensors) == start.digest
    assert (kept.about.weights, kept.about.source) == ("start", "first")
    assert [(one["source"], one["count"], one["digest"]) for one in line] == [
        ("first", len(start.tensors), start.digest)
    ]


def test_a_run_that_is_opened_again_knows_of_them(warm, start):
    assert reopen(warm()).warm_started == WarmStarted("first", len(start.tensors), start.digest)


def test_the_run_is_repeated_exactly(warm, tmp_path):
    verdict = verify.verify(warm(), tmp_path)

    assert verdict.equal, str(verdict.words)


def test_other_starting_weights_are_the_first_difference(warm, tmp_path, changed):
    folder = warm()
    from engine.training.warm_start import start_content

    kept = read_weights(folder / START).tensors
    other = {name: value + np.ones((), value.dtype) for name, value in kept.items()}
    (folder / START).write_bytes(start_content(changed, WarmStart(other, "first"), "warm"))

    difference = verify.verify(folder, tmp_path).difference

    assert (difference.event, difference.field) == ("WarmStarted", "digest")


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: path.write_bytes(b"?")])
def test_a_repetition_says_so_where_they_are_lost(warm, tmp_path, spoil):
    folder = warm()
    spoil(folder / START)

    with pytest.raises(ProblemError, match="began from weights that its folder has lost"):
        verify.verify(folder, tmp_path)


@pytest.mark.parametrize("step", [0, 1, 7])
def test_a_run_that_was_stopped_goes_on_to_the_same_end(warm, step):
    whole, cut = warm(), warm("cut", StopAt(step))

    list(run(None, Control(), going_on=resume(cut)))

    one, other = (weights_of(folder, "last").tensors for folder in (whole, cut))
    assert digest(one) == digest(other)


def test_a_run_without_a_checkpoint_begins_with_them_again(warm):
    import shutil

    whole, cut = warm(), warm("cut")
    shutil.rmtree(cut / "checkpoints")

    list(run(None, Control(), threads=1, going_on=resume(cut)))

    assert lines(cut) == lines(whole)


def test_a_branch_goes_its_own_way_from_the_same_first_weights(warm, changed, tmp_path, start):
    folder = warm()
    slower = changed.set_optimizer(learning_rate=0.002)

    list(run(None, Control(), going_on=branch(folder, 0, slower, tmp_path / "branch")))

    assert verify.verify(tmp_path / "branch", tmp_path).equal
    assert "WarmStarted" in (tmp_path / "branch" / LOG).read_text()


def test_a_folder_that_hardly_began_keeps_no_weights_of_before(changed, start, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / START).write_bytes(b"of a run that was killed at once")

    list(run(changed, Control(), folder=folder, threads=1))

    assert not (folder / START).exists()


def test_weights_of_another_network_are_refused_before_training(changed, start, dataset):
    from engine.training.loop import train

    for wrong in ({"strange": np.ones(1)}, {"conv2d_1.bias": np.ones(9, np.float32)}):
        with pytest.raises(ProblemError, match="not those of the run's network"):
            next(train(changed, dataset, Control(), start=WarmStart(wrong, "a file")))


# ---- what a run's own files tell


def test_a_runs_weights_carry_its_project_and_figures(first, make_project):
    best, last = weights_of(first, "best"), weights_of(first, "last")
    log = [json.loads(line) for line in (first / LOG).read_text().splitlines()]
    epochs = [line for line in log if line["event"] == "EpochDone"]

    assert best.project == last.project == make_project(*LAYERS)
    assert best.about.validation_accuracy == max(line["validation_accuracy"] for line in epochs)
    assert best.about.test_accuracy is None
    assert last.about.validation_accuracy == epochs[-1]["validation_accuracy"]
    assert last.about.test_accuracy == log[-1]["test_accuracy"]
    assert (best.about.weights, last.about.weights) == ("best", "last")
    assert last.about.run == "first"
    assert last.about.preparation.mean == (0,)
