"""The parts of a PyTorch script. The network is printed from the calls that build ours."""

from __future__ import annotations

from typing import Any

from engine.export.data import data
from engine.export.datasets import datasets
from engine.export.ending import mistakes
from engine.export.layout import Layout
from engine.export.schedules import factor, moves
from engine.export.text import Paragraph, broken, called, literal, paragraph
from engine.project.losses import MeanSquaredError
from engine.project.optimizers import AdamW, Optimizer
from engine.project.project import Project
from engine.project.schedules import ReduceOnPlateau, WarmedUp
from engine.project.stopping import EarlyStopping, Watched

MEASURES: dict[Watched, str] = {
    "validation loss": "validation_loss",
    "validation accuracy": "validation_accuracy",
}


def parts(project: Project, layout: Layout | None) -> list[Paragraph]:
    """Write data, network, training, test and mistakes."""
    return [
        _device(project),
        Paragraph("# 1. The images"),
        *data(project, "pytorch", layout),
        *datasets(project),
        Paragraph("# 2. The network"),
        network(project),
        Paragraph("# 3. The training"),
        *_loss(project),
        _optimizer(project.training.optimizer),
        *_schedule(project),
        _evaluate(),
        *_start_of_waiting(project.training.early_stopping),
        _loop(project),
        *_restored(project.training.early_stopping),
        Paragraph("# 4. The test: images that the network has never seen"),
        paragraph(
            """
            test_loss, test_accuracy, predicted = evaluate(test_set)
            predicted = predicted.numpy()
            print(f"test: loss {test_loss:.4f}, accuracy {test_accuracy:.2%}")
            """
        ),
        *mistakes(project, "pytorch"),
    ]


def _device(project: Project) -> Paragraph:
    name = project.training.device
    if name != "auto":
        return Paragraph(f"device = {literal(name)}")
    return paragraph(
        """
        device = torch.device("cpu")
        if torch.accelerator.is_available():  # CUDA, or Apple's MPS
            device = torch.accelerator.current_accelerator()
        """
    )


def network(project: Project) -> Paragraph:
    """Write the network that engine.training.network builds, call by call."""
    opening = [
        "torch.manual_seed(SEED)  # the first weights are the same as in Layerscope",
        "model = nn.Sequential(",
        "    OrderedDict(",
    ]
    rows: list[str] = []
    lines: dict[str, range] = {}
    for traced in project.traced:
        start = len(opening) + len(rows)
        assert traced.input_shape is not None  # a project with a problem is not exported
        for suffix, call in traced.layer.torch_calls(traced.input_shape).items():
            before = f"{traced.layer.part_name(suffix)}="
            rows += called(call, before=before, tail="),", depth=8).splitlines()
        lines[traced.layer.name] = range(start, len(opening) + len(rows))
    rows[-1] += "  # one score a class: softmax is in the loss"
    return Paragraph("\n".join([*opening, *rows, "    )", ").to(device)", "print(model)"]), lines)


def _loss(project: Project) -> list[Paragraph]:
    if not isinstance(project.training.loss, MeanSquaredError):
        return [Paragraph("loss_function = nn.CrossEntropyLoss()  # of the scores' softmax")]
    return [
        paragraph(
            '''
            def loss_function(scores, labels):
                """Measure how far the probabilities are from 1 for the true class, 0 elsewhere."""
                wanted = nn.functional.one_hot(labels, $classes).float()
                return nn.functional.mse_loss(scores.softmax(dim=1), wanted)
            ''',
            classes=literal(project.output.classes),
        )
    ]


def _optimizer(optimizer: Optimizer) -> Paragraph:
    words = [f"{name}={literal(value)}" for name, value in torch_options(optimizer).items()]
    head = f"optimizer = torch.optim.{optimizer.torch_name}("
    return Paragraph(broken(head, ["model.parameters()", *words]))


def torch_options(optimizer: Optimizer) -> dict[str, Any]:
    """Give the torch class's arguments without those that are torch's default anyway."""
    usual: dict[str, Any] = {"momentum": 0, "nesterov": False, "betas": (0.9, 0.999)}
    if not isinstance(optimizer, AdamW):  # where 0.01 is the default
        usual["weight_decay"] = 0
    return {n: v for n, v in optimizer.options().items() if n not in usual or v != usual[n]}


def _schedule(project: Project) -> list[Paragraph]:
    schedule = project.training.schedule
    found: list[Paragraph] = []
    if moves(schedule):
        found += [
            Paragraph("steps = EPOCHS * len(train_loader)"),
            *factor(schedule),
            Paragraph("schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)"),
        ]
    if isinstance(schedule, ReduceOnPlateau):
        found.append(_plateau(schedule, project.training.optimizer.learning_rate))
    return found


