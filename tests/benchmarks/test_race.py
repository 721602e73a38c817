"""The race's own arithmetic, and that all participants are told the same lessons."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch

from engine.project.layers import Conv2d, Dense, Flatten, MaxPool2d
from engine.project.presets import preset
from tests.benchmarks.race import example_peer, floor_peer, peer, report
from tests.benchmarks.race.log import timed_stretch
from tests.benchmarks.race.recipes import RECIPES, Recipe
from tests.benchmarks.race.report import Finish

STARTED = {"event": "Started", "parameters": 101_770, "threads": 2, "steps_per_epoch": 100}
recipes = pytest.mark.parametrize("recipe", RECIPES.values(), ids=lambda recipe: recipe.name)


def finish(participant: str, ms: float, number: int = 1, recipe: str = "mlp-128") -> Finish:
    parameters = RECIPES[recipe].parameters
    return Finish(number, recipe, participant, ms, parameters, 0.2, 300 * 2**20, {"torch": "2.9"})


def reports(*marks: tuple[int, float]) -> list[dict[str, object]]:
    return [{"event": "Progress", "step": step, "at": at, "loss": 0.5} for step, at in marks]


@recipes
def test_a_recipe_has_the_layers_of_its_preset(recipe: Recipe) -> None:
    layers = [layer.model_copy(update={"name": ""}) for layer in preset(recipe.name).layers]
    expected: list[object] = []
    for filters in recipe.convolutions:
        expected += [Conv2d(filters=filters, kernel_size=3), MaxPool2d(size=2, stride=2)]
    expected += [Flatten(), *(Dense(units=units) for units in recipe.dense)]
    assert layers == expected


@recipes
def test_a_recipe_is_trained_as_its_preset(recipe: Recipe) -> None:
    project = preset(recipe.name)
    options = project.training.optimizer.options()
    momentum = {"momentum": recipe.momentum, "nesterov": False}
    more = momentum if recipe.optimizer == "sgd" else {"betas": (0.9, 0.999)}
    assert project.training.optimizer.type == recipe.optimizer
    assert options == {"lr": recipe.learning_rate, "weight_decay": 0.0, **more}
    assert project.training.batch_size == recipe.batch
    assert project.parameters == recipe.parameters
    assert round(60_000 * (1 - project.data.validation)) == recipe.images


@recipes
def test_the_timed_steps_fit_into_an_epoch(recipe: Recipe) -> None:
    assert recipe.steps <= recipe.longest


@recipes
@pytest.mark.parametrize("build", [floor_peer.network, example_peer.Net])
def test_a_peer_builds_the_recipes_network(recipe: Recipe, build) -> None:
    with torch.device("meta"):
        network = build(recipe)
        assert network(torch.empty(2, 1, 28, 28)).shape == (2, 10)
    assert sum(weights.numel() for weights in network.parameters()) == recipe.parameters


@recipes
@pytest.mark.parametrize("optimizer", [floor_peer.optimizer, example_peer.optimizer])
def test_a_peer_takes_the_recipes_optimizer(recipe: Recipe, optimizer) -> None:
    wanted = preset(recipe.name).training.optimizer.build([torch.zeros(1)])
    built = optimizer(recipe, torch.nn.Linear(1, 1))
    assert type(built) is type(wanted)
    for name in ("lr", "weight_decay", "momentum", "betas", "nesterov"):
        assert built.defaults.get(name) == wanted.defaults.get(name)


def test_a_stretch_runs_from_the_warm_ups_end_to_the_last_of_its_steps() -> None:
    lines = [STARTED, *reports((1, 1.0), (10, 2.0), (20, 3.0), (60, 5.0), (70, 9.0))]
    stretch = timed_stretch(lines, warm_up=5, steps=60)
    assert stretch is not None
    assert (stretch.first, stretch.last, stretch.seconds) == (10, 60, 3.0)
    assert (stretch.parameters, stretch.threads, stretch.loss) == (101_770, 2, 0.5)


def test_a_stretch_ends_with_the_first_epoch() -> None:
    lines = [STARTED, *reports((10, 1.0), (100, 4.0), (110, 9.0))]
    stretch = timed_stretch(lines, warm_up=5, steps=500)
    assert stretch is not None
    assert (stretch.last, stretch.seconds) == (100, 3.0)


@pytest.mark.parametrize("lines", [[], [STARTED], [STARTED, *reports((10, 1.0))]])
def test_a_log_with_fewer_than_two_reports_has_no_stretch(lines) -> None:
    assert timed_stretch(lines, warm_up=5, steps=50) is None


def test_ratios_are_taken_within_a_round_before_their_median() -> None:
    rounds = [(10.0, 1.0), (40.0, 10.0), (12.0, 2.0)]  # 10, 4 and 6 times; medians alone give 6
    finishes = [
        finish(name, ms, number)
        for number, times in enumerate(rounds, 1)
        for name, ms in zip(("keras", "engine"), times, strict=True)
    ]
    (row,) = report.compare(finishes)
    assert (row.title, row.value, row.lowest, row.highest) == ("keras / engine", 6.0, 4.0, 10.0)


def test_a_round_that_lacks_one_of_the_two_does_not_count() -> None:
    finishes = [finish("keras", 8.0), finish("engine", 2.0), finish("keras", 1.0, number=2)]
    assert [row.value for row in report.compare(finishes)] == [4.0]


@pytest.mark.parametrize(("engine", "met"), [(1.0, True), (1.05, True), (1.06, False)])
def test_a_target_is_met_from_its_number_on(engine: float, met: bool) -> None:
    (row,) = report.compare([finish("floor", 1.0), finish("engine", engine)])
    assert (row.wanted, row.met) == (0.95, met)


def test_the_way_to_jax_is_counted_from_the_floor() -> None:
    times = {"floor": 5.0, "jax": 1.0, "engine": 2.0}
    rows = report.compare([finish(name, ms) for name, ms in times.items()])
    assert {row.title: row.value for row in rows}["way from floor to jax"] == 0.75


def test_jax_runs_no_race_over_convolutions() -> None:
    assert report.takes_part("jax", RECIPES["mlp-128"])
    assert not report.takes_part("jax", RECIPES["cnn-two"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, None),
        ({"parameters": 7}, "trained 7 parameters instead of 101,770"),
        ({"loss": 2.302}, "learned nothing: its loss is 2.302"),
        ({"loss": float("nan")}, "learned nothing: its loss is nan"),
        ({"more": {"hidden": ["Confusion"]}}, "could not show Confusion"),
    ],
)
def test_a_time_counts_only_where_the_lesson_was_learned(change, words) -> None:
    assert replace(finish("floor", 1.0), **change).fault == words


def test_the_text_tells_times_memory_and_whether_targets_are_met() -> None:
    text = report.as_text([finish("floor", 1.0), finish("engine", 2.0)], targets=True)
    assert "1.000 (1.000..1.000)     300 MB" in text
    assert "0.50 (0.50..0.50)  at least 0.95: NOT MET" in text


def test_the_table_leaves_a_cell_empty_where_nobody_ran() -> None:
    finishes = [finish("jax", 0.2), finish("floor", 5.0, recipe="cnn-two")]
    table = report.as_markdown(finishes, "Somewhere.").splitlines()
    assert table[0] == "| ms a step | mlp-128 | cnn-two |"
    assert table[2].endswith("|  | 5.00 (5.00–5.00) |")
    assert table[3].endswith("| 0.20 (0.20–0.20) |  |")
    assert table[-1] == "Somewhere."


def test_an_answer_is_one_line_of_json(capsys) -> None:
    peer.answer(seconds=2.0, steps=1000, parameters=5, loss=0.1, versions={}, threads=1)
    told = json.loads(capsys.readouterr().out)
    assert (told["ms_per_step"], told["steps"], told["threads"]) == (2.0, 1000, 1)


@pytest.mark.parametrize("home", ["", "nowhere"])
def test_missing_digits_are_told_in_one_sentence(home, monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("LAYERSCOPE_DATA", str(tmp_path / home) if home else "")
    with pytest.raises(SystemExit, match="MNIST is not there"):
        peer.mnist_folder()
