"""A training step recorded once and then run as a whole, with no Python between its operations.

Python takes longer to call a small network's operations than the processor to carry them out, and
calling them needs the interpreter, which the window needs too. A step is recorded as two graphs of
torch operations: one gives the gradients, the other moves the weights. The first is run by torch's
own interpreter (TorchScript), which holds no lock of Python's.

Whatever can't be recorded, or does not agree with the plain step once it is, stays plain.

Recording takes as long as many steps, so it asks at each operation whether it is to be broken off:
a person who pauses or stops meanwhile does not wait for it.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from itertools import compress
from typing import TYPE_CHECKING, Any

from engine.training.network import trained
from engine.training.rewrites import rewrite
from engine.training.step import PlainStep, Step, penalised
from engine.training.torchscript import compiled

if TYPE_CHECKING:
    from torch import Tensor
    from torch.fx import GraphModule

Recorded = Callable[..., tuple["Tensor", ...]]
Look = Callable[[], None]
"""Called often while something is recorded; raises Interrupted where that is to be broken off."""

MOST_WEIGHTS = 10_000_000  # recording copies the network; a larger one gains little
TOLERANCE = 1e-3  # of a tensor's largest value: float32 sums in another order differ by some 1e-6
ROUNDING = 1e-5  # of the largest gradient; a bias before batch normalisation has nothing but this


class Interrupted(Exception):  # noqa: N818 - it is no error: a person pauses or stops
    """Recording is broken off."""


def never() -> bool:
    """Let a recording come to its end."""
    return False


def captured(
    plain: PlainStep, images: Tensor, labels: Tensor, interrupted: Callable[[], bool] = never
) -> Step | None:
    """Give a faster step that learns the same from batches of this size, or the plain one itself;
    None where `interrupted` broke it off.

    To be called after at least one step, since optimizers make up their memory in the first.
    Leaves network, optimizer and torch's random state as they were.
    """
    import torch

    def look() -> None:
        if interrupted():
            raise Interrupted

    if sum(weights.numel() for weights in plain.network.parameters()) > MOST_WEIGHTS:
        return plain
    with torch.random.fork_rng(devices=[]), _texts_forgotten():
        try:
            gradients = record_gradients(plain, images, labels, look)
            update = record_update(plain, look)
            agrees = _agrees(plain, gradients, update, images, labels, look)
        except Interrupted:
            return None
        except Exception:  # whatever torch has against it, the plain step is right
            return plain
    return CapturedStep(plain, gradients, update, len(labels)) if agrees else plain


class CapturedStep:
    """The plain step's operations, recorded for one size of batch; others are taken plainly."""

    def __init__(
        self, plain: PlainStep, gradients: Recorded, update: Recorded, batch_size: int
    ) -> None:
        self.plain, self.batch_size = plain, batch_size
        self._gradients, self._update = gradients, update
        self._network_state = network_state(plain)
        self._update_state = update_state(plain)
        self._rate = rate_of(plain)

    def __call__(self, images: Tensor, labels: Tensor, rate: float) -> tuple[Tensor, Tensor]:
        import torch

        if len(labels) != self.batch_size:
            return self.plain(images, labels, rate)
        self._rate.fill_(rate)
        self.plain.guard.before()
        with torch.no_grad():
            loss, scores, *gradients = self._gradients(*self._network_state, images, labels)
            self.plain.guard.check(loss, gradients)
            self._update(*self._update_state, *gradients, self._rate)
        return loss, scores


def network_state(step: PlainStep) -> list[Tensor]:
    """List what the network's output depends on: its weights, then its running statistics."""
    return [value.detach() for value in (*step.network.parameters(), *step.network.buffers())]


def update_state(step: PlainStep) -> list[Tensor]:
    """List what a move changes: weights that learn, then what the optimizer remembers of them."""
    import torch

    weights = trained(step.network)
    memory = [
        value
        for each in weights
        for value in step.optimizer.state[each].values()
        if isinstance(value, torch.Tensor)
    ]
    return [*(each.detach() for each in weights), *memory]


def rate_of(step: PlainStep) -> Tensor:
    """Give the learning rate as a tensor, so that a recorded move can be told another."""
    import torch

    return torch.tensor(step.optimizer.param_groups[0]["lr"], dtype=torch.float64)


def record_gradients(
    plain: PlainStep, images: Tensor, labels: Tensor, look: Look = lambda: None
) -> Recorded:
    """Record (*network_state, images, labels) -> (loss, scores, *gradients)."""
    import torch
    from torch.func import functional_call

    network = deepcopy(plain.network)
    names = [name for name, _ in (*network.named_parameters(), *network.named_buffers())]
    weights = list(network.parameters())
    learning = trained(network)
    learns = [each.requires_grad for each in weights]

    def gradients(*values: Tensor) -> tuple[Tensor, ...]:
        *state, images, labels = values
        named = dict(zip(names, state, strict=True))
        scores = functional_call(network, named, (images,))
        loss = plain.loss.of(scores, labels)
        moved = list(compress(state, learns))
        found = torch.autograd.grad(penalised(loss, named, plain.l2), moved)
        if plain.clip_norm:
            found = _clipped(found, plain.clip_norm)
        laid_out = (_like(gradient, each) for gradient, each in zip(found, learning, strict=True))
        return loss.detach(), scores.detach(), *laid_out

    graph = _graph(gradients, [*weights, *network.buffers(), images, labels], look)
    rewrite(graph)
    look()
    return compiled(graph)


