from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QWidget

from engine.project.augmentation import Augmentation
from engine.project.losses import LOSS_TYPES, MeanSquaredError
from engine.project.optimizers import OPTIMIZER_TYPES, Sgd
from engine.project.schedules import (
    SCHEDULE_TYPES,
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    ReduceOnPlateau,
    Step,
)
from engine.project.stopping import EarlyStopping
from gui.views.settings import SettingsView

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def view(document, show):
    view = show(SettingsView(document), 300, 700)
    yield view
    view.augmentation_preview.let_go()


def choose(box, kind):
    """Choose an entry as a person does."""
    box.setCurrentIndex(box.findData(kind))
    box.activated.emit(box.currentIndex())
    QApplication.processEvents()  # what is new is shown


def shown_fields(form):
    return [name for name, control in form.controls.items() if control.isVisible()]


@pytest.mark.parametrize("kind", OPTIMIZER_TYPES, ids=lambda kind: kind.__name__)
def test_every_optimizer_has_its_form(view, document, kind):
    choose(view.optimizer.box, kind)

    assert type(document.project.training.optimizer) is kind
    assert set(shown_fields(view.optimizer.form)) == set(kind.model_fields) - {"type"}
    assert float(view.optimizer.form.controls["learning_rate"].text()) == kind().learning_rate


@pytest.mark.parametrize("kind", OPTIMIZER_TYPES, ids=lambda kind: kind.__name__)
def test_an_optimizer_says_what_it_does(view, kind):
    choose(view.optimizer.box, kind)

    assert view.optimizer.box.toolTip() == kind.help


def test_an_optimizer_is_undone_with_its_form(view, document):
    view.optimizer.form.edited.emit("learning_rate", "0.5")
    choose(view.optimizer.box, Sgd)

    document.undo_stack.undo()
    QApplication.processEvents()

    assert view.optimizer.box.currentText() == "Adam"
    assert view.optimizer.form.controls["learning_rate"].text() == "0.5"
    assert "beta1" in shown_fields(view.optimizer.form)


def test_choosing_the_same_optimizer_keeps_its_numbers(view, document):
    view.optimizer.form.edited.emit("learning_rate", "0.5")

    choose(view.optimizer.box, type(document.project.training.optimizer))

    assert document.project.training.optimizer.learning_rate == 0.5


def test_only_one_optimizers_form_is_left(view):
    for kind in OPTIMIZER_TYPES:
        choose(view.optimizer.box, kind)

    rates = [child for child in view.findChildren(QWidget, "learning_rate") if child.isVisible()]
    assert rates == [view.optimizer.form.controls["learning_rate"]]


@pytest.mark.parametrize("kind", LOSS_TYPES, ids=lambda kind: kind.__name__)
def test_every_loss_can_be_chosen(view, document, kind):
    choose(view.loss.box, kind)

    assert type(document.project.training.loss) is kind
    assert view.loss.box.toolTip() == kind.help


def test_a_loss_is_undone(view, document):
    choose(view.loss.box, MeanSquaredError)

    document.undo_stack.undo()

    assert view.loss.box.currentText() == "Cross-entropy"


@pytest.mark.parametrize("kind", SCHEDULE_TYPES, ids=lambda kind: kind.__name__)
def test_every_schedule_has_its_form(view, document, kind):
    choose(view.schedule.box, kind)

    assert document.project.training.schedule == kind()
    assert set(shown_fields(view.schedule.form)) == set(kind.model_fields) - {"type"}
    assert view.schedule.box.toolTip() == kind.help


def test_a_schedule_is_undone_with_its_form(view, document):
    choose(view.schedule.box, Exponential)
    view.schedule.form.edited.emit("end", "0.5")
    choose(view.schedule.box, Step)

    document.undo_stack.undo()
    QApplication.processEvents()

    assert view.schedule.box.currentText() == "Exponential"
    assert view.schedule.form.controls["end"].text() == "0.5"


def test_choosing_the_same_schedule_keeps_its_numbers(view, document):
    choose(view.schedule.box, Cosine)
    view.schedule.form.edited.emit("end", "0.5")

    choose(view.schedule.box, Cosine)

    assert document.project.training.schedule == Cosine(end=0.5)


def test_a_wrong_number_of_a_schedule_gets_a_sentence_until_it_is_right(view, document):
    choose(view.schedule.box, OneCycle)
    before = document.project

    view.schedule.form.edited.emit("rise", "1")
    problem = view.schedule.form.problems["rise"]
    assert document.project is before
    assert "less than 1" in problem.sentence.text()
    assert problem.isVisible()

    view.schedule.form.edited.emit("rise", "0.5")
    assert document.project.training.schedule == OneCycle(rise=0.5)
    assert not problem.isVisible()


