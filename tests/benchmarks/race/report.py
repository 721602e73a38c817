"""What a race comes to: medians, ratios within each round, targets; as text and as a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from tests.benchmarks.race.recipes import RECIPES, Recipe

TITLES = {
    "keras": "Keras on TensorFlow, `model.fit`",
    "example": "PyTorch's MNIST example, its way of loading",
    "floor": "plain PyTorch, tuned, nothing shown",
    "jax": "JAX, an epoch in one scan",
    "engine": "Layerscope by command line",
    "window": "Layerscope with all views in sight",
}
LEARNED = math.log(10) / 2  # half the loss of a network that only guesses


@dataclass(frozen=True)
class Finish:
    """One participant's time in one round."""

    round: int
    recipe: str
    participant: str
    ms: float  # a step
    parameters: int
    loss: float
    peak_bytes: int | None  # the largest resident size of its largest process
    versions: Mapping[str, str] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)  # what else it told

    @property
    def fault(self) -> str | None:
        """Say why this time does not count, if it does not."""
        wanted = RECIPES[self.recipe].parameters
        if self.parameters != wanted:
            return f"trained {self.parameters:,} parameters instead of {wanted:,}"
        if not self.loss < LEARNED:
            return f"learned nothing: its loss is {self.loss:.3f}"
        if self.more.get("hidden"):
            return f"could not show {', '.join(self.more['hidden'])}"
        return None


@dataclass(frozen=True)
class Comparison:
    """A number made of the times of one round, and how large it should be at least."""

    title: str
    value: Callable[[Mapping[str, float]], float]  # of ms by participant; KeyError if one lacks
    wanted: Mapping[str, float]  # by recipe


MLPS, CNNS = ("mlp-128", "mlp-128-64"), ("cnn-small", "cnn-two")
COMPARISONS = (
    Comparison(
        "keras / engine",
        lambda ms: ms["keras"] / ms["engine"],
        dict.fromkeys(MLPS, 4.0) | {"cnn-small": 1.3, "cnn-two": 1.2},
    ),
    Comparison(
        "example / engine",
        lambda ms: ms["example"] / ms["engine"],
        dict.fromkeys(MLPS, 5.0) | dict.fromkeys(CNNS, 1.9),
    ),
    Comparison(
        "floor / engine",
        lambda ms: ms["floor"] / ms["engine"],
        dict.fromkeys(MLPS + CNNS, 0.95),
    ),
    Comparison(
        "engine / window",
        lambda ms: ms["engine"] / ms["window"],
        dict.fromkeys(MLPS + CNNS, 0.95),
    ),
    Comparison(
        "way from floor to jax",
        lambda ms: (ms["floor"] - ms["engine"]) / (ms["floor"] - ms["jax"]),
        dict.fromkeys(MLPS, 0.5),
    ),
)


@dataclass(frozen=True)
class Compared:
    """A comparison's outcome for one recipe: the median over the rounds."""

    recipe: str
    title: str
    value: float
    lowest: float
    highest: float
    wanted: float

    @property
    def met(self) -> bool:
        """Whether it is as large as it should be."""
        return self.value >= self.wanted


@dataclass(frozen=True)
class Spread:
    """One participant's times over the rounds, in ms a step."""

    median: float
    lowest: float
    highest: float
    rounds: int
    peak_bytes: int | None


def spreads(finishes: Iterable[Finish]) -> dict[tuple[str, str], Spread]:
    """Sum up each participant's rounds, by recipe and participant, in the order of the race."""
    groups: dict[tuple[str, str], list[Finish]] = {}
    for finish in finishes:
        groups.setdefault((finish.recipe, finish.participant), []).append(finish)
    return {key: _spread(group) for key, group in groups.items()}


