from __future__ import annotations

import pytest

from engine.project.augmentation import Augmentation
from engine.project.layers import Dense, Dropout
from engine.project.optimizers import Adam, Sgd
from engine.project.presets import FIRST, preset
from engine.project.schedules import Cosine, Exponential
from engine.training.changes import branch_problem
from gui.widgets.rewind.branching import told_differences


@pytest.fixture
def run():
    return preset(FIRST).insert(1, Dropout(rate=0.2))


def test_the_same_project_differs_in_nothing(run):
    assert told_differences(run, run) == []


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"batch_size": 64}, ["Batch size 32 → 64"]),
        ({"epochs": 1200}, ["Epochs 30 → 1,200"]),
        ({"optimizer": Adam(learning_rate=0.5)}, ["Learning rate 0.001 → 0.5"]),
        ({"optimizer": Adam(beta1=0.5)}, ["Optimizer: other numbers"]),
        ({"schedule": Cosine()}, ["Schedule Constant → Cosine"]),
        ({"augmentation": Augmentation(shift=0.1)}, ["Augmentation off → on"]),
        ({"clip_norm": 1.0}, ["Clip gradients 0 → 1"]),
        ({"seed": 7}, ["Seed 0 → 7"]),
    ],
)
def test_a_training_setting_is_told(run, values, told):
    assert told_differences(run, run.set_training(**values)) == told


def test_another_optimizer_is_told_with_its_learning_rate(run):
    edited = run.set_training(optimizer=Sgd(learning_rate=0.1))

    assert told_differences(run, edited) == [
        "Learning rate 0.001 → 0.1",
        f"Optimizer {Adam.title} → {Sgd.title}",
    ]


def test_other_numbers_of_a_schedule_are_told(run):
    old = run.set_training(schedule=Exponential())

    edited = old.set_schedule(end=0.5)

    assert told_differences(old, edited) == ["Schedule: other numbers"]


def test_early_stopping_is_told(run):
    on = run.set_early_stopping(on=True)

    assert told_differences(run, on) == ["Early stopping off → on"]
    assert told_differences(on, on.set_early_stopping(patience=9)) == [
        "Early stopping: other numbers"
    ]


def test_a_dropouts_rate_is_told_and_fits(run):
    edited = run.set_layer("dropout_1", rate=0.5)

    assert told_differences(run, edited) == ["Rate of dropout_1 0.2 → 0.5"]
    assert branch_problem(run, edited) is None


def test_fine_settings_that_leave_weights_alone_are_told_and_fit(run):
    edited = run.set_layer("dense_1", l2=0.01, frozen=True)

    assert told_differences(run, edited) == ["L2 of dense_1 0 → 0.01", "dense_1 frozen"]
    assert told_differences(edited, run)[1] == "dense_1 learns again"
    assert branch_problem(run, edited) is None


def test_other_first_weights_come_too_late_for_a_branch(run):
    assert "layers" in str(branch_problem(run, run.set_layer("dense_1", initialisation="he")))


def test_other_layers_are_no_branch(run):
    assert "layers" in str(branch_problem(run, run.insert(1, Dense(units=8))))


@pytest.mark.parametrize("edit", [{"validation": 0.3}, {"standardise": True}])
def test_other_data_are_no_branch(run, edit):
    assert "data" in str(branch_problem(run, run.set_data(**edit)))


def test_another_seed_splits_another_way_and_is_no_branch(run):
    assert "seed" in str(branch_problem(run, run.set_training(seed=run.training.seed + 1)))
