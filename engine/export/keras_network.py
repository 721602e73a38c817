"""The network of a Keras 3 script, with what Keras does otherwise set right or said."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import dedent

from engine.export.augment import keras_layers
from engine.export.keras_calls import (
    gaps,
    joint_calls,
    keras_calls,
    shortcut_calls,
    targets,
)
from engine.export.sources import source
from engine.export.text import WIDTH, Paragraph, broken, called, literal, paragraph, words
from engine.project.layers import (
    BatchNorm,
    Block,
    Flatten,
    Gru,
    Lstm,
    Reshape,
    Rnn,
    SelfAttention,
    Traced,
    Weighted,
    penalties,
)
from engine.project.project import Project
from engine.project.torch_call import KerasCall


def network(project: Project) -> Paragraph:
    """Write the network from what the layers declare: as a list, or, where it has branches or a
    layer that takes its input twice, layer by layer, each called with what comes before it.
    """
    opening = ["keras.utils.set_random_seed(SEED)", *_notes(project)]
    written = _Called(project) if _needs_calls(project) else _Listed(project)
    rows = [*opening, *written.rows, "model.summary()"]
    lines = {
        name: range(len(opening) + at.start, len(opening) + at.stop)
        for name, at in written.lines.items()
    }
    return Paragraph("\n".join(rows), lines)


LAST = "  # one score a class: softmax is in the loss"


def own_layers(project: Project) -> list[Paragraph]:
    """Write the layers that Keras lacks."""
    names = [target for target in targets(project) if "." not in target]
    return [Paragraph(source(name, "engine.export.keras_modules")) for name in names]


def _needs_calls(project: Project) -> bool:
    return any(
        isinstance(row.layer, Block) or any(call.inputs > 1 for call in keras_calls(row).values())
        for row in project.walk()
    )


def _input(project: Project) -> str:
    channels, height, width = project.input_shape
    return f"keras.Input(({height}, {width}, {channels}))"


class _Listed:
    """The network as keras.Sequential takes it."""

    def __init__(self, project: Project) -> None:
        self.lines: dict[str, range] = {}
        self.rows = ["model = keras.Sequential(", "    ["]
        self.rows.append(f"        {_input(project)},  # channels last")
        self.rows += _before(project)
        for traced in project.traced:
            start = len(self.rows)
            for name, call in keras_calls(traced).items():
                named = f"name={literal(name)}"
                self.rows += called(call, named, tail="),", depth=8).splitlines()
            self.lines[traced.layer.name] = range(start, len(self.rows))
        self.rows[-1] += LAST
        self.rows += ["    ]", ")"]


class _Called:
    """The network as calls of layers, what each gives under the layer's name."""

    def __init__(self, project: Project) -> None:
        self.lines: dict[str, range] = {}
        self.rows = [f"inputs = {_input(project)}  # channels last"]
        end = self._prepared(project)
        *inner, output = project.traced
        end = self._chain(inner, end)
        self.rows.append("# One score a class: softmax is in the loss.")
        self._chain([output], end)
        self.rows.append("model = keras.Model(inputs, output)")

    def _prepared(self, project: Project) -> str:
        """Write what changes images before the network sees them; give its variable."""
        before = _before(project)
        if not before:
            return "inputs"
        if project.training.augmentation.on:
            self.rows += ["prepared = keras.Sequential(", "    [", *before]
            self.rows += ["    ],", '    name="prepared",', ")(inputs)"]
        else:
            note, head, *rest, end = dedent("\n".join(before)).splitlines()
            self.rows += [note, f"prepared = {head}", *rest, end.replace("),", ")(inputs)")]
        return "prepared"

    def _chain(self, rows: Iterable[Traced], end: str) -> str:
        """Write layers that follow each other from `end` on; give the last one's variable."""
        for row in rows:
            start = len(self.rows)
            end = self._block(row, end) if isinstance(row.layer, Block) else self._layer(row, end)
            self.lines[row.layer.name] = range(start, len(self.rows))
        return end

    def _layer(self, row: Traced, end: str) -> str:
        for name, call in keras_calls(row).items():
            end = self._call(name, call, end)
        return end

    def _block(self, row: Traced, start: str) -> str:
        ends = [self._chain(branch, start) for branch in row.inner]
        shortcut = shortcut_calls(row)
        if shortcut is not None:
            end = start
            for suffix, call in shortcut.items():
                end = self._call(row.layer.part_name(suffix), call, start)
            ends.append(end)
        end = ends[0] if len(ends) == 1 else f"[{', '.join(ends)}]"
        for suffix, call in joint_calls(row).items():
            end = self._call(row.layer.part_name(suffix), call, end)
        return end

    def _call(self, name: str, call: KerasCall, end: str) -> str:
        named, head = f"name={literal(name)}", f"{name} = "
        end = ", ".join([end] * call.inputs)
        whole = called(call, named, before=head, tail=f")({end})")
        first = f"{head}{call.target}({', '.join([*words(call), named])})("
        if "\n" in whole and len(first) <= WIDTH:  # where ruff breaks such a line
            whole = f"{first}\n    {end}\n)"
        self.rows += whole.splitlines()
        return name


