from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from engine.project.losses import LOSS_TYPES, MeanSquaredError
from engine.project.optimizers import OPTIMIZER_TYPES, Sgd
from gui.views.settings import SettingsView

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def view(document, show):
    return show(SettingsView(document), 300, 700)


def choose(box, kind):
    """Choose an entry as a person does."""
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex())
    QApplication.processEvents()  # what is new is shown


def shown_fields(form):
    return [name for name, control in form.controls.items() if control.isVisible()]


@pytest.mark.parametrize("kind", OPTIMIZER_TYPES, ids=lambda kind: kind.__name__)
def test_every_optimizer_has_its_form(view, document, kind):
    choose(view.optimizer, kind)

    assert type(document.project.training.optimizer) is kind
    assert set(shown_fields(view.numbers)) == set(kind.model_fields) - {"type"}
    assert float(view.numbers.controls["learning_rate"].text()) == kind().learning_rate


@pytest.mark.parametrize("kind", OPTIMIZER_TYPES, ids=lambda kind: kind.__name__)
def test_an_optimizer_says_what_it_does(view, kind):
    choose(view.optimizer, kind)

    assert view.optimizer.toolTip() == kind.help


def test_an_optimizer_is_undone_with_its_form(view, document):
    view.numbers.edited.emit("learning_rate", "0.5")
    choose(view.optimizer, Sgd)

    document.undo_stack.undo()
    QApplication.processEvents()

    assert view.optimizer.currentText() == "Adam"
    assert view.numbers.controls["learning_rate"].text() == "0.5"
    assert "beta1" in shown_fields(view.numbers)


def test_choosing_the_same_optimizer_keeps_its_numbers(view, document):
    view.numbers.edited.emit("learning_rate", "0.5")

    choose(view.optimizer, type(document.project.training.optimizer))

    assert document.project.training.optimizer.learning_rate == 0.5


def test_only_one_optimizers_form_is_left(view):
    for kind in OPTIMIZER_TYPES:
        choose(view.optimizer, kind)

    rates = [child for child in view.findChildren(QWidget, "learning_rate") if child.isVisible()]
    assert rates == [view.numbers.controls["learning_rate"]]


@pytest.mark.parametrize("kind", LOSS_TYPES, ids=lambda kind: kind.__name__)
def test_every_loss_can_be_chosen(view, document, kind):
    choose(view.loss, kind)

    assert type(document.project.training.loss) is kind
    assert view.loss.toolTip() == kind.help


def test_a_loss_is_undone(view, document):
    choose(view.loss, MeanSquaredError)

    document.undo_stack.undo()

    assert view.loss.currentText() == "Cross-entropy"


def test_the_settings_of_another_project_are_shown(view, document):
    project = document.project.set_training(
        optimizer=Sgd(momentum=0.5), batch_size=7, seed=3, device="cpu"
    ).set_data(validation=0.25, standardise=True)

    document.replace(project, None)

    assert view.optimizer.currentText() == "SGD"
    assert view.numbers.controls["momentum"].text() == "0.5"
    assert view.training.controls["batch_size"].value() == 7
    assert view.training.controls["seed"].value() == 3
    assert view.training.controls["device"].currentText() == "CPU"
    assert view.data.controls["validation"].text() == "0.25"
    assert view.data.controls["standardise"].isChecked()
    assert not document.modified


@pytest.mark.parametrize(("field", "value"), [("batch_size", 64), ("epochs", 3), ("seed", 42)])
def test_a_whole_number_is_edited_and_undone(view, document, field, value):
    before = document.project

    view.training.controls[field].setValue(value)
    assert getattr(document.project.training, field) == value
    document.undo_stack.undo()

    assert document.project == before
    assert view.training.controls[field].value() == getattr(before.training, field)


def test_the_device_is_chosen(view, document):
    choose(view.training.controls["device"], "cuda")

    assert document.project.training.device == "cuda"


def test_the_data_are_standardised(view, document, qtbot):
    view.data.controls["standardise"].click()

    assert document.project.data.standardise


@pytest.mark.parametrize("text", ["0", "0.9", "nan", "a tenth"])
def test_a_wrong_validation_share_changes_nothing(view, document, text):
    before = document.project

    view.data.edited.emit("validation", text)

    assert document.project is before
    assert view.data.controls["validation"].property("wrong")


def test_a_batch_larger_than_the_set_is_a_problem_with_a_mend(view, document, qtbot):
    view.training.controls["batch_size"].setValue(5000)
    problem = view.training.problems["batch_size"]
    assert problem.isVisible()
    assert "larger than the training set" in problem.sentence.text()

    qtbot.mouseClick(problem.button, LEFT)

    assert document.project.training.batch_size == 32
    assert not problem.isVisible()


def test_nesterov_without_momentum_is_a_problem(view):
    choose(view.optimizer, Sgd)
    problem = view.numbers.problems["nesterov"]
    view.numbers.edited.emit("momentum", "0")
    assert not problem.isVisible()

    view.numbers.controls["nesterov"].click()

    assert problem.isVisible()
    assert "momentum is 0" in problem.sentence.text()


def test_a_problem_of_the_network_is_not_the_settings(view, document):
    document.edit("Remove", document.project.remove(["flatten_1"]))

    assert document.problems
    strips = [*view.training.problems.values(), *view.numbers.problems.values()]
    assert not any(strip.isVisible() for strip in strips)


def test_no_control_is_without_a_name(view):
    nameless = [
        control.objectName() or type(control).__name__
        for control in (
            view.optimizer,
            view.loss,
            *view.numbers.controls.values(),
            *view.training.controls.values(),
            *view.data.controls.values(),
        )
        if not control.accessibleName()
    ]

    assert not nameless
