"""What happened in the sandbox, for `GET /craft/logs`: the last entries, held in memory.

E2B gathers its envd's log elsewhere; here the host asks for it. What processes print is told with them, cut short:
whoever wants all of it follows the process.
"""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Any

# With entries of at most some 700 bytes this stays below 1 MB.
_MOST_ENTRIES = 1000
_MOST_TEXT = 512
_LEVELS = ((logging.ERROR, "error"), (logging.WARNING, "warn"), (logging.INFO, "info"))


class Journal(logging.Handler):
    """The last entries; also takes what this daemon itself logs.

    :param now: Unix seconds.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__(logging.INFO)
        self._now = now
        self._entries: deque[tuple[float, str, str, dict[str, str]]] = deque(maxlen=_MOST_ENTRIES)

    def note(self, message: str, level: str = "info", **fields: object) -> None:
        """Add an entry; long texts are cut."""
        kept = {name: _cut(str(value)) for name, value in fields.items()}
        self._entries.append((self._now(), level, _cut(message), kept))

    def emit(self, record: logging.LogRecord) -> None:
        """Add what was logged."""
        level = next((word for number, word in _LEVELS if record.levelno >= number), "debug")
        self.note(record.getMessage(), level, logger=record.name.rpartition(".")[2])

    def told(self) -> list[dict[str, Any]]:
        """All entries, oldest first; `time_ms` is their time again, in Unix milliseconds."""
        return [
            {
                "timestamp": _rfc3339(at),
                "time_ms": int(at * 1000),
                "level": level,
                "message": message,
                "fields": fields,
            }
            for at, level, message, fields in self._entries
        ]


def _cut(text: str) -> str:
    # What is no text (half a letter at a chunk's border, a name that is not UTF-8) must still be JSON.
    clean = text.encode(errors="surrogateescape").decode(errors="replace")
    return clean if len(clean) <= _MOST_TEXT else clean[: _MOST_TEXT - 1] + "…"


def _rfc3339(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03d}Z"
