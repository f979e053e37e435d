"""What tests of whole runs share: a watcher of events, and what must hold when nothing runs."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import psutil

from craft_desktop.model.errors import Problem
from craft_desktop.model.events import Event, SessionChanged
from craft_desktop.model.project import Project
from craft_desktop.model.session import Phase
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch, files_of

LIMIT_S = 60.0


class Watcher:
    """Keeps every event and lets a test wait for one."""

    def __init__(self, workbench: Workbench) -> None:
        self.events: list[Event] = []
        self._more = asyncio.Event()
        workbench.subscribe(self._take)

    def _take(self, event: Event) -> None:
        self.events.append(event)
        self._more.set()

    async def until(self, wanted: Callable[[Event], bool]) -> Event:
        """Wait for an event that has come since the watcher was made."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                for event in self.events:
                    if wanted(event):
                        return event
                self._more.clear()
                await self._more.wait()

    async def phase(self, phase: Phase) -> None:
        await self.until(lambda event: isinstance(event, SessionChanged) and event.session.phase is phase)

    def forget(self) -> None:
        self.events.clear()


async def started(workbench: Workbench, folder: Path) -> Project:
    project = await workbench.add(folder)
    await workbench.open(project.id)
    session = workbench.session(project.id)
    assert session.phase is Phase.LIVE, session.problem
    return project


async def failed(workbench: Workbench, folder: Path) -> Problem:
    project = await workbench.add(folder)
    await workbench.open(project.id)
    return await nothing_runs(workbench, project)


async def nothing_runs(workbench: Workbench, project: Project) -> Problem:
    """Check that the session failed with a whole message, that no sandbox is left, and that the next start works."""
    session = workbench.session(project.id)
    assert session.phase is Phase.FAILED
    assert session.sandbox_id is None
    assert session.problem is not None
    assert session.problem.title and session.problem.detail and session.problem.remedy
    assert not any("server.js" in " ".join(command) for command in commands_below())
    status, page = await fetch(workbench.address(project.id))
    assert status == 503
    assert session.problem.title in page.replace("&#x27;", "'")
    return session.problem


def commands_below() -> list[list[str]]:
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            found.append(process.cmdline())
        except psutil.NoSuchProcess:
            continue
    return found


def below(home: Path) -> list[psutil.Process]:
    """Give what the embedded host of a workbench in `home` runs: other tests may keep hosts of their own."""
    found: list[psutil.Process] = []
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if str(home) in " ".join(process.cmdline()):
                found += process.children(recursive=True)
    return found


async def until_equal(workbench: Workbench, project: Project) -> None:
    url = workbench.address(project.id)
    async with asyncio.timeout(LIMIT_S):
        while json.loads((await fetch(url))[1]) != files_of(project.path):
            await asyncio.sleep(0.02)
