from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.problems import ProblemError
from engine.project import format as project_format
from engine.project.format import FORMAT, VERSION, dumps, loads
from engine.project.layers import (
    LAYER_TYPES,
    Activation,
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    ConvTranspose2d,
    Dense,
    DepthwiseConv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    Gru,
    LayerNorm,
    Lstm,
    MaxPool2d,
    Parallel,
    PositionalEncoding,
    PReLU,
    Reshape,
    Residual,
    Rnn,
    Rows,
    SelfAttention,
    SpatialDropout2d,
    UpSampling2d,
)
from engine.project.losses import MeanSquaredError
from engine.project.optimizers import RmsProp
from engine.project.project import Project, walk
from engine.project.sources import Data, NpzFile
from engine.project.training import Training

GOLDEN = Path(__file__).parent / "golden"

# What golden/version-1 says, written down a second time. Neither may change any more.
FIRST_VERSION = Project(
    title="数字 “all of it”",
    about="One layer of each kind.",
    data=Data(
        source=NpzFile(
            path="digits/my digits.npz",
            input_shape=(1, 32, 32),
            class_names=("zero", "one", "two"),
            train_size=900,
            test_size=100,
        ),
        validation=0.25,
        standardise=True,
    ),
    layers=(
        Conv2d(
            name="conv2d_1", filters=8, kernel_size=5, stride=2, padding="same", activation="gelu"
        ),
        BatchNorm(name="batch_norm_1", momentum=0.2, epsilon=0.001),
        Activation(name="activation_1", function="leaky_relu"),
        MaxPool2d(name="max_pool2d_1", size=3, stride=2),
        AvgPool2d(name="avg_pool2d_1", size=2, stride=1),
        Dropout(name="dropout_1", rate=0.125),
        Conv2d(name="conv2d_2", filters=16, activation="none"),
        GlobalAvgPool(name="global_avg_pool_1"),
        Flatten(name="flatten_1"),
        Dense(name="dense_7", units=20, activation="tanh"),
    ),
    training=Training(
        optimizer=RmsProp(learning_rate=0.002, weight_decay=0.0001, alpha=0.95, momentum=0.5),
        loss=MeanSquaredError(),
        batch_size=50,
        epochs=12,
        seed=7,
        device="cpu",
    ),
)


LATER = Project(
    title="What came later, and changed no file that was there before",
    layers=(
        Residual(
            name="residual_1",
            layers=(
                Conv2d(name="conv2d_1", filters=4, padding="same"),
                Residual(name="residual_2", layers=(BatchNorm(name="batch_norm_1"),)),
            ),
            activation="none",
        ),
        Parallel(
            name="parallel_1",
            branches=((Conv2d(name="conv2d_2", filters=2, padding="same"),), ()),
            join="concatenate",
        ),
        Conv2d(name="conv2d_3", bias=False, initialisation="he", l2=0.001, frozen=True),
        DepthwiseConv2d(name="depthwise_conv2d_1", multiplier=2, padding="same"),
        GroupNorm(name="group_norm_1", groups=4, epsilon=0.001),
        PReLU(name="prelu_1", slope=0.1),
        SpatialDropout2d(name="spatial_dropout2d_1", rate=0.25),
        UpSampling2d(name="up_sampling2d_1", factor=3, method="bilinear"),
        AdaptiveAvgPool2d(name="adaptive_avg_pool2d_1", size=2),
        Reshape(name="reshape_1", channels=4, height=2, width=2),
        ConvTranspose2d(
            name="conv_transpose2d_1", filters=3, kernel_size=3, stride=2, initialisation="zeros"
        ),
        LayerNorm(name="layer_norm_1", epsilon=0.001),
        Rows(name="rows_1"),
        PositionalEncoding(name="positional_encoding_1", encoding="learned"),
        SelfAttention(name="self_attention_1", heads=3),
        Rnn(name="rnn_1", units=6, activation="relu", gives="every step"),
        Lstm(name="lstm_1", units=5, depth=2, gives="every step"),
        Gru(name="gru_1", units=4, bidirectional=True),
        Flatten(name="flatten_1"),
    ),
)


