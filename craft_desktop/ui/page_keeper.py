"""Knows what memory the pages have, and gives that of hidden ones back when the computer is short of it.

One page a look is put away, the longest unseen first.
"""

import logging
import time
from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer, Signal

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

    sized = Signal(str, int)
    """A project's id, and the bytes that its page has for itself; 0 where it has none, or nobody knows."""

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
        self._sizes: dict[str, int] = {}
        self._turn = 0
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Note what is in sight, and put one hidden page away if memory is short."""
        previews, now = self._previews(), self._clock()
        self._seen_at = {key: now if pane.is_seen else self._seen_at.get(key, now) for key, pane in previews.items()}
        self._weigh(previews)
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

    @property
    def sizes(self) -> Mapping[str, int]:
        """What each project's page had when it was last looked at, in bytes."""
        return self._sizes

    def _weigh(self, previews: Mapping[str, PreviewPane]) -> None:
        """Take the memory of the page in sight and of one more: to read a large one's takes some milliseconds."""
        self._turn += 1
        keys = tuple(previews)
        due = {key for key in keys if previews[key].is_seen} | {keys[self._turn % len(keys)] for _ in keys[:1]}
        self._sizes = {key: size for key, size in self._sizes.items() if key in previews}
        for key in due:
            size = previews[key].memory_bytes() or 0
            self._sizes.pop(key, None)
            if size:
                self._sizes[key] = size
            self.sized.emit(key, size)

    def memory_bytes(self) -> int:
        """Tell what all pages have for themselves, in bytes."""
        return sum(pane.memory_bytes() or 0 for pane in self._previews().values())
