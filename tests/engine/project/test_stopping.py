from __future__ import annotations

import json

import pytest

from engine.problems import ProblemError
from engine.project.checks import problems
from engine.project.format import dumps, loads
from engine.project.layers import Dense, Flatten
from engine.project.project import Project
from engine.project.stopping import EarlyStopping, measured

SOUND = Project().insert(0, Flatten(), Dense())


def written(project):
    return json.loads(dumps(project))["training"]


def test_a_new_project_runs_to_its_last_epoch_unclipped():
    assert Project().training.early_stopping == EarlyStopping(on=False)
    assert Project().training.clip_norm == 0


def test_a_file_leaves_both_out_where_they_are_off():
    assert not {"early_stopping", "clip_norm"} & set(written(Project()))


def test_a_file_says_them_where_they_are_used():
    project = Project().set_early_stopping(on=True, patience=7).set_training(clip_norm=1.5)

    assert written(project)["clip_norm"] == 1.5
    assert written(project)["early_stopping"] == {
        "on": True,
        "watch": "validation loss",
        "patience": 7,
        "least_change": 0.0,
        "restore_best": True,
    }


def test_json_gives_the_same_settings_back():
    stopping = {"on": True, "watch": "validation accuracy", "patience": 3, "least_change": 0.125}
    project = Project().set_early_stopping(**stopping, restore_best=False)
    project = project.set_training(clip_norm=0.5)

    assert loads(dumps(project)) == project


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("patience", 0, "Patience must be 1 or more, but it is 0."),
        ("patience", 2.5, "Patience must be a whole number, but it is 2.5."),
        ("least_change", -1, "Least change must be 0 or more, but it is -1."),
        ("least_change", float("nan"), "Least change must be"),
        ("watch", "the weather", "Watch must be 'validation loss' or 'validation accuracy', but"),
    ],
)
def test_a_wrong_value_gets_a_sentence(field, value, sentence):
    with pytest.raises(ProblemError) as caught:
        Project().set_early_stopping(**{field: value})

    assert str(caught.value).startswith(sentence)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (-0.1, "Clip gradients must be 0 or more, but it is -0.1."),
        (1e7, "Clip gradients must be 1e+06 or less, but it is 10000000.0."),
        (float("inf"), "Clip gradients must be"),
        ("tight", "Clip gradients must be a number such as 0.001, but it is 'tight'."),
    ],
)
def test_a_wrong_norm_gets_a_sentence(value, sentence):
    with pytest.raises(ProblemError) as caught:
        Project().set_training(clip_norm=value)

    assert str(caught.value).startswith(sentence)


def test_an_unknown_field_gets_a_sentence():
    with pytest.raises(ProblemError, match=r"haste is a name that this version .* does not know"):
        Project().set_early_stopping(haste=1)


def test_without_validation_images_there_is_no_project_that_could_stop_early():
    """Both measures always exist: the share of the validation set can't be 0."""
    project = SOUND.set_early_stopping(on=True)

    with pytest.raises(ProblemError, match=r"Validation share must be 0\.01 or more"):
        project.set_data(validation=0)
    assert problems(project) == ()


def test_the_watched_measure_is_chosen():
    assert measured("validation loss", 0.25, 0.75) == 0.25
    assert measured("validation accuracy", 0.25, 0.75) == 0.75


def test_every_field_explains_itself():
    fields = EarlyStopping.model_fields.values()

    assert EarlyStopping.help.endswith(".")
    assert all(field.title and (field.description or "").endswith(".") for field in fields)