def _notes(project: Project) -> list[str]:
    """Say where Keras differs from Layerscope, of what this network has."""
    said = [
        f"# GAP: {name} can't be written in Keras. The script stops there."
        for name in gaps(project)
    ]
    if any(_reorders(traced) for traced in project.walk()):
        said += [
            "# Flatten goes row by row here, channel by channel in PyTorch: the next layer's",
            "# weights are the same ones in another order.",
        ]
        if any(isinstance(row.layer, Reshape) for row in project.walk()):
            said += ["# A Reshape straight behind it lays other images out than PyTorch's."]
    if any(isinstance(row.layer, BatchNorm) for row in project.walk()):
        said += [
            "# Batch normalisation: momentum is 1 minus PyTorch's; the running variance divides by",
            "# n, PyTorch's by n - 1.",
        ]
    if any(isinstance(row.layer, (Rnn, Lstm)) and row.layer.bias for row in project.walk()):
        said += [
            "# Recurrent layers have one bias here, two in PyTorch, which only ever add up; so",
            "# there are fewer parameters.",
        ]
    if any(_begins_usual(row, Rnn, Lstm, Gru) for row in project.walk()):
        said += [
            "# The first weights of recurrent layers are left as Keras draws them: Glorot's and",
            "# orthogonal ones, where PyTorch's are uniform within 1/√units.",
        ]
    if any(_begins_usual(row, SelfAttention) for row in project.walk()):
        said += [
            "# The first weights of attention are left as Keras draws them: Glorot's, within other",
            "# limits than PyTorch's.",
        ]
    if any(_limits_are_written(row) for row in project.walk()):
        said += [
            "# Where first weights have their limits written out, Keras' own initialisers would",
            "# count a unit's inputs and outputs otherwise than PyTorch's.",
        ]
    if penalties(project.walk()):
        said += ["# Keras counts the layers' L2 into the losses that it prints and watches."]
    return said


def _reorders(traced: Traced) -> bool:
    shape = traced.input_shape or ()
    return isinstance(traced.layer, Flatten) and len(shape) == 3 and shape[0] > 1


def _begins_usual(row: Traced, *kinds: type[Weighted]) -> bool:
    return isinstance(row.layer, kinds) and row.layer.initialisation == "default"


def _limits_are_written(row: Traced) -> bool:
    calls = [inner for call in keras_calls(row).values() for inner in call.walk()]
    return any(call.target == "keras.initializers.RandomUniform" for call in calls)


def _before(project: Project) -> list[str]:
    """Write what changes images before the network sees them."""
    found = keras_layers(project.training.augmentation)
    if project.data.standardise:
        normalise = """
        # To mean 0 and deviation 1, channel by channel, as in the training set.
        layers.Normalization(
            mean=train_images.mean(axis=(0, 1, 2), dtype=np.float64),
            variance=train_images.var(axis=(0, 1, 2), dtype=np.float64),
        ),"""
        found.append(normalise.strip("\n"))
    return "\n".join(found).splitlines()


KERNELS = ("layers.Dense", "layers.Conv2D", "layers.Conv2DTranspose", "layers.DepthwiseConv2D")
"""The kinds of layers whose first weights differ from PyTorch's by their limits alone."""


def first_weights(project: Project) -> Paragraph:
    """Write how the weights begin, as they do in PyTorch, where Keras would begin otherwise."""
    used = targets(project)
    kinds = [kind for kind in KERNELS if kind in used]
    given = [literal(row.layer.name) for row in project.walk() if _begins_otherwise(row)]
    return paragraph(
        """
        # The first weights as PyTorch draws them: uniform within 1/√(inputs of a unit), biases
        # too. Keras' own are Glorot's, with biases of 0.
        rng = np.random.default_rng(SEED)
        ${kinds}${given}for layer in model.layers:
            if isinstance(layer, $kind)$but:
                kernel, *bias = layer.get_weights()
        $limit
                drawn = [rng.uniform(-limit, limit, each.shape) for each in (kernel, *bias)]
                layer.set_weights(drawn)
        """,
        kinds=broken("kinds = (", kinds) + "\n" if len(kinds) > 1 else "",
        kind="kinds" if len(kinds) > 1 else kinds[0],
        given=GIVEN + broken("given = {", given, "}") + "\n" if given else "",
        but=" and layer.name not in given" if given else "",
        limit=LIMIT_BY_KIND if "layers.DepthwiseConv2D" in kinds else LIMIT,
    )


def _begins_otherwise(row: Traced) -> bool:
    """Whether a layer of such a kind has its first weights from its own setting."""
    kinds = {call.target for call in keras_calls(row).values()}.intersection(KERNELS)
    own = isinstance(row.layer, Weighted) and row.layer.initialisation != "default"
    return own and bool(kinds)


GIVEN = "# These layers were told above how they begin.\n"
LIMIT = "        limit = kernel[..., 0].size ** -0.5"
LIMIT_BY_KIND = """
        depthwise = isinstance(layer, layers.DepthwiseConv2D)  # one channel each
        reads = kernel[:, :, 0, 0] if depthwise else kernel[..., 0]
        limit = reads.size**-0.5
""".strip("\n")
