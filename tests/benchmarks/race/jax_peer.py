"""JAX with a whole epoch in one lax.scan: the quickest that a small network trains on a CPU.

    python -m tests.benchmarks.race.jax_peer mlp-128

Dense networks only: XLA's convolutions on a CPU are many times slower than the others', and within
a scan slower still, so JAX runs no race there.
"""

from __future__ import annotations

from itertools import pairwise
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from tests.benchmarks.race.peer import answer, read_task, training_digits
from tests.benchmarks.race.recipes import Recipe

Layers = list[tuple[jax.Array, jax.Array]]


def first_weights(recipe: Recipe, rng: np.random.Generator) -> Layers:
    """Draw weights (inputs, units) and zero biases."""
    sizes = (784, *recipe.dense, 10)
    return [
        (jnp.array(rng.normal(0, inputs**-0.5, (inputs, units)), jnp.float32), jnp.zeros(units))
        for inputs, units in pairwise(sizes)
    ]


def scores(network: Layers, x: jax.Array) -> jax.Array:
    """Apply the network to rows of pixels."""
    for weights, bias in network[:-1]:
        x = jax.nn.relu(x @ weights + bias)
    weights, bias = network[-1]
    return x @ weights + bias


def loss(network: Layers, x: jax.Array, y: jax.Array) -> jax.Array:
    """Mean cross-entropy."""
    return optax.softmax_cross_entropy_with_integer_labels(scores(network, x), y).mean()


def main() -> None:
    """Run the scan once, which compiles it, and again on the clock."""
    task = read_task(__doc__)
    jax.config.update("jax_platforms", task.device)
    recipe = task.recipe
    if recipe.convolutions:
        raise SystemExit("JAX runs no race over convolutions.")
    assert recipe.optimizer == "adam"
    pixels, classes = training_digits(recipe.images)
    images = jnp.array(pixels.reshape(-1, 784).astype(np.float32) / 255)
    labels = jnp.array(classes)
    optimizer = optax.adam(recipe.learning_rate)
    rng = np.random.default_rng(0)
    network = first_weights(recipe, rng)

    @jax.jit
    def epoch(network: Layers, state: Any, order: jax.Array) -> tuple[Layers, Any, jax.Array]:
        def step(carry: tuple[Layers, Any], rows: jax.Array) -> tuple[Any, jax.Array]:
            network, state = carry
            value, gradients = jax.value_and_grad(loss)(network, images[rows], labels[rows])
            updates, state = optimizer.update(gradients, state, network)
            return (optax.apply_updates(network, updates), state), value

        (network, state), losses = jax.lax.scan(step, (network, state), order)
        return network, state, losses

    def shuffled() -> jax.Array:
        order = rng.permutation(recipe.images)[: task.steps * recipe.batch]
        return jnp.array(order.reshape(task.steps, recipe.batch))

    network, state, losses = epoch(network, optimizer.init(network), shuffled())
    losses.block_until_ready()
    began = perf_counter()
    network, state, losses = epoch(network, state, shuffled())
    losses.block_until_ready()
    answer(
        seconds=perf_counter() - began,
        steps=task.steps,
        parameters=sum(int(weights.size) for weights in jax.tree.leaves(network)),
        loss=float(losses[-1]),
        versions={"jax": jax.__version__, "optax": optax.__version__},
    )


if __name__ == "__main__":
    main()
