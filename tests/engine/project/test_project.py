"""Edits against a plain list, in any order, and the sentences of what is refused."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.problems import ProblemError
from engine.project.format import dumps
from engine.project.layers import LAYER_TYPES, Conv2d, Dense, Flatten, Parallel, Residual
from engine.project.project import MAX_DEPTH, MAX_LAYERS, Place, Project
from engine.project.sources import Mnist
from engine.project.training import Training

MARK = object()


class Edits(RuleBasedStateMachine):
    """The model is a list of names, and the units of those layers that have them."""

    @initialize()
    def begin(self):
        self.project = Project()
        self.names: list[str] = []
        self.units: dict[str, int] = {}
        self.past: list[tuple[Project, str]] = []

    def becomes(self, project):
        self.past.append((self.project, dumps(self.project)))
        self.project = project

    def some(self, data):
        return data.draw(st.sets(st.sampled_from(self.names)) if self.names else st.just(set()))

    @rule(data=st.data(), kinds=st.lists(st.sampled_from(LAYER_TYPES), max_size=3))
    def insert(self, data, kinds):
        index = data.draw(st.integers(0, len(self.names)))
        self.becomes(self.project.insert(index, *(kind() for kind in kinds)))
        new = self.project.layers[index : index + len(kinds)]
        assert [type(layer) for layer in new] == kinds
        assert all(layer.name.startswith(f"{layer.type}_") for layer in new)
        self.names[index:index] = [layer.name for layer in new]
        self.units |= {layer.name: layer.units for layer in new if isinstance(layer, Dense)}

    @rule(data=st.data())
    def insert_a_copy(self, data):
        names = self.some(data)
        copied = [self.project.layer(name) for name in sorted(names)]
        self.becomes(self.project.insert(0, *copied))
        new = self.project.layers[: len(copied)]
        self.names[:0] = [layer.name for layer in new]
        self.units |= {
            layer.name: self.units[name]
            for layer, name in zip(new, sorted(names), strict=True)
            if name in self.units
        }

    @rule(data=st.data())
    def remove(self, data):
        names = self.some(data)
        self.becomes(self.project.remove(names))
        self.names = [name for name in self.names if name not in names]

    @rule(data=st.data())
    def move(self, data):
        names, index = self.some(data), data.draw(st.integers(0, len(self.names)))
        self.becomes(self.project.move(names, index))
        marked = [*self.names[:index], MARK, *self.names[index:]]
        rest = [name for name in marked if name not in names]
        place = rest.index(MARK)
        rest[place : place + 1] = [name for name in self.names if name in names]
        self.names = rest

    @rule(data=st.data(), units=st.integers(1, 1000))
    def set_units(self, data, units):
        dense = [name for name in self.names if name.startswith("dense")]
        if dense:
            name = data.draw(st.sampled_from(dense))
            self.becomes(self.project.set_layer(name, units=units))
            self.units[name] = units

    @invariant()
    def order_is_the_models(self):
        assert [layer.name for layer in self.project.layers] == self.names

    @invariant()
    def names_are_unique(self):
        assert len(set(self.names)) == len(self.names)

    @invariant()
    def units_are_the_models(self):
        dense = [layer for layer in self.project.layers if isinstance(layer, Dense)]
        assert all(layer.units == self.units[layer.name] for layer in dense)

    def teardown(self):
        for project, text in self.past:
            assert dumps(project) == text, "an edit changed the project that it started from"


TestEdits = Edits.TestCase
TestEdits.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


def project_of(*layers):
    return Project().insert(0, *layers)


def test_layers_without_a_name_get_one():
    project = Project(layers=(Dense(), Dense(name="dense_1"), Flatten()))

    assert [layer.name for layer in project.layers] == ["dense_2", "dense_1", "flatten_1"]


def test_too_many_layers_are_refused():
    full = project_of(*(Flatten() for _ in range(MAX_LAYERS)))

    with pytest.raises(ProblemError, match=r"^layers must have at most 1,000 "):
        full.insert(0, Flatten())


def test_an_unknown_setting_is_refused():
    with pytest.raises(ProblemError, match=r"^speed is a name that this version"):
        Project().set_training(speed=3)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("epochs", 0),
        ("epochs", 100_001),
        ("batch_size", 0),
        ("batch_size", 1.5),
        ("seed", -1),
        ("seed", 2**31),
        ("device", "toaster"),
        ("optimizer", None),
        ("loss", {"type": "guess"}),
    ],
)
def test_a_wrong_training_setting_gets_a_sentence(setting, value):
    title = Training.model_fields[setting].title
    with pytest.raises(ProblemError, match=f"^{title}.*, but it is |^{title}: Input should be"):
        Project().set_training(**{setting: value})


@pytest.mark.parametrize("share", [0, 0.6, float("nan"), "some"])
def test_a_wrong_validation_share_gets_a_sentence(share):
    with pytest.raises(ProblemError, match=r"^Validation share must be "):
        Project().set_data(validation=share)


@pytest.mark.parametrize("find", [Project().place, Project().layer])
def test_a_layer_that_is_not_there_is_not_found(find):
    with pytest.raises(KeyError, match="dense_1"):
        find("dense_1")


def test_the_output_follows_the_data():
    project = Project().set_data(source=Mnist())

    assert project.output.classes == 10
    assert project.input_shape == (1, 28, 28)
    assert project.traced[-1].layer == project.output


def test_parameters_are_unknown_while_a_shape_does_not_fit():
    assert project_of(Dense()).parameters is None
    assert project_of(Flatten(), Dense(units=5)).parameters == 5 * 65 + 10 * 6


def test_layers_below_a_wrong_one_have_no_shape():
    traced = project_of(Conv2d(), Dense(), Flatten()).traced

    assert traced[0].output_shape == (32, 6, 6)
    assert "Add Flatten" in str(traced[1].problem)
    assert traced[1].problem.where == "dense_1"
    assert (traced[2].input_shape, traced[2].problem) == (None, None)


def test_looking_at_shapes_changes_nothing():
    looked_at, other = project_of(Flatten(), Dense()), project_of(Flatten(), Dense())

    assert looked_at.traced
    assert looked_at == other
    assert looked_at.set_layer("dense_1", units=3).traced[1].output_shape == (3,)


def names_of(project):
    return [row.layer.name for row in project.walk()]


CHAIN = project_of(Conv2d(padding="same"), Conv2d(padding="same"), Flatten(), Dense())


def test_layers_are_wrapped_where_they_stand_under_their_names():
    wrapped = CHAIN.wrap({"conv2d_1", "conv2d_2"}, Residual())

    assert names_of(wrapped) == [
        *("residual_1", "conv2d_1", "conv2d_2", "flatten_1", "dense_1", "output"),
    ]


def test_wrapping_puts_layers_into_the_first_branch():
    wrapped = CHAIN.wrap({"conv2d_2"}, Parallel())

    assert wrapped.place("conv2d_2") == Place(0, "parallel_1", 0)
    assert wrapped.layer("parallel_1").inner[1] == ()


def test_layers_inside_a_block_are_wrapped_there():
    wrapped = CHAIN.wrap({"conv2d_1", "conv2d_2"}, Residual()).wrap({"conv2d_2"}, Residual())

    assert wrapped.place("residual_2") == Place(1, "residual_1")
    assert wrapped.place("conv2d_2") == Place(0, "residual_2")


def test_layers_that_do_not_follow_each_other_are_not_wrapped():
    with pytest.raises(ProblemError, match="follow each other"):
        CHAIN.wrap({"conv2d_1", "flatten_1"}, Residual())


def test_layers_of_two_branches_are_not_wrapped():
    parallel = CHAIN.wrap({"conv2d_1"}, Parallel())
    parallel = parallel.insert(Place(0, "parallel_1", 1), Conv2d(padding="same"))

    with pytest.raises(ProblemError, match="follow each other"):
        parallel.wrap({"conv2d_1", "conv2d_3"}, Residual())


def test_unwrapping_takes_back_wrapping():
    wrapped = CHAIN.wrap({"conv2d_1", "conv2d_2"}, Residual())

    assert wrapped.unwrap("residual_1") == CHAIN


def test_unwrapping_puts_one_branch_after_the_other():
    parallel = CHAIN.wrap({"conv2d_1"}, Parallel()).insert(Place(0, "parallel_1", 1), Dense())

    assert names_of(parallel.unwrap("parallel_1"))[:3] == ["conv2d_1", "dense_2", "conv2d_2"]


def test_unwrapping_an_empty_block_takes_it_away():
    assert CHAIN.insert(1, Residual()).unwrap("residual_1") == CHAIN


def test_blocks_that_would_stand_too_deep_are_not_wrapped():
    deep = CHAIN
    for _ in range(MAX_DEPTH):
        deep = deep.wrap({"conv2d_1"}, Residual())

    with pytest.raises(ProblemError, match="deep"):
        deep.wrap({"conv2d_1"}, Residual())


def test_the_outermost_of_named_layers_are_found_in_reading_order():
    wrapped = CHAIN.wrap({"conv2d_1", "conv2d_2"}, Residual())

    found = wrapped.outermost({"dense_1", "conv2d_2", "residual_1"})

    assert [layer.name for layer in found] == ["residual_1", "dense_1"]