def test_the_rate_is_drawn_where_it_changes(view, document):
    assert not view.rate_curve.isVisible()

    for schedule in (Constant(warm_up=0.1), Step(), Exponential(), Cosine(), OneCycle()):
        document.edit("Schedule", document.project.set_training(schedule=schedule))
        assert view.rate_curve.isVisible()

    choose(view.schedule.box, Constant)
    assert not view.rate_curve.isVisible()


def test_the_rate_is_drawn_from_the_runs_begin_to_its_end(view, document):
    document.edit("Schedule", document.project.set_training(schedule=OneCycle(rise=0.25)))

    line = view.rate_curve.line(QRectF(10, 20, 200, 40))

    assert (line.first().x(), line.last().x()) == (10, 210)
    assert line.first().y() == pytest.approx(60 - 0.04 * 40)
    assert line.last().y() == pytest.approx(60)
    peak = min(line, key=lambda point: point.y())
    assert (peak.x(), peak.y()) == pytest.approx((60, 20))


def test_the_drawn_rate_follows_the_numbers(view, document):
    choose(view.schedule.box, Exponential)
    before = view.rate_curve.grab().toImage()

    view.schedule.form.edited.emit("end", "0.9")

    accent = view.palette().color(QPalette.ColorRole.Accent)
    after = view.rate_curve.grab().toImage()
    drawn = [
        (x, y)
        for x in range(after.width())
        for y in range(after.height())
        if after.pixelColor(x, y) == accent
    ]
    assert after != before
    assert max(x for x, _ in drawn) - min(x for x, _ in drawn) > after.width() / 2


def test_the_drawn_rate_is_said_in_words_too(view, document):
    choose(view.schedule.box, OneCycle)
    view.optimizer.form.edited.emit("learning_rate", "0.5")

    words = view.rate_curve.accessibleDescription()

    assert words == "The learning rate over the run: 0.02 at first, 0 in the end."
    assert view.rate_curve.toolTip() == words


def test_a_plateau_is_drawn_level_and_says_that_it_falls(view, document):
    choose(view.schedule.box, ReduceOnPlateau)

    line = view.rate_curve.line(QRectF(0, 0, 200, 40))

    assert view.rate_curve.isVisible()
    assert {point.y() for point in line} == {0}
    assert view.rate_curve.accessibleDescription() == (
        "The learning rate over the run: 0.001 at first. It falls on a plateau."
    )


def test_a_plateau_after_a_warm_up_is_said_in_words(view):
    choose(view.schedule.box, ReduceOnPlateau)
    view.schedule.form.edited.emit("warm_up", "0.1")

    assert view.rate_curve.toolTip() == (
        "The learning rate over the run: 1e-05 at first, then 0.001. It falls on a plateau."
    )


def test_early_stopping_shows_its_numbers_only_where_it_is_on(view, document):
    assert not shown_fields(view.stopping)

    view.stopping_on.controls["on"].click()
    assert document.project.training.early_stopping == EarlyStopping(on=True)
    assert set(shown_fields(view.stopping)) == set(EarlyStopping.model_fields) - {"on"}

    document.undo_stack.undo()
    assert not shown_fields(view.stopping)
    assert not view.stopping_on.controls["on"].isChecked()


def test_early_stopping_is_edited_and_undone(view, document):
    view.stopping_on.controls["on"].click()

    choose(view.stopping.controls["watch"], "validation accuracy")
    view.stopping.controls["patience"].setValue(9)
    view.stopping.edited.emit("least_change", "0.01")
    view.stopping.controls["restore_best"].click()
    assert document.project.training.early_stopping == EarlyStopping(
        on=True, watch="validation accuracy", patience=9, least_change=0.01, restore_best=False
    )
    for _ in range(4):
        document.undo_stack.undo()

    assert document.project.training.early_stopping == EarlyStopping(on=True)


def test_a_wrong_number_of_early_stopping_gets_a_sentence(view, document):
    view.stopping_on.controls["on"].click()
    before = document.project

    view.stopping.edited.emit("least_change", "-1")

    assert document.project is before
    assert view.stopping.problems["least_change"].isVisible()


def test_gradients_are_clipped_and_a_wrong_norm_gets_a_sentence(view, document):
    view.clipping.edited.emit("clip_norm", "1.5")
    assert document.project.training.clip_norm == 1.5

    view.clipping.edited.emit("clip_norm", "-1")

    assert document.project.training.clip_norm == 1.5
    assert view.clipping.problems["clip_norm"].isVisible()
    document.undo_stack.undo()
    assert view.clipping.controls["clip_norm"].text() == "0"


