"""One project from start to stop: the only caller of `advance`.

A run is one task. It goes through the steps, then waits for orders (restart, changed dependencies) and for what may
end it: the dev server's end, the sandbox's, the folder's. However it ends, its sandbox is released on the way out.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from craft_desktop.model.errors import CraftError, Problem, ProjectError, unexpected
from craft_desktop.model.events import Event, LogLine, Notice, Pushed, SessionChanged, Stream
from craft_desktop.model.origin import Origin
from craft_desktop.model.project import DEPENDENCY_FILES, Project, Provider
from craft_desktop.model.session import (
    Ended,
    Fact,
    Failed,
    Installed,
    PageServed,
    Phase,
    ReinstallAsked,
    RestartAsked,
    SandboxReady,
    ServerStarted,
    Session,
    StartAsked,
    StopAsked,
    Uploaded,
    advance,
)
from craft_desktop.model.settings import Settings
from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.routes import Upstream
from craft_desktop.sandbox.dev_server import DevServer
from craft_desktop.sandbox.launch import Launch
from craft_desktop.sync.engine import SyncEngine
from craft_desktop.sync.mirror import PushResult
from craft_desktop.tasks import Owner
from craft_desktop.workbench.folder import Folder, read_folder
from craft_desktop.workbench.page_state import page_state
from craft_desktop.workbench.places import Places
from craft_desktop.workbench.remote import SandboxRemote
from craft_desktop.workbench.tenancy import Landlord, Tenancy

_log = logging.getLogger(__name__)


class Runner:
    """Runs one project.

    :param project: asks for the project as it is now (its settings may change between runs).
    :param settings: asks for the settings in force.
    :param announce: told every event.
    """

    def __init__(
        self,
        project: Callable[[], Project],
        settings: Callable[[], Settings],
        places: Places,
        landlord: Landlord,
        gateway: Gateway,
        owner: Owner,
        announce: Callable[[Event], None],
    ) -> None:
        self._project = project
        self._settings = settings
        self._places = places
        self._landlord = landlord
        self._gateway = gateway
        self._owner = owner
        self._announce = announce
        self._task: asyncio.Task[None] | None = None
        self._moved = asyncio.Event()
        self._ordered = asyncio.Event()
        self._restart_wanted = False
        self._used_at = 0.0
        self.session = Session(project().id)

    async def start(self, provider: Provider | None = None) -> None:
        """Start, or join the start that is under way; return when the page is live or the run has ended.

        :param provider: where, this once; None for where the project or the settings say.
        """
        while self._task is not None and not self.session.is_active:
            await asyncio.wait({self._task})  # an end under way comes to its end first
        if self._task is None:
            project = self._project()
            self._ordered.clear()
            self._restart_wanted = False
            self._tell(StartAsked(provider or project.provider or self._settings().provider))
            task = self._owner.start(self._whole_run(), name=f"run {project.slug}", awaited=True)
            self._task = task
            task.add_done_callback(self._forget)
        await self._settle()

    async def stop(self) -> None:
        """Stop at once, whatever is under way; return when nothing runs any more."""
        task = self._task
        if task is None:
            return
        if self.session.is_active:
            self._tell(StopAsked())
            task.cancel()
        await asyncio.wait({task})

    async def restart(self) -> None:
        """Start the dev server anew; a project that does not run is started. Return when live or ended."""
        if self.session.phase in (Phase.WAITING, Phase.LIVE):
            self._restart_wanted = True
            self._ordered.set()
            await self._moved.wait()
            await self._settle()
        else:
            await self.start()

    def _forget(self, task: asyncio.Task[None]) -> None:
        # Told here, not in the task: one that is cancelled before its first step never runs.
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a run crashed", exc_info=error)
            self._fail(unexpected(error))
        elif task.cancelled():
            if self.session.is_active:
                self._tell(StopAsked())
            self._tell(Ended())
            self._line(Stream.ACTIVITY)("Stopped")

    async def _settle(self) -> None:
        while self.session.is_active and self.session.phase is not Phase.LIVE:
            await self._moved.wait()

    def _tell(self, fact: Fact) -> None:
        self.session = advance(self.session, fact, time.time())
        project = self._project()
        if self.session.phase is not Phase.LIVE:
            self._gateway.show(project.slug, page_state(project, self.session))
        self._announce(SessionChanged(self.session))
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _line(self, stream: Stream) -> Callable[[str], None]:
        return lambda text: self._announce(LogLine(self.session.project_id, stream, text, time.time()))

    async def _whole_run(self) -> None:
        self._line(Stream.ACTIVITY)(f"Starting on {self.session.provider.value}")
        try:
            await self._run()
        except CraftError as error:
            _log.info("%s: %s", self._project().slug, error)
            self._fail(error.problem)

    def _fail(self, problem: Problem) -> None:
        self._line(Stream.ACTIVITY)(f"Failed: {problem.title}")
        self._tell(Failed(problem))

    async def _run(self) -> None:
        project = self._project()
        folder = await asyncio.to_thread(read_folder, project.path)
        connection = await self._places.connection(self.session.provider)
        consent = await self._places.consent(project, self.session.provider)
        tenancy = await self._landlord.rent(connection, project, consent, folder.dependency_key)
        try:
            async with _guarded() as guard:
                await self._steps(project, folder, tenancy, guard)
        finally:
            await self._landlord.release(tenancy)

    async def _steps(self, project: Project, folder: Folder, tenancy: Tenancy, guard: asyncio.TaskGroup) -> None:
        guard.create_task(self._landlord.keep_alive(tenancy), name="heartbeat")
        launch = Launch(tenancy.sandbox, lambda: secrets.token_hex(16))
        self._tell(SandboxReady(tenancy.sandbox.id, tenancy.reused))
        port = await launch.prepare(reused=tenancy.origin is not Origin.TEMPLATE)
        engine = SyncEngine(
            project.path, SandboxRemote(tenancy.sandbox), on_pushed=self._pushed, on_problem=self._notice
        )
        sent = await engine.push_all()
        self._tell(Uploaded(sent.files, sent.size_bytes))
        guard.create_task(engine.run(), name="sync")
        await self._serve_for_ever(project.path, folder, launch, port, tenancy)

    async def _serve_for_ever(self, path: Path, folder: Folder, launch: Launch, port: int, tenancy: Tenancy) -> None:
        installed = tenancy.holds
        if tenancy.note:
            self._line(Stream.ACTIVITY)(tenancy.note)
        skipped = folder.dependency_key == installed
        while True:
            while folder.dependency_key != installed:
                self._landlord.installing(tenancy)
                began = time.monotonic()
                await launch.install(folder.recipe, self._settings().install_limit_s, self._line(Stream.INSTALL))
                installed = folder.dependency_key
                self._landlord.installed(tenancy, installed, time.monotonic() - began)
                folder = await self._reread(path, folder)
            if self.session.phase is Phase.INSTALLING:
                self._tell(Installed(skipped))
                skipped = False
            server = await launch.serve(folder.recipe, port, self._line(Stream.SERVER))
            self._tell(ServerStarted(server.pid, server.port))
            order, folder = await self._watch(server, path, folder, tenancy)
            self._line(Stream.ACTIVITY)(
                "Dependencies changed: installing again" if isinstance(order, ReinstallAsked) else "Restarting"
            )
            self._tell(order)
            await server.end()

    async def _watch(
        self, server: DevServer, path: Path, folder: Folder, tenancy: Tenancy
    ) -> tuple[ReinstallAsked | RestartAsked, Folder]:
        """Wait for the first page, then for an order; the dev server's own end is a failure.

        :raises ServerError: the dev server ended, or its first page did not come in time.
        :raises SandboxError: the sandbox was lost.
        """
        async with _guarded() as guard:
            watching = guard.create_task(_raise_at_end(server), name="dev server")
            first = guard.create_task(self._go_live(server, tenancy, folder.dependency_key), name="first page")
            order, folder = await self._next_order(path, folder)
            watching.cancel()
            first.cancel()
        return order, folder

    async def _go_live(self, server: DevServer, tenancy: Tenancy, key: str) -> None:
        await server.first_page(self._settings().ready_limit_s)
        slug = self._project().slug
        address = server.address
        self._gateway.serve(slug, Upstream(address.url, address.host, dict(address.headers)))
        url = self._gateway.url(slug)
        self._used_at = time.monotonic()
        self._tell(PageServed(url))
        self._line(Stream.ACTIVITY)(f"Live at {url} after {time.time() - self.session.started_at:.1f} s")
        self._landlord.keep_image(
            tenancy, key, idle_s=lambda: time.monotonic() - self._used_at, tell=self._line(Stream.ACTIVITY)
        )

    async def _next_order(self, path: Path, folder: Folder) -> tuple[ReinstallAsked | RestartAsked, Folder]:
        while True:
            await self._ordered.wait()
            self._ordered.clear()
            fresh = await self._reread(path, folder)
            if fresh.dependency_key != folder.dependency_key:
                self._restart_wanted = False
                return ReinstallAsked(), fresh
            if self._restart_wanted or fresh.recipe != folder.recipe:
                self._restart_wanted = False
                return RestartAsked(), fresh

    async def _reread(self, path: Path, folder: Folder) -> Folder:
        # A package.json that is broken for a moment, in the middle of an edit, ends nothing: it is told, and the next
        # save is looked at again.
        try:
            return await asyncio.to_thread(read_folder, path)
        except ProjectError as error:
            self._notice(error.problem)
            return folder

    def _pushed(self, result: PushResult) -> None:
        self._used_at = time.monotonic()
        project_id = self.session.project_id
        self._announce(
            Pushed(project_id, result.files, result.deleted, result.size_bytes, result.duration_ms, result.revision)
        )
        if DEPENDENCY_FILES & result.changed:
            self._ordered.set()

    def _notice(self, problem: Problem) -> None:
        self._line(Stream.ACTIVITY)(f"{problem.title}: {problem.detail}")
        self._announce(Notice(self.session.project_id, problem))


async def _raise_at_end(server: DevServer) -> None:
    raise await server.ended()


@contextlib.asynccontextmanager
async def _guarded() -> AsyncIterator[asyncio.TaskGroup]:
    """Give a task group whose first failure comes out as itself, not wrapped in a group."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as errors:
        first = errors.exceptions[0]
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None
