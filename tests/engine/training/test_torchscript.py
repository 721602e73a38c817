from __future__ import annotations

import operator

import pytest
import torch
from torch.fx import Graph, GraphModule

from engine.training.torchscript import compiled, source

ATEN = torch.ops.aten


def graph_of(target, *arguments, inputs=1, **options):
    """Make a graph of one operation on its inputs: (a, b, ...) -> (result,)."""
    graph = Graph()
    nodes = {f"input_{name}": graph.placeholder(f"input_{name}") for name in "ab"[:inputs]}

    def filled(value):
        if isinstance(value, list):
            return [filled(each) for each in value]
        return nodes.get(value, value) if isinstance(value, str) else value

    graph.output((graph.call_function(target, tuple(map(filled, arguments)), options),))
    return GraphModule(torch.nn.Module(), graph)


IMAGES = torch.arange(48.0).reshape(2, 2, 3, 4) / 7 - 3
A, B = "input_a", "input_b"


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (graph_of(ATEN.relu.default, A), [IMAGES]),
        (graph_of(ATEN.cat.default, [A, B], 1, inputs=2), [IMAGES, IMAGES]),
        (graph_of(ATEN.sum.dim_IntList, A, [2, 3], True), [IMAGES]),
        (graph_of(ATEN.add.Tensor, A, B, alpha=-2, inputs=2), [IMAGES, IMAGES]),
        (graph_of(ATEN.mul.Tensor, A, 1e-30), [IMAGES]),
        (graph_of(ATEN.mul.Tensor, A, -0.1), [IMAGES]),
        (graph_of(ATEN.clamp.default, A, None, 1.5), [IMAGES]),
        (graph_of(ATEN.gelu.default, A, approximate="tanh"), [IMAGES]),
        (graph_of(ATEN.clone.default, A, memory_format=torch.channels_last), [IMAGES]),
        (
            graph_of(
                ATEN.full.default,
                [2, 3],
                0.5,
                dtype=torch.float64,
                layout=torch.strided,
                device=torch.device("cpu"),
                pin_memory=False,
            ),
            [IMAGES],
        ),
    ],
    ids=lambda value: value.code.strip().split("= ")[1][:40] if hasattr(value, "code") else "",
)
def test_every_kind_of_value_is_written_down(module, arguments):
    (result,), (expected,) = compiled(module)(*arguments), module(*arguments)

    assert torch.equal(result, expected)
    assert result.dtype == expected.dtype
    assert result.stride() == expected.stride()


def test_one_of_several_results_is_picked():
    graph = Graph()
    images = graph.placeholder("images")
    pooled = graph.call_function(ATEN.max_pool2d_with_indices.default, (images, [2, 2]))
    picked = [graph.call_function(operator.getitem, (pooled, number)) for number in (1, 0)]
    graph.output(tuple(picked))

    places, values = compiled(GraphModule(torch.nn.Module(), graph))(IMAGES)

    assert values.tolist() == torch.nn.functional.max_pool2d(IMAGES, 2).tolist()
    assert places.dtype == torch.int64


def test_a_write_into_an_input_is_kept():
    counter = torch.zeros(())
    run = compiled(graph_of(ATEN.add_.Tensor, A, 1))

    run(counter)
    run(counter)

    assert counter == 2


def test_the_source_can_be_read():
    module = graph_of(ATEN.add.Tensor, A, B, inputs=2, alpha=2)

    assert source(module) == (
        "def step(input_a: Tensor, input_b: Tensor):\n"
        "    add_tensor = torch.ops.aten.add(input_a, input_b, alpha=2)\n"
        "    return (add_tensor,)\n"
    )


@pytest.mark.parametrize(
    "value",
    [float("inf"), -float("inf"), float("nan"), 1j, slice(2), [[float("nan")]]],
    ids=str,
)
def test_a_value_that_cannot_be_written_down_is_refused(value):
    with pytest.raises(ValueError, match="can't be written down"):
        compiled(graph_of(ATEN.mul.Tensor, A, value))


@pytest.mark.parametrize("target", [torch.relu, len])
def test_a_function_that_is_no_operation_of_torchs_is_refused(target):
    with pytest.raises(ValueError, match="can't be written down"):
        source(graph_of(target, A))


def test_a_graph_that_holds_weights_is_refused():
    graph = Graph()
    graph.output((graph.get_attr("weight"),))
    root = torch.nn.Linear(2, 2)

    with pytest.raises(ValueError, match="a graph with a get_attr can't be written down"):
        compiled(GraphModule(root, graph))


def test_a_graph_without_results_is_refused():
    graph = Graph()
    graph.output(())

    with pytest.raises(ValueError, match="can't be written down"):
        source(GraphModule(torch.nn.Module(), graph))


def test_other_torchscript_is_still_optimized_afterwards():
    run = compiled(graph_of(ATEN.relu.default, A))
    with torch.jit.optimized_execution(True):
        run(IMAGES)
        with pytest.raises(RuntimeError):
            run(IMAGES, IMAGES)

        assert torch._C._get_graph_executor_optimize()
