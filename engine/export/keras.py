"""The parts of a Keras 3 script, with what Keras does otherwise set right or said."""

from __future__ import annotations

from typing import Any

from engine.export.data import data
from engine.export.ending import mistakes
from engine.export.keras_calls import check_for_gaps
from engine.export.keras_network import first_weights, network, own_layers
from engine.export.layout import Layout
from engine.export.schedules import factor, moves
from engine.export.text import Paragraph, broken, literal, paragraph, words
from engine.project.layers import penalties
from engine.project.losses import MeanSquaredError
from engine.project.project import Project
from engine.project.schedules import ReduceOnPlateau, Schedule
from engine.project.stopping import EarlyStopping, Watched

MONITORS: dict[Watched, str] = {
    "validation loss": "val_loss",
    "validation accuracy": "val_accuracy",
}


def parts(project: Project, layout: Layout | None, gaps: bool = False) -> list[Paragraph]:
    """Write data, network, training, test and mistakes. ProblemError where Keras lacks a layer,
    unless that may be a marked gap.
    """
    if not gaps:
        check_for_gaps(project)
    return [
        Paragraph("# 1. The images"),
        *data(project, "keras", layout),
        Paragraph("# 2. The network"),
        *own_layers(project),
        network(project),
        first_weights(project),
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
