"""Holds a project's pushes back while its sandbox is paused, and says when one waits."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping

from craft_desktop.sync.archive import Archive
from craft_desktop.sync.diff import Batch
from craft_desktop.sync.mirror import Remote
from craft_desktop.sync.snapshot import Entry


class Gate:
    """Open from the start.

    :param on_wanted: told of each that finds it shut: an edit wants the sandbox back.
    """

    def __init__(self, on_wanted: Callable[[], None]) -> None:
        self._on_wanted = on_wanted
        self._opened = asyncio.Event()
        self._opened.set()
        self._inside = 0
        self._left = asyncio.Event()

    @contextlib.asynccontextmanager
    async def passed(self) -> AsyncIterator[None]:
        """Wait until it is open, and keep it from being shut meanwhile."""
        while not self._opened.is_set():
            self._on_wanted()
            await self._opened.wait()
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1
            self._left.set()

    async def shut(self) -> None:
        """Let nobody in any more, and wait until all inside have left."""
        self._opened.clear()
        while self._inside:
            self._left.clear()
            await self._left.wait()

    def open(self) -> None:
        """Let all in who wait."""
        self._opened.set()


class GatedRemote:
    """A sandbox that is reached through a gate."""

    def __init__(self, remote: Remote, gate: Gate) -> None:
        self._remote = remote
        self._gate = gate

    async def apply(self, batch: Batch) -> None:
        """Carry out a batch, once the gate is open.

        :raises CraftError: as the remote does.
        """
        async with self._gate.passed():
            await self._remote.apply(batch)

    async def apply_archive(self, archive: Archive) -> None:
        """Bring what an archive holds, once the gate is open.

        :raises CraftError: as the remote does.
        """
        async with self._gate.passed():
            await self._remote.apply_archive(archive)

    async def manifest(self) -> Mapping[str, Entry]:
        """Tell all that is there, once the gate is open.

        :raises CraftError: as the remote does.
        """
        async with self._gate.passed():
            return await self._remote.manifest()
