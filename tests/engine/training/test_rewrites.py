from __future__ import annotations

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn import functional

from engine.training.rewrites import rewrite

ATEN = torch.ops.aten
# A failure is told as it was found: to shrink it would record hundreds of graphs more.
a_few = settings(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])


def rewritten_graph(function, *arguments):
    """Record a function of tensors and rewrite its graph."""
    graph = make_fx(function)(*arguments)
    rewrite(graph)
    return graph


def operations(module):
    return [node.target for node in module.graph.nodes if node.op == "call_function"]


# ---- the maximum before the cut


def pooled(**options):
    """Make (images, gradient) -> pooled images, and their gradient."""

    def function(images, gradient):
        result = functional.max_pool2d(functional.relu(images), **options)
        return result.detach(), *torch.autograd.grad(result, images, gradient.expand_as(result))

    return function


@st.composite
def poolings(draw):
    size = draw(st.integers(1, 4))
    return {
        "kernel_size": size,
        "stride": draw(st.integers(1, 4)),  # below the size, windows overlap
        "padding": draw(st.integers(0, size // 2)),
        "dilation": draw(st.integers(1, 2)),
        "ceil_mode": draw(st.booleans()),
    }


@a_few
@given(
    options=poolings(),
    size=st.tuples(st.integers(7, 10), st.integers(7, 10)),
    seed=st.integers(0, 1000),
    values=st.sampled_from([(-2, 3), (-1, 2), (-5, 0), (0, 1), (-50, 50)]),
    channels_last=st.booleans(),
)
def test_pooling_first_gives_the_same_to_the_last_bit(options, size, seed, values, channels_last):
    """Whole numbers make ties, zeros, and windows without anything positive."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(*values, (2, 3, *size), generator=generator).float()
    if channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    gradient = torch.tensor(-1.7)

    function = pooled(**options)
    rewritten = rewritten_graph(function, images.requires_grad_(), gradient)

    kinds = operations(rewritten)
    assert kinds.index(ATEN.max_pool2d_with_indices.default) < kinds.index(ATEN.relu.default)
    for one, other in zip(function(images, gradient), rewritten(images, gradient), strict=True):
        assert torch.equal(one, other)
        assert torch.equal(one.signbit(), other.signbit())
        assert other.stride() == one.stride() or 1 in other.shape[2:]  # there any stride will do


def test_what_is_no_number_stays_none():
    images = torch.randn(1, 1, 4, 4)
    images[0, 0, 1, 2] = torch.nan
    images[0, 0, 3, 3] = torch.inf
    inputs = images.requires_grad_(), torch.ones(())
    function = pooled(kernel_size=2)

    rewritten = rewritten_graph(function, *inputs)

    for one, other in zip(function(*inputs), rewritten(*inputs), strict=True):
        assert torch.equal(one.nan_to_num(7), other.nan_to_num(7))


def relu_seen_elsewhere(images):
    cut = functional.relu(images)
    result = functional.max_pool2d(cut, 2)
    return result.detach(), cut.detach() + 1, *torch.autograd.grad(result.sum(), images)


def relu_learning_elsewhere(images):
    cut = functional.relu(images)
    return torch.autograd.grad(functional.max_pool2d(cut, 2).sum() + cut.sum(), images)


def relu_pooled_twice(images):
    cut = functional.relu(images)
    return torch.autograd.grad(
        functional.max_pool2d(cut, 2).sum() + functional.max_pool2d(cut, 3).sum(), images
    )


def other_than_relu(images):
    return torch.autograd.grad(functional.max_pool2d(functional.hardtanh(images), 2).sum(), images)


def without_gradient(images):
    return (functional.max_pool2d(functional.relu(images.detach()), 2),)


@pytest.mark.parametrize(
    "function",
    [
        relu_seen_elsewhere,
        relu_learning_elsewhere,
        relu_pooled_twice,
        other_than_relu,
        without_gradient,
    ],
)
def test_what_is_seen_by_others_is_not_pooled_first(function):
    images = torch.randn(1, 2, 6, 6, requires_grad=True)

    rewritten = rewritten_graph(function, images)

    names = (ATEN.alias.default, ATEN.detach.default)
    before = operations(make_fx(function)(images))
    assert operations(rewritten) == [kind for kind in before if kind not in names]
    for one, other in zip(function(images), rewritten(images), strict=True):
        assert torch.equal(one, other)


# ---- the gradient of a convolution over gray images


def convolution_gradients(bias=True, images_too=False, transposed=False, **options):
    """Make (images, weights, bias, factor) -> the gradients of a convolution."""
    convolution = functional.conv_transpose2d if transposed else functional.conv2d

    def function(images, weights, offsets, factors):
        result = convolution(images, weights, offsets if bias else None, **options)
        gradient = factors[: result.numel()].view(result.shape)
        wanted = [weights, *([offsets] if bias else []), *([images] if images_too else [])]
        return torch.autograd.grad(result, wanted, gradient)

    return function


def convolution_inputs(
    filters=3, channels=1, kernel=(3, 3), count=4, size=(9, 8), groups=1, seed=0
):
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    images = draw(count, channels, *size)
    weights = draw(filters, channels // groups, *kernel).requires_grad_()
    return images, weights, draw(filters).requires_grad_(), draw(20_000)


pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


@a_few
@given(
    filters=st.integers(1, 4),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    count=st.integers(1, 4),
    size=st.tuples(st.integers(10, 13), st.integers(10, 13)),
    stride=pairs,
    padding=st.tuples(st.integers(0, 3), st.integers(0, 3)) | st.just("same"),
    dilation=pairs,
    bias=st.booleans(),
    channels_last=st.booleans(),
)
def test_the_gradient_of_a_gray_convolution_is_torchs(
    filters, kernel, count, size, stride, padding, dilation, bias, channels_last
):
    if padding == "same":  # torch warns of an even kernel, which needs more zeros on one side
        stride, kernel = 1, tuple(size + 1 - size % 2 for size in kernel)
    options = {"stride": stride, "padding": padding, "dilation": dilation, "bias": bias}
    inputs = list(convolution_inputs(filters, 1, kernel, count, size))
    if channels_last:
        inputs[:2] = [each.contiguous(memory_format=torch.channels_last) for each in inputs[:2]]
        inputs[1] = inputs[1].detach().requires_grad_()

    function = convolution_gradients(**options)
    rewritten = rewritten_graph(function, *inputs)

    assert ATEN.convolution_backward.default not in operations(rewritten)
    for one, other in zip(function(*inputs), rewritten(*inputs), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
        assert other.is_contiguous() or other.stride() == one.stride()


@pytest.mark.parametrize(
    ("shapes", "options"),
    [
        ({"channels": 2}, {}),
        ({"channels": 2, "filters": 4, "groups": 2}, {"groups": 2}),
        ({"filters": 1}, {"transposed": True}),
        ({}, {"images_too": True}),
    ],
    ids=["two channels", "groups", "transposed", "the images' gradient wanted"],
)
def test_other_convolutions_keep_their_gradient(shapes, options):
    inputs = convolution_inputs(**shapes)
    if options.get("images_too"):
        inputs[0].requires_grad_()

    rewritten = rewritten_graph(convolution_gradients(**options), *inputs)

    assert ATEN.convolution_backward.default in operations(rewritten)


def test_a_second_convolution_keeps_its_gradient():
    """What it reads, of one channel too, needs a gradient for the first."""

    def function(images, first, second, _):
        result = functional.conv2d(functional.conv2d(images, first), second)
        return torch.autograd.grad(result.sum(), [first, second])

    images, first, *_ = convolution_inputs(filters=1)
    inputs = images, first, first.detach().clone().requires_grad_(), torch.zeros(1)

    rewritten = rewritten_graph(function, *inputs)

    assert operations(rewritten).count(ATEN.convolution_backward.default) == 1
    for one, other in zip(function(*inputs), rewritten(*inputs), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-10)
