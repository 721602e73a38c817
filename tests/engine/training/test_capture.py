"""A captured step against the plain one: layers, optimizers, losses, and whatever goes wrong."""

from __future__ import annotations

import linecache
from copy import deepcopy
from itertools import count

import pytest
import torch
from torch.fx import graph_module

from engine.project.layers import (
    ACTIVATION_TITLES,
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
    penalties,
)
from engine.project.losses import LOSS_TYPES, CrossEntropy
from engine.project.optimizers import OPTIMIZER_TYPES, Adagrad, Adam, AdamW, RmsProp, Sgd
from engine.project.project import Project, walk
from engine.project.sources import NpzFile
from engine.training import capture
from engine.training.capture import CapturedStep, captured, update_state
from engine.training.network import build, layout, trained
from engine.training.step import PlainStep

GRAY, COLOUR = (1, 9, 9), (2, 9, 9)
BATCH = 6
RATES = [0.02 * (1 + number % 3) for number in range(20)]


@pytest.fixture(autouse=True)
def _one_thread():
    """Sums are only those of the same thread count to the last bit."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def batch(number, size=BATCH, shape=COLOUR):
    generator = torch.Generator().manual_seed(number)
    images = torch.randn(size, *shape, generator=generator)
    labels = torch.randint(3, (size,), generator=generator)
    return images.contiguous(memory_format=torch.channels_last), labels


def plain_step(*layers, optimizer=None, loss=None, shape=COLOUR):
    """Build a step and take it once, as before any capturing; without layers it has two."""
    source = NpzFile(
        path="tiny.npz", input_shape=shape, class_names=("a", "b", "c"), train_size=9, test_size=9
    )
    layers = layers or (Flatten(), Dense(units=5))
    if not any(isinstance(layer, (Flatten, GlobalAvgPool)) for layer in layers):
        layers = (*layers, Flatten())
    project = Project().set_data(source=source, validation=0.3).insert(0, *layers)
    torch.manual_seed(3)
    network = build(project)
    assert layout(network) == torch.channels_last  # as batches are
    network.to(memory_format=torch.channels_last)
    optimizer = (optimizer or Sgd()).build(trained(network))
    l2 = penalties(project.walk())
    plain = PlainStep(network, loss or CrossEntropy(), optimizer, l2=l2)
    plain(*batch(100, shape=shape), 0.01)
    return plain


def capture_of(plain, shape=COLOUR):
    """Give the captured step, and the plain step of a copy to compare with."""
    twin = deepcopy(plain)
    step = captured(plain, *batch(101, shape=shape))
    assert isinstance(step, CapturedStep)
    return step, twin


def learned(step, batches, rates=RATES):
    """Take steps; give each one's loss and scores."""
    torch.manual_seed(8)  # of the dropout
    told = [step(*each, rate) for each, rate in zip(batches, rates, strict=True)]
    return [value for pair in told for value in pair]


def state(plain):
    return [*update_state(plain), *plain.network.buffers()]


def assert_equal(ones, others):
    for one, other in zip(ones, others, strict=True):
        assert torch.equal(one, other)
        assert one.stride() == other.stride()


def assert_learns_the_same(plain):
    batches = [batch(number) for number in range(len(RATES))]
    step, twin = capture_of(plain)

    assert_equal(learned(step, batches), learned(twin, batches))

    assert_equal(state(plain), state(twin))


# ---- the same to the last bit

