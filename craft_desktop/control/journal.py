"""The last events of the program, numbered, so that a reader who was cut off goes on where it was.

One buffer for all readers, bounded in number and size: a slow reader costs no memory, it only misses events, and is
told so. An event's id is `<run>-<number>`; the run's name is new with each start of the program.
"""

import asyncio
import itertools
import json
from collections import deque
from dataclasses import dataclass

# A talkative install prints a few thousand lines; together these last through it.
MOST_EVENTS = 10_000
MOST_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: `data` is its JSON in one line of ASCII."""

    number: int
    kind: str
    project_id: str | None
    data: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader gets: entries, whether some before them were missed, and where to go on."""

    entries: tuple[Entry, ...]
    is_gap: bool
    position: int


class Journal:
    """Keeps events and lets readers wait for more.

    :param run: a name that no other run of the program has.
    """

    def __init__(self, run: str, most_events: int = MOST_EVENTS, most_bytes: int = MOST_BYTES) -> None:
        self._run = run
        self._most_events = most_events
        self._most_bytes = most_bytes
        self._entries: deque[Entry] = deque()
        self._size_bytes = 0
        self._last = 0
        self._more = asyncio.Event()
        self.is_closed = False

    def close(self) -> None:
        """Wake every reader: nothing more will come."""
        self.is_closed = True
        self._more.set()

    def add(self, kind: str, project_id: str | None, fields: dict[str, object]) -> None:
        """Keep an event."""
        self._last += 1
        entry = Entry(self._last, kind, project_id, json.dumps(fields))
        self._entries.append(entry)
        self._size_bytes += len(entry.data)
        while len(self._entries) > self._most_events or self._size_bytes > self._most_bytes:
            self._size_bytes -= len(self._entries.popleft().data)
        more, self._more = self._more, asyncio.Event()
        more.set()

    @property
    def last(self) -> int:
        """The position behind the newest event."""
        return self._last

    def id_of(self, position: int) -> str:
        """Give the event id that stands for a position."""
        return f"{self._run}-{position}"

    def position_of(self, event_id: str) -> int | None:
        """Give the position that an event id stands for; None for one of another run, or none of ours."""
        run, _, number = event_id.rpartition("-")
        if run != self._run or not number.isascii() or not number.isdecimal() or len(number) > len(str(self._last)):
            return None
        position = int(number)
        return position if position <= self._last else None

    def read(self, position: int | None) -> Reading:
        """Give what came after a position; None for one that is not known: all that is kept, after a gap."""
        kept_after = self._last - len(self._entries)
        is_gap = position is None or position < kept_after
        start = kept_after if position is None else max(position, kept_after)
        entries = tuple(itertools.islice(self._entries, start - kept_after, None))
        return Reading(entries, is_gap, self._last)

    async def wait(self, position: int) -> None:
        """Wait until there is more than `position`, or nothing more will come."""
        while self._last <= position and not self.is_closed:
            await self._more.wait()
