"""Each problem says what is wrong where, and its mend really repairs it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.project.checks import layer_bytes, problems, train_count
from engine.project.layers import (
    LAYER_TYPES,
    BatchNorm,
    Conv2d,
    Dense,
    Flatten,
    GlobalAvgPool,
    MaxPool2d,
)
from engine.project.optimizers import Adam, Sgd
from engine.project.presets import presets
from engine.project.project import Project
from engine.project.sources import KNOWN_SOURCES, Mnist, NpzFile

GIGABYTE = 10**9


def project_of(*layers):
    return Project().insert(0, *layers)


def own_data(train_size):
    return NpzFile(
        path="a.npz",
        input_shape=(1, 8, 8),
        class_names=("a", "b"),
        train_size=train_size,
        test_size=2,
    )


SOUND = project_of(Flatten(), Dense())


def test_a_sound_project_has_no_problems():
    assert problems(SOUND) == ()


WRONG = {
    "no layers": (Project(), "output", "The network has no layers yet", "Start with Flatten"),
    "image into Dense": (
        project_of(Conv2d(), Dense()),
        "dense_1",
        "Dense needs a row of numbers, but gets 32×6×6",
        "Add Flatten before it",
    ),
    "image into the output": (
        project_of(Conv2d()),
        "output",
        "Output needs a row of numbers",
        "Add Flatten before it",
    ),
    "row into a convolution": (
        project_of(Flatten(), Dense(), Conv2d()),
        "conv2d_1",
        "Convolution 2D needs an image",
        "Move it above",
    ),
    "row into a pooling": (
        project_of(GlobalAvgPool(), MaxPool2d()),
        "max_pool2d_1",
        "Max pooling needs an image",
        "Move it above",
    ),
    "two layers that flatten": (
        project_of(GlobalAvgPool(), GlobalAvgPool()),
        "global_avg_pool_2",
        "Global average pooling needs an image",
        "Remove this layer",
    ),
    "window too large": (
        project_of(MaxPool2d(size=9), Flatten()),
        "max_pool2d_1",
        "Max pooling looks at windows of 9×9 pixels",
        "Remove this layer",
    ),
    "one image to normalise": (
        project_of(Flatten(), BatchNorm()).set_training(batch_size=1),
        "batch_norm_1",
        "Batch normalisation needs two images or more",
        "Set the batch size to 32",
    ),
    "batch larger than the set": (
        SOUND.set_training(batch_size=2000),
        "training.batch_size",
        "The batch size of 2,000 is larger than the training set of 1,293 images",
        "Set the batch size to 32",
    ),
    "batch larger than a small set": (
        SOUND.set_data(source=own_data(20)),
        "training.batch_size",
        "The batch size of 32 is larger than the training set of 18 images",
        "Set the batch size to 18",
    ),
}


@pytest.mark.parametrize(
    ("project", "where", "sentence", "title"), WRONG.values(), ids=WRONG.keys()
)
def test_a_problem_says_what_where_and_mends_it(project, where, sentence, title):
    (problem,) = problems(project)

    assert problem.where == where
    assert str(problem).startswith(sentence)
    assert problem.mend.title.startswith(title)
    assert problems(problem.mend.apply(project)) == ()


def test_moving_above_keeps_all_layers():
    project = project_of(Flatten(), Dense(), Conv2d())

    mended = problems(project)[0].mend.apply(project)

    assert [layer.name for layer in mended.layers] == ["conv2d_1", "flatten_1", "dense_1"]


def test_nesterov_without_momentum_is_told():
    project = SOUND.set_training(optimizer=Sgd(momentum=0, nesterov=True))

    (problem,) = problems(project)

    assert problem.where == "training.optimizer.nesterov"
    assert "Set it to 0.9" in str(problem)


def test_only_the_first_wrong_shape_is_told():
    assert len(problems(project_of(Dense(), Dense()))) == 1


def test_settings_are_told_beside_the_network():
    wheres = [
        problem.where for problem in problems(project_of(Dense()).set_training(batch_size=2000))
    ]

    assert wheres == ["dense_1", "training.batch_size"]


projects = st.builds(
    lambda kinds, batch_size: project_of(*(kind() for kind in kinds)).set_training(
        batch_size=batch_size
    ),
    st.lists(st.sampled_from(LAYER_TYPES), max_size=8),
    st.sampled_from([1, 32, 5000]),
)


@settings(max_examples=300)
@given(projects)
def test_mending_one_problem_after_another_comes_to_an_end(project):
    for _ in range(40):
        found = problems(project)
        if not found:
            return
        project = found[0].mend.apply(project)
    pytest.fail(f"still wrong: {found[0]}")


@given(
    st.integers(2, 100_000),
    st.floats(0.01, 0.5),
)
def test_any_own_data_leaves_an_image_to_learn_from(size, share):
    project = Project().set_data(source=own_data(size), validation=share)

    assert 1 <= train_count(project) < size


@pytest.mark.parametrize("kind", KNOWN_SOURCES, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("share", [0.01, 0.1, 0.2, 1 / 3, 0.5])
def test_images_are_counted_as_scikit_learn_splits_them(kind, share):
    from sklearn.model_selection import train_test_split

    project = Project().set_data(source=kind(), validation=share)

    train, _ = train_test_split(range(kind.train_size), test_size=share, random_state=0)

    assert train_count(project) == len(train)


def test_memory_counts_weights_gradients_and_what_the_optimizer_remembers():
    project = SOUND.set_training(optimizer=Adam(), batch_size=10)
    dense = project.traced[1]

    assert layer_bytes(project, dense) == 4 * (4 * (64 * 128 + 128) + 2 * 10 * 128)


def test_a_giant_layer_is_refused_by_its_size():
    project = project_of(Flatten(), Dense(units=1_000_000_000))

    (problem,) = problems(project, memory=16 * GIGABYTE)

    assert problem.where == "dense_1"
    assert "65,000,000,000 parameters" in str(problem)
    assert "1.3 TB of memory, and this machine has 16 GB" in str(problem)


def test_giant_outputs_are_refused_too():
    project = (
        Project()
        .set_data(source=Mnist())
        .insert(0, Conv2d(filters=100_000), GlobalAvgPool())
        .set_training(batch_size=10_000)
    )

    (problem,) = problems(project, memory=16 * GIGABYTE)

    assert problem.where == "conv2d_1"


@pytest.mark.parametrize("name", presets())
def test_every_preset_fits_in_a_small_machine(name):
    assert problems(presets()[name], memory=2 * GIGABYTE) == ()