def record_update(plain: PlainStep, look: Look = lambda: None) -> Recorded:
    """Record (*update_state, *gradients, rate) -> (), by the optimizer's own step."""
    import torch

    step = deepcopy(plain)
    weights = trained(step.network)
    memory = update_state(step)[len(weights) :]

    def update(*values: Tensor) -> tuple[Tensor, ...]:
        *_, learning_rate = values
        for each, gradient in zip(weights, values[-1 - len(weights) : -1], strict=True):
            each.grad = gradient
        for group in step.optimizer.param_groups:
            group["lr"] = learning_rate
        step.optimizer.step()
        return ()

    gradients = [torch.zeros_like(each) for each in weights]
    graph = _graph(update, [*weights, *memory, *gradients, rate_of(plain)], look)
    for node in reversed(graph.graph.nodes):
        if str(node.target).startswith("profiler."):
            graph.graph.erase_node(node)
    graph.recompile()
    # Not compiled: TorchScript takes a write into a list of tensors for one that nobody reads.
    return graph.forward


def _graph(function: Recorded, arguments: Sequence[Tensor], look: Look) -> GraphModule:
    from torch.fx.experimental.proxy_tensor import make_fx

    def looking(*values: Tensor) -> tuple[Tensor, ...]:
        with _looking(look):
            return function(*values)

    return make_fx(looking)(*arguments)


@contextmanager
def _texts_forgotten() -> Iterator[None]:
    """Throw the texts of the graphs away that are recorded meanwhile: torch.fx keeps them for
    tracebacks as long as the process lives, 10 KB for each training.
    """
    from torch.fx import graph_module

    texts = getattr(getattr(graph_module, "_loader", None), "eval_cache", {})
    before = set(texts)
    try:
        yield
    finally:
        for name in set(texts) - before:
            del texts[name]
            linecache.cache.pop(name, None)


def _looking(look: Look) -> AbstractContextManager[object]:
    """Call `look` before each of torch's operations."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Looking(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            look()
            return func(*args, **(kwargs or {}))

    return Looking()  # type: ignore[no-untyped-call]  # torch's own constructor


def _clipped(gradients: tuple[Tensor, ...], most: float) -> tuple[Tensor, ...]:
    """Do as torch's clip_grad_norm_ does."""
    import torch

    norm = torch.linalg.vector_norm(torch.stack([torch.linalg.vector_norm(g) for g in gradients]))
    share = torch.clamp(most / (norm + 1e-6), max=1.0)
    return tuple(gradient * share for gradient in gradients)


def _like(gradient: Tensor, weights: Tensor) -> Tensor:
    """Lay a gradient out in memory as its weights are: fused optimizers walk both side by side."""
    import torch

    if gradient.stride() == weights.stride():
        return gradient
    return torch.empty_like(weights).copy_(gradient)


def _agrees(
    plain: PlainStep,
    gradients: Recorded,
    update: Recorded,
    images: Tensor,
    labels: Tensor,
    look: Look,
) -> bool:
    """Tell whether what was recorded does what the plain step does, on copies of it."""
    import torch

    look()
    expected, actual = deepcopy(plain), deepcopy(plain)
    before = torch.random.get_rng_state()
    loss, scores = expected(images, labels, float(rate_of(plain)))
    torch.random.set_rng_state(before)  # so that dropout drops the same
    look()
    with torch.no_grad():
        found = gradients(*network_state(actual), images, labels)
        right = [each.grad for each in expected.network.parameters() if each.grad is not None]
        for _ in range(2):  # a number of steps that was written into the graph shows in the second
            look()
            update(*update_state(actual), *right, rate_of(actual))
            expected.optimizer.step()
        look()
        update(*update_state(actual), *right, rate_of(actual))
        look()
        moved = zip(update_state(expected), update_state(actual), strict=True)
        buffers = zip(expected.network.buffers(), actual.network.buffers(), strict=True)
        rounding = ROUNDING * max(float(each.abs().max()) for each in right)
        return (
            all(_close(*pair) for pair in zip((loss, scores), found[:2], strict=True))
            and all(_close(*pair, rounding) for pair in zip(right, found[2:], strict=True))
            and all(_laid_out_alike(*pair) for pair in zip(right, found[2:], strict=True))
            and all(_close(*pair) for pair in buffers)
            and all(torch.equal(*pair) for pair in moved)
        )


def _close(expected: Tensor, actual: Tensor, rounding: float = 0.0) -> bool:
    import torch

    if not expected.is_floating_point():
        return torch.equal(expected, actual)
    margin = max(TOLERANCE * float(expected.abs().max()), rounding)
    return torch.allclose(expected, actual, rtol=0, atol=margin)


def _laid_out_alike(one: Tensor, other: Tensor) -> bool:
    steps = zip(one.shape, one.stride(), other.stride(), strict=True)
    return all(size == 1 or step == another for size, step, another in steps)
