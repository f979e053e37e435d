"""One run of a project in one sandbox: the steps to its page, then what is asked of it, until it ends.

The run goes on in one task group: the heartbeat, the sync, the dev server's end and the orders. The first that fails
ends it. It tells facts and never a phase; who owns it decides whether another sandbox takes its place.
"""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path

from craft_desktop.model.changes import Need, asks_a_look
from craft_desktop.model.errors import (
    Action,
    CraftError,
    ProjectError,
    SandboxError,
    SandboxGoneError,
    ServerError,
)
from craft_desktop.model.events import PageStale, Stream, SyncChanged
from craft_desktop.model.operations import Wipe
from craft_desktop.model.project import Project
from craft_desktop.model.session import (
    Installed,
    PageServed,
    Phase,
    ReinstallAsked,
    RestartAsked,
    SandboxReady,
    ServerBroke,
    ServerCrashed,
    ServerStarted,
    Session,
    SleepAsked,
    SourceSaved,
    Uploaded,
    WakeAsked,
)
from craft_desktop.model.settings import Settings
from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.routes import Upstream
from craft_desktop.sandbox.command import Breaks
from craft_desktop.sandbox.dev_server import DevServer
from craft_desktop.sandbox.launch import Launch
from craft_desktop.sandbox.persist import abandon, persist
from craft_desktop.sandbox.processes import STOP_GRACE_S
from craft_desktop.sandbox.wipe import wipe
from craft_desktop.sync.engine import SyncEngine
from craft_desktop.sync.mirror import PushResult
from craft_desktop.sync.state import SyncState, Verification
from craft_desktop.workbench.activity import Activity
from craft_desktop.workbench.again import Again, broken, words_for
from craft_desktop.workbench.crashes import MOST_CRASHES, WINDOW_S, Crashes
from craft_desktop.workbench.edits import Edits, named
from craft_desktop.workbench.folder import Folder, read_folder
from craft_desktop.workbench.gate import Gate, GatedRemote
from craft_desktop.workbench.guarded import guarded
from craft_desktop.workbench.heartbeat import Heartbeat
from craft_desktop.workbench.lasting import Cause, Lasting
from craft_desktop.workbench.orders import Orders
from craft_desktop.workbench.remote import SandboxRemote
from craft_desktop.workbench.saves import push_of
from craft_desktop.workbench.tenancy import SANDBOX_TIMEOUT_S, Landlord, Tenancy
from craft_desktop.workbench.voice import Voice


