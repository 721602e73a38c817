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

from engine import modules
from engine.export.text import called
from engine.problems import ProblemError
from engine.project.format import dumps, loads
from engine.project.layers import (
    LAYER_TYPES,
    AdaptiveAvgPool2d,
    AvgPool2d,
    Conv2d,
    ConvTranspose2d,
    Dense,
    DepthwiseConv2d,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    MaxPool2d,
    Output,
    Reshape,
    SpatialDropout2d,
    UpSampling2d,
)
from engine.project.project import Project
from tests.engine.export.running import flattened_order, keras_weights, put_weights

LARGEST = 1_000_000  # of a whole number here: a module on the meta device takes no memory
a_few = settings(max_examples=40)
every_type = pytest.mark.parametrize("kind", LAYER_TYPES, ids=lambda kind: kind.__name__)
shapes = st.one_of(
    st.tuples(st.integers(1, 5000)),
    st.tuples(st.integers(1, 40), st.integers(1, 60)),
    st.tuples(st.integers(1, 8), st.integers(1, 40), st.integers(1, 40)),
)


def fields(kind):
    """Give the JSON schema of each field that a person can change."""
    schema = kind.model_json_schema()
    of_kind = schema if "properties" in schema else schema["$defs"][kind.__name__]
    return {name: of_kind["properties"][name] for name in kind.settings()}


def values(field):
    """Draw what a field allows."""
    if "enum" in field:
        return st.sampled_from(field["enum"])
    if field["type"] == "boolean":
        return st.booleans()
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


@st.composite
def fitting(draw, kind):
    """Draw a layer with a shape that comes in; rarely one that it has to refuse."""
    layer, shape = draw(layers(kind)), draw(shapes)
    if kind is GroupNorm and len(shape) == 3:
        shape = (layer.groups % 50 * draw(st.integers(1, 3)) or 1, *shape[1:])
        layer = GroupNorm(groups=layer.groups % 50 or 1, epsilon=layer.epsilon)
    if kind is Reshape:
        sizes = {name: 1 + getattr(layer, name) % 20 for name in ("channels", "height", "width")}
        layer = Reshape(**sizes)
        given = draw(st.permutations(list(sizes.values())))
        shape = tuple(given) if draw(st.booleans()) else (math.prod(given),)
    return layer, shape


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
@given(data=st.data())
def test_declared_shape_and_parameters_are_torchs(kind, data):
    layer, shape = data.draw(fitting(kind))
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
@given(data=st.data())
def test_printed_call_builds_the_same_module(kind, data):
    layer, shape = data.draw(fitting(kind))
    if accepted(layer, shape) is None:
        return

    with torch.device("meta"):
        for call in layer.torch_calls(shape).values():
            built, printed = call.build(), eval(str(call), {"nn": nn} | vars(modules))
            assert repr(printed) == repr(built)
            assert {name: value.shape for name, value in printed.state_dict().items()} == {
                name: value.shape for name, value in built.state_dict().items()
            }


# What is more than one Keras layer is tested by its scripts.
SIMPLE = [kind for kind in LAYER_TYPES if kind.group not in ("Block", "Sequence")]


@pytest.mark.exports
@pytest.mark.filterwarnings("ignore")  # Keras' backends' own
@settings(max_examples=12)
@pytest.mark.parametrize("kind", SIMPLE, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_keras_layers_compute_the_same(kind, data):
    keras = pytest.importorskip("keras", reason="Keras is not installed; it is in the group keras")
    layer, shape = data.draw(fitting(kind))
    declared = accepted(layer, shape)
    if declared is None or max(layer.parameters(shape), math.prod(declared)) > 100_000:
        return  # whose numbers would take long
    ours = module(layer, shape).eval()
    images = torch.rand(2, *shape)

    names = {"keras": keras, "layers": keras.layers}
    theirs = [eval(called(call), names) for call in layer.keras_calls(shape).values()]
    model = keras.Sequential([keras.Input(channels_last(shape)), *theirs])
    weighty = [each for each in ours if each.state_dict()]
    if weighty:
        (taking,) = [each for each in theirs if each.weights]
        put_weights(taking, keras_weights(weighty[0]))
    found = model.predict(as_keras(images).numpy(), verbose=0)

    assert model.output_shape[1:] == channels_last(declared)
    learning = layer.parameters(shape) if layer.learns else 0
    assert sum(math.prod(w.shape) for w in model.trainable_weights) == learning
    wanted = as_keras(ours(images).detach()).numpy()
    if kind is Flatten and len(shape) == 3:
        wanted = wanted[:, flattened_order(shape)]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)


def channels_last(shape):
    return (*shape[1:], shape[0]) if len(shape) == 3 else shape


def as_keras(values):
    """Lay a batch out as Keras has it."""
    return values.movedim(1, -1) if values.ndim == 4 else values


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
        (AdaptiveAvgPool2d(), ROW, "Adaptive average pooling needs an image"),
        (UpSampling2d(), ROW, "Upsampling needs an image"),
        (SpatialDropout2d(), ROW, "Spatial dropout needs an image"),
        (DepthwiseConv2d(), ROW, "Depthwise convolution needs an image"),
        (ConvTranspose2d(), ROW, "Transposed convolution needs an image"),
        (GroupNorm(), ROW, "Group normalisation needs an image"),
        (
            GroupNorm(groups=2),
            IMAGE,
            "Group normalisation can't divide 3 channels into 2 equal groups. Choose a number of "
            "groups that divides the channels.",
        ),
        (
            Reshape(channels=2, height=5, width=5),
            ROW,
            "Reshape needs 50 numbers for an image of 2×5×5, but gets 5. Choose sizes whose "
            "product is 5.",
        ),
        (DepthwiseConv2d(kernel_size=9), IMAGE, "Depthwise convolution looks at windows of 9×9"),
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
