"""Gives the memory of hidden pages back when the computer is short of it: one page a look, the longest unseen first."""

import logging
import time
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer

from craft_desktop.model.memory import Hidden, Memory, first_to_go
from craft_desktop.ui.memory import read_memory
from craft_desktop.ui.preview_pane import PreviewPane

LOOK_MS = 5_000
"""Memory given back shows in the next figures; a look costs one small read."""

_log = logging.getLogger(__name__)


class PageKeeper(QObject):
    """Watches over the previews.

    :param previews: asks for all previews by their projects' ids.
    """

    def __init__(
        self,
        parent: QObject,
        previews: Callable[[], Mapping[str, PreviewPane]],
        read: Callable[[], Memory | None] = read_memory,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._previews, self._read, self._clock = previews, read, clock
        self._seen_at: dict[str, float] = {}
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Note what is in sight, and put one hidden page away if memory is short."""
        previews, now = self._previews(), self._clock()
        self._seen_at = {key: now if pane.is_seen else self._seen_at.get(key, now) for key, pane in previews.items()}
        memory = self._read()
        if memory is None or not memory.is_short:
            return
        hidden = {key: pane for key, pane in previews.items() if not pane.is_seen}
        pages = [
            Hidden(key, self._seen_at[key], size)
            for key, pane in hidden.items()
            if (size := pane.memory_bytes()) is not None
        ]
        while (key := first_to_go(memory, pages)) is not None:
            size = next(page.size_bytes for page in pages if page.key == key)
            if hidden[key].discard():
                _log.info("memory is short: put a hidden page away, %d MB", size // 1_000_000)
                return
            pages = [page for page in pages if page.key != key]  # in use: the next one

    def memory_bytes(self) -> int:
        """Tell what all pages have for themselves, in bytes."""
        return sum(pane.memory_bytes() or 0 for pane in self._previews().values())
