"""Adds to what a page says where its own file says so, before it is told; never for long, and never out of order."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from craft_desktop.model.events import LogLine
from craft_desktop.model.places import Place
from craft_desktop.model.project import Project
from craft_desktop.model.trail import Spot, spots, trailed
from craft_desktop.tasks import Owner

# So long a message waits for its place; two requests and two short processes take 0.1 s on this computer (measured).
# One that comes too late for it is known for the next.
HOLD_S = 2.0


class Tracer(Protocol):
    """Knows where compiled code was written."""

    def base(self, project: Project) -> str:
        """Give the address of a project's page."""

    async def trace(self, project: Project, asked: Sequence[Spot]) -> Mapping[Spot, Place]:
        """Give the places in the project's files, of those spots that have one."""


@dataclass(frozen=True, slots=True)
class _Message:
    lines: Sequence[LogLine]
    spots: Sequence[tuple[Spot, ...]]
    until: float


class Trails:
    """Hands messages on, each project's in the order in which they came.

    :param tell: told each line.
    :param find: gives a project by its id, if it is on the list.
    """

    def __init__(
        self, tell: Callable[[LogLine], None], find: Callable[[str], Project | None], tracer: Tracer, owner: Owner
    ) -> None:
        self._tell, self._find, self._tracer, self._owner = tell, find, tracer, owner
        self._waiting: dict[str, deque[_Message]] = {}

    def take(self, lines: Sequence[LogLine]) -> None:
        """Take the lines of one message."""
        project = self._find(lines[0].project_id)
        waiting = self._waiting.get(lines[0].project_id)
        named: list[tuple[Spot, ...]] = []
        if project is not None and not self._owner.is_closed:
            base = self._tracer.base(project)
            named = [spots(line.text, base) for line in lines]
        if waiting is None and (project is None or not any(named)):
            for line in lines:
                self._tell(line)
            return
        message = _Message(lines, named, asyncio.get_running_loop().time() + HOLD_S)
        if waiting is not None:
            waiting.append(message)
        elif project is not None:
            self._waiting[project.id] = deque([message])
            self._owner.start(self._hand_on(project), name="trails")

    def forget(self, project_id: str) -> None:
        """Tell nothing more of what a project's page said before."""
        waiting = self._waiting.get(project_id)
        if waiting is not None:
            waiting.clear()

    async def _hand_on(self, project: Project) -> None:
        waiting = self._waiting[project.id]
        try:
            while waiting:
                message = waiting[0]
                lines = await self._traced(project, message)
                if waiting and waiting[0] is message:
                    waiting.popleft()
                    for line in lines:
                        self._tell(line)
        finally:
            del self._waiting[project.id]

    async def _traced(self, project: Project, message: _Message) -> Sequence[LogLine]:
        asked = tuple(dict.fromkeys(spot for of_line in message.spots for spot in of_line))
        if not asked:
            return message.lines
        try:
            async with asyncio.timeout_at(message.until):
                known = await self._tracer.trace(project, asked)
        except TimeoutError:
            return message.lines
        found = [next((known[spot] for spot in of_line if spot in known), None) for of_line in message.spots]
        # A message leads to the first of its frames that is the project's own, as its first line shall.
        found[0] = found[0] or next((place for place in found if place is not None), None)
        return [
            line if place is None else replace(line, text=trailed(line.text, place))
            for line, place in zip(message.lines, found, strict=True)
        ]
