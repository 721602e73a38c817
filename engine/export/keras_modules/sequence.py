"""Layers for sequences: (batch, steps, features)."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers


class PositionalEncoding(layers.Layer):
    """Adds waves of many lengths, by which each step can be told from the others."""

    def build(self, shape):
        _, steps, features = shape
        position = np.arange(steps)[:, None]
        feature = np.arange(features)
        angles = position / 10000 ** (feature // 2 * 2 / features)
        self.waves = np.where(feature % 2 == 0, np.sin(angles), np.cos(angles))

    def call(self, steps):
        return steps + keras.ops.cast(self.waves, steps.dtype)


class LearnedEncoding(layers.Layer):
    """Adds to each step numbers of its own, which are learned."""

    def build(self, shape):
        start = keras.initializers.RandomNormal(stddev=0.02)
        self.offsets = self.add_weight(shape=shape[1:], initializer=start)

    def call(self, steps):
        return steps + self.offsets


class FrozenAttention(layers.MultiHeadAttention):
    """Attention that training leaves as it is: its parts are told so once built."""

    def build(self, query_shape, value_shape, key_shape=None):
        super().build(query_shape, value_shape, key_shape)
        self.trainable = False
