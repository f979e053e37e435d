"""What the window remembers by itself: sizes, places, splitters, how pages are looked at. Losable, so no settings."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QByteArray, QEvent, QObject, QSettings, QTimer
from PySide6.QtWidgets import QSplitter, QWidget

from craft_desktop.model.device import FULL, Device, parse

FILE = "window.ini"
REST_MS = 500
"""A window that is dragged changes at each frame; half a second after the last one it rests."""
VERSION = 1
"""Raised when the parts of the window change so that old figures no longer fit."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a person looks at a project's page; `geometry` is of the window it was last popped out into."""

    zoom: float = 1.0
    device: Device = FULL
    geometry: bytes = b""


class _Follower(QObject):
    """Has something done when a window rests after it was moved or resized."""

    def __init__(self, window: QWidget, keep: Callable[[], None]) -> None:
        super().__init__(window)
        self._timer = QTimer(self, singleShot=True, interval=REST_MS)
        self._timer.timeout.connect(keep)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Wait anew at each step of a drag."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.WindowStateChange):
            self._timer.start()
        return super().eventFilter(watched, event)


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

    def follow_window(self, window: QWidget) -> None:
        """Remember the window's size and place from now on, as they change: no orderly end may come."""
        _Follower(window, lambda: self.keep_window(window))

    def restore_splitter(self, name: str, splitter: QSplitter, sizes: list[int]) -> None:
        """Give a splitter its last sizes, or `sizes`."""
        kept = self._bytes(f"splitter/{name}")
        if kept is None or not splitter.restoreState(kept):
            splitter.setSizes(sizes)

    def keep_splitter(self, name: str, splitter: QSplitter) -> None:
        """Remember a splitter's sizes."""
        self._file.setValue(f"splitter/{name}", splitter.saveState())

    def look(self, project_id: str) -> Look:
        """Tell how a project's page was looked at."""
        percent = self._number(f"zoom/{project_id}")
        zoom = percent / 100 if 25 <= percent <= 500 else 1.0  # what the web engine allows
        geometry = self._bytes(f"popped/{project_id}")
        device = parse(str(self._file.value(f"device/{project_id}", "")))
        return Look(zoom, device, b"" if geometry is None else bytes(geometry.data()))

    def keep_look(self, project_id: str, look: Look) -> None:
        """Remember how a project's page is looked at."""
        self._file.setValue(f"zoom/{project_id}", round(look.zoom * 100))
        self._file.setValue(f"device/{project_id}", str(look.device))
        if look.geometry:
            self._file.setValue(f"popped/{project_id}", QByteArray(look.geometry))

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