# Sequence layers got fine settings later.
FINE_SEQUENCES = Project(
    title="Bias, first weights, L2 and freezing of layers for sequences",
    layers=(
        Rows(name="rows_1"),
        SelfAttention(name="self_attention_1", heads=2, bias=False, l2=0.001),
        Rnn(name="rnn_1", units=6, gives="every step", initialisation="zeros", frozen=True),
        Gru(name="gru_1", units=4, gives="every step", bias=False, initialisation="he"),
        Lstm(name="lstm_1", units=5, initialisation="xavier", l2=0.01),
    ),
)


def golden(version):
    return (GOLDEN / f"version-{version}.layerscope.json").read_text(encoding="utf-8")


def file_with(**fields):
    return json.dumps({"format": FORMAT, "version": VERSION, **fields})


def problem(text):
    with pytest.raises(ProblemError) as caught:
        loads(text)
    return str(caught.value)


def test_version_1_is_read_as_ever():
    assert loads(golden(1)) == FIRST_VERSION


def test_the_current_version_is_written_as_ever():
    assert dumps(FIRST_VERSION) == golden(VERSION)


def test_what_came_later_is_read_and_written_as_ever():
    assert loads(golden("1-later")) == LATER
    assert dumps(LATER) == golden("1-later")


def test_fine_settings_of_sequence_layers_are_read_and_written_as_ever():
    assert loads(golden("1-fine-sequences")) == FINE_SEQUENCES
    assert dumps(FINE_SEQUENCES) == golden("1-fine-sequences")


def test_the_golden_files_have_every_layer_type():
    layers = (*walk(FIRST_VERSION.layers), *walk(LATER.layers))

    assert {type(layer) for layer in layers} == set(LAYER_TYPES)


@pytest.mark.parametrize("depth", [9, 60, 5000])
def test_blocks_that_stand_too_deep_are_refused(depth):
    inner = '{"type": "dense"}'
    for _ in range(depth):
        inner = f'{{"type": "residual", "layers": [{inner}]}}'

    assert re.search(
        "deep|It is not JSON|recursion", problem(file_with_layers(inner)), re.IGNORECASE
    )


def file_with_layers(layers):
    return file_with(layers=[]).replace('"layers": []', f'"layers": [{layers}]')


def test_an_older_version_is_migrated_step_by_step(monkeypatch):
    def second(content):
        return {key: value for key, value in content.items() if key != "name"} | {
            "heading": content["name"]
        }

    def third(content):
        return {key: value for key, value in content.items() if key != "heading"} | {
            "title": content["heading"] + "!"
        }

    monkeypatch.setattr(project_format, "VERSION", 3)
    monkeypatch.setattr(project_format, "MIGRATIONS", {1: second, 2: third})

    assert loads(file_with(name="Mine")).title == "Mine!"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "It is empty"),
        (" \n\t", "It is empty"),
        ("{", "It is not JSON: "),
        ("hello", "It is not JSON: "),
        ("[" * 100_000, "It is not JSON: "),
        ("1" * 5_000, "It is not JSON: "),
        ('"\\ud800"', "It is not JSON: "),
        ("[]", "It is JSON, but no Layerscope project"),
        ("null", "It is JSON, but no Layerscope project"),
        ('{"format": "other"}', "It is JSON, but no Layerscope project"),
        ('{"format": "layerscope/project"}', 'Its "version" must be a whole number'),
        (file_with(version=0), 'Its "version" must be a whole number'),
        (file_with(version=True), 'Its "version" must be a whole number'),
        (file_with(version="1"), 'Its "version" must be a whole number'),
        (file_with(version=VERSION + 1), "It was written by a newer Layerscope"),
        (file_with(colour="red"), "colour is a name that this version of Layerscope does not"),
        (file_with(layers=3), "layers: "),
        (file_with(layers=[3]), "layers.0: "),
        (file_with(layers=[{"units": 3}]), "layers.0 must be an object with a 'type'"),
        (file_with(layers=[{"type": "teleport"}]), "layers.0 must be one of 'dense', "),
        (file_with(layers=[{"type": "dense", "units": 0}]), "layers.0.dense.units must be 1 or"),
        (file_with(layers=[{"type": "dense", "name": [1]}]), "layers.0.dense.name: "),
        (
            file_with(layers=[{"type": "dense", "name": "Dense"}]),
            "layers.0.dense.name must be small letters",
        ),
        (
            file_with(layers=[{"type": "dense", "name": "a.b_1"}]),
            "layers.0.dense.name must be small letters",
        ),
        (file_with(layers=[{"type": "output", "classes": 10}]), "layers.0 must be one of"),
        (file_with(layers=[{"type": "flatten"}] * 1001), "layers must have at most 1,000"),
        (file_with(training={"epochs": None}), "training.epochs must be a whole number"),
        (file_with(training={"loss": {"type": "luck"}}), "training.loss must be one of"),
        (file_with(data={"source": {"type": "npz"}}), "data.source.npz.path is missing"),
    ],
)
def test_what_is_no_project_gets_a_sentence(text, sentence):
    assert problem(text).startswith(sentence)