CORNERS = {
    "dense": [Flatten(), Dense(units=5)],
    "one unit": [Flatten(), Dense(units=1, activation="none")],
    "two dense": [Flatten(), Dense(units=7), Dense(units=5)],
    **{
        f"{name} of rows": [Flatten(), Dense(units=5, activation="none"), Activation(function=name)]
        for name in ACTIVATION_TITLES
        if name != "none"
    },
    "softmax of channels": [Conv2d(filters=3, activation="softmax")],
    "convolution": [Conv2d(filters=3)],
    "of one pixel": [Conv2d(filters=3, kernel_size=1)],
    "of one filter": [Conv2d(filters=1), Conv2d(filters=2)],
    "with stride": [Conv2d(filters=3, stride=2, activation="none")],
    "same": [Conv2d(filters=3, padding="same"), Conv2d(filters=4, padding="same")],
    "same, uneven": [Conv2d(filters=3, kernel_size=4, stride=2, padding="same")],
    "as large as the image": [Conv2d(filters=3, kernel_size=9)],
    "max pooling": [Conv2d(filters=3), MaxPool2d()],
    "of the images": [MaxPool2d()],
    "without ReLU": [Conv2d(filters=3, activation="tanh"), MaxPool2d(), Conv2d(filters=2)],
    "overlapping": [Conv2d(filters=3), MaxPool2d(size=3, stride=1)],
    "with gaps": [Conv2d(filters=3), MaxPool2d(size=2, stride=3)],
    "twice": [Conv2d(filters=3), MaxPool2d(), Conv2d(filters=4, kernel_size=2), MaxPool2d()],
    "average pooling": [Conv2d(filters=3), AvgPool2d()],
    "average, overlapping": [Conv2d(filters=3), AvgPool2d(size=3, stride=1)],
    "global average": [Conv2d(filters=3), GlobalAvgPool()],
    "depthwise": [DepthwiseConv2d(multiplier=2), MaxPool2d()],
    "depthwise, uneven": [DepthwiseConv2d(kernel_size=4, stride=2, padding="same")],
    "transposed": [Conv2d(filters=3, stride=2), ConvTranspose2d(filters=2)],
    "transposed, cut": [ConvTranspose2d(filters=2, kernel_size=3, padding="same")],
    "adaptive": [Conv2d(filters=3), AdaptiveAvgPool2d(size=3)],
    "upsampling": [Conv2d(filters=3), UpSampling2d(), Conv2d(filters=2)],
    "bilinear": [Conv2d(filters=3), UpSampling2d(factor=3, method="bilinear"), AvgPool2d()],
    "spatial dropout": [Conv2d(filters=5), SpatialDropout2d(), Conv2d(filters=3)],
    "layer norm of rows": [Flatten(), Dense(units=5), LayerNorm()],
    "layer norm of images": [Conv2d(filters=3), LayerNorm(), MaxPool2d()],
    "group norm": [Conv2d(filters=4), GroupNorm(groups=2), MaxPool2d()],
    "PReLU": [Conv2d(filters=3, activation="none"), PReLU(), Flatten(), Dense(), PReLU(slope=0)],
    "reshape": [Reshape(channels=6, height=3, width=9), Conv2d(filters=2)],
    "without a bias": [Conv2d(filters=3, bias=False), Flatten(), Dense(units=4, bias=False)],
    "frozen": [Conv2d(filters=3, frozen=True), MaxPool2d(), Flatten(), Dense(units=4)],
    "frozen in between": [Conv2d(filters=3), Conv2d(filters=2, frozen=True), Conv2d(filters=3)],
    "L2": [Conv2d(filters=3, l2=0.1), MaxPool2d(), Flatten(), Dense(units=4, l2=0.01)],
    "L2 of what is frozen": [Conv2d(filters=3, l2=0.1, frozen=True), MaxPool2d()],
    "dropout": [Flatten(), Dense(units=9), Dropout()],
    "dropout of images": [Dropout(rate=0.2), Conv2d(filters=3), Dropout(rate=0.9)],
    "dropout of none": [Flatten(), Dropout(rate=0)],
    "batch norm of rows": [Flatten(), Dense(units=5), BatchNorm()],
    "batch norm of images": [BatchNorm(), Conv2d(filters=3), BatchNorm(), MaxPool2d()],
    "batch norm before ReLU": [
        Conv2d(filters=3, activation="none"),
        BatchNorm(momentum=1, epsilon=0.1),
        Activation(),
        MaxPool2d(),
    ],
    "residual": [
        Residual(layers=(Conv2d(filters=3, padding="same"), BatchNorm())),
        Residual(layers=(Conv2d(filters=3, padding="same", activation="none"),)),
        MaxPool2d(),
    ],
    "parallel": [
        Parallel(branches=((Conv2d(filters=3, padding="same"),), (Dropout(),), ())),
        Parallel(branches=((Conv2d(filters=7, kernel_size=1),), ()), join="add"),
    ],
    "RNN": [Rows(), Rnn(units=4, gives="every step"), Rnn(units=3, activation="relu")],
    "GRU": [Rows(), Gru(units=4, depth=2, bidirectional=True)],
    "attention": [Rows(), PositionalEncoding(), SelfAttention(heads=3), GlobalAvgPool()],
    "learned encoding": [
        Rows(),
        PositionalEncoding(encoding="learned"),
        Residual(layers=(LayerNorm(), SelfAttention(heads=2))),
        Activation(function="softmax"),
    ],
}


