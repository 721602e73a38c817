"""How a change of a run's settings is told: the field's name, and its value before and after."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.problems import shown
from engine.training.changes import LAYER


def field_title(field: str) -> str:
    """Name a field that can be changed while training, such as "optimizer.learning_rate"."""
    place, _, name = field.removeprefix(LAYER).rpartition(".")
    match name:
        case "learning_rate":
            return QCoreApplication.translate("ChangeWords", "Learning rate")
        case "momentum":
            return QCoreApplication.translate("ChangeWords", "Momentum")
        case "weight_decay":
            return QCoreApplication.translate("ChangeWords", "Weight decay")
        case "batch_size":
            return QCoreApplication.translate("ChangeWords", "Batch size")
        case "rate":
            return QCoreApplication.translate("ChangeWords", "Rate of {layer}").format(layer=place)
    return field


def change_words(field: str, old: float, new: float) -> str:
    """Tell a change: Learning rate 0.001 → 0.01."""
    return f"{field_title(field)} {shown(old)} → {shown(new)}"