class Run:
    """One run in one sandbox.

    :param project: as it was at the start.
    :param environment: asks for the project's own environment variables, as they are then.
    :param is_used: whether the sandbox is to be kept.
    """

    def __init__(
        self,
        project: Project,
        folder: Folder,
        tenancy: Tenancy,
        environment: Callable[[], Awaitable[Mapping[str, str]]],
        settings: Callable[[], Settings],
        landlord: Landlord,
        gateway: Gateway,
        orders: Orders,
        activity: Activity,
        is_used: Callable[[], bool],
        voice: Voice,
    ) -> None:
        self._project = project
        self._folder = folder
        self._tenancy = tenancy
        self._environment = environment
        self._settings = settings
        self._landlord = landlord
        self._gateway = gateway
        self._orders = orders
        self._activity = activity
        self._voice = voice
        self.sandbox = tenancy.sandbox
        breaks = Breaks(on_broken=voice.notice, on_joined=self._joined_again)
        self._launch = Launch(tenancy.sandbox, lambda: secrets.token_hex(16), breaks)
        self._server: DevServer | None = None
        self._gate = Gate(orders.wake)
        self._remote = GatedRemote(SandboxRemote(tenancy.sandbox), self._gate)
        self._engine = SyncEngine(
            folder.root,
            self._remote,
            on_pushed=self._pushed,
            on_problem=voice.notice,
            on_verified=self._verified,
            on_state=self._sync_changed,
        )
        self._lasting = Lasting(voice)
        self._crashes = Crashes()
        self.heartbeat = Heartbeat(tenancy.sandbox, is_used, on_problem=voice.notice)
        self._edits = Edits()
        self._is_blind: bool | None = None  # the dev server sees no edit by itself; None: not known yet
        self._is_for_save = False  # it was started for a save
        self.was_live = False
        self.can_sleep = True

    async def go(self) -> None:
        """Go through the steps, then serve until cancelled.

        :raises CraftError: a step failed, or what ran ended.
        """
        async with guarded() as guard:
            guard.create_task(self.heartbeat.run(), name="heartbeat")
            self._voice.tell(SandboxReady(self.sandbox.id, self._tenancy.origin))
            if self._tenancy.note:
                self._voice.say(self._tenancy.note)
            port = await self._launch.prepare(reused=self._tenancy.reused)
            if misfit := self._launch.misfit(self._folder.recipe):
                self._voice.notice(misfit)
            if self._tenancy.holds_copy:
                self._engine.adopt(await self._remote.manifest())
            sent = await self._engine.push_all()
            self._voice.tell(Uploaded(sent.files, sent.size_bytes))
            guard.create_task(self._engine.run(), name="sync")
            await self._serve_for_ever(port)

    @property
    def sync(self) -> SyncState:
        """How far the sandbox's copy is."""
        return self._engine.state

    async def catch_up(self) -> int:
        """Send what differs now and answer how many files that were.

        :raises CraftError: it could not be sent.
        """
        result = await self._engine.push_all()
        if result.changed:
            self._pushed(result)
        return result.files + result.deleted

    def send_emptiness(self) -> None:
        """Answer a halted sync: the files are meant to be gone."""
        self._engine.send_emptiness()

    async def end_server(self) -> None:
        """End the dev server, if one was started, before its sandbox ends; one that will not ends with that."""
        if self._server is not None:
            server = self._server
            await abandon(lambda: server.end(STOP_GRACE_S))

    async def _serve_for_ever(self, port: int) -> None:
        installed = self._tenancy.holds
        while True:
            await self._install(None if await self._wipe() is Wipe.INSTALLED else installed)
            installed = self._folder.dependency_key
            # What was asked for or changed until now, this dev server begins with.
            self._orders.take_restart()
            self._edits.take()
            environment = await self._environment()
            server = self._server = await self._launch.serve(
                self._folder.recipe, port, self._voice.line(Stream.SERVER), environment, self._project.port
            )
            self._voice.tell(ServerStarted(server.pid, server.port))
            fact = await self._attend(server)
            self._tell_on(fact)
            await server.end()
            if isinstance(fact, ServerBroke):
                self._tell_on(await self._next_save())
                self._is_for_save = True  # whoever starts it: if it ends at once again, that is no other news

    def _tell_on(self, fact: Again | ServerCrashed | ServerBroke) -> None:
        """Tell why the dev server is started anew, or is not."""
        if words := words_for(fact, self._orders.wipe):
            self._voice.say(words)
        if isinstance(fact, ReinstallAsked | RestartAsked):
            self._is_blind = None  # another script may start another kind of server
        self._is_for_save = isinstance(fact, SourceSaved)
        self._voice.tell(fact)

    async def _wipe(self) -> Wipe:
        """Delete in the sandbox what was asked for, in the images made of it too, and give that."""
        asked = self._orders.take_wipe()
        if asked is not Wipe.NOTHING:
            if asked is Wipe.INSTALLED:
                await self._landlord.installing(self._tenancy)
            await self._landlord.discard_images(self._tenancy, asked)
            await wipe(self.sandbox, asked)
            self._engine.verify_soon()
        return asked

    async def _install(self, installed: str | None) -> None:
        is_new = self._folder.dependency_key != installed
        while self._folder.dependency_key != installed:
            began = time.monotonic()
            await self._landlord.installing(self._tenancy)
            await self._launch.install(
                self._folder.recipe,
                self._settings().install_limit_s,
                self._voice.line(Stream.INSTALL),
                await self._environment(),
            )
            installed = self._folder.dependency_key
            await self._landlord.installed(self._tenancy, installed, time.monotonic() - began)
            await self._reread()
        if self._voice.session().phase is Phase.INSTALLING:
            image = None if is_new else self._tenancy.image
            self._voice.tell(Installed(not is_new, image.install_s if image is not None else 0.0))

    async def _attend(self, server: DevServer) -> Again | ServerCrashed | ServerBroke:
        """Wait for the first page, and then for a reason to start the dev server anew.

        :raises ServerError: it ended before it ever served, or goes on ending, or its first page did not come.
        :raises SandboxError: the sandbox was lost.
        """
        async with guarded() as guard:
            first = guard.create_task(self._go_live(server), name="first page")
            ended = guard.create_task(server.ended(), name="dev server")
            while True:
                asked = guard.create_task(self._orders.wait(), name="orders")
                await asyncio.wait({asked, ended}, return_when=asyncio.FIRST_COMPLETED)
                if ended.done():
                    fact: Again | ServerCrashed | ServerBroke | None = self._judge(ended.result(), first.done())
                elif self._orders.take_sleep() and self._voice.session().phase is Phase.LIVE:
                    ended.cancel()
                    await asyncio.wait({ended})
                    await self._sleep(server)
                    ended = guard.create_task(server.ended(), name="dev server")
                    continue
                else:
                    fact = await self._reason(server)
                if fact is not None:
                    for task in (first, ended, asked):
                        task.cancel()
                    return fact

    async def _next_save(self) -> Again:
        """Wait for what starts a dev server again that broke."""
        while True:
            await self._orders.wait()
            self._orders.take_sleep()  # nothing runs that could sleep
            if (fact := await self._reason(None)) is not None:
                return fact

    async def _reason(self, server: DevServer | None) -> Again | None:
        """Look whether anything asks for another dev server; None is there while one broke."""
        before = self._folder
        changed = self._edits.take()
        if self._orders.take_look() or self._orders.is_restart_asked:
            await self._reread()
        is_asked = self._orders.take_restart() or self._orders.wipe is not Wipe.NOTHING
        need = before.need(self._folder, changed)
        if need is Need.REINSTALL or self._orders.wipe is Wipe.INSTALLED:
            return ReinstallAsked()
        if is_asked or need is Need.RESTART:
            return RestartAsked()
        if not (changed if server is None else need >= Need.RELOAD and await self._is_unseen(server, changed)):
            return None
        if need is Need.RELOAD and server is not None:
            self._voice.announce(PageStale(self._project.id))
            return None
        await self._edits.rest()
        changed |= self._edits.take()
        self._voice.say(f"{named(changed)} changed: started anew")
        return SourceSaved()

    async def _is_unseen(self, server: DevServer, changed: Collection[str]) -> bool:
        """Does the dev server not see by itself what was changed?"""
        if self._voice.session().phase is Phase.LIVE:
            self._is_blind = not await server.is_watching()
        elif self._is_blind is None:  # one that watches may not yet: asked again when its page is there
            self._edits.note(changed)
        return bool(self._is_blind)

    async def _go_live(self, server: DevServer) -> None:
        await server.first_page(self._settings().ready_limit_s)
        session = self._serve(server)
        if session.phase is not Phase.LIVE:
            return  # it was stopped in this very moment
        self.was_live = True
        self._activity.touch()
        if self._edits:
            self._orders.look()
        self._voice.say(f"Live at {session.url} after {time.time() - session.started_at:.1f} s")
        self._landlord.keep_image(
            self._tenancy, self._folder.dependency_key, idle_s=lambda: self._activity.idle_s, tell=self._voice.say
        )

    def _serve(self, server: DevServer) -> Session:
        address = server.address
        public = f"https://{address.host}" if self._tenancy.asked.is_public else None
        if self._voice.session().is_active:
            self._gateway.serve(self._project.slug, Upstream(address.url, address.host, dict(address.headers)))
            self._voice.tell(PageServed(self._gateway.url(self._project.slug), server.port, public))
        return self._voice.session()

    def _joined_again(self) -> None:
        self._voice.say("The sandbox answers again")
        self._engine.verify_soon()

    def _judge(self, error: ServerError, has_served: bool) -> ServerCrashed | ServerBroke:
        """Let a dev server that ended be started anew, unless it goes on ending; one that broke by a save, at the next.

        :raises ServerError: that is of no use.
        """
        if not self.was_live:
            raise error
        if self._is_for_save and not has_served:
            problem = broken(error.problem)
            self._voice.say(f"{problem.title}: {problem.detail}")
            return ServerBroke(problem)
        if self._crashes.note():
            raise ServerError(
                "The dev server keeps ending",
                f"It ended {MOST_CRASHES} times within {WINDOW_S:.0f} s. {error.problem.title}. {error.problem.detail}",
                error.problem.remedy,
                Action.START,
            )
        self._voice.notice(error.problem)
        return ServerCrashed()

    async def _sleep(self, server: DevServer) -> None:
        """Pause the sandbox until it is wanted. A provider that cannot pause is told, and not asked again."""
        self._voice.say("Asleep: nobody uses it")
        self._voice.tell(SleepAsked())
        try:
            await self._engine.verify()
        except CraftError as error:  # it is verified again when it wakes
            self._voice.notice(error.problem)
        await self._gate.shut()
        try:
            await server.leave()
            try:
                await self.sandbox.pause()
                await self._orders.wait_for_wake()
            except SandboxGoneError:
                raise
            except SandboxError as error:
                self.can_sleep = False
                self._voice.notice(error.problem)
            began = time.monotonic()
            self._voice.tell(WakeAsked())
            # A lid that is opened has its network a moment later.
            await persist(lambda: self.sandbox.resume(SANDBOX_TIMEOUT_S))
            await persist(server.rejoin)
        finally:
            self._gate.open()
        self._activity.touch()
        self._serve(server)
        self._engine.verify_soon()
        self._voice.say(f"Awake after {time.monotonic() - began:.2f} s")

    async def _reread(self) -> None:
        # A package.json that is broken for a moment, in the middle of an edit, ends nothing: it is told, and the next
        # save is looked at again.
        try:
            self._folder = await asyncio.to_thread(read_folder, Path(self._project.path))
            self._lasting.mend(Cause.MANIFEST)
        except ProjectError as error:
            self._lasting.tell(Cause.MANIFEST, error.problem)

    def _verified(self, verification: Verification) -> None:
        for words in verification.told:
            self._voice.say(words)

    def _sync_changed(self, state: SyncState) -> None:
        if state.halted is not None:
            self._lasting.note(Cause.HALT, state.halted.problem)
        elif self._lasting.mend(Cause.HALT):
            self._orders.look()  # the manifest is back as well
        self._voice.announce(
            SyncChanged(self._project.id, state.revision, state.verified_at, state.halted is not None, state.is_polling)
        )

    def _pushed(self, result: PushResult) -> None:
        self._activity.touch()
        self._orders.wake()  # one that came in while it was falling asleep is worth a look too
        self._voice.announce(push_of(self._project.id, result, time.time()))
        self._gateway.edited(self._project.slug)
        if asks_a_look(self._folder.recipe, result.changed) or self._voice.session().phase is Phase.BROKEN:
            self._edits.note(result.changed)
            self._orders.look()