@pytest.mark.parametrize("layers", CORNERS.values(), ids=CORNERS)
def test_a_captured_network_learns_the_same_to_the_last_bit(layers):
    assert_learns_the_same(plain_step(*layers))


def test_every_layer_type_has_been_captured():
    found = {type(layer) for layers in CORNERS.values() for layer in walk(layers)}

    assert found == set(LAYER_TYPES) - {Lstm}


def test_an_lstm_learns_the_same_whether_captured_or_not():
    """TorchScript can't call the backward pass of oneDNN's LSTM, where torch has that one."""
    plain = plain_step(Rows(), Lstm(units=4, bidirectional=True))
    twin = deepcopy(plain)
    batches = [batch(number) for number in range(len(RATES))]

    step = captured(plain, *batch(101))

    assert_equal(learned(step, batches), learned(twin, batches))
    assert_equal(state(plain), state(twin))


CAPTURED = [
    Adam(),
    Adam(beta1=0, beta2=0.5, weight_decay=0.1),
    AdamW(),
    AdamW(weight_decay=0),
    Sgd(),
    Sgd(momentum=0),
    Sgd(momentum=0, weight_decay=0.1),
    Sgd(nesterov=True, weight_decay=0.1),
]
# Their moves turn tensors into numbers of Python, which no graph can hold: the rate, as a factor,
# and the number of steps taken.
STAY_PLAIN = [RmsProp(), RmsProp(momentum=0.9, weight_decay=0.1), Adagrad()]


@pytest.mark.parametrize("optimizer", CAPTURED, ids=str)
def test_a_captured_move_is_the_optimizers_own(optimizer):
    assert_learns_the_same(plain_step(optimizer=optimizer))


@pytest.mark.parametrize("optimizer", STAY_PLAIN, ids=str)
def test_an_optimizer_that_cannot_be_recorded_stays_plain(optimizer):
    plain = plain_step(optimizer=optimizer)

    assert captured(plain, *batch(0)) is plain


def test_every_optimizer_type_has_been_tried():
    assert {type(optimizer) for optimizer in CAPTURED + STAY_PLAIN} == set(OPTIMIZER_TYPES)


@pytest.mark.parametrize("loss", LOSS_TYPES, ids=lambda loss: loss.__name__)
def test_a_captured_loss_is_the_same(loss):
    assert_learns_the_same(plain_step(loss=loss()))


# ---- the same but for rounding: the gradient of a convolution over gray images

ROUNDED = {
    "plain": [Conv2d(filters=3)],
    "same": [Conv2d(filters=3, kernel_size=5, padding="same"), MaxPool2d()],
    "uneven": [Conv2d(filters=3, kernel_size=4, stride=2, padding="same")],
    "batch norm": [Conv2d(filters=3, activation="none"), BatchNorm(), Activation(), MaxPool2d()],
    "dropout": [Dropout(), Conv2d(filters=3)],
}


@pytest.mark.parametrize("layers", ROUNDED.values(), ids=ROUNDED)
def test_gray_images_are_learned_from_as_plainly_but_for_rounding(layers):
    batches = [batch(number, shape=GRAY) for number in range(len(RATES))]
    plain = plain_step(*layers, shape=GRAY)
    step, twin = capture_of(plain, shape=GRAY)

    told = zip(learned(step, batches), learned(twin, batches), strict=True)

    for one, other in [*told, *zip(state(plain), state(twin), strict=True)]:
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5)
        assert one.stride() == other.stride()


