"""A desk to sit at: a window manager, the program's window in its place, and files to be dragged onto it."""

import asyncio
import os
import sys
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.end2end.driver import STEP_LIMIT_S
from tests.end2end.window import Window

PLACE = (0, 110)
"""Of the program's window; above it is room for the files that are dragged."""
SIZE = (1200, 760)
FILES = (40, 4)
STEPS = 8
"""Motions of one drag: the target learns of it by the motions over it."""


async def begin_to_manage() -> asyncio.subprocess.Process | None:
    """Start a window manager, unless the screen has one; give its process once it manages."""
    if await _is_managed():
        return None
    manager = await asyncio.create_subprocess_exec("evilwm", "--fn", "fixed", "--term", "true", "--numvdesks", "1")
    async with asyncio.timeout(STEP_LIMIT_S):
        while not await _is_managed():
            assert manager.returncode is None
            await asyncio.sleep(0.05)
    return manager


async def _is_managed() -> bool:
    asked = await asyncio.create_subprocess_exec(
        "xdotool", "get_num_desktops", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    return await asked.wait() == 0


async def arrange(window: Window, place: tuple[int, int] = PLACE, size: tuple[int, int] = SIZE) -> None:
    """Move and size the program's window as a person does, through the window manager."""
    at = str((await window.until_seen("mainWindow"))["window"])
    await window.xdotool("windowmove", "--sync", at, *map(str, place))
    if await geometry(window) != (*place, *size):
        await window.xdotool("windowsize", "--sync", at, *map(str, size))
    await window.xdotool("windowactivate", "--sync", at)


async def geometry(window: Window) -> tuple[int, ...]:
    """Give left, top, width and height of the program's window, as the X server has them."""
    at = str((await window.until_seen("mainWindow"))["window"])
    told = dict(
        line.split("=") for line in (await window.xdotool("getwindowgeometry", "--shell", at)).split() if "=" in line
    )
    return tuple(int(told[name]) for name in ("X", "Y", "WIDTH", "HEIGHT"))


async def drag(window: Window, path: Path) -> str:
    """Drag a folder onto the middle of the program's window; give the action that the drop was taken with."""
    files = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.end2end.dragged", *map(str, FILES), str(path),
        cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE, env={**os.environ, "QT_QPA_PLATFORM": "xcb"},
    )  # fmt: skip
    assert files.stdout is not None
    try:
        async with asyncio.timeout(STEP_LIMIT_S):
            assert (await files.stdout.readline()).strip() == b"ready"
            begin = (FILES[0] + 50, FILES[1] + 50)
            end = (PLACE[0] + SIZE[0] // 2, PLACE[1] + SIZE[1] // 2)
            await window.xdotool("mousemove", "--sync", *map(str, begin), "mousedown", "1")
            for step in range(1, STEPS + 1):
                there = [str(round(a + (b - a) * step / STEPS)) for a, b in zip(begin, end, strict=True)]
                await window.xdotool("mousemove", "--sync", *there)
                if step == STEPS // 2:
                    await window.until_seen("dropVeil")
            await window.xdotool("mouseup", "1")
            action = (await files.stdout.readline()).decode().strip()
            # What holds the files stays until they were fetched from it: a drop only says that they may be.
            await window.until_seen("projectName", lambda found: found["text"] == path.name)
            return action
    finally:
        if files.returncode is None:
            files.kill()
            await files.wait()