def test_what_differs_from_the_run_is_applied_to_it(view, document, qtbot):
    told = []
    view.change_wanted.connect(lambda *change: told.append(change))
    view.show_running(document.project)
    assert not view.run_changes.button.isVisible()

    view.optimizer.form.edited.emit("learning_rate", "0.5")
    view.training.controls["batch_size"].setValue(64)
    qtbot.mouseClick(view.run_changes.button, LEFT)

    assert told == [("batch_size", 64), ("optimizer.learning_rate", 0.5)]
    view.show_running(document.project)
    assert not view.run_changes.button.isVisible()


def test_an_edit_that_is_undone_is_no_change_of_the_run(view, document):
    view.show_running(document.project)
    view.optimizer.form.edited.emit("learning_rate", "0.5")

    document.undo_stack.undo()

    assert not view.run_changes.button.isVisible()
    view.show_running(None)
    assert not view.run_changes.isVisible()


def test_tab_reaches_the_norm_between_optimizer_and_schedule(view):
    order = [view.optimizer.form.controls["beta2"]]
    while order[-1] is not view.schedule.box:
        order.append(order[-1].nextInFocusChain())

    assert view.clipping.controls["clip_norm"] in order
    assert view.loss.box not in order


def test_tab_goes_from_a_choice_through_its_new_numbers_to_the_next(view):
    choose(view.schedule.box, Step)

    order = [view.schedule.box]
    while order[-1] is not view.loss.box:
        order.append(order[-1].nextInFocusChain())

    fields = [view.schedule.form.controls[name] for name in ("warm_up", "drops", "drop")]
    assert [widget for widget in order if widget in fields] == fields
    assert not set(order) & set(view.data.controls.values())


@pytest.mark.parametrize("field", Augmentation.model_fields)
def test_an_augmentation_is_edited_and_undone(view, document, field):
    before = document.project

    view.augmentation.edited.emit(field, "0.25")
    assert document.project.training.augmentation == Augmentation(**{field: 0.25})
    assert view.augmentation.controls[field].text() == "0.25"
    document.undo_stack.undo()

    assert document.project == before
    assert view.augmentation.controls[field].text() == "0"


@pytest.mark.parametrize("text", ["-0.1", "0.6", "nan", "some"])
def test_a_wrong_augmentation_gets_a_sentence_and_changes_nothing(view, document, text):
    before = document.project

    view.augmentation.edited.emit("shift", text)

    assert document.project is before
    assert view.augmentation.problems["shift"].isVisible()
    assert view.augmentation.problems["shift"].sentence.text().startswith("Shift must be ")


def test_changes_of_two_fields_are_two_steps_of_undo(view, document):
    view.augmentation.edited.emit("shift", "0.1")
    view.augmentation.edited.emit("scale", "0.1")

    document.undo_stack.undo()

    assert document.project.training.augmentation == Augmentation(shift=0.1)


def test_the_settings_of_another_project_are_shown(view, document):
    project = document.project.set_training(
        optimizer=Sgd(momentum=0.5),
        schedule=Cosine(end=0.25),
        augmentation=Augmentation(rotate=15),
        batch_size=7,
        seed=3,
        device="cpu",
    ).set_data(validation=0.25, standardise=True)

    document.replace(project, None)

    assert view.optimizer.box.currentText() == "SGD"
    assert view.optimizer.form.controls["momentum"].text() == "0.5"
    assert view.schedule.box.currentText() == "Cosine"
    assert view.schedule.form.controls["end"].text() == "0.25"
    assert view.augmentation.controls["rotate"].text() == "15"
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
    choose(view.optimizer.box, Sgd)
    problem = view.optimizer.form.problems["nesterov"]
    view.optimizer.form.edited.emit("momentum", "0")
    assert not problem.isVisible()

    view.optimizer.form.controls["nesterov"].click()

    assert problem.isVisible()
    assert "momentum is 0" in problem.sentence.text()


def test_a_problem_of_the_network_is_not_the_settings(view, document):
    document.edit("Remove", document.project.remove(["flatten_1"]))

    assert document.problems
    strips = [*view.training.problems.values(), *view.optimizer.form.problems.values()]
    assert not any(strip.isVisible() for strip in strips)


def test_no_control_is_without_a_name(view):
    nameless = [
        control.objectName() or type(control).__name__
        for control in (
            view.optimizer.box,
            view.schedule.box,
            view.loss.box,
            view.rate_curve,
            *view.optimizer.form.controls.values(),
            *view.schedule.form.controls.values(),
            *view.clipping.controls.values(),
            *view.training.controls.values(),
            *view.stopping_on.controls.values(),
            *view.stopping.controls.values(),
            view.run_changes.button,
            *view.augmentation.controls.values(),
            *view.data.controls.values(),
        )
        if not control.accessibleName()
    ]

    assert not nameless
