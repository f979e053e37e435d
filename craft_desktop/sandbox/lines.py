"""Cuts a program's output into lines, as it comes."""

import re
from collections import deque
from collections.abc import Callable

# A longer line is cut: a minified bundle printed by a tool would fill the log pane's memory.
LONGEST_LINE = 4000
# Enough of the end of an output to hold npm's error block.
KEPT_LINES = 200
# What an error shows of it.
SHOWN_LINES = 12

# Colours and cursor moves, and titles or links (OSC) with their end.
_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
# npm leads every line of its error block with these words, the empty ones and the path of its own log too.
_EMPTY = re.compile(r"^npm (error|ERR!)( [A-Z]*\d+)?$|A complete log of this run")
_USEFUL = re.compile(r"\berr(or)?\b|ERR!|failed|cannot|not found|denied|EADDRINUSE", re.IGNORECASE)


class LineCutter:
    """Takes chunks of text and tells whole lines, without their line ends.

    A carriage return alone overwrites the line (progress bars): only what stands after the last one is told.
    """

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._rest = ""

    def feed(self, chunk: str) -> None:
        """Take the next chunk."""
        *lines, self._rest = (self._rest + chunk).split("\n")
        for line in lines:
            self._emit(line)
        # What can no longer be shown is not kept: a line of many megabytes takes the room of one.
        shown = _shown(self._rest)[: LONGEST_LINE + 1]
        self._rest = f"{shown}\r" if self._rest.endswith("\r") else shown

    def finish(self) -> None:
        """Tell what is left without a line end."""
        if self._rest:
            self._emit(self._rest)
            self._rest = ""

    def _emit(self, line: str) -> None:
        shown = _shown(line)
        self._tell(shown if len(shown) <= LONGEST_LINE else shown[:LONGEST_LINE] + " …")


def _shown(line: str) -> str:
    return line.rstrip("\r").rsplit("\r", 1)[-1]


class Tail:
    """Passes lines on to `tell` and keeps the last ones for an error."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._kept: deque[str] = deque(maxlen=KEPT_LINES)

    def take(self, line: str) -> None:
        """Keep a line and pass it on."""
        self._kept.append(_ANSI.sub("", line).rstrip())
        self._tell(line)

    def useful(self) -> str:
        """Give the lines that name a mistake; without any, the last ones."""
        lines = [line for line in self._kept if _USEFUL.search(line) and not _EMPTY.search(line)]
        return "\n".join(lines[:SHOWN_LINES]) if lines else self.last()

    def last(self) -> str:
        """Give the last lines that say something."""
        return "\n".join([line for line in self._kept if line.strip()][-SHOWN_LINES:])