def test_the_same_capture_again_gives_the_same_numbers():
    batches = [batch(number, shape=GRAY) for number in range(len(RATES))]
    (one, _), (other, _) = (
        capture_of(plain_step(Conv2d(), MaxPool2d(), shape=GRAY), GRAY) for _ in range(2)
    )

    assert_equal(learned(one, batches), learned(other, batches))


# ---- what comes in between


def test_a_batch_of_another_size_is_taken_plainly_in_between():
    layers = Conv2d(filters=3), MaxPool2d(), BatchNorm(), Dropout()
    plain = plain_step(*layers, optimizer=Adam())
    step, twin = capture_of(plain)
    batches = [batch(number, size) for number, size in enumerate([6, 6, 4, 6, 1, 7, 6, 6])]
    rates = RATES[: len(batches)]

    assert_equal(learned(step, batches, rates), learned(twin, batches, rates))

    assert_equal(state(plain), state(twin))


def test_weights_loaded_in_between_are_learned_from():
    plain = plain_step()
    step, twin = capture_of(plain)
    for each in plain, twin:
        each.network.load_state_dict({k: v + 1 for k, v in each.network.state_dict().items()})

    assert_equal(learned(step, [batch(0)], [0.1]), learned(twin, [batch(0)], [0.1]))


def test_what_a_step_told_stays():
    step, _ = capture_of(plain_step())
    loss, scores = step(*batch(0), 0.1)
    before = loss.clone(), scores.clone()

    step(*batch(1), 0.1)

    assert_equal((loss, scores), before)
    assert not loss.requires_grad
    assert not scores.requires_grad


# ---- capturing leaves all as it was


@pytest.mark.parametrize("optimizer", [Adam(), RmsProp()], ids=lambda optimizer: optimizer.title)
def test_capturing_leaves_no_trace(optimizer):
    plain = plain_step(Dropout(), Conv2d(), BatchNorm(), optimizer=optimizer)
    images, labels = batch(0)
    twin, before, random = deepcopy(plain), images.clone(), torch.random.get_rng_state()

    captured(plain, images, labels)

    assert_equal(state(plain), state(twin))
    assert torch.equal(images, before)
    assert torch.equal(torch.random.get_rng_state(), random)
    assert plain.optimizer.param_groups[0]["lr"] == 0.01
    assert plain.network.training


# ---- what does not agree stays plain


def assert_stays_plain(plain):
    twin, random = deepcopy(plain), torch.random.get_rng_state()

    assert captured(plain, *batch(0)) is plain

    assert_equal(state(plain), state(twin))
    assert torch.equal(torch.random.get_rng_state(), random)


def test_a_loss_that_is_no_number_ends_in_plain():
    plain = plain_step()
    with torch.no_grad():
        plain.network.dense_1.weight.fill_(torch.nan)

    assert captured(plain, *batch(0)) is plain


@pytest.mark.parametrize("part", ["record_gradients", "record_update", "rewrite", "compiled"])
def test_a_capture_that_breaks_ends_in_plain(monkeypatch, part):
    def broken(*_):
        raise RuntimeError("not today")

    monkeypatch.setattr(capture, part, broken)

    assert_stays_plain(plain_step(Dropout(), Conv2d(), BatchNorm()))


def wrong(operation, factor):
    """Make a rewrite that multiplies what an operation gives."""

    def rewrite(module):
        for node in module.graph.find_nodes(op="call_function", target=operation):
            with module.graph.inserting_after(node):
                more = module.graph.call_function(torch.ops.aten.mul.Tensor, (node, factor))
            node.replace_all_uses_with(
                more, delete_user_cb=lambda user, more=more: user is not more
            )
        module.recompile()

    return rewrite


ATEN = torch.ops.aten


