"""A person at the window: looks, clicks, types and waits, from outside the program."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.conftest import REPOSITORY
from tests.end2end.driver import STEP_LIMIT_S


class Window:
    """The real program on the screen in DISPLAY."""

    def __init__(self, home: Path, *folders: Path) -> None:
        self._home = home
        self._folders = folders
        self._socket = home.parent / "probe"
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> Self:
        self._socket.unlink(missing_ok=True)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.end2end.probed",
            str(self._socket),
            *map(str, self._folders),
            cwd=REPOSITORY,
            stdin=asyncio.subprocess.DEVNULL,
            env={**os.environ, "CRAFT_DESKTOP_HOME": str(self._home), "QT_QPA_PLATFORM": "xcb"},
        )
        async with asyncio.timeout(STEP_LIMIT_S):
            while self._writer is None:
                if self.process.returncode is not None:
                    raise AssertionError(f"the program ended with {self.process.returncode}")
                try:
                    self._reader, self._writer = await asyncio.open_unix_connection(str(self._socket))
                except (FileNotFoundError, ConnectionRefusedError):
                    await asyncio.sleep(0.05)
            await self.until_seen("mainWindow")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            await self.picture(self._home.parent / "at-failure.png")
        if self._writer is not None:
            self._writer.close()
        if self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process

    async def ask(self, do: str, of: str) -> Any:
        assert self._reader is not None and self._writer is not None
        self._writer.write((json.dumps({"do": do, "of": of}) + "\n").encode())
        line = await self._reader.readline()
        return json.loads(line) if line else None

    async def look(self, name: str) -> dict[str, Any] | None:
        """Give where a widget is and what it says; None while it is not to be seen."""
        return await self.ask("describe", name)  # type: ignore[no-any-return]

    async def until_seen(self, name: str, wanted: Callable[[dict[str, Any]], bool] = lambda _: True) -> dict[str, Any]:
        """Wait until a widget is to be seen and is as wanted."""
        found = None
        try:
            async with asyncio.timeout(STEP_LIMIT_S):
                while (found := await self.look(name)) is None or not wanted(found):
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise AssertionError(f"{name} is not as wanted: {found}") from error
        return found

    async def click(self, name: str) -> None:
        """Click a widget with the mouse, once it can be clicked."""
        place = await self.until_seen(name, lambda found: bool(found["enabled"]))
        await self.xdotool("mousemove", "--sync", str(place["x"]), str(place["y"]), "click", "1")

    async def keys(self, *keys: str) -> None:
        """Press keys, as xdotool names them."""
        await self.xdotool("key", *keys)

    async def type(self, text: str) -> None:
        """Type into whatever has the keys."""
        await self.xdotool("type", "--delay", "2", text)

    async def xdotool(self, *arguments: str) -> str:
        process = await asyncio.create_subprocess_exec("xdotool", *arguments, stdout=asyncio.subprocess.PIPE)
        told, _ = await process.communicate()
        assert process.returncode == 0, arguments
        return told.decode()

    async def script(self, script: str) -> Any:
        """Run a script in the page that is to be seen."""
        return await self.ask("script", script)

    async def until_page(self, script: str, wanted: Callable[[Any], bool]) -> Any:
        """Wait until the page answers a script as wanted."""
        found = None
        try:
            async with asyncio.timeout(STEP_LIMIT_S):
                while not wanted(found := await self.script(script)):
                    await asyncio.sleep(0.02)
        except TimeoutError as error:
            raise AssertionError(f"the page answers {found!r} to {script}") from error
        return found

    async def picture(self, path: Path) -> None:
        assert await self.ask("picture", str(path))


def is_answered(port: int) -> bool:
    """Does something listen on a loopback port?"""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
