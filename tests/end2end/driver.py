"""Drives `craft-desktop preview --json` as a person's terminal or script would."""

import asyncio
import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil

REPOSITORY = Path(__file__).resolve().parents[2]
# Installing a Next.js project took 8 to 35 s on the machines this was measured on.
STEP_LIMIT_S = 150.0


class Preview:
    """A running `preview --json`: its events as they come."""

    def __init__(self, home: Path, folder: Path, *arguments: str) -> None:
        self._home = home
        self._command = [sys.executable, str(REPOSITORY / "main.py"), "preview", str(folder), "--json", *arguments]
        self._process: asyncio.subprocess.Process | None = None
        self.events: list[dict[str, Any]] = []
        self._seen = 0

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=1024 * 1024,
            env={**os.environ, "CRAFT_DESKTOP_HOME": str(self._home)},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.communicate()

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process

    async def until(self, event: str, **wanted: object) -> dict[str, Any]:
        """Wait for the next event of this kind whose fields are as wanted."""
        async with asyncio.timeout(STEP_LIMIT_S):
            while True:
                while self._seen < len(self.events):
                    found = self.events[self._seen]
                    self._seen += 1
                    if found["event"] == event and all(found.get(key) == value for key, value in wanted.items()):
                        return found
                await self._read()

    async def end(self) -> int:
        """Read what is left and give the exit code."""
        async with asyncio.timeout(STEP_LIMIT_S):
            while await self._read(at_end=True):
                pass
            return await self.process.wait()

    async def _read(self, *, at_end: bool = False) -> bool:
        assert self.process.stdout is not None and self.process.stderr is not None
        line = await self.process.stdout.readline()
        if not line:
            if at_end:
                return False
            complaint = (await self.process.stderr.read()).decode()
            raise AssertionError(f"the program ended; last events {self.events[-5:]}; it said: {complaint}")
        self.events.append(json.loads(line))  # every line is JSON, or this fails
        return True


def descendants(pid: int) -> list[psutil.Process]:
    """Give every process below `pid`."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


async def until_gone(processes: list[psutil.Process], limit_s: float) -> list[psutil.Process]:
    """Wait until all are gone, `limit_s` seconds at most; give those that are left."""
    _, left = await asyncio.to_thread(psutil.wait_procs, processes, limit_s)
    return [process for process in left if process.status() != psutil.STATUS_ZOMBIE]
