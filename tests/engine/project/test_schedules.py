from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from engine.problems import ProblemError
from engine.project.format import dumps, loads
from engine.project.project import Project
from engine.project.schedules import (
    SCHEDULE_TYPES,
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    Step,
)

STEPS = 30

every_type = pytest.mark.parametrize("kind", SCHEDULE_TYPES, ids=lambda kind: kind.__name__)
shares = st.floats(0, 1, exclude_max=True)
ends = st.floats(0, 1)
above_zero = st.floats(0, 1, exclude_min=True)
inside = st.floats(1e-3, 0.999)

falling = st.one_of(
    st.builds(Constant),
    st.builds(Step, drops=st.integers(1, 100), drop=inside),
    st.builds(Exponential, end=above_zero),
    st.builds(Cosine, end=ends),
    st.builds(ReduceOnPlateau),
)
warmed_up = st.one_of(
    st.builds(Constant, warm_up=shares),
    st.builds(Step, drops=st.integers(1, 100), drop=inside, warm_up=shares),
    st.builds(Exponential, end=above_zero, warm_up=shares),
    st.builds(Cosine, end=ends, warm_up=shares),
    st.builds(ReduceOnPlateau, drop=inside, warm_up=shares),
)
one_cycles = st.builds(
    OneCycle,
    rise=inside,
    start=above_zero,
    end=ends,
    shape=st.sampled_from(["cosine", "linear"]),
)


def factors(schedule, steps=STEPS):
    return [schedule.factor(step / steps) for step in range(steps + 1)]


def falls(values):
    """Tell whether no value is above the one before, but for rounding."""
    return all(after <= before + 1e-9 for before, after in pairwise(values))


