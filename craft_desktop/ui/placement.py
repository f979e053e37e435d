"""What the window remembers by itself: size, place, splitters, zoom. Losable, so apart from the settings."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QSplitter, QWidget

FILE = "window.ini"
VERSION = 1
"""Raised when the parts of the window change so that old figures no longer fit."""


class Placement:
    """Keeps figures in an INI file under `state`; never in a system's registry."""

    def __init__(self, state: Path) -> None:
        self._file = QSettings(str(state / FILE), QSettings.Format.IniFormat)
        if self._number("version") != VERSION:
            self._file.clear()
            self._file.setValue("version", VERSION)

    def restore_window(self, window: QWidget, width: int, height: int) -> None:
        """Give the window its last size and place, or `width` by `height`."""
        kept = self._bytes("geometry")
        if kept is None or not window.restoreGeometry(kept):
            window.resize(width, height)

    def keep_window(self, window: QWidget) -> None:
        """Remember the window's size and place."""
        self._file.setValue("geometry", window.saveGeometry())

    def restore_splitter(self, name: str, splitter: QSplitter, sizes: list[int]) -> None:
        """Give a splitter its last sizes, or `sizes`."""
        kept = self._bytes(f"splitter/{name}")
        if kept is None or not splitter.restoreState(kept):
            splitter.setSizes(sizes)

    def keep_splitter(self, name: str, splitter: QSplitter) -> None:
        """Remember a splitter's sizes."""
        self._file.setValue(f"splitter/{name}", splitter.saveState())

    def zoom(self, project_id: str) -> float:
        """Give a project's zoom."""
        percent = self._number(f"zoom/{project_id}")
        return percent / 100 if 25 <= percent <= 500 else 1.0  # what the web engine allows

    def keep_zoom(self, project_id: str, zoom: float) -> None:
        """Remember a project's zoom."""
        self._file.setValue(f"zoom/{project_id}", round(zoom * 100))

    def chosen(self) -> str:
        """Give the project chosen last."""
        return str(self._file.value("chosen", ""))

    def keep_chosen(self, project_id: str) -> None:
        """Remember the chosen project."""
        self._file.setValue("chosen", project_id)

    def write(self) -> None:
        """Write the file now."""
        self._file.sync()

    def _bytes(self, key: str) -> QByteArray | None:
        value = self._file.value(key)
        return value if isinstance(value, QByteArray) else None

    def _number(self, key: str) -> int:
        value = str(self._file.value(key, "0"))
        return int(value) if value.isdecimal() else 0
