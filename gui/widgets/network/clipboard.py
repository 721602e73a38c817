"""Layers as text, for the clipboard and for what is dragged."""

from __future__ import annotations

import json
from collections.abc import Iterable

from pydantic import TypeAdapter
from PySide6.QtCore import QMimeData

from engine.project.layers import AnyLayer, Layer

LAYERS_MIME = "application/x-layerscope-layers+json"
MOVE_MIME = "application/x-layerscope-move"  # the selected layers of the column, on their way
LAYERS = TypeAdapter(tuple[AnyLayer, ...])


def as_content(layers: Iterable[Layer]) -> QMimeData:
    """Write layers so that this program and others can read them."""
    text = LAYERS.dump_json(tuple(layers), indent=2).decode()
    content = QMimeData()
    content.setData(LAYERS_MIME, text.encode())
    content.setText(text)
    return content


def read_layers(text: str) -> tuple[Layer, ...]:
    """Read layers; none where the text is something else."""
    try:
        return LAYERS.validate_python(json.loads(text))
    except (ValueError, RecursionError):
        return ()
