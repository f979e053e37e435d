"""The control API, between the settings and whoever serves it. The token goes to the clipboard and nowhere else."""

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from craft_desktop.ui.upkeep import Run
from craft_desktop.workbench.door import Access, Door


class Reachable(Protocol):
    """The workbench, as far as this needs it."""

    @property
    def door(self) -> Door | None:
        """How other programs come in; None where nobody serves them."""


class ControlBridge(QObject):
    """Lives on the loop's thread."""

    changed = Signal(str, str, str)
    """The address and the masked token, both empty while nobody is let in; then why it is closed, where it failed."""
    copied = Signal()

    def __init__(self, bench: Reachable, run: Run) -> None:
        super().__init__()
        self._bench, self._run = bench, run
        self._unsubscribe: Callable[[], None] | None = None

    def ask(self) -> None:
        """Have the state told by `changed`, now and whenever it is another one."""
        door = self._bench.door
        if self._unsubscribe is None and door is not None:
            self._unsubscribe = door.subscribe(self._tell)
        self._tell()

    def copy_token(self) -> None:
        """Put the token into the clipboard."""
        access = self._access
        if access is not None:
            QGuiApplication.clipboard().setText(access.token)
            self.copied.emit()

    def renew(self) -> None:
        """Make another token; the one of now opens nothing any more."""
        door = self._bench.door
        if door is not None:
            self._run(door.renew(), "new control token", None)

    def close(self) -> None:
        """Hear nothing more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    @property
    def _access(self) -> Access | None:
        return self._bench.door.access if self._bench.door is not None else None

    def _tell(self) -> None:
        door, access = self._bench.door, self._access
        why = door.problem.in_one if door is not None and door.problem is not None else ""
        self.changed.emit(access.url if access else "", access.masked if access else "", why)