def _plateau(schedule: ReduceOnPlateau, learning_rate: float) -> Paragraph:
    mode = "min" if schedule.watch == "validation loss" else "max"
    options = {
        "mode": mode,
        "factor": schedule.drop,
        "patience": schedule.patience,
        "threshold": schedule.threshold,
        "min_lr": schedule.least * learning_rate,
        "eps": 0.0,
    }
    words = [f"{name}={literal(value)}" for name, value in options.items()]
    head = "plateau = torch.optim.lr_scheduler.ReduceLROnPlateau("
    return Paragraph(broken(head, ["optimizer", *words]))


def _evaluate() -> Paragraph:
    return paragraph(
        '''
        @torch.inference_mode()
        def evaluate(part):
            """Give the mean loss, the accuracy and the predicted classes of a dataset."""
            model.eval()
            images, labels = part.tensors
            scores = [model(batch.to(device)).cpu() for batch in images.split(1000)]
            scores = torch.cat(scores)
            predicted = scores.argmax(dim=1)
            accuracy = (predicted == labels).float().mean().item()
            return loss_function(scores, labels).item(), accuracy, predicted
        '''
    )


def _start_of_waiting(stopping: EarlyStopping) -> list[Paragraph]:
    if not stopping.on:
        return []
    lines = [
        "# The training ends once this many epochs in a row were no better than the best.",
        f"PATIENCE = {stopping.patience}",
        "best, best_epoch = " + ("math.inf, 0" if _falls(stopping) else "-math.inf, 0"),
    ]
    if stopping.restore_best:
        lines.append("best_weights = copy.deepcopy(model.state_dict())")
    return [Paragraph("\n".join(lines))]


def _falls(stopping: EarlyStopping) -> bool:
    return stopping.watch == "validation loss"


def _loop(project: Project) -> Paragraph:
    training = project.training
    clip = f"nn.utils.clip_grad_norm_(model.parameters(), {literal(training.clip_norm)})"
    return paragraph(
        """
        for epoch in range(1, EPOCHS + 1):
            model.train()
            total = 0.0
            for images, labels in train_loader:
                # Forward: the scores of a batch, and how wrong they are.
                loss = loss_function(model(images.to(device)), labels.to(device))
                # Backward: the gradients, and a step against them.
                optimizer.zero_grad()
                loss.backward()
        $clip        optimizer.step()
        $step        total += loss.item() * len(labels)

            train_loss = total / len(train_set)
            validation_loss, validation_accuracy, _ = evaluate(validation_set)
            print(
                f"epoch {epoch}: loss {train_loss:.4f}, validation loss "
                f"{validation_loss:.4f}, accuracy {validation_accuracy:.2%}"
            )$after
        """,
        clip=f"        {clip}\n" if training.clip_norm else "",
        step=_step(project),
        after="".join(f"\n{line}" for line in _after_epoch(project)),
    )


def _step(project: Project) -> str:
    schedule = project.training.schedule
    if not moves(schedule):
        return ""
    if isinstance(schedule, ReduceOnPlateau) and isinstance(schedule, WarmedUp):
        # LambdaLR would undo what the plateau has lowered.
        return (
            f"        if schedule.last_epoch < {literal(schedule.warm_up)} * steps:\n"
            "            schedule.step()\n"
        )
    return "        schedule.step()\n"


def _after_epoch(project: Project) -> list[str]:
    schedule, stopping = project.training.schedule, project.training.early_stopping
    lines = []
    if isinstance(schedule, ReduceOnPlateau):
        lines.append(f"    plateau.step({MEASURES[schedule.watch]})")
    if stopping.on:
        lines += _waiting(stopping)
    return lines


def _waiting(stopping: EarlyStopping) -> list[str]:
    measure = MEASURES[stopping.watch]
    change = literal(stopping.least_change)
    if stopping.least_change:
        better = (
            f"{measure} + {change} < best" if _falls(stopping) else (f"{measure} - {change} > best")
        )
    else:
        better = f"{measure} < best" if _falls(stopping) else f"{measure} > best"
    lines = [f"    if {better}:", f"        best, best_epoch = {measure}, epoch"]
    if stopping.restore_best:
        lines.append("        best_weights = copy.deepcopy(model.state_dict())")
    return [*lines, "    if epoch - best_epoch >= PATIENCE:", "        break"]


def _restored(stopping: EarlyStopping) -> list[Paragraph]:
    if not (stopping.on and stopping.restore_best):
        return []
    return [Paragraph("model.load_state_dict(best_weights)  # those of the best epoch")]
