"""Where things live on this machine: runs and settings, and datasets."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """Tell where runs and settings live: LAYERSCOPE_HOME, or the system's place for such data."""
    import platformdirs

    if chosen := os.environ.get("LAYERSCOPE_HOME"):
        return Path(chosen).expanduser()
    return platformdirs.user_data_path("layerscope", appauthor=False)


def data_folder() -> Path:
    """Tell where public datasets lie: LAYERSCOPE_DATA, or data in the home above."""
    if chosen := os.environ.get("LAYERSCOPE_DATA"):
        return Path(chosen).expanduser()
    return home() / "data"
