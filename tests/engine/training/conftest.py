"""A tiny problem that trains in milliseconds: 4×4 images of three classes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.data.dataset import Dataset, Split
from engine.project.layers import Dense, Flatten, Layer
from engine.project.optimizers import Adam
from engine.project.project import Project
from engine.project.sources import NpzFile
from engine.training.control import Control
from engine.training.events import Event
from engine.training.guard import Guard
from engine.training.loop import train

CLASSES = ("left", "middle", "right")


def split(count: int, seed: int) -> Split:
    """Make images with noise all over and a bright column that tells the class."""
    random = np.random.default_rng(seed)
    images = random.uniform(0, 0.5, (count, 1, 4, 4)).astype(np.float32)
    labels = random.integers(0, 3, count)
    images[np.arange(count), :, :, labels] += 0.4
    return Split(images, labels, np.arange(count))


@pytest.fixture
def make_dataset() -> Callable[..., Dataset]:
    """Make a dataset by its counts. A part's own seed changes that part alone."""

    def make(
        train: int = 40,
        validation: int = 17,
        test: int = 9,
        validation_seed: int = 1,
        test_seed: int = 2,
    ) -> Dataset:
        return Dataset(
            train=split(train, 0),
            validation=split(validation, validation_seed),
            test=split(test, test_seed),
            class_names=CLASSES,
            mean=np.zeros(1, np.float32),
            deviation=np.ones(1, np.float32),
        )

    return make


@pytest.fixture
def dataset(make_dataset) -> Dataset:
    return make_dataset()


@pytest.fixture
def make_project() -> Callable[..., Project]:
    """Make a project for these images; without layers it has one of eight units."""

    def make(*layers: Layer, **training: object) -> Project:
        source = NpzFile(
            path="tiny.npz", input_shape=(1, 4, 4), class_names=CLASSES, train_size=57, test_size=9
        )
        settings = {"optimizer": Adam(learning_rate=0.01), "batch_size": 8, "epochs": 3}
        return (
            Project()
            .set_data(source=source, validation=0.3)
            .insert(0, *(layers or (Flatten(), Dense(units=8))))
            .set_training(**settings | {"device": "cpu"} | training)
        )

    return make


@pytest.fixture
def project(make_project) -> Project:
    return make_project()


@pytest.fixture
def unguarded(monkeypatch) -> None:
    """Let trainings go on with numbers that are none, as on devices where looking is dear."""
    monkeypatch.setattr(Guard, "check", lambda *_: None)


@pytest.fixture
def events_of(dataset) -> Callable[..., list[Event]]:
    """Train to the end on one thread."""

    def train_all(project: Project, data: Dataset = dataset, control: Control | None = None):
        return list(train(project, data, control or Control(), threads=1))

    return train_all


@pytest.fixture
def content() -> Callable[[Event], tuple]:
    """Give all that an event says, arrays to the last bit, so that two can be compared."""

    def comparable(value: object) -> object:
        if isinstance(value, dict):
            return {key: comparable(part) for key, part in value.items()}
        if isinstance(value, np.ndarray):
            return value.dtype, value.shape, value.tobytes()
        return value

    def of(event: Event) -> tuple:
        return type(event), *(comparable(getattr(event, name)) for name in event.__slots__)

    return of
