"""A workbench whose E2B is a real host behind the fault proxy, and what must hold there when nothing runs."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psutil
from e2b import AsyncSandbox
from e2b.connection_config import ApiParams

from craft_desktop.model.errors import Problem
from craft_desktop.model.events import Notice
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Phase, Session
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import StandaloneHost, fetch, files_of
from tests.faults.proxy import FaultProxy
from tests.workbench.watching import Watcher

LIMIT_S = 30.0

# The requests of a start, one after the other, and of what comes after it.
CREATE = r"POST /v2/sandboxes "
PREPARE = r"process\.Process/Start .*mkdir -p"
UPLOAD = r"POST /files"
INSTALL = r"process\.Process/Start .*npm install"
SERVE = r"process\.Process/Start .*exec .*run dev"
FIRST_PAGE = r"GET / "
# Whatever needs the key: what the control plane is asked.
CONTROL = r"^[A-Z]+ /(v2/)?(sandboxes|snapshots)"
LIST = r"process\.Process/List "
JOIN = r"process\.Process/Connect "
HEARTBEAT = r"POST /sandboxes/[^/]*/timeout "
PAUSE = r"POST /sandboxes/[^/]*/pause "
RESUME = r"POST /v2/sandboxes/[^/]*/connect "
STOP = r"DELETE /sandboxes/"
STEPS = {"create": CREATE, "prepare": PREPARE, "upload": UPLOAD, "install": INSTALL, "serve": SERVE}


class Stage:
    """One project, one workbench, the proxy and the host behind it."""

    def __init__(self, workbench: Workbench, proxy: FaultProxy, host: StandaloneHost, state: Path) -> None:
        self.workbench = workbench
        self.proxy = proxy
        self.host = host
        self.watcher = Watcher(workbench)
        self._state = state
        self._tasks = asyncio.all_tasks()

    def session(self, project: Project) -> Session:
        return self.workbench.session(project.id)

    async def start(self, folder: Path) -> Project:
        project = await self.workbench.add(folder)
        async with asyncio.timeout(LIMIT_S):
            await self.workbench.open(project.id, Provider.E2B)
        return project

    async def start_live(self, folder: Path) -> Project:
        project = await self.start(folder)
        await self.is_live(project)
        return project

    async def is_live(self, project: Project) -> None:
        """Check that the page answers with what the folder holds."""
        session = self.session(project)
        assert session.phase is Phase.LIVE, session.problem
        async with asyncio.timeout(LIMIT_S):
            while json.loads((await fetch(self.workbench.address(project.id)))[1]) != files_of(project.path):
                await asyncio.sleep(0.02)

    async def is_awake(self, project: Project) -> None:
        """Ask for the page of what sleeps, and check that it comes."""
        async with asyncio.timeout(LIMIT_S):
            status, page = await fetch(self.workbench.address(project.id))
        assert status == 200 and json.loads(page) == files_of(project.path)
        await self.is_live(project)

    async def phase(self, project: Project, phase: Phase) -> None:
        async with asyncio.timeout(LIMIT_S):
            while self.session(project).phase is not phase:
                await asyncio.sleep(0.005)

    async def failed(self, project: Project) -> Problem:
        """Wait for the failure; check that its message is whole, and that nothing is left of the run."""
        await self.phase(project, Phase.FAILED)
        session = self.session(project)
        assert session.sandbox_id is None and session.pid is None
        assert session.problem is not None
        check_words(session.problem)
        return session.problem

    def notices(self) -> list[Problem]:
        told = [event.problem for event in self.watcher.events if isinstance(event, Notice)]
        for problem in told:
            check_words(problem)
        return told

    async def nothing_left(self) -> None:
        """Wait until the host has no sandbox, the ledger no open row, and this process no task of a run."""
        async with asyncio.timeout(LIMIT_S):
            while left := [*await self.sandboxes(), *self.open_rows(), *self.processes(), *self.tasks()]:
                await asyncio.sleep(0.05)
                self.left = left

    async def sandboxes(self) -> list[str]:
        pages = AsyncSandbox.list(**options_of(self.host))
        return [info.sandbox_id for info in await pages.next_items()]

    def open_rows(self) -> list[str]:
        with closing(sqlite3.connect(self._state / "ledger.sqlite")) as ledger:
            found = ledger.execute("SELECT nonce FROM sandboxes WHERE ended_at IS NULL").fetchall()
        return [f"row {row[0]}" for row in found]

    async def do(self, project: Project, script: str) -> str:
        """Run a script in the project's sandbox, past the proxy."""
        sandbox_id = self.session(project).sandbox_id
        assert sandbox_id is not None
        sandbox = await AsyncSandbox.connect(sandbox_id, **options_of(self.host))
        return (await sandbox.commands.run(script)).stdout

    async def logged(self, project: Project, part: str) -> str:
        """Wait for a line of the log that holds `part`."""
        return await self._logged(project, lambda line: part in line)

    async def said(self, project: Project, whole: str) -> None:
        """Wait for a line of the log that is `whole`, as a command prints it: npm first prints the command itself."""
        await self._logged(project, lambda line: line == whole)

    async def _logged(self, project: Project, is_it: Callable[[str], bool]) -> str:
        async with asyncio.timeout(LIMIT_S):
            while True:
                for line in self.workbench.log(project.id):
                    if is_it(line.text):
                        return line.text
                await asyncio.sleep(0.02)

    def processes(self) -> list[str]:
        below = psutil.Process(self.host.process.pid).children(recursive=True)
        found = []
        for process in below:
            try:
                found.append(" ".join(process.cmdline()))
            except psutil.NoSuchProcess:
                continue
        return [line for line in found if "server.js" in line or "npm " in line]

    def tasks(self) -> list[str]:
        named = {task.get_name() for task in asyncio.all_tasks() - self._tasks}
        return [name for name in named if name.startswith("workbench: ")]


def options_of(host: StandaloneHost) -> ApiParams:
    return ApiParams(api_key=host.ready.api_key, api_url=host.ready.api_url, sandbox_url=host.ready.sandbox_url)


def check_words(problem: Problem) -> None:
    """Check what a machine can of a message for a person."""
    assert problem.title and problem.detail and problem.remedy
    assert not problem.title.endswith(".") and problem.remedy.endswith((".", "!"))
    assert "unexpected" not in problem.title.lower(), problem
    for word in ("Exception", "Error:", "Traceback", "request_timeout", "ConnectError", "b'", "httpx", "<"):
        assert word not in problem.title + problem.detail + problem.remedy, problem