def torchs(make, steps=STEPS):
    """Take steps with a scheduler of torch's, and list its rate at each; the optimizer's is 1."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)
    rates = []
    for _ in range(steps + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(rates) <= steps:
            scheduler.step()
    return rates


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (
            Cosine(end=0.02),
            lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.02),
        ),
        (Cosine(), lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS)),
        (Exponential(end=0.05), lambda o: lr_scheduler.ExponentialLR(o, gamma=0.05 ** (1 / STEPS))),
        *(
            (
                OneCycle(rise=0.4, start=0.1, end=0.001, shape=shape),
                lambda o, name=name: lr_scheduler.OneCycleLR(
                    o,
                    max_lr=1.0,
                    total_steps=STEPS + 1,
                    pct_start=(0.4 * STEPS + 1) / (STEPS + 1),  # it counts its steps from 1 here
                    anneal_strategy=name,
                    cycle_momentum=False,
                    div_factor=10,
                    final_div_factor=100,
                ),
            )
            for shape, name in [("cosine", "cos"), ("linear", "linear")]
        ),
    ],
    ids=lambda value: value.title if isinstance(value, Schedule) else "",
)
def test_it_is_torchs(ours, theirs):
    assert factors(ours) == pytest.approx(torchs(theirs), rel=1e-6, abs=1e-9)


def test_steps_are_torchs_until_the_last_drop():
    ours = factors(Step(drops=4, drop=0.3))
    theirs = torchs(lambda o: lr_scheduler.StepLR(o, step_size=STEPS // 5, gamma=0.3))

    assert ours[:STEPS] == pytest.approx(theirs[:STEPS])


def test_a_warm_up_is_torchs_linear_one():
    ours = factors(Constant(warm_up=0.5))
    theirs = torchs(lambda o: lr_scheduler.LinearLR(o, start_factor=0.01, total_iters=STEPS // 2))

    assert ours == pytest.approx(theirs)


@given(st.integers(1, 100), st.integers(1, 1000))
def test_a_step_falls_on_its_own_batch_and_not_one_later(drops, stretch):
    steps = stretch * (drops + 1)
    schedule = Step(drops=drops, drop=0.5)

    for drop in range(1, drops + 1):
        assert schedule.factor(drop * stretch / steps) == 0.5**drop
        assert schedule.factor((drop * stretch - 1) / steps) == 0.5 ** (drop - 1)


@given(warmed_up | one_cycles, st.floats(0, 1))
def test_a_factor_is_a_share(schedule, done):
    assert 0 <= schedule.factor(done) <= 1


@given(falling)
def test_without_warm_up_it_starts_with_the_whole_rate_and_never_rises(schedule):
    values = factors(schedule)

    assert values[0] == 1
    assert falls(values)


@given(warmed_up.filter(lambda schedule: schedule.warm_up > 0))
def test_a_warm_up_rises_from_a_hundredth_to_the_whole_rate(schedule):
    values = [schedule.factor(schedule.warm_up * part / 10) for part in range(11)]

    assert values[0] == 0.01
    assert values[-1] == pytest.approx(1)
    assert falls(values[::-1])


@given(warmed_up, st.floats(0, 1))
def test_after_the_warm_up_comes_the_whole_schedule(schedule, done):
    without = schedule.model_copy(update={"warm_up": 0.0})
    warmed = schedule.warm_up + done * (1 - schedule.warm_up)

    # Left out: steps, which jump where rounding falls on either side, and a rest as short as that.
    if not isinstance(schedule, Step) and schedule.warm_up < 0.99:
        assert schedule.factor(warmed) == pytest.approx(without.factor(done), abs=1e-6)


@given(ends, above_zero)
def test_what_says_its_end_ends_there(end, positive):
    assert Cosine(end=end).factor(1) == pytest.approx(end)
    assert OneCycle(end=end).factor(1) == pytest.approx(end)
    assert Exponential(end=positive).factor(1) == pytest.approx(positive)


@given(one_cycles)
def test_one_cycle_rises_to_its_peak_and_falls(schedule):
    rise = [schedule.factor(schedule.rise * part / 10) for part in range(11)]
    fall = [schedule.factor(schedule.rise + (1 - schedule.rise) * part / 10) for part in range(11)]

    assert rise[0] == pytest.approx(schedule.start)
    assert [rise[-1], fall[0]] == pytest.approx([1, 1])
    assert falls(rise[::-1])
    assert falls(fall)


def test_what_a_plateau_lowers_is_left_to_the_run():
    values = factors(ReduceOnPlateau(warm_up=0.5))

    assert values == factors(Constant(warm_up=0.5))
    assert [kind.title for kind in SCHEDULE_TYPES if kind.note] == ["On plateau"]


def test_a_new_project_keeps_its_rate():
    assert set(factors(Project().training.schedule)) == {1.0}


@every_type
def test_json_gives_the_same_schedule_back(kind):
    field = "rise" if kind is OneCycle else "warm_up"
    project = Project().set_training(schedule=kind(**{field: 0.125}))

    assert loads(dumps(project)) == project


@pytest.mark.parametrize(
    ("schedule", "field", "value", "sentence"),
    [
        (Constant(), "warm_up", 1, "Warm-up must be less than 1, but it is 1."),
        (Constant(), "warm_up", "long", "Warm-up must be a number such as 0.001, but it is 'long'"),
        (Step(), "drops", 0, "Drops must be 1 or more, but it is 0."),
        (Step(), "drop", 1, "Drop to must be less than 1, but it is 1."),
        (Exponential(), "end", 0, "End must be greater than 0, but it is 0."),
        (Cosine(), "end", -0.1, "End must be 0 or more, but it is -0.1."),
        (Cosine(), "end", float("nan"), "End must be"),
        (OneCycle(), "start", 0, "Start must be greater than 0, but it is 0."),
        (OneCycle(), "rise", 1, "Rise must be less than 1, but it is 1."),
        (ReduceOnPlateau(), "patience", -1, "Patience must be 0 or more, but it is -1."),
        (ReduceOnPlateau(), "drop", 1, "Drop to must be less than 1, but it is 1."),
        (ReduceOnPlateau(), "least", 2, "At least must be 1 or less, but it is 2."),
        (ReduceOnPlateau(), "threshold", 1, "Threshold must be less than 1, but it is 1."),
        (ReduceOnPlateau(), "watch", "me", "Watch must be 'validation loss' or 'validation acc"),
        (OneCycle(), "shape", "round", "Shape must be 'cosine' or 'linear', but it is 'round'."),
    ],
)
def test_a_wrong_value_gets_a_sentence(schedule, field, value, sentence):
    project = Project().set_training(schedule=schedule)

    with pytest.raises(ProblemError) as caught:
        project.set_schedule(**{field: value})

    assert str(caught.value).startswith(sentence)


@every_type
def test_every_field_explains_itself(kind):
    properties = kind.model_json_schema()["properties"]

    assert kind.title
    assert kind.help.endswith(".")
    assert all(
        field["title"] and field["description"].endswith(".")
        for name, field in properties.items()
        if name != "type"
    )