@pytest.mark.parametrize(
    "operation",
    [ATEN.addmm.default, ATEN.mm.default, ATEN.threshold_backward.default, ATEN.bernoulli_.float],
    ids=str,
)
def test_a_rewrite_that_computes_something_else_ends_in_plain(monkeypatch, operation):
    monkeypatch.setattr(capture, "rewrite", wrong(operation, 1.01))

    assert_stays_plain(plain_step(Flatten(), Dense(units=5), Dropout()))


def test_a_rewrite_that_computes_the_same_is_captured(monkeypatch):
    monkeypatch.setattr(capture, "rewrite", wrong(ATEN.addmm.default, 1.0))

    assert isinstance(captured(plain_step(), *batch(0)), CapturedStep)


def test_running_statistics_that_run_otherwise_end_in_plain(monkeypatch):
    def forgetful(module):
        for node in module.graph.find_nodes(op="call_function", target=ATEN.add_.Tensor):
            node.args = (node.args[0], 2)
        module.recompile()

    monkeypatch.setattr(capture, "rewrite", forgetful)

    assert_stays_plain(plain_step(BatchNorm()))


def test_gradients_laid_out_in_another_way_end_in_plain(monkeypatch):
    """The optimizer walks weights and gradients side by side, whatever their shapes say."""
    right = capture.record_gradients

    def turned(*arguments):
        record = right(*arguments)

        def gradients(*values):
            loss, scores, *found = record(*values)
            return loss, scores, *(each.t().contiguous().t() for each in found)

        return gradients

    monkeypatch.setattr(capture, "record_gradients", turned)

    assert_stays_plain(plain_step())


@pytest.mark.parametrize("layers", [[], [Flatten(), Dense(units=2)]])
def test_a_move_with_the_number_of_steps_written_into_it_ends_in_plain(monkeypatch, layers):
    right = capture.record_update

    def stuck(plain):
        update = right(plain)

        def always_the_second(*values):
            for value in values[:-1]:
                if value.dim() == 0:
                    value.fill_(1)
            update(*values)

        return always_the_second

    monkeypatch.setattr(capture, "record_update", stuck)

    assert_stays_plain(plain_step(*layers, optimizer=Adam()))


def test_a_move_at_another_rate_ends_in_plain(monkeypatch):
    right = capture.record_update

    def hasty(plain):
        update = right(plain)
        return lambda *values: update(*values[:-1], values[-1] * 1.001)

    monkeypatch.setattr(capture, "record_update", hasty)

    assert_stays_plain(plain_step())


def test_a_large_network_is_not_copied(monkeypatch):
    monkeypatch.setattr(capture, "MOST_WEIGHTS", 100)

    assert_stays_plain(plain_step())


# ---- broken off


def looks(plain):
    """Count how often a recording asks whether it is to be broken off."""
    asked = count()
    captured(plain, *batch(101), lambda: next(asked) < 0)
    return next(asked)


def test_it_is_broken_off_wherever_it_asks():
    plain = plain_step(Conv2d(filters=3), BatchNorm(), Flatten(), Dropout(), Dense(units=5))
    before, random = deepcopy(state(plain)), torch.get_rng_state()
    often = looks(plain)

    for place in range(often):
        asked = count()
        assert captured(plain, *batch(101), lambda asked=asked, p=place: next(asked) == p) is None

    assert often > 40
    assert_equal(before, state(plain))
    assert torch.equal(random, torch.get_rng_state())


def test_looking_at_the_control_changes_nothing_of_what_is_recorded():
    from torch.fx.experimental.proxy_tensor import make_fx

    def moved(*values):
        return (values[0].sin() * 2,)

    graph = capture._graph(moved, [torch.ones(3)], lambda: None)

    assert graph.code == make_fx(moved)(torch.ones(3)).code


def test_recordings_leave_no_text_behind():
    captured(plain_step(), *batch(101))  # torch makes up some texts of its own once
    texts, lines = len(graph_module._loader.eval_cache), len(linecache.cache)

    step, _ = capture_of(plain_step())
    step(*batch(102), 0.01)

    assert len(graph_module._loader.eval_cache) == texts
    assert len(linecache.cache) == lines
