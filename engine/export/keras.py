"""The parts of a Keras 3 script, with what Keras does otherwise set right or said."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.export.augment import keras_layers
from engine.export.data import data
from engine.export.ending import mistakes
from engine.export.layout import Layout
from engine.export.schedules import factor, moves
from engine.export.sources import source
from engine.export.text import WIDTH, Paragraph, broken, called, literal, paragraph, words
from engine.problems import ProblemError
from engine.project.layers import (
    BatchNorm,
    Block,
    ConvTranspose2d,
    DepthwiseConv2d,
    Flatten,
    Gru,
    Layer,
    Lstm,
    Reshape,
    Rnn,
    SelfAttention,
    Traced,
    Weighted,
    penalties,
)
from engine.project.losses import MeanSquaredError
from engine.project.project import Project
from engine.project.schedules import ReduceOnPlateau, Schedule
from engine.project.stopping import EarlyStopping, Watched
from engine.project.torch_call import KerasCall, keras_call

MONITORS: dict[Watched, str] = {
    "validation loss": "val_loss",
    "validation accuracy": "val_accuracy",
}


def parts(project: Project, layout: Layout | None, gaps: bool = False) -> list[Paragraph]:
    """Write data, network, training, test and mistakes. ProblemError where Keras lacks a layer,
    unless that may be a marked gap.
    """
    if not gaps:
        _check_for_gaps(project)
    return [
        Paragraph("# 1. The images"),
        *data(project, "keras", layout),
        Paragraph("# 2. The network"),
        *own_layers(project),
        network(project),
        _first_weights(project),
        Paragraph("# 3. The training"),
        *_loss(project),
        *_weight_decay(project),
        _compile(project),
        *_schedule(project),
        _fit(project),
        Paragraph("# 4. The test: images that the network has never seen"),
        paragraph(
            """
            test_loss, test_accuracy = model.evaluate(test_images, test_labels, verbose=0)
            predicted = model.predict(test_images, verbose=0).argmax(axis=1)
            print(f"test: loss {test_loss:.4f}, accuracy {test_accuracy:.2%}")
            """
        ),
        *mistakes(project, "keras"),
    ]


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
    rows = [row for row in project.walk() if not isinstance(row.layer, Block)]
    calls = [call for row in rows for call in _keras_calls(row).values()]
    names = dict.fromkeys(call.target for call in calls if "." not in call.target)
    return [Paragraph(source(name, "engine.export.keras_modules")) for name in names]


def _needs_calls(project: Project) -> bool:
    return any(
        isinstance(row.layer, Block) or any(call.inputs > 1 for call in _keras_calls(row).values())
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
            for name, call in _keras_calls(traced).items():
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
        before = _before(project)
        if before:
            self.rows += ["prepared = keras.Sequential(", "    [", *before]
            self.rows += ["    ],", '    name="prepared",', ")(inputs)"]
        end = "prepared" if before else "inputs"
        *inner, output = project.traced
        end = self._chain(inner, end)
        self.rows.append("# One score a class: softmax is in the loss.")
        self._chain([output], end)
        self.rows.append("model = keras.Model(inputs, output)")

    def _chain(self, rows: Iterable[Traced], end: str) -> str:
        """Write layers that follow each other from `end` on; give the last one's variable."""
        for row in rows:
            start = len(self.rows)
            end = self._block(row, end) if isinstance(row.layer, Block) else self._layer(row, end)
            self.lines[row.layer.name] = range(start, len(self.rows))
        return end

    def _layer(self, row: Traced, end: str) -> str:
        for name, call in _keras_calls(row).items():
            end = self._call(name, call, end)
        return end

    def _block(self, row: Traced, start: str) -> str:
        assert isinstance(row.layer, Block)
        assert row.input_shape is not None
        ends = [self._chain(branch, start) for branch in row.inner]
        shortcut = row.layer.keras_shortcut(row.input_shape)
        if shortcut is not None:
            end = start
            for suffix, call in shortcut.items():
                end = self._call(row.layer.part_name(suffix), call, start)
            ends.append(end)
        end = ends[0] if len(ends) == 1 else f"[{', '.join(ends)}]"
        joint = row.layer.keras_joint() if len(ends) > 1 else {}
        for suffix, call in joint.items():
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


def _keras_calls(row: Traced) -> dict[str, KerasCall]:
    assert row.input_shape is not None  # a project with a problem is not exported
    try:
        calls = row.layer.keras_calls(row.input_shape)
    except ProblemError:
        calls = {"": keras_call("Gap", row.layer.title)}
    return {row.layer.part_name(suffix): call for suffix, call in calls.items()}


def _check_for_gaps(project: Project) -> None:
    for row in project.walk():
        if not isinstance(row.layer, Block):
            assert row.input_shape is not None
            row.layer.keras_calls(row.input_shape)


