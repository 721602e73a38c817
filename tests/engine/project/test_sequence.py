"""Layers for sequences against formulas, torch's own states and Keras."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch

from engine.problems import ProblemError
from engine.project.checks import problems
from engine.project.layers import (
    Activation,
    BatchNorm,
    Conv2d,
    Dense,
    Flatten,
    GlobalAvgPool,
    Gru,
    LayerNorm,
    Lstm,
    Output,
    Parallel,
    PositionalEncoding,
    Residual,
    Rnn,
    Rows,
    SelfAttention,
)
from engine.project.project import Project

UNFORGOTTEN = "9, unit_forget_bias=False, "  # which starts at 1 in Keras else
IMAGE, STEPS, ROW = (3, 8, 6), (8, 12), (12,)


def module(layer, shape):
    torch.manual_seed(0)
    return torch.nn.Sequential(*(call.build() for call in layer.torch_calls(shape).values()))


def sequences(*shape):
    return torch.rand(4, *(shape or STEPS), generator=torch.Generator().manual_seed(1))


# ---- what they compute


def test_each_row_of_pixels_is_a_step():
    images = sequences(*IMAGE)

    steps = module(Rows(), IMAGE)(images)

    for row in range(8):
        wanted = np.concatenate([images.numpy()[:, channel, row] for channel in range(3)], axis=1)
        np.testing.assert_array_equal(steps[:, row], wanted)


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("kind", [Rnn, Lstm, Gru])
def test_the_last_step_is_torchs_last_state(kind, both, depth):
    built = module(kind(units=5, bidirectional=both, depth=depth), STEPS)
    inputs = sequences()

    given = built(inputs)

    _, ends = built[0].recurrent(inputs)
    last = ends[0] if kind is Lstm else ends  # (depth·directions, N, units), the highest layer last
    wanted = torch.cat([last[-2], last[-1]], dim=1) if both else last[-1]
    torch.testing.assert_close(given, wanted, rtol=0, atol=0)


@pytest.mark.parametrize("kind", [Rnn, Lstm, Gru])
def test_every_step_is_the_state_after_so_many_rows(kind):
    layer = kind(units=5, gives="every step")
    built = module(layer, STEPS)
    inputs = sequences()

    states = built(inputs)

    for count in (1, 3, 8):
        so_far = built(inputs[:, :count])[:, -1]
        torch.testing.assert_close(states[:, count - 1], so_far, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("name", "function"), [("tanh", np.tanh), ("relu", lambda x: x * (x > 0))])
def test_a_simple_rnn_follows_its_formula(name, function):
    built = module(Rnn(units=5, activation=name), STEPS)
    weights = {key: value.numpy() for key, value in built[0].recurrent.state_dict().items()}
    inputs, state = sequences().numpy(), np.zeros((4, 5))

    for step in range(8):
        read = inputs[:, step] @ weights["weight_ih_l0"].T + weights["bias_ih_l0"]
        state = function(read + state @ weights["weight_hh_l0"].T + weights["bias_hh_l0"])

    found = built(torch.from_numpy(inputs)).detach()
    np.testing.assert_allclose(found, state, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("heads", [1, 3, 12])
def test_attention_follows_its_formula(heads):
    built, inputs = module(SelfAttention(heads=heads), STEPS), sequences()
    weights = {key: value.numpy() for key, value in built[0].attention.state_dict().items()}
    queries, keys, values = np.split(
        inputs.numpy() @ weights["in_proj_weight"].T + weights["in_proj_bias"], 3, axis=2
    )

    gathered = np.zeros((4, *STEPS))
    for head in np.split(np.arange(12), heads):
        alike = queries[..., head] @ keys[..., head].transpose(0, 2, 1) / math.sqrt(len(head))
        share = np.exp(alike) / np.exp(alike).sum(axis=2, keepdims=True)
        gathered[..., head] = share @ values[..., head]
    wanted = gathered @ weights["out_proj.weight"].T + weights["out_proj.bias"]

    np.testing.assert_allclose(built(inputs).detach(), wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("features", [12, 7, 1])
def test_waves_are_those_of_the_paper(features):
    added = module(PositionalEncoding(), (8, features))(torch.zeros(1, 8, features))[0]

    for step in range(8):
        for feature in range(features):
            angle = step / 10000 ** (2 * (feature // 2) / features)
            wanted = math.cos(angle) if feature % 2 else math.sin(angle)
            assert added[step, feature] == pytest.approx(wanted, abs=1e-6)


def test_a_learned_encoding_learns():
    built = module(PositionalEncoding(encoding="learned"), STEPS)

    built(sequences()).sum().backward()

    (offsets,) = built.parameters()
    assert torch.equal(offsets.grad, torch.full(STEPS, 4.0))


def test_global_average_pooling_is_the_mean_over_steps():
    inputs = sequences()

    pooled = module(GlobalAvgPool(), STEPS)(inputs)

    np.testing.assert_allclose(pooled, inputs.numpy().mean(axis=1), rtol=1e-5)


def test_dense_reads_each_step_by_itself():
    layer = Dense(units=5, activation="softmax")
    built, inputs = module(layer, STEPS), sequences()

    found = built(inputs)

    assert layer.output_shape(STEPS) == (8, 5)
    torch.testing.assert_close(found[:, 2], module(layer, ROW)(inputs[:, 2]))


def test_softmax_of_a_sequence_goes_over_the_features():
    shares = module(Activation(function="softmax"), STEPS)(sequences())

    torch.testing.assert_close(shares.sum(dim=2), torch.ones(4, 8))


@pytest.mark.parametrize(
    "block",
    [
        Residual(layers=(LayerNorm(), SelfAttention())),
        Residual(layers=(Dense(units=5),), activation="softmax"),
        Parallel(branches=((Dense(units=5),), (Gru(units=3, gives="every step"),), ())),
        Parallel(branches=((), (SelfAttention(heads=2),)), join="add"),
    ],
)
def test_blocks_take_sequences(block):
    project = Project().insert(0, Rows(), block)
    row = project.traced[1]
    built = module(row.layer, row.input_shape)

    given = built(sequences(*row.input_shape))

    assert tuple(given.shape[1:]) == row.output_shape
    assert sum(weights.numel() for weights in built.parameters()) == row.parameters


# ---- what does not fit


@pytest.mark.parametrize(
    ("layer", "shape", "sentence"),
    [
        (
            Rows(),
            STEPS,
            "Rows as steps needs an image (channels×height×width), but gets a sequence",
        ),
        (
            Conv2d(),
            STEPS,
            "a sequence of 8×12 (steps×features). Move it above the layer that makes",
        ),
        (Lstm(), IMAGE, "LSTM reads a sequence step by step, but gets an image of 3×8×6. Add Rows"),
        (Gru(), ROW, "GRU reads a sequence step by step, but gets a row of 12 numbers. Move it"),
        (SelfAttention(), IMAGE, "Self-attention reads a sequence step by step, but gets an image"),
        (PositionalEncoding(), ROW, "Positional encoding reads a sequence step by step"),
        (SelfAttention(heads=5), STEPS, "shares the 12 features of a step out among 5 heads"),
        (Output(classes=2), STEPS, "Output needs a row of numbers, but gets a sequence of 8×12"),
        (
            BatchNorm(),
            STEPS,
            "Batch normalisation takes images and rows of numbers, but gets a seq",
        ),
    ],
)
def test_a_shape_that_does_not_fit_gets_a_sentence(layer, shape, sentence):
    with pytest.raises(ProblemError, match=re.escape(sentence)):
        layer.output_shape(shape)


@pytest.mark.parametrize(
    ("layers", "mend", "mended"),
    [
        ([Lstm()], "Add Rows as steps before it", ["rows", "lstm"]),
        ([Flatten(), Gru()], "Put Rows as steps in place of Flatten", ["rows", "gru"]),
        (
            [Rows(), Rnn(), Gru()],
            "Let the Simple RNN above give every step",
            ["rows", "rnn", "gru"],
        ),
        ([Rows(), GlobalAvgPool(), Gru()], "Move it above", ["rows", "gru", "global_avg_pool"]),
        ([Rows(), Conv2d(), Lstm()], "Move it above", ["conv2d", "rows", "lstm"]),
        ([Rows(), SelfAttention()], "Add Flatten before it", ["rows", "self_attention", "flatten"]),
        (
            [Rows(), SelfAttention(heads=5), GlobalAvgPool()],
            "Set the heads to 4",
            ["rows", "self_attention", "global_avg_pool"],
        ),
        (
            [Rows(), BatchNorm(), Lstm()],
            "Put Layer normalisation in its place",
            ["rows", "layer_norm", "lstm"],
        ),
    ],
)
def test_what_does_not_fit_is_mended_by_a_click(layers, mend, mended):
    project = Project().insert(0, *layers)
    (problem,) = problems(project)
    assert problem.mend.title == mend

    found = problem.mend.apply(project)

    assert [layer.type for layer in found.layers] == mended
    assert problems(found) == ()


# ---- what they are called


@pytest.mark.parametrize(
    ("layer", "call"),
    [
        (Lstm(units=9), "LastStep(nn.LSTM(12, 9, batch_first=True))"),
        (
            Gru(units=9, gives="every step", bidirectional=True, depth=2),
            "EveryStep(nn.GRU(12, 9, num_layers=2, batch_first=True, bidirectional=True))",
        ),
        (Rnn(activation="relu"), "LastStep(nn.RNN(12, 64, nonlinearity='relu', batch_first=True))"),
        (Lstm(units=9, bias=False), "LastStep(nn.LSTM(12, 9, bias=False, batch_first=True))"),
        (SelfAttention(heads=3), "SelfAttention(12, 3)"),
        (SelfAttention(heads=3, bias=False), "SelfAttention(12, 3, bias=False)"),
        (PositionalEncoding(), "PositionalEncoding(8, 12)"),
    ],
)
def test_the_printed_call(layer, call):
    (found,) = layer.torch_calls(STEPS).values()
    assert str(found) == call


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (Gru(units=9, bias=False), "9, use_bias=False"),
        (Rnn(units=9, frozen=True, l2=0.1), "9, trainable=False"),
        (Lstm(units=9, initialisation="xavier"), UNFORGOTTEN + "kernel_initializer=glorot_uniform"),
        (
            Lstm(units=9, initialisation="he", bias=False),
            "9, use_bias=False, kernel_initializer=he_uniform",
        ),
        (
            Gru(units=9, initialisation="zeros"),
            "9, kernel_initializer=zeros, recurrent_initializer=zeros",
        ),
        (
            Rnn(units=9, l2=0.1),
            "9, kernel_regularizer=keras.regularizers.L2(0.1), "
            "recurrent_regularizer=keras.regularizers.L2(0.1)",
        ),
        (SelfAttention(heads=3, initialisation="zeros"), "3, 4, kernel_initializer=zeros"),
        (
            SelfAttention(heads=3, initialisation="he"),
            "3, 4, kernel_initializer=keras.initializers.RandomUniform"
            "(-0.7071067811865476, 0.7071067811865476)",
        ),
    ],
)
def test_keras_is_told_what_is_set_finely(layer, words):
    (found,) = layer.keras_calls(STEPS).values()
    assert str(found).replace("'", "").endswith(f"({words})")


def test_every_layer_of_a_stack_is_set_finely_in_keras():
    layers = Lstm(units=9, depth=2, bidirectional=True, bias=False).keras_calls(STEPS)

    assert [str(layer) for layer in layers.values()] == [
        "layers.Bidirectional(layers.LSTM(9, return_sequences=True, use_bias=False))",
        "layers.Bidirectional(layers.LSTM(9, use_bias=False))",
    ]


@pytest.mark.parametrize(
    ("layer", "summary"),
    [
        (Lstm(), "64 · last step"),
        (
            Gru(depth=2, bidirectional=True, gives="every step"),
            "64 · 2 deep · both directions · every step",
        ),
        (Rnn(units=1000, activation="relu"), "1,000 · last step · ReLU"),
        (SelfAttention(heads=1), "1 head"),
        (PositionalEncoding(encoding="learned"), "learned"),
    ],
)
def test_a_summary_names_the_main_values(layer, summary):
    assert layer.summary() == summary
