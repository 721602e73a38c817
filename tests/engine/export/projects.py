"""Projects on the bundled digits that together use everything a script can hold."""

from __future__ import annotations

from engine.project.augmentation import Augmentation
from engine.project.layers import (
    Activation,
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm,
    Conv2d,
    ConvTranspose2d,
    Dense,
    DepthwiseConv2d,
    Dropout,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    Gru,
    LayerNorm,
    Lstm,
    MaxPool2d,
    Parallel,
    PositionalEncoding,
    PReLU,
    Reshape,
    Residual,
    Rnn,
    Rows,
    SelfAttention,
    SpatialDropout2d,
    UpSampling2d,
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

RESIDUAL = (
    Conv2d(filters=4, padding="same"),
    Residual(
        layers=(
            Conv2d(filters=6, padding="same", stride=2),
            BatchNorm(),
            Residual(layers=(Conv2d(filters=6, padding="same"),), activation="none"),
        ),
        activation="leaky_relu",
    ),
    Residual(layers=(Conv2d(filters=6, padding="same"), Dropout())),
)

PARALLEL = (
    Parallel(
        branches=(
            (Conv2d(filters=2, kernel_size=1),),
            (Conv2d(filters=3, padding="same"), MaxPool2d(size=1, stride=1)),
            (),
        )
    ),
    Parallel(branches=((), (Conv2d(filters=6, padding="same"),)), join="add"),
    Flatten(),
    Residual(layers=(Dense(units=12),)),
    Parallel(branches=((Dense(units=4),), (Dense(units=3, activation="none"), Activation()))),
)

RECURRENT = (
    Rows(),
    Rnn(units=5, activation="relu", gives="every step", bidirectional=True),
    Lstm(units=6, depth=2, gives="every step"),
    Activation(function="softmax"),
    Dropout(),
    Gru(units=4, depth=2, bidirectional=True),
)

OF_CHANNELS = (
    Rows(),
    PositionalEncoding(encoding="learned"),
    SelfAttention(heads=1),
    Lstm(units=6, gives="every step"),
)

ATTENTION = (
    Rows(),
    Dense(units=6, activation="softmax"),
    PositionalEncoding(),
    Residual(layers=(LayerNorm(), SelfAttention(heads=2)), activation="none"),
    Residual(
        layers=(LayerNorm(), Dense(units=9, activation="gelu"), Dense(units=5)),
        activation="softmax",
    ),
    Parallel(branches=((Gru(units=3, gives="every step"),), ())),
    GlobalAvgPool(),
)

LATER = (
    Conv2d(filters=4, padding="same", activation="mish"),
    DepthwiseConv2d(multiplier=2, padding="same", stride=2, activation="elu"),
    GroupNorm(groups=2),
    PReLU(slope=0.1),
    UpSampling2d(method="bilinear"),
    LayerNorm(),
    SpatialDropout2d(),
    ConvTranspose2d(filters=3, kernel_size=3, padding="same", activation="hard_swish"),
    AdaptiveAvgPool2d(size=3),
    UpSampling2d(factor=3),
    Flatten(),
    LayerNorm(epsilon=0.001),
    PReLU(),
    Dense(units=8, activation="selu"),
)

RESHAPED = (
    Flatten(),
    Dense(units=16, activation="softsign"),
    Reshape(channels=4, height=2, width=2),
    ConvTranspose2d(filters=2, kernel_size=5, padding="same", activation="softplus"),
    ConvTranspose2d(filters=3, kernel_size=2, stride=3, activation="hard_sigmoid"),
    Reshape(channels=12, height=6, width=6),
    DepthwiseConv2d(kernel_size=2, padding="same", activation="relu6"),
    GlobalAvgPool(),
)

FINE = (
    Conv2d(filters=4, padding="same", bias=False, initialisation="he", l2=0.001),
    BatchNorm(),
    DepthwiseConv2d(multiplier=2, initialisation="xavier", activation="tanh", frozen=True),
    Residual(layers=(DepthwiseConv2d(padding="same", initialisation="he", bias=False),)),
    Parallel(
        branches=(
            (Conv2d(filters=2, kernel_size=1, frozen=True, l2=0.1),),
            (ConvTranspose2d(filters=2, stride=1, kernel_size=3, padding="same", l2=0.01),),
        ),
    ),
    ConvTranspose2d(filters=2, initialisation="he"),
    Flatten(),
    Dense(units=5, initialisation="zeros"),
    Dense(units=6, initialisation="xavier", activation="leaky_relu", l2=0.1),
)

FINE_RECURRENT = (
    Rows(),
    Rnn(units=6, gives="every step", bias=False, initialisation="he", l2=0.01),
    Lstm(units=6, gives="every step", depth=2, bidirectional=True, initialisation="xavier"),
    Gru(units=5, gives="every step", bidirectional=True, frozen=True, l2=0.1),
    Rnn(units=4, gives="every step", activation="relu", frozen=True, initialisation="xavier"),
    Gru(units=5, gives="every step", bias=False, initialisation="he", l2=0.02),
    Parallel(branches=((Lstm(units=5, bias=False, l2=0.01),), (Gru(initialisation="zeros"),))),
)

FINE_ATTENTION = (
    Rows(),
    Dense(units=8),
    Residual(layers=(SelfAttention(heads=2, bias=False, initialisation="xavier", l2=0.01),)),
    Residual(layers=(SelfAttention(heads=4, frozen=True, l2=0.1),), activation="none"),
    Parallel(branches=((), (SelfAttention(heads=1, initialisation="zeros"),))),
    SelfAttention(heads=4, initialisation="he", l2=0.02),
    GlobalAvgPool(),
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
    "residual": Project()
    .insert(0, *RESIDUAL, GlobalAvgPool())
    .set_training(epochs=1)
    .set_data(standardise=True),
    "parallel": Project().insert(0, *PARALLEL).set_training(epochs=1),
    "later": Project().insert(0, *LATER).set_training(epochs=1),
    "reshaped": Project().insert(0, *RESHAPED).set_training(epochs=1),
    "fine": Project().insert(0, *FINE).set_training(epochs=1),
    "fine recurrent": Project().insert(0, *FINE_RECURRENT).set_training(epochs=1),
    "fine attention": Project().insert(0, *FINE_ATTENTION).set_training(epochs=1),
    "recurrent": Project().insert(0, *RECURRENT).set_training(epochs=1),
    "rows of channels": Project()
    .insert(0, Conv2d(filters=3), *OF_CHANNELS, Flatten())
    .set_training(epochs=1),
    "attention": Project().insert(0, *ATTENTION).set_training(epochs=1).set_data(standardise=True),
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
    "two penalties": Project()
    .insert(0, Flatten(), Dense(units=8, l2=0.01))
    .set_training(epochs=1, optimizer=Sgd(weight_decay=0.01)),
    "squared": small(loss=MeanSquaredError(), clip_norm=1.0),
    "stopping": small(early_stopping=EarlyStopping(on=True, patience=1), epochs=2),
    "stopping accuracy": small(
        early_stopping=EarlyStopping(
            on=True, watch="validation accuracy", least_change=0.01, restore_best=False
        ),
        schedule=OneCycle(),
    ),
    "augmented": small(augmentation=ALL_CHANGES).set_data(standardise=True),
    "augmented blocks": Project()
    .insert(0, *RESIDUAL, GlobalAvgPool())
    .set_training(epochs=1, augmentation=ALL_CHANGES)
    .set_data(standardise=True),
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