def _gaps(project: Project) -> list[str]:
    """Name the layers that Keras lacks."""
    rows = [row for row in project.walk() if not isinstance(row.layer, Block)]
    return [
        name for row in rows for name, call in _keras_calls(row).items() if call.target == "Gap"
    ]


def _notes(project: Project) -> list[str]:
    """Say where Keras differs from Layerscope, of what this network has."""
    said = [
        f"# GAP: {name} can't be written in Keras. The script stops there."
        for name in _gaps(project)
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
    if any(isinstance(row.layer, (Rnn, Lstm)) for row in project.walk()):
        said += [
            "# Recurrent layers have one bias here, two in PyTorch, which only ever add up; so",
            "# there are fewer parameters.",
        ]
    if any(isinstance(row.layer, (Rnn, Lstm, Gru, SelfAttention)) for row in project.walk()):
        said += [
            "# The first weights of recurrent layers and attention are left as Keras draws them:",
            "# Glorot's and orthogonal ones, where PyTorch's are uniform.",
        ]
    if penalties(project.walk()):
        said += ["# Keras counts the layers' L2 into the losses that it prints and watches."]
    return said


def _reorders(traced: Traced) -> bool:
    shape = traced.input_shape or ()
    return isinstance(traced.layer, Flatten) and len(shape) == 3 and shape[0] > 1


def _before(project: Project) -> list[str]:
    """Write what changes images before the network sees them."""
    found = keras_layers(project.training.augmentation)
    if project.data.standardise:
        normalise = """
        # To mean 0 and deviation 1, channel by channel, as in the training set.
        layers.Normalization(
            mean=train_images.mean(axis=(0, 1, 2)),
            variance=train_images.var(axis=(0, 1, 2)),
        ),"""
        found.append(normalise.strip("\n"))
    return "\n".join(found).splitlines()


KERNELS: dict[type[Layer], str] = {
    ConvTranspose2d: "layers.Conv2DTranspose",
    DepthwiseConv2d: "layers.DepthwiseConv2D",
}


def _first_weights(project: Project) -> Paragraph:
    layers = [row.layer for row in project.walk()]
    own = [kind for kind in KERNELS if any(isinstance(layer, kind) for layer in layers)]
    names = ["layers.Dense", "layers.Conv2D", *(KERNELS[kind] for kind in own)]
    given = [
        literal(layer.name)
        for layer in layers
        if isinstance(layer, Weighted) and layer.initialisation != "default"
    ]
    return paragraph(
        """
        # The first weights as PyTorch draws them: uniform within 1/√(inputs of a unit), biases
        # too. Keras' own are Glorot's, with biases of 0.
        rng = np.random.default_rng(SEED)
        $kinds
        ${given}for layer in model.layers:
            if isinstance(layer, kinds)$but:
                kernel, *bias = layer.get_weights()
        $reads
                limit = reads.size**-0.5
                drawn = [rng.uniform(-limit, limit, each.shape) for each in (kernel, *bias)]
                layer.set_weights(drawn)
        """,
        kinds=broken("kinds = (", names),
        given=broken("given = {", given, "}  # which have theirs") + "\n" if given else "",
        but=" and layer.name not in given" if given else "",
        reads=READ_BY_ALL if DepthwiseConv2d in own else "        reads = kernel[..., 0]",
    )


READ_BY_ALL = """
        depthwise = isinstance(layer, layers.DepthwiseConv2D)  # one channel each
        reads = kernel[:, :, 0, 0] if depthwise else kernel[..., 0]
""".strip("\n")


def _loss(project: Project) -> list[Paragraph]:
    if not isinstance(project.training.loss, MeanSquaredError):
        return []
    return [
        paragraph(
            '''
            def loss_function(labels, scores):
                """Measure how far the probabilities are from 1 for the true class, 0 elsewhere."""
                labels = keras.ops.reshape(labels, (-1,))
                wanted = keras.ops.one_hot(labels, $classes)
                return keras.ops.mean((keras.ops.softmax(scores) - wanted) ** 2, axis=-1)
            ''',
            classes=literal(project.output.classes),
        )
    ]


def _weight_decay(project: Project) -> list[Paragraph]:
    """Write PyTorch's weight decay, which acts by the gradients, as the penalty that it is."""
    optimizer = project.training.optimizer
    if optimizer.decoupled or not optimizer.weight_decay:
        return []
    own = "    own = weight.regularizer.l2 if weight.regularizer else 0  # the layer's\n"
    own = own if penalties(project.walk()) else ""
    clipped = "# Clipping takes in its gradient, which PyTorch adds afterwards.\n"
    return [
        paragraph(
            """
            # Weight decay as PyTorch has it: a penalty on all weights, which Keras counts into
            # the losses that it prints and watches.
            ${clipped}for weight in model.trainable_variables:
            $own    weight.regularizer = keras.regularizers.L2($decay / 2)
            """,
            decay=("own + " if own else "") + literal(optimizer.weight_decay),
            own=own,
            clipped=clipped if project.training.clip_norm else "",
        )
    ]


def _compile(project: Project) -> Paragraph:
    training = project.training
    call = training.optimizer.keras_call()
    clip = f"global_clipnorm={literal(training.clip_norm)}"
    arguments = [*words(call), *([clip] if training.clip_norm else [])]
    squared = isinstance(training.loss, MeanSquaredError)
    loss = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
    note = training.optimizer.keras_note
    return paragraph(
        """
        model.compile(
        $optimizer
            loss=$loss,
            metrics=["accuracy"],
        )
        """,
        optimizer=(f"    # {note}.\n" if note else "")
        + broken(f"optimizer={call.target}(", arguments, "),", depth=4),
        loss="loss_function" if squared else loss,
    )


def _schedule(project: Project) -> list[Paragraph]:
    schedule = project.training.schedule
    if not moves(schedule):
        return []
    return [
        Paragraph("steps = EPOCHS * math.ceil(len(train_images) / BATCH_SIZE)"),
        *factor(schedule),
        paragraph(
            '''
            class Schedule(keras.callbacks.Callback):
                """Sets the learning rate before each step."""

                def on_train_begin(self, logs=None):
                    self.step = 0

                def on_train_batch_begin(self, batch, logs=None):
            $set
                    self.step += 1
            ''',
            set=_set_rate(project),
        ),
    ]


def _set_rate(project: Project) -> str:
    schedule = project.training.schedule
    rate = f"{literal(project.training.optimizer.learning_rate)} * factor(self.step)"
    if isinstance(schedule, ReduceOnPlateau):  # which is the callback's once the warm-up is over
        return (
            f"        if self.step <= {literal(schedule.warm_up)} * steps:\n"
            f"            self.model.optimizer.learning_rate = {rate}"
        )
    return f"        self.model.optimizer.learning_rate = {rate}"


def _callbacks(project: Project) -> list[str]:
    """Write what looks on while the network trains, or nothing."""
    training = project.training
    found = ["        Schedule(),"] if moves(training.schedule) else []
    if isinstance(training.schedule, ReduceOnPlateau):
        found.append(_plateau(training.schedule, training.optimizer.learning_rate))
    if training.early_stopping.on:
        found.append(_early_stopping(training.early_stopping))
    return found


def _plateau(schedule: ReduceOnPlateau, learning_rate: float) -> str:
    options: dict[str, Any] = {
        "monitor": MONITORS[schedule.watch],
        "mode": _mode(schedule.watch),
        "factor": schedule.drop,
        "patience": schedule.patience + 1,
        "min_delta": 0.0,
        "min_lr": schedule.least * learning_rate,
    }
    written = [f"{name}={literal(value)}" for name, value in options.items()]
    return broken("keras.callbacks.ReduceLROnPlateau(", written, "),", depth=8)


def _plateau_notes(schedule: Schedule) -> str:
    if not isinstance(schedule, ReduceOnPlateau):
        return ""
    note = "# PyTorch's patience is 1 less: it counts the epochs that may pass.\n"
    if not schedule.threshold:
        return note
    share = f"{100 * schedule.threshold:g} %"
    return f"{note}# Layerscope wants {share} of the best as well; min_delta is no share.\n"


def _early_stopping(stopping: EarlyStopping) -> str:
    options: dict[str, Any] = {
        "monitor": MONITORS[stopping.watch],
        "mode": _mode(stopping.watch),
        "patience": stopping.patience,
        "min_delta": stopping.least_change,
        "restore_best_weights": stopping.restore_best,
    }
    written = [f"{name}={literal(value)}" for name, value in options.items()]
    return broken("keras.callbacks.EarlyStopping(", written, "),", depth=8)


def _mode(watch: Watched) -> str:
    return "min" if watch == "validation loss" else "max"


def _fit(project: Project) -> Paragraph:
    callbacks = _callbacks(project)
    rows = "\n".join(["    callbacks=[", *callbacks, "    ],", ""]) if callbacks else ""
    if callbacks == ["        Schedule(),"]:
        rows = "    callbacks=[Schedule()],\n"
    return paragraph(
        """
        ${notes}model.fit(
            train_images,
            train_labels,
            batch_size=BATCH_SIZE,
            epochs=EPOCHS,
            validation_data=(validation_images, validation_labels),
        $callbacks)
        """,
        notes=_plateau_notes(project.training.schedule),
        callbacks=rows,
    )
