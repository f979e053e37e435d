"""Opens and closes the control API while the program runs, and gives it another token when a person wants that."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from craft_desktop.control.endpoint import Endpoint
from craft_desktop.model.errors import GatewayError, Problem
from craft_desktop.workbench.door import Access

_log = logging.getLogger(__name__)


class ControlDoor:
    """One change at a time; the last one asked for counts.

    :param serve: serves the API, at another port and with another token each time, for as long as its context lasts.
    """

    def __init__(self, serve: Callable[[], AbstractAsyncContextManager[Endpoint]]) -> None:
        self._serve = serve
        self._turn = asyncio.Lock()
        self._stack: AsyncExitStack | None = None
        self._listeners: list[Callable[[], None]] = []
        self.access: Access | None = None
        self.problem: Problem | None = None

    def subscribe(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Have it told when `access` is another one; answers the way to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def switch(self, on: bool) -> None:
        """Open or close. Where it cannot be opened it stays closed; `problem` and a line in the log say why."""
        async with self._turn:
            if on and self._stack is None:
                await self._open()
            elif not on and self._stack is not None:
                await self._close()

    async def renew(self) -> None:
        """Let nobody in any more who knows the token of now; one that is closed stays closed."""
        async with self._turn:
            if self._stack is not None:
                await self._close()
                await self._open()

    async def _open(self) -> None:
        async with AsyncExitStack() as stack:
            try:
                endpoint = await stack.enter_async_context(self._serve())
            except (OSError, GatewayError) as error:
                _log.warning("no control API: %s", error)
                self._show(None, _problem(error))
                return
            self._stack = stack.pop_all()
        self._show(Access(f"http://127.0.0.1:{endpoint.port}", endpoint.token))

    async def _close(self) -> None:
        stack, self._stack = self._stack, None
        self._show(None)
        if stack is not None:
            await stack.aclose()

    def _show(self, access: Access | None, problem: Problem | None = None) -> None:
        self.access, self.problem = access, problem
        for listener in tuple(self._listeners):
            listener()


def _problem(error: OSError | GatewayError) -> Problem:
    if isinstance(error, GatewayError):
        return error.problem
    where = f"{error.filename}: " if error.filename else ""
    return Problem(
        "The control API could not be opened",
        f"{where}{error.strerror or error}",
        "Make room on the disk or the folder writable, then switch it off and on.",
    )
