"""Projects on the bundled digits that together use everything a script can hold."""

from __future__ import annotations

from engine.project.augmentation import Augmentation
from engine.project.layers import (
    Activation,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Flatten,
    GlobalAvgPool,
    MaxPool2d,
)
from engine.project.losses import MeanSquaredError
from engine.project.optimizers import Adagrad, Adam, AdamW, RmsProp, Sgd
from engine.project.project import Project
from engine.project.schedules import (
    Constant,
    Cosine,
    Exponential,
    OneCycle,
    ReduceOnPlateau,
    Step,
)
from engine.project.stopping import EarlyStopping


def small(**training):
    """Give a project that trains for an epoch in no time."""
    return Project().insert(0, Flatten(), Dense(units=16)).set_training(**{"epochs": 1} | training)


ALL_CHANGES = Augmentation(
    shift=0.1, rotate=10, scale=0.1, shear=5, crop=0.2, elastic=0.05, erase=0.1, noise=0.1
)

CONVOLUTIONS = (
    Conv2d(filters=6, padding="same", activation="leaky_relu"),
    MaxPool2d(stride=1),
    BatchNorm(momentum=0.3, epsilon=0.001),
    Activation(function="gelu"),
    Conv2d(filters=5, kernel_size=2, stride=2, padding="same", activation="softmax"),
    AvgPool2d(),
)

NETWORKS = {
    "dense": small(),
    "convolutions": Project()
    .insert(0, *CONVOLUTIONS, Flatten(), Dropout(), Dense(units=8, activation="silu"))
    .set_training(epochs=1),
    "normalised row": Project()
    .insert(0, *CONVOLUTIONS, Flatten(), BatchNorm(), Dense(units=8, activation="none"))
    .set_training(epochs=1),
    "global pooling": Project()
    .insert(0, Conv2d(filters=4, activation="tanh"), GlobalAvgPool(), Dense(activation="sigmoid"))
    .set_training(epochs=1),
    "standardised": small().set_data(standardise=True),
}

OPTIMIZERS = {
    "adam": Adam(beta1=0.8, beta2=0.99),
    "adam decay": Adam(weight_decay=0.1),
    "adamw": AdamW(),
    "adamw without": AdamW(weight_decay=0.0),
    "sgd": Sgd(momentum=0.0),
    "sgd momentum": Sgd(weight_decay=0.01),
    "nesterov": Sgd(nesterov=True),
    "rmsprop": RmsProp(),
    "rmsprop momentum": RmsProp(momentum=0.5, alpha=0.99),
    "adagrad": Adagrad(weight_decay=0.01),
}

SCHEDULES = {
    "constant": Constant(warm_up=0.1),
    "step": Step(drops=3, drop=0.5),
    "exponential": Exponential(warm_up=0.2),
    "cosine": Cosine(),
    "cosine end": Cosine(end=0.1, warm_up=0.3),
    "one cycle": OneCycle(),
    "straight": OneCycle(shape="linear", rise=0.5, end=0.01),
}

TRAININGS = {
    **{name: small(optimizer=each) for name, each in OPTIMIZERS.items()},
    **{name: small(schedule=each) for name, each in SCHEDULES.items()},
    "plateau": small(schedule=ReduceOnPlateau(patience=0), epochs=2),
    "warm plateau": small(
        schedule=ReduceOnPlateau(warm_up=0.5, watch="validation accuracy", least=0.1), epochs=2
    ),
    "squared": small(loss=MeanSquaredError(), clip_norm=1.0),
    "stopping": small(early_stopping=EarlyStopping(on=True, patience=1), epochs=2),
    "stopping accuracy": small(
        early_stopping=EarlyStopping(
            on=True, watch="validation accuracy", least_change=0.01, restore_best=False
        ),
        schedule=OneCycle(),
    ),
    "augmented": small(augmentation=ALL_CHANGES).set_data(standardise=True),
    "erased": small(augmentation=Augmentation(erase=0.2)),
    "noisy": small(augmentation=Augmentation(noise=0.2)),
    "shifted": small(augmentation=Augmentation(shift=0.1)),
    "lone last image": Project()
    .insert(0, Flatten(), BatchNorm(), Dense())
    .set_training(epochs=1, batch_size=4)
    .set_data(validation=0.1),  # 1,293 images to learn from
    "on the CPU": small(device="cpu", seed=7),
}

EVERY = {**NETWORKS, **TRAININGS}
