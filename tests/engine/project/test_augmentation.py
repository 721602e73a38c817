from __future__ import annotations

import json

import pytest

from engine.problems import ProblemError
from engine.project.augmentation import Augmentation
from engine.project.format import dumps, loads
from engine.project.project import Project
from engine.project.schedules import Constant, Cosine

LIMITS = {
    "shift": 0.5,
    "rotate": 180,
    "scale": 0.5,
    "shear": 45,
    "crop": 0.9,
    "elastic": 0.25,
    "erase": 0.5,
    "noise": 0.5,
}


def written(project):
    return json.loads(dumps(project))["training"]


def test_a_new_project_changes_no_image():
    assert not Project().training.augmentation.on


@pytest.mark.parametrize("field", LIMITS)
def test_each_limit_turns_it_on(field):
    assert Augmentation(**{field: 0.1}).on


@pytest.mark.parametrize(("field", "most"), LIMITS.items())
def test_a_wrong_limit_gets_a_sentence(field, most):
    title = Augmentation.model_fields[field].title

    for value, bound in [(-1, "0 or more"), (most + 1, f"{most:g} or less")]:
        with pytest.raises(ProblemError) as caught:
            Project().set_augmentation(**{field: value})
        assert str(caught.value) == f"{title} must be {bound}, but it is {value}."


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a lot"])
def test_what_is_no_number_gets_a_sentence(value):
    with pytest.raises(ProblemError, match=r"^Shift must be "):
        Project().set_augmentation(shift=value)


def test_json_gives_the_same_augmentation_back():
    project = Project().set_augmentation(**LIMITS)

    assert loads(dumps(project)) == project


def test_a_limit_is_changed_and_the_others_stay():
    project = Project().set_augmentation(shift=0.1).set_augmentation(rotate="15")

    assert project.training.augmentation == Augmentation(shift=0.1, rotate=15)


def test_a_file_says_schedule_and_augmentation_where_they_are_used():
    project = Project().set_training(schedule=Cosine()).set_augmentation(shift=0.1)

    assert written(project)["schedule"] == {"type": "cosine", "warm_up": 0.0, "end": 0.0}
    assert written(project)["augmentation"] == {
        "shift": 0.1,
        "rotate": 0.0,
        "scale": 0.0,
        "shear": 0.0,
    }


@pytest.mark.parametrize("field", ["crop", "elastic", "erase", "noise"])
def test_a_file_names_a_later_change_where_it_is_on(field):
    project = Project().set_augmentation(**{field: 0.1})

    content = written(project)["augmentation"]

    assert content == {"shift": 0.0, "rotate": 0.0, "scale": 0.0, "shear": 0.0, field: 0.1}
    assert loads(dumps(project)) == project


@pytest.mark.parametrize("field", LIMITS)
def test_erasing_and_noise_alone_need_no_resampling(field):
    assert Augmentation(**{field: 0.1}).resamples == (field not in ("erase", "noise"))


def test_a_file_leaves_them_out_where_they_are_off():
    off = Project().set_training(schedule=Constant(), augmentation=Augmentation())
    warmed_up = Project().set_training(schedule=Constant(warm_up=0.1))

    assert not {"schedule", "augmentation"} & set(written(off))
    assert "schedule" in written(warmed_up)


def test_every_field_explains_itself():
    fields = Augmentation.model_fields.values()

    assert all(field.title and (field.description or "").endswith(".") for field in fields)


def test_every_field_has_a_slider_whose_steps_reach_its_limit():
    for name, most in LIMITS.items():
        step = Augmentation.model_fields[name].json_schema_extra["step"]
        assert most / step == pytest.approx(round(most / step))
