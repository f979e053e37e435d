"""The event stream: the workbench's events as server-sent events (HTML Living Standard, 9.2)."""

import asyncio
import contextlib

from aiohttp import web

from craft_desktop.control.journal import Entry, Journal
from craft_desktop.model.errors import ControlError

# A reader that is gone is noticed by this; below the idle limits of proxies in use (30 s).
KEEP_ALIVE_S = 15.0
# Windows, terminals and scripts of one person; each costs a connection and no memory.
MOST_READERS = 32
# What comes at once is written at once, in pieces that a slow reader's line takes.
_PIECE = 200


class TooManyReadersError(ControlError):
    """There are as many readers as there may be."""


class EventStream:
    """Tells events to readers."""

    def __init__(self, journal: Journal, keep_alive_s: float = KEEP_ALIVE_S) -> None:
        self._journal = journal
        self._keep_alive_s = keep_alive_s
        self._readers = 0

    async def answer(self, request: web.Request, project_id: str | None) -> web.StreamResponse:
        """Tell events until the reader goes or the program ends: from now on, or from where `Last-Event-ID` says.

        Where some were missed (the buffer is bounded, the program was started anew), an event `gap` comes first.

        :param project_id: of this project alone, with what concerns the whole program; None for all.
        :raises TooManyReadersError: too many listen already.
        """
        if self._readers >= MOST_READERS:
            raise TooManyReadersError(
                "Too many listen to the events", f"{self._readers} do.", "End one of them, and try again."
            )
        self._readers += 1
        try:
            return await self._tell(request, project_id)
        finally:
            self._readers -= 1

    async def _tell(self, request: web.Request, project_id: str | None) -> web.StreamResponse:
        last_id = request.headers.get("Last-Event-ID")
        position = self._journal.last if last_id is None else self._journal.position_of(last_id)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        await response.write(b": events follow\n\n")
        with contextlib.suppress(ConnectionError):  # the reader went
            while True:
                reading = self._journal.read(position)
                if reading.is_gap:
                    await response.write(b"event: gap\ndata: {}\n\n")
                wanted = [
                    entry for entry in reading.entries if entry.project_id in (project_id, None) or not project_id
                ]
                for start in range(0, len(wanted), _PIECE):
                    await response.write("".join(map(self._frame, wanted[start : start + _PIECE])).encode())
                position = reading.position
                if self._journal.is_closed:
                    break
                await self._wait(response, position)
        return response

    async def _wait(self, response: web.StreamResponse, position: int) -> None:
        while True:
            with contextlib.suppress(TimeoutError):  # nothing came; the reader is told that we are here
                async with asyncio.timeout(self._keep_alive_s):
                    return await self._journal.wait(position)
            await response.write(b": still here\n\n")

    def _frame(self, entry: Entry) -> str:
        return f"id: {self._journal.id_of(entry.number)}\nevent: {entry.kind}\ndata: {entry.data}\n\n"
