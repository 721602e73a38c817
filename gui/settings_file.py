"""What the window remembers between two starts: its layout, its theme, recent files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from engine.places import home

RECENT = 8


class SettingsFile:
    """settings.ini in Layerscope's home."""

    def __init__(self) -> None:
        self._settings = QSettings(str(home() / "settings.ini"), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        """The chosen appearance: "light", "dark", or "system"."""
        return str(self._settings.value("theme", "system"))

    @theme.setter
    def theme(self, name: str) -> None:
        self._settings.setValue("theme", name)

    @property
    def recent(self) -> list[Path]:
        """The project files opened or saved last, the newest first, that still exist."""
        value = self._settings.value("recent", [])
        paths = [value] if isinstance(value, str) else list(value or [])  # type: ignore[call-overload]  # a list, says Qt
        return [path for path in map(Path, paths) if path.is_file()]

    def remember(self, path: Path) -> None:
        """Put a project file first among the recent ones."""
        path = path.resolve()
        paths = [path, *(other for other in self.recent if other != path)][:RECENT]
        self._settings.setValue("recent", [str(path) for path in paths])

    def keep(self, name: str, state: QByteArray) -> None:
        """Remember a part of the window's layout."""
        self._settings.setValue(f"window/{name}", state)

    def kept(self, name: str) -> QByteArray | None:
        """Give a remembered part of the layout."""
        state = self._settings.value(f"window/{name}")
        return state if isinstance(state, QByteArray) else None

    def sync(self) -> None:
        """Write to disk now."""
        self._settings.sync()
