"""Asks for the name of a file to write, and gives it the ending by which it is found again."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

CONTEXT = "SaveNames"


def ask_for_name(
    parent: QWidget, title: str, start: Path, kinds: Mapping[str, str]
) -> tuple[Path, str] | None:
    """Ask where to write a file; give its path, and which kind was chosen. None: nowhere.

    kinds: the ending of each kind of file by what the dialog calls it; the first is the usual one.
    A name that ends otherwise gets the ending of its kind: "digits 2.5" is no file of kind ".5".
    """
    chosen, kind = QFileDialog.getSaveFileName(parent, title, str(start), ";;".join(kinds))
    if not chosen:
        return None
    kind = kind if kind in kinds else next(iter(kinds))
    path = with_ending(Path(chosen), kinds[kind], *kinds.values())
    if path != Path(chosen) and path.exists() and not _may_replace(parent, title, path):
        return None  # the dialog has asked of the name as it was typed
    return path, kind


def with_ending(path: Path, usual: str, *others: str) -> Path:
    """Give a file's name its usual ending where it has none that is known."""
    known = path.name.lower().endswith((usual, *others))
    return path if known else path.with_name(path.name + usual)


def _may_replace(parent: QWidget, title: str, path: Path) -> bool:
    words = QCoreApplication.translate(CONTEXT, "“{name}” is there already. Replace it?")
    button = QMessageBox.StandardButton
    answer = QMessageBox.question(
        parent,
        title,
        escape(words.format(name=path.name)),
        button.Yes | button.Cancel,
        button.Cancel,
    )
    return answer == button.Yes
