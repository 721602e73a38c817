"""The parts of a Keras 3 script, with what Keras does otherwise set right or said."""

from __future__ import annotations

from typing import Any

from engine.export.augment import keras_layers
from engine.export.data import data
from engine.export.ending import mistakes
from engine.export.layout import Layout
from engine.export.schedules import factor, moves
from engine.export.text import Paragraph, broken, called, literal, paragraph, words
from engine.project.layers import BatchNorm, Flatten
from engine.project.losses import MeanSquaredError
from engine.project.project import Project
from engine.project.schedules import ReduceOnPlateau, Schedule
from engine.project.shapes import Traced
from engine.project.stopping import EarlyStopping, Watched

MONITORS: dict[Watched, str] = {
    "validation loss": "val_loss",
    "validation accuracy": "val_accuracy",
}


def parts(project: Project, layout: Layout | None) -> list[Paragraph]:
    """Write data, network, training, test and mistakes; ProblemError where Keras lacks a layer."""
    return [
        Paragraph("# 1. The images"),
        *data(project, "keras", layout),
        Paragraph("# 2. The network"),
        network(project),
        _first_weights(),
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
    """Write the network from what the layers declare."""
    channels, height, width = project.input_shape
    rows = [
        f"        keras.Input(({height}, {width}, {channels})),  # channels last",
        *_before(project),
    ]
    seed = "keras.utils.set_random_seed(SEED)"
    opening = [seed, *_notes(project), "model = keras.Sequential(", "    ["]
    lines: dict[str, range] = {}
    for traced in project.traced:
        start = len(opening) + len(rows)
        rows += _rows(traced)
        lines[traced.layer.name] = range(start, len(opening) + len(rows))
    rows[-1] += "  # one score a class: softmax is in the loss"
    return Paragraph("\n".join([*opening, *rows, "    ]", ")", "model.summary()"]), lines)


def _rows(traced: Traced) -> list[str]:
    assert traced.input_shape is not None  # a project with a problem is not exported
    rows: list[str] = []
    for suffix, call in traced.layer.keras_calls(traced.input_shape).items():
        name = f"name={literal(traced.layer.part_name(suffix))}"
        rows += called(call, name, tail="),", depth=8).splitlines()
    return rows


def _notes(project: Project) -> list[str]:
    """Say where Keras differs from Layerscope, of what this network has."""
    said = []
    if any(_reorders(traced) for traced in project.traced):
        said += [
            "# Flatten goes row by row here, channel by channel in PyTorch: the next layer's",
            "# weights are the same ones in another order.",
        ]
    if any(isinstance(layer, BatchNorm) for layer in project.layers):
        said += [
            "# Batch normalisation: momentum is 1 minus PyTorch's; the running variance divides by",
            "# n, PyTorch's by n - 1.",
        ]
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


def _first_weights() -> Paragraph:
    return paragraph(
        """
        # The first weights as PyTorch draws them: uniform within 1/√(inputs of a unit), biases
        # too. Keras' own are Glorot's, with biases of 0.
        rng = np.random.default_rng(SEED)
        for layer in model.layers:
            if isinstance(layer, (layers.Dense, layers.Conv2D)):
                kernel, bias = layer.get_weights()
                limit = kernel[..., 0].size ** -0.5
                kernel = rng.uniform(-limit, limit, kernel.shape)
                layer.set_weights([kernel, rng.uniform(-limit, limit, bias.shape)])
        """
    )


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
    clipped = "# Clipping takes in its gradient, which PyTorch adds afterwards.\n"
    return [
        paragraph(
            """
            # Weight decay as PyTorch has it: a penalty on all weights, which Keras counts into
            # the losses that it prints and watches.
            ${clipped}for weight in model.trainable_variables:
                weight.regularizer = keras.regularizers.L2($decay / 2)
            """,
            decay=literal(optimizer.weight_decay),
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
