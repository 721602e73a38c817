"""The parts of a PyTorch script. The network is printed from the calls that build ours."""

from __future__ import annotations

from typing import Any

from engine.export.data import data
from engine.export.datasets import datasets
from engine.export.ending import mistakes
from engine.export.layout import Layout
from engine.export.schedules import factor, moves
from engine.export.sources import source
from engine.export.text import Paragraph, broken, called, literal, paragraph, words
from engine.project.layers import Traced, Weighted, penalties, stack
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
        *own_modules(project),
        network(project),
        Paragraph("# 3. The training"),
        *_loss(project),
        *_penalty(project),
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


def own_modules(project: Project) -> list[Paragraph]:
    """Write the modules that torch lacks, as they were trained."""
    calls = [call for row in project.traced for call in row.module_calls().values()]
    targets = dict.fromkeys(each.target for call in calls for each in call.walk())
    names = [name for name in targets if not name.startswith(("nn.", "OrderedDict"))]
    return [Paragraph(source(name)) for name in names]


def network(project: Project) -> Paragraph:
    """Write the network that engine.training.network builds, call by call."""
    head = "torch.manual_seed(SEED)  # the first weights are the same as in Layerscope"
    text = called(stack(project.traced), before="model = ", tail=").to(device)")
    *rows, last, ordered, end = text.splitlines()
    starts = _first_weights(project)
    if starts:  # drawn before the network is moved, as in Layerscope
        end = ")"
        starts = ["# First weights other than PyTorch's own.", *starts, "model.to(device)"]
    rows = [head, *rows, f"{last}  # one score a class: softmax is in the loss", ordered, end]
    after = [*starts, *_frozen(project), "print(model)"]
    return Paragraph("\n".join([*rows, *after]), layer_lines(project, rows))


def _first_weights(project: Project) -> list[str]:
    """Write the first weights of the layers that are to start otherwise than torch has it."""
    lines = []
    for row, layer in _weighted(project):
        for tensor, call in layer.first_weights().items():
            arguments = [f"{_attribute(row)}.{tensor}", *words(call)]
            lines.append(broken(f"{call.target}(", arguments))
    return lines


def _frozen(project: Project) -> list[str]:
    frozen = [_attribute(row) for row, layer in _weighted(project) if layer.frozen]
    note = ["# Frozen: training leaves these weights as they are."] if frozen else []
    return [*note, *(f"{name}.requires_grad_(False)" for name in frozen)]


def _weighted(project: Project) -> list[tuple[Traced, Weighted]]:
    return [(row, row.layer) for row in project.walk() if isinstance(row.layer, Weighted)]


def _attribute(row: Traced) -> str:
    """Write where a layer's module is: model.parallel_1[0].conv2d_1."""
    steps = f"model.{row.path}{row.layer.name}".split(".")
    return "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps).lstrip(".")


def _penalty(project: Project) -> list[Paragraph]:
    """Write the L2 of the layers that have one."""
    l2 = penalties(project.walk())
    if not l2:
        return []
    items = [f"{literal(name)}: {literal(factor)}" for name, factor in l2.items()]
    return [
        Paragraph(broken("L2 = {", items, "}")),
        paragraph(
            '''
            def penalty():
                """Give each kernel's factor times the sum of its squares, all added up."""
                return sum(l2 * model.get_parameter(name).square().sum() for name, l2 in L2.items())
            '''
        ),
    ]


def layer_lines(project: Project, rows: list[str]) -> dict[str, range]:
    """Find the lines of each layer, which begin with the names of its modules and "="."""
    return {
        row.layer.name: _lines([f"{name}=" for name in row.module_calls()], rows)
        for row in project.walk()
    }


def _lines(beginnings: list[str], rows: list[str]) -> range:
    found = [i for i, row in enumerate(rows) if row.lstrip().startswith(tuple(beginnings))]
    last = rows[found[-1]]
    pad = last[: len(last) - len(last.lstrip())]
    end = found[-1] + 1
    if not last.split("  #")[0].endswith("),"):  # it is closed where a line stands as far out
        end += next(i for i, row in enumerate(rows[end:], 1) if row.startswith(f"{pad})"))
    return range(found[0], end)


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
                $minimised.backward()
        $clip        optimizer.step()
        $step        total += loss.item() * len(labels)

            train_loss = total / len(train_set)
            validation_loss, validation_accuracy, _ = evaluate(validation_set)
            print(
                f"epoch {epoch}: loss {train_loss:.4f}, validation loss "
                f"{validation_loss:.4f}, accuracy {validation_accuracy:.2%}"
            )$after
        """,
        minimised="(loss + penalty())" if penalties(project.walk()) else "loss",
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
