"""What stands in a Keras script for a layer that can't be written in Keras."""

from __future__ import annotations

from keras import layers


class Gap(layers.Layer):
    """Stands where a layer is missing: write it yourself, or leave it out."""

    def __init__(self, missing, name):
        raise NotImplementedError(f"Keras lacks the layer {missing} ({name})")
