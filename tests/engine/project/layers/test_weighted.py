"""Bias, first weights, L2 and freezing: what a person may set finely on layers with a kernel."""

from __future__ import annotations

import json

import pytest

from engine.project.format import dumps, loads
from engine.project.layers import (
    LAYER_TYPES,
    Conv2d,
    Dense,
    DepthwiseConv2d,
    Flatten,
    Gru,
    Lstm,
    Residual,
    Rnn,
    Rows,
    SelfAttention,
    Weighted,
    penalties,
)
from engine.project.project import Project
from tests.engine.project.layers.modules import module

KINDS = [kind for kind in LAYER_TYPES if issubclass(kind, Weighted)]
SHAPES = {"dense": (4,), **dict.fromkeys(("rnn", "lstm", "gru", "self_attention"), (6, 8))}
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def written(layer):
    return json.loads(dumps(Project().insert(0, layer)))["layers"][0]


def test_fine_settings_come_last():
    assert Dense.settings() == ("units", "activation", "bias", "initialisation", "l2", "frozen")


@every_kind
def test_a_file_has_no_fine_setting_that_is_the_usual(kind):
    assert not set(written(kind())) & set(kind.fine)


def test_a_file_has_the_other_fine_settings_after_the_rest():
    layer = Dense(units=3, bias=False, frozen=True)

    assert list(written(layer)) == ["type", "name", "units", "activation", "bias", "frozen"]


@every_kind
def test_fine_settings_are_read_back(kind):
    layer = kind(bias=False, initialisation="he", l2=0.5, frozen=True)
    project = Project().insert(0, Residual(layers=(layer,)))

    assert loads(dumps(project)) == project


@every_kind
def test_without_a_bias_there_is_none(kind):
    layer, shape = kind(bias=False), SHAPES.get(kind().type, (3, 8, 8))

    own = weights_of(layer, shape)

    assert set(own) == set(layer.kernels())
    assert layer.parameters(shape) == sum(each.numel() for each in own.values())
    assert layer.parameters(shape) < kind().parameters(shape)
    assert set(layer.model_copy(update={"initialisation": "he"}).first_weights()) == set(own)


def weights_of(layer, shape):
    """Give what the layer's module learns, by its names."""
    (own,) = [each for each in module(layer, shape) if each.state_dict()]
    return dict(own.named_parameters())


DEEP = [kind(depth=3, bidirectional=both) for kind in (Rnn, Lstm, Gru) for both in (False, True)]


@pytest.mark.parametrize(
    "layer",
    [*(kind() for kind in KINDS), *DEEP],
    ids=lambda layer: f"{layer.title} {layer.summary()}",
)
def test_kernels_and_biases_are_all_that_it_learns(layer):
    own = weights_of(layer, SHAPES.get(layer.type, (3, 8, 8)))

    assert {name for name, each in own.items() if each.dim() > 1} == set(layer.kernels())
    assert {name for name, each in own.items() if each.dim() == 1} == set(layer.biases())


@every_kind
def test_first_weights_are_torchs_own_unless_asked_for(kind):
    layer = kind(initialisation="zeros")

    assert kind().first_weights() == {}
    assert set(layer.first_weights()) == {*layer.kernels(), *layer.biases()}


@every_kind
def test_zeros_tell_why_nobody_takes_them(kind):
    why = kind.model_fields["initialisation"].json_schema_extra["reasons"]

    assert set(why) == {"zeros"}
    assert why["zeros"].endswith("Try it and see.")


def test_what_is_frozen_does_not_count_as_trainable():
    project = Project().insert(
        0,
        Conv2d(filters=2, padding="same", frozen=True),
        Residual(layers=(Conv2d(filters=2, padding="same", frozen=True),)),
        Residual(layers=(Conv2d(filters=3, padding="same", frozen=True),)),
        Flatten(),
    )

    first, second, third, *_ = project.traced

    assert (first.parameters, first.trainable) == (20, 0)
    assert second.trainable == 0
    assert third.parameters - third.trainable == 3 * (2 * 9 + 1)
    assert project.parameters - project.trainable == 20 + 38 + 57


def test_a_layer_that_does_not_fit_has_no_trainable_count():
    project = Project().insert(0, Dense())

    assert project.traced[0].trainable is None
    assert project.trainable is None


def test_penalties_are_named_by_the_kernels():
    project = Project().insert(
        0,
        Conv2d(padding="same", l2=0.1),
        Residual(layers=(DepthwiseConv2d(padding="same", l2=0.2),)),
        Flatten(),
        Dense(l2=0.3, frozen=True),
    )

    assert penalties(project.walk()) == {
        "conv2d_1.weight": 0.1,
        "residual_1.body.depthwise_conv2d_1.weight": 0.2,
    }


def test_penalties_name_every_kernel_of_a_sequence_layer():
    layers = (
        Rows(),
        Residual(layers=(SelfAttention(l2=0.1),)),
        Gru(depth=2, l2=0.2, gives="every step"),
        Rnn(l2=0.4, bidirectional=True, gives="every step"),
        Lstm(l2=0.3, frozen=True),
    )

    assert penalties(Project().insert(0, *layers).walk()) == {
        "residual_1.body.self_attention_1.attention.in_proj_weight": 0.1,
        "residual_1.body.self_attention_1.attention.out_proj.weight": 0.1,
        "gru_1.recurrent.weight_ih_l0": 0.2,
        "gru_1.recurrent.weight_hh_l0": 0.2,
        "gru_1.recurrent.weight_ih_l1": 0.2,
        "gru_1.recurrent.weight_hh_l1": 0.2,
        "rnn_1.recurrent.weight_ih_l0": 0.4,
        "rnn_1.recurrent.weight_hh_l0": 0.4,
        "rnn_1.recurrent.weight_ih_l0_reverse": 0.4,
        "rnn_1.recurrent.weight_hh_l0_reverse": 0.4,
    }


def test_a_summary_tells_fine_settings_in_short():
    fine = {"bias": False, "initialisation": "xavier", "l2": 0.001, "frozen": True}
    words = "no bias · Xavier · L2 0.001 · frozen"

    assert Dense(units=9, **fine).summary() == f"9 · ReLU · {words}"
    assert Rnn(units=9, activation="relu", **fine).summary() == f"9 · last step · ReLU · {words}"
    assert SelfAttention(**fine).summary() == f"4 heads · {words}"
