"""Changes to a recorded step that compute the same in less time."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch.fx import Graph, GraphModule

Node = Any  # torch.fx.Node, whose arguments may be almost anything


def rewrite(module: GraphModule) -> None:
    """Apply all rewrites to a graph of aten operations, in place."""
    graph = module.graph
    drop_aliases(graph)
    pool_before_relu(graph)
    gradient_of_gray_convolution(graph)
    graph.lint()
    module.recompile()


def drop_aliases(graph: Graph) -> None:
    """Take out the operations that only give a tensor another name."""
    aten = _aten()
    for node in _calls(graph, aten.alias.default) + _calls(graph, aten.detach.default):
        node.replace_all_uses_with(node.args[0])
        graph.erase_node(node)


def pool_before_relu(graph: Graph) -> None:
    """Take the maximum first and cut off below zero then: a quarter of the values is left to cut.

    ReLU keeps order, so values and gradients are equal to the last bit: where the maximum is
    positive it is found in the same place, and elsewhere no gradient passes.
    """
    aten = _aten()
    for pool in _calls(graph, aten.max_pool2d_with_indices.default):
        relu = pool.args[0]
        backward = [
            user
            for user in relu.users
            if user.target is aten.max_pool2d_with_indices_backward.default and user.args[1] is relu
        ]
        cut = [
            user
            for user in relu.users
            if user.target is aten.threshold_backward.default and user.args[1:] == (relu, 0)
        ]
        if (
            relu.target is not aten.relu.default
            or len(backward) != 1
            or len(cut) != 1
            or len(relu.users) != 3
            or list(backward[0].users) != cut
            or cut[0].args[0] is not backward[0]
        ):
            continue
        _swap(graph, relu, pool, backward[0], cut[0])


def _swap(graph: Graph, relu: Node, pool: Node, backward: Node, cut: Node) -> None:
    aten = _aten()
    inner = relu.args[0]
    pool.replace_input_with(relu, inner)
    (pooled,) = [user for user in pool.users if user.args[1] == 0]
    with graph.inserting_after(pooled):
        after = graph.call_function(aten.relu.default, (pooled,))
        after.meta["val"] = pooled.meta["val"]
    pooled.replace_all_uses_with(after, delete_user_cb=lambda user: user is not after)
    with graph.inserting_before(backward):
        gradient = graph.call_function(
            aten.threshold_backward.default, (backward.args[0], after, 0)
        )
        gradient.meta["val"] = pooled.meta["val"]
    backward.args = (gradient, inner, *backward.args[2:])
    cut.replace_all_uses_with(backward)
    graph.erase_node(cut)
    graph.erase_node(relu)


def gradient_of_gray_convolution(graph: Graph) -> None:
    """Compute the weights' gradient of a convolution over one channel as one matrix product.

    dL/dw (filters, kernel) = sum over images and places of the output's gradient times the patch
    under it. oneDNN, made for many channels, takes four to six times as long for one.
    """
    aten = _aten()
    for node in _calls(graph, aten.convolution_backward.default):
        transposed, groups, wanted = node.args[7], node.args[9], node.args[10]
        channels = node.args[1].meta["val"].shape[1]
        if channels == 1 and groups == 1 and not transposed and not wanted[0]:
            _multiply(graph, node)


def _multiply(graph: Graph, node: Node) -> None:
    aten = _aten()
    gradient, images, weights, _, stride, padding, dilation = node.args[:7]
    filters, _, *kernel = weights.meta["val"].shape
    count, _, height, width = images.meta["val"].shape
    _, _, *places = gradient.meta["val"].shape
    height, width = height + 2 * padding[0], width + 2 * padding[1]

    def call(operation: Any, *arguments: Any) -> Node:
        return graph.call_function(operation, arguments)

    with graph.inserting_before(node):
        if any(padding):
            frame = [padding[1], padding[1], padding[0], padding[0]]
            images = call(aten.constant_pad_nd.default, images, frame, 0.0)
        # The patches as rows, one for each place of the kernel: (kernel, images x places).
        shape = [*kernel, count, *places]
        steps = [dilation[0] * width, dilation[1], height * width, stride[0] * width, stride[1]]
        images = call(aten.contiguous.default, images)
        patches = call(aten.as_strided.default, images, shape, steps)
        patches = call(aten.reshape.default, patches, [kernel[0] * kernel[1], -1])
        columns = call(aten.permute.default, gradient, [0, 2, 3, 1])
        columns = call(aten.reshape.default, columns, [-1, filters])
        of_weights = call(aten.t.default, call(aten.mm.default, patches, columns))
        # Laid out as the weights are: without this, fused optimizers would mix them up.
        of_weights = call(aten.contiguous.default, of_weights)
        of_weights = call(aten.reshape.default, of_weights, [filters, 1, *kernel])
        of_bias = call(aten.sum.dim_IntList, columns, [0])
    results = {1: of_weights, 2: of_bias}
    for user in list(node.users):
        assert user.target is operator.getitem
        if user.users:
            user.replace_all_uses_with(results[user.args[1]])
        graph.erase_node(user)
    graph.erase_node(node)


def _aten() -> Any:
    import torch

    return torch.ops.aten


def _calls(graph: Graph, target: Any) -> list[Node]:
    return list(graph.find_nodes(op="call_function", target=target))
