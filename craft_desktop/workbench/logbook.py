"""The logs of all projects: what is kept, where one start ends and the next begins, and what their lines mean."""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from craft_desktop.model.compiling import Compiling, heed
from craft_desktop.model.errors import struck
from craft_desktop.model.events import CompileChanged, Event, LogLine, Notice, SessionChanged, Stream
from craft_desktop.model.levels import Level
from craft_desktop.model.session import Phase

# Kept of each stream of a project: an install of a large project prints a few thousand lines.
KEPT_LINES = 20_000

_BEGINS = {
    Phase.INSTALLING: (Stream.INSTALL, "Installing again"),
    Phase.STARTING: (Stream.SERVER, "The dev server starts again"),
}
"""The stream that a phase begins anew, and what is said there if it had lines before."""
_NOT_COMPILING = frozenset(
    {Phase.STOPPED, Phase.CREATING, Phase.INSTALLING, Phase.STARTING, Phase.STOPPING, Phase.FAILED}
)
"""Phases without a dev server, whose last word would otherwise stand for ever."""


class Logbook:
    """Takes each event on its way to who listens.

    :param strike: takes secrets out of a text.
    """

    def __init__(self, strike: Callable[[str], str]) -> None:
        self._strike = strike
        self._kept: dict[str, dict[Stream, deque[LogLine]]] = {}
        self._divided: dict[tuple[str, Stream], str] = {}  # what is to be said before a stream's next line
        self._compiling: dict[str, Compiling] = {}
        self._told: dict[str, CompileChanged] = {}

    def lines(self, project_id: str) -> tuple[LogLine, ...]:
        """Give the lines kept of a project, in the order of their times."""
        return tuple(heapq.merge(*self._kept.get(project_id, {}).values(), key=lambda line: line.at))

    def compiling(self, project_id: str) -> CompileChanged:
        """Say whether a project compiles, as far as its dev server told."""
        return self._told.get(project_id, CompileChanged(project_id))

    def forget(self, project_id: str) -> None:
        """Keep nothing of a project."""
        self._kept.pop(project_id, None)
        self._compiling.pop(project_id, None)
        self._told.pop(project_id, None)
        for stream in Stream:
            self._divided.pop((project_id, stream), None)

    def take(self, event: Event) -> list[Event]:
        """Give what is to be told for an event: itself without secrets, and what follows from it."""
        # A project may print its variables; what the program shows and keeps of that holds none of their values.
        match event:
            case LogLine():
                text = self._strike(event.text)
                return self._take_line(event if text == event.text else replace(event, text=text))
            case Notice():
                return [replace(event, problem=struck(event.problem, self._strike))]
            case SessionChanged(session=session):
                if session.phase in _BEGINS:
                    stream, words = _BEGINS[session.phase]
                    self._divided[session.project_id, stream] = words
                if session.phase in _NOT_COMPILING:
                    self._compiling.pop(session.project_id, None)
                return [event, *self._tell_compiling(session.project_id)]
            case _:
                return [event]

    def _take_line(self, line: LogLine) -> list[Event]:
        kept = self._kept.setdefault(line.project_id, {}).setdefault(line.stream, deque(maxlen=KEPT_LINES))
        told: list[Event] = []
        words = self._divided.pop((line.project_id, line.stream), None)
        if words is not None and kept:
            divider = LogLine(line.project_id, line.stream, words, line.at, Level.INFO, is_divider=True)
            kept.append(divider)
            told.append(divider)
        kept.append(line)
        told.append(line)
        if line.stream is Stream.SERVER:
            before = self._compiling.get(line.project_id, Compiling())
            after = heed(before, line.text)
            if after is not before:
                self._compiling[line.project_id] = after
                told += self._tell_compiling(line.project_id)
        return told

    def _tell_compiling(self, project_id: str) -> list[Event]:
        state = self._compiling.get(project_id, Compiling())
        if state.awaits_words:
            return []  # its next line says more
        now = CompileChanged(project_id)
        if state.error is not None:
            now = CompileChanged(project_id, state.error.title, state.error.place)
        if now == self.compiling(project_id):
            return []
        self._told[project_id] = now
        return [now]