@pytest.mark.parametrize("rate", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_not_finite_gets_a_sentence(rate):
    optimizer = f'{{"type": "adam", "learning_rate": {rate}}}'
    text = file_with(training={}).replace("{}", f'{{"optimizer": {optimizer}}}')

    assert problem(text).startswith("training.optimizer.adam.learning_rate must be ")


@pytest.mark.parametrize("shape", [[0, 8, 8], [1, -8, 8], [1, 8], [1, 8, 8, 8]])
def test_an_impossible_image_shape_gets_a_sentence(shape):
    source = {
        "type": "npz",
        "path": "a.npz",
        "input_shape": shape,
        "class_names": ["a", "b"],
        "train_size": 10,
        "test_size": 2,
    }

    assert problem(file_with(data={"source": source})).startswith("data.source.npz.input_shape")


@pytest.mark.parametrize("name", ["my layer", "class", "1st_1", "Dense_1", "output", "dense_ü_1"])
def test_a_name_that_no_script_could_use_gets_a_sentence(name):
    layers = [{"type": "dense", "name": name}]

    with pytest.raises(ProblemError) as caught:
        loads(file_with(layers=layers))

    assert "such as dense_1, but it is" in str(caught.value)
    assert repr(name) in str(caught.value)


def test_two_layers_of_one_name_get_a_sentence():
    layer = {"type": "dense", "name": "dense_1"}

    assert "Two layers are named dense_1" in problem(file_with(layers=[layer, layer]))


def test_a_layer_without_a_name_gets_one():
    layers = [{"type": "dense"}, {"type": "dense", "name": "dense_1"}, {"type": "dense"}]

    project = loads(file_with(layers=layers))

    assert [layer.name for layer in project.layers] == ["dense_2", "dense_1", "dense_3"]


def test_what_a_file_leaves_out_is_as_in_a_new_project():
    assert loads(file_with()) == Project()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda values: st.lists(values, max_size=4) | st.dictionaries(st.text(), values, max_size=4),
    max_leaves=20,
)


def project_or_problem(text):
    """Read text; whatever is read as a project must be written and read the same again."""
    try:
        project = loads(text)
    except ProblemError:
        return
    assert loads(dumps(project)) == project


@given(st.text())
@example("\ufeff{}")
@example("\x00")
def test_any_text_gives_a_project_or_a_problem(text):
    project_or_problem(text)


@given(
    st.dictionaries(st.sampled_from(["title", "about", "data", "layers", "training"]), json_values)
)
def test_any_values_give_a_project_or_a_problem(fields):
    project_or_problem(file_with(**fields))


def paths(value, path=()):
    """List the path to every value within a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(part, (*path, key))


CONTENT = json.loads(golden(1))
PLACES = [path for path in paths(CONTENT) if path]


def put(content, path, value):
    content = json.loads(json.dumps(content))
    part = content
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return content


@given(st.sampled_from(PLACES), json_values | st.integers(-2, 2**40) | st.floats(-10, 1000))
def test_any_value_in_any_place_gives_a_project_or_a_problem(path, value):
    project_or_problem(json.dumps(put(CONTENT, path, value)))


@given(st.integers(0, 1200), st.sampled_from(["[]", "{}"]))
@example(190, "[]")
@example(1000, "{}")
def test_any_nesting_gives_a_project_or_a_problem(depth, kind):
    opening, closing = ("[", "]") if kind == "[]" else ('{"a":', "}")
    nested = opening * depth + "1" + closing * depth

    project_or_problem(file_with(title="deep").replace('"deep"', nested))