def compare(finishes: Iterable[Finish]) -> list[Compared]:
    """Compare within each round, where a passing load hits all alike, and take the medians."""
    rounds: dict[tuple[str, int], dict[str, float]] = {}
    for finish in finishes:
        times = rounds.setdefault((finish.recipe, finish.round), {})
        times[finish.participant] = finish.ms
    outcomes = []
    for recipe in dict.fromkeys(name for name, _ in rounds):
        for comparison in COMPARISONS:
            values = []
            for (name, _), times in rounds.items():
                if name == recipe and recipe in comparison.wanted:
                    values += _value(comparison, times)
            if values:
                outcomes.append(
                    Compared(
                        recipe,
                        comparison.title,
                        median(values),
                        min(values),
                        max(values),
                        comparison.wanted[recipe],
                    )
                )
    return outcomes


def as_text(finishes: Sequence[Finish], targets: bool) -> str:
    """Write a block for each recipe: times, peak memory, and the comparisons with their targets."""
    times, outcomes = spreads(finishes), compare(finishes)
    lines = []
    for recipe in dict.fromkeys(name for name, _ in times):
        lines.append(f"{recipe}: ms a step, median (lowest..highest) of the rounds; peak memory")
        lines += [
            f"  {participant:22} {_time_text(spread)}"
            for (name, participant), spread in times.items()
            if name == recipe
        ]
        lines += [
            f"  {outcome.title:22} {_outcome_text(outcome, targets)}"
            for outcome in outcomes
            if outcome.recipe == recipe
        ]
        lines.append("")
    return "\n".join(lines)


def as_markdown(finishes: Sequence[Finish], about: str) -> str:
    """Write the table for the README, the machine below it."""
    times, outcomes = spreads(finishes), compare(finishes)
    recipes = list(dict.fromkeys(name for name, _ in times))
    rows = [["ms a step", *recipes]]
    for participant, title in TITLES.items():
        cells = [_time_cell(times.get((recipe, participant))) for recipe in recipes]
        if any(cells):
            rows.append([title, *cells])
    for comparison in COMPARISONS:
        found = {row.recipe: row for row in outcomes if row.title == comparison.title}
        if found:
            rows.append([comparison.title, *(_outcome_cell(found.get(name)) for name in recipes)])
    rows.insert(1, ["---"] + ["---:"] * len(recipes))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + f"\n\n{about}\n"


def versions(finishes: Iterable[Finish]) -> dict[str, str]:
    """Collect the versions of all packages that took part."""
    found: dict[str, str] = {}
    for finish in finishes:
        found = dict(finish.versions) | found
    return dict(sorted(found.items()))


def takes_part(participant: str, recipe: Recipe) -> bool:
    """Tell whether a participant runs a recipe: JAX leaves convolutions out."""
    return participant != "jax" or not recipe.convolutions


def _spread(group: Sequence[Finish]) -> Spread:
    times = [finish.ms for finish in group]
    peaks = [finish.peak_bytes for finish in group if finish.peak_bytes is not None]
    return Spread(median(times), min(times), max(times), len(times), max(peaks, default=None))


def _value(comparison: Comparison, times: Mapping[str, float]) -> list[float]:
    try:
        return [comparison.value(times)]
    except KeyError:  # one of them did not finish this round
        return []


def _time_text(spread: Spread) -> str:
    peak = f"{spread.peak_bytes / 2**20:7.0f} MB" if spread.peak_bytes else ""
    return f"{spread.median:8.3f} ({spread.lowest:.3f}..{spread.highest:.3f}) {peak}"


def _outcome_text(outcome: Compared, targets: bool) -> str:
    text = f"{outcome.value:8.2f} ({outcome.lowest:.2f}..{outcome.highest:.2f})"
    mark = "met" if outcome.met else "NOT MET"
    return f"{text}  at least {outcome.wanted:g}: {mark}" if targets else text


def _time_cell(spread: Spread | None) -> str:
    if spread is None:
        return ""
    return f"{spread.median:.2f} ({spread.lowest:.2f}–{spread.highest:.2f})"


def _outcome_cell(outcome: Compared | None) -> str:
    return "" if outcome is None else f"{outcome.value:.2f}"
