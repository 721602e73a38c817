"""Every declared layer type goes through the same corners; what it computes is checked below."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from engine.export.text import called
from engine.problems import ProblemError
from engine.project.format import dumps, loads
from engine.project.layers import (
    ACTIVATION_TITLES,
    LAYER_TYPES,
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool,
    MaxPool2d,
    Output,
    activation_calls,
)
from engine.project.project import Project
from tests.engine.export.running import flattened_order, keras_weights

LARGEST = 1_000_000  # of a whole number here: a module on the meta device takes no memory
a_few = settings(max_examples=40)
every_type = pytest.mark.parametrize("kind", LAYER_TYPES, ids=lambda kind: kind.__name__)
shapes = st.one_of(
    st.tuples(st.integers(1, 5000)),
    st.tuples(st.integers(1, 8), st.integers(1, 40), st.integers(1, 40)),
)


def fields(kind):
    """Give the JSON schema of each field that a person can change."""
    properties = kind.model_json_schema()["properties"]
    return {name: field for name, field in properties.items() if name not in ("type", "name")}


def values(field):
    """Draw what a field allows."""
    if "enum" in field:
        return st.sampled_from(field["enum"])
    least = field.get("minimum", field.get("exclusiveMinimum"))
    largest = field.get("maximum", field.get("exclusiveMaximum"))
    if field["type"] == "integer":
        return st.integers(least, min(largest, LARGEST))
    return st.floats(
        least,
        largest,
        exclude_min="exclusiveMinimum" in field,
        exclude_max="exclusiveMaximum" in field,
    )


def layers(kind):
    return st.builds(kind, **{name: values(field) for name, field in fields(kind).items()})


def outside():
    """List for every number of every type a value next to each end of its range."""
    for kind in LAYER_TYPES:
        for name, field in fields(kind).items():
            step = 1 if field.get("type") == "integer" else 1e-6
            ends = {
                "minimum": -step,
                "maximum": step,
                "exclusiveMinimum": 0,
                "exclusiveMaximum": 0,
            }
            for end, beyond in ends.items():
                if end in field:
                    yield kind, name, field[end] + beyond


def module(layer, shape):
    return nn.Sequential(*(call.build() for call in layer.torch_calls(shape).values()))


def accepted(layer, shape):
    try:
        return layer.output_shape(shape)
    except ProblemError:
        return None


@every_type
@given(data=st.data())
def test_json_gives_the_same_layer_back(kind, data):
    project = Project().insert(0, data.draw(layers(kind)))

    assert loads(dumps(project)) == project


@a_few
@every_type
@given(data=st.data(), shape=shapes)
def test_declared_shape_and_parameters_are_torchs(kind, data, shape):
    layer = data.draw(layers(kind))
    declared = accepted(layer, shape)
    if declared is None:
        return

    with torch.device("meta"):
        built = module(layer, shape)
        given_back = built(torch.empty(2, *shape))

    assert tuple(given_back.shape[1:]) == declared
    assert sum(weights.numel() for weights in built.parameters()) == layer.parameters(shape)


@a_few
@every_type
@given(data=st.data(), shape=shapes)
def test_printed_call_builds_the_same_module(kind, data, shape):
    layer = data.draw(layers(kind))
    if accepted(layer, shape) is None:
        return

    with torch.device("meta"):
        for call in layer.torch_calls(shape).values():
            built, printed = call.build(), eval(str(call), {"nn": nn})
            assert repr(printed) == repr(built)
            assert {name: value.shape for name, value in printed.state_dict().items()} == {
                name: value.shape for name, value in built.state_dict().items()
            }


@pytest.mark.filterwarnings("ignore")  # Keras' backends' own
@a_few
@every_type
@given(data=st.data(), shape=shapes)
def test_keras_layers_compute_the_same(kind, data, shape):
    keras = pytest.importorskip("keras", reason="Keras is not installed; it is in the group bench")
    layer = data.draw(layers(kind))
    declared = accepted(layer, shape)
    if declared is None or max(layer.parameters(shape), math.prod(declared)) > 100_000:
        return  # whose numbers would take long
    ours = module(layer, shape).eval()
    images = torch.rand(2, *shape)

    written = [called(call) for call in layer.keras_calls(shape).values()]
    theirs = [eval(text, {"layers": keras.layers}) for text in written]
    model = keras.Sequential([keras.Input(channels_last(shape)), *theirs])
    weighty = [each for each in ours if each.state_dict()]
    if weighty:
        model.layers[0].set_weights(keras_weights(weighty[0]))
    found = model.predict(images.movedim(1, -1).numpy(), verbose=0)

    assert model.output_shape[1:] == channels_last(declared)
    assert sum(math.prod(w.shape) for w in model.trainable_weights) == layer.parameters(shape)
    wanted = ours(images).detach().movedim(1, -1).numpy()
    if kind is Flatten and len(shape) == 3:
        wanted = wanted[:, flattened_order(shape)]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def channels_last(shape):
    return (*shape[1:], *shape[:1])


IMAGE, ROW = (3, 8, 8), (5,)


@pytest.mark.parametrize(
    ("layer", "shape", "sentence"),
    [
        (Dense(), IMAGE, "Dense needs a row of numbers, but gets 3×8×8. Add Flatten before it."),
        (Output(classes=2), IMAGE, "Output needs a row of numbers, but gets 3×8×8."),
        (Conv2d(), ROW, "Convolution 2D needs an image (channels×height×width), but gets a row of"),
        (MaxPool2d(), ROW, "Max pooling needs an image"),
        (AvgPool2d(), ROW, "Average pooling needs an image"),
        (GlobalAvgPool(), ROW, "Global average pooling needs an image"),
        (Conv2d(kernel_size=9), IMAGE, "Convolution 2D looks at windows of 9×9 pixels, but gets"),
        (MaxPool2d(size=9), (3, 8, 20), "Max pooling looks at windows of 9×9 pixels, but gets an"),
        (AvgPool2d(size=9), (3, 20, 8), "image of only 20×8"),
    ],
)
def test_a_shape_that_does_not_fit_gets_a_sentence(layer, shape, sentence):
    with pytest.raises(ProblemError, match=re.escape(sentence)):
        layer.output_shape(shape)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    list(outside()),
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_value_out_of_range_gets_a_sentence(kind, field, value):
    project = Project().insert(0, kind())
    name = project.layers[0].name

    with pytest.raises(ProblemError) as caught:
        project.set_layer(name, **{field: value})

    assert str(caught.value).startswith(f"{kind.model_fields[field].title} must be ")
    assert caught.value.problem.where == field
    assert str(value)[:4] in str(caught.value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "many", None, [1]])
@every_type
def test_a_value_that_is_none_gets_a_sentence(kind, value):
    project = Project().insert(0, kind())

    for field in fields(kind):
        with pytest.raises(ProblemError, match=f"^{kind.model_fields[field].title} .*, but it is "):
            project.set_layer(project.layers[0].name, **{field: value})


@every_type
def test_every_field_explains_itself(kind):
    assert kind.title
    assert kind.help.endswith(".")
    for field in fields(kind).values():
        assert field["title"]
        assert field["description"].endswith(".")


@pytest.mark.parametrize("attribute", ["title", "help"])
def test_types_are_told_apart(attribute):
    assert len({getattr(kind, attribute) for kind in LAYER_TYPES}) == len(LAYER_TYPES)
    assert len({kind().type for kind in LAYER_TYPES}) == len(LAYER_TYPES)


def test_a_layer_is_a_value():
    with pytest.raises(ValueError, match="frozen"):
        Dense().units = 3


FORMULAS = {
    "relu": lambda x: np.maximum(x, 0),
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "tanh": np.tanh,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "gelu": lambda x: x * np.vectorize(lambda v: (1 + math.erf(v / math.sqrt(2))) / 2)(x),
    "silu": lambda x: x / (1 + np.exp(-x)),
}


@pytest.mark.parametrize("name", ACTIVATION_TITLES)
@pytest.mark.parametrize("shape", [(4, 7), (2, 3, 4, 5)])
def test_an_activation_computes_its_formula(name, shape):
    x = np.random.default_rng(0).normal(scale=3, size=shape)
    y = torch.from_numpy(x)
    for call in activation_calls(name).values():
        y = call.build()(y)

    expected = FORMULAS.get(name, lambda x: x)(x)

    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-6, atol=1e-12)


def test_the_activation_layer_offers_every_activation():
    functions = fields(Activation)["function"]["enum"]

    assert {"none", *functions} == set(ACTIVATION_TITLES)


def tensorflows_same(image, kernel, stride):
    """Sum windows of an image (H, W), padded as TensorFlow's documentation defines "SAME"."""
    pads = []
    for size in image.shape:
        rest = size % stride
        total = max(kernel - (stride if rest == 0 else rest), 0)
        pads.append((total // 2, total - total // 2))
    padded = np.pad(image, pads)
    steps = [math.ceil(size / stride) for size in image.shape]
    return np.array(
        [
            [
                padded[
                    row * stride : row * stride + kernel, column * stride : column * stride + kernel
                ].sum()
                for column in range(steps[1])
            ]
            for row in range(steps[0])
        ]
    )


@a_few
@given(
    kernel=st.integers(1, 9),
    stride=st.integers(1, 6),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
)
def test_same_padding_is_placed_as_tensorflow_does(kernel, stride, size):
    layer = Conv2d(filters=1, kernel_size=kernel, stride=stride, padding="same", activation="none")
    built = module(layer, (1, *size))
    nn.init.ones_(built[-1].weight)
    nn.init.zeros_(built[-1].bias)
    image = np.random.default_rng(0).integers(0, 9, size).astype(np.float32)

    summed = built(torch.from_numpy(image)[None, None])[0, 0]

    np.testing.assert_allclose(summed.detach(), tensorflows_same(image, kernel, stride))


def test_same_padding_that_is_even_needs_no_module_of_its_own():
    calls = Conv2d(kernel_size=5, padding="same").torch_calls((1, 28, 28))

    assert str(calls[""]) == "nn.Conv2d(1, 32, 5, padding=2)"
    assert "padding" not in calls


def test_global_average_pooling_is_the_mean_of_each_channel():
    images = torch.rand(3, 4, 5, 6)

    pooled = module(GlobalAvgPool(), (4, 5, 6))(images)

    np.testing.assert_allclose(pooled, images.numpy().mean(axis=(2, 3)), rtol=1e-6)


def test_flatten_lays_out_channel_by_channel():
    images = torch.rand(3, 2, 5, 6)

    assert torch.equal(module(Flatten(), (2, 5, 6))(images), images.reshape(3, 60))


@pytest.mark.parametrize("shape", [(5,), (5, 3, 3)])
def test_batch_norm_follows_its_formula(shape):
    x = torch.rand(16, *shape)
    norm = module(BatchNorm(momentum=0.3, epsilon=0.01), shape)

    y = norm(x)

    axes = (0, 2, 3)[: len(shape)]
    mean = x.numpy().mean(axis=axes, keepdims=True)
    variance = x.numpy().var(axis=axes, keepdims=True)
    np.testing.assert_allclose(
        y.detach(), (x.numpy() - mean) / np.sqrt(variance + 0.01), rtol=1e-4, atol=1e-5
    )
    np.testing.assert_allclose(norm[0].running_mean, 0.3 * mean.ravel(), rtol=1e-5)


def test_dropout_zeroes_its_share_and_scales_the_rest():
    torch.manual_seed(0)
    ones = torch.ones(100, 100)

    dropped = module(Dropout(rate=0.25), (100,))(ones)

    assert dropped.unique().tolist() == [0, pytest.approx(4 / 3)]
    assert (dropped == 0).float().mean() == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize(
    ("layer", "summary"),
    [
        (Dense(units=1000), "1,000 · ReLU"),
        (Dense(units=10, activation="none"), "10"),
        (Conv2d(filters=8, stride=2, padding="same"), "8 · 3×3 · stride 2 · same · ReLU"),
        (Dropout(rate=0.125), "12.5 %"),
        (Activation(function="leaky_relu"), "Leaky ReLU"),
    ],
)
def test_a_summary_names_the_main_values(layer, summary):
    assert layer.summary() == summary
