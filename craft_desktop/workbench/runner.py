"""One project from start to stop: the only caller of `advance`.

A runner does one thing at a time: `start`, `stop`, `restart` and `rest` of one project never interleave. What runs is
one task, which goes through sandboxes until one serves to the end (`run.py` is the way through one of them). However
it ends, its sandbox is released on the way out.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model.errors import (
    CraftError,
    Problem,
    SandboxGoneError,
    SandboxUnreachableError,
    struck,
    unexpected,
)
from craft_desktop.model.events import Event, Measured, SessionChanged
from craft_desktop.model.operations import Health, Idleness, Opened, OpenStatus, Wipe
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.script import Framework
from craft_desktop.model.session import (
    STARTING_UP,
    Ended,
    Fact,
    Failed,
    Phase,
    ServerBroke,
    Session,
    StartAsked,
    StartOverAsked,
    StopAsked,
    advance,
)
from craft_desktop.model.settings import Settings, WhenIdle
from craft_desktop.preview.gateway import Gateway
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.store.database import unimportant
from craft_desktop.store.runs import LIVE, RunStore
from craft_desktop.sync.state import SyncState
from craft_desktop.tasks import Owner
from craft_desktop.workbench.activity import Activity
from craft_desktop.workbench.folder import Folder
from craft_desktop.workbench.orders import Orders
from craft_desktop.workbench.page_state import page_state
from craft_desktop.workbench.places import Places
from craft_desktop.workbench.run import Run
from craft_desktop.workbench.tenancy import Landlord, Tenancy
from craft_desktop.workbench.voice import Voice

# A sandbox lost again so soon would be lost for ever: then the person is told instead.
START_OVER_EVERY_S = 300.0
# From here a restart begins with the dev server; before, what is under way begins with what it finds.
_HAS_SERVER = frozenset({Phase.WAITING, Phase.LIVE, Phase.ASLEEP, Phase.WAKING, Phase.BROKEN})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Means:
    """What every runner works with.

    :param environment: asks for a project's environment variables, by its id.
    :param strike: takes secrets out of a text.
    :param read: reads a project's folder, where it may be sent.
    :param framework: takes what a start found a project to be, by its id.
    """

    settings: Callable[[], Settings]
    environment: Callable[[str], Awaitable[Mapping[str, str]]]
    places: Places
    landlord: Landlord
    gateway: Gateway
    runs: RunStore
    owner: Owner
    announce: Callable[[Event], None]
    strike: Callable[[str], str]
    read: Callable[[Path], Folder]
    framework: Callable[[str, Framework], None]


class Runner:
    """Runs one project.

    :param project: asks for the project as it is now (its settings may change between runs).
    """

    def __init__(self, project: Callable[[], Project], means: Means) -> None:
        self._project = project
        self._means = means
        self._orders = Orders()
        self._task: asyncio.Task[None] | None = None
        self._run: Run | None = None
        self._moved = asyncio.Event()
        self._leave_s = 0
        self.activity = Activity()
        self.session = Session(project().id)
        self._voice = Voice(self._hear, means.announce, lambda: self.session)

    async def start(self, provider: Provider | None = None, wipe: Wipe = Wipe.NOTHING) -> Opened:
        """Start, or join the start that is under way; return when the page is live or the run has ended.

        A project that runs already gets what changed in its folder, and is woken.

        :param provider: where, this once; None for where the project or the settings say.
        :param wipe: what of an earlier run the sandbox is not to keep.
        """
        self.activity.touch()
        while self._task is not None and not self.session.is_active:
            await asyncio.wait({self._task})  # an end under way comes to its end first
        status = OpenStatus.CREATED if self._task is None else OpenStatus.RUNNING
        updated = 0
        if self._task is None:
            self._orders = Orders()
            if wipe is not Wipe.NOTHING:
                self._orders.restart(wipe)
            project = self._project()
            usual = self._means.runs.estimates(project.id)
            chosen = provider or project.provider or self._means.settings().provider
            self._tell(StartAsked(chosen, tuple(usual.items())))
            task = self._means.owner.start(self._whole_run(), name=f"run {project.slug}", awaited=True)
            self._task = task
            task.add_done_callback(self._forget)
        else:
            self._orders.wake()
        await self._settle()
        if status is OpenStatus.RUNNING and self._run is not None and self.session.phase is Phase.LIVE:
            updated = await self._run.catch_up()
        return Opened(status, self.session, updated)

    async def stop(self) -> None:
        """Stop at once, whatever is under way; return when nothing runs any more."""
        task = self._task
        if task is None:
            return
        if self.session.is_active:
            self._tell(StopAsked())
            task.cancel()
        await asyncio.wait({task})

    async def leave(self, for_s: int) -> None:
        """Stop, but leave a live project's sandbox at E2B running for so many seconds: the next start takes it over.

        What runs on this computer ends with the program in any case.
        """
        self._leave_s = for_s if self.session.provider is Provider.E2B else 0
        try:
            await self.stop()
        finally:
            self._leave_s = 0

    async def restart(self, wipe: Wipe = Wipe.NOTHING) -> None:
        """Start the dev server anew; a project that does not run is started. Return when live or ended.

        :param wipe: what is deleted in the sandbox before.
        """
        is_on_its_way = self.session.is_active and wipe is not Wipe.NOTHING
        if is_on_its_way or self.session.phase in _HAS_SERVER:
            self.activity.touch()
            self._orders.restart(wipe)
            while self._orders.is_restart_asked and self.session.is_active:
                await self._moved.wait()
            await self._settle()
        else:
            await self.start(wipe=wipe)

    def renew(self, why: str) -> None:
        """The environment variables changed: a dev server that runs, or will soon, is started anew."""
        if self.session.is_active:
            self._voice.say(why)
            self._orders.restart()

    def touch(self) -> None:
        """Somebody uses the page: it does not go to rest, and wakes if it sleeps."""
        self.activity.touch()
        self._orders.wake()

    @property
    def rest_in_s(self) -> float | None:
        """Seconds until nobody has used it for too long; None while that is of no account."""
        limit_s = self._idle_limit_s
        rests = self.session.phase in (Phase.LIVE, Phase.BROKEN)
        return max(0.0, limit_s - self.activity.idle_s) if limit_s and rests else None

    @property
    def _idle_limit_s(self) -> float:
        """Seconds after which it goes to rest; 0 for never."""
        return 0 if self._project().keep_awake else 60 * self._means.settings().idle_limit_min

    def _is_used(self) -> bool:
        """Is its sandbox to be kept? On the way to its page it is, however long that takes: each step has its limit."""
        limit_s = self._idle_limit_s
        is_idle = limit_s != 0 and self.activity.idle_s >= limit_s
        return self.session.phase in STARTING_UP or (self.session.phase is not Phase.ASLEEP and not is_idle)

    def rest(self) -> None:
        """Stop or put to sleep, as the settings say, what nobody uses."""
        phase = self.session.phase
        if phase not in (Phase.LIVE, Phase.BROKEN) or self._task is None or self._run is None:
            return
        if phase is Phase.LIVE and self._means.settings().when_idle is WhenIdle.SLEEP and self._run.can_sleep:
            self._orders.sleep()
            return
        self._voice.say(f"Stopping: nobody has used it for {self.activity.idle_s / 60:.0f} min")
        self._tell(StopAsked(self.activity.idle_s))
        self._task.cancel()

    def send_emptiness(self) -> None:
        """Empty the sandbox as the folder was emptied; without a halted sync there is nothing to do."""
        if self._run is not None:
            self._run.send_emptiness()

    def look_after(self) -> None:
        """Find out at once whether the sandbox is still there: this computer slept."""
        if self._run is not None:
            self._run.heartbeat.beat_now()

    @property
    def sandbox(self) -> Sandbox | None:
        """The sandbox it runs in; None while there is none."""
        return self._run.sandbox if self._run is not None else None

    @property
    def sync(self) -> SyncState | None:
        """How far its sandbox's copy is; None while there is none."""
        return self._run.sync if self._run is not None else None

    async def health(self) -> Health:
        """Ask whether the page answers, and say what is known."""
        is_healthy = self.session.phase is Phase.LIVE and await self._means.gateway.is_serving(self._project().slug)
        return Health(is_healthy, self.session, self.activity.idle_s, self.rest_in_s)

    @property
    def idleness(self) -> Idleness:
        """How long nobody has used it, and what becomes of it when."""
        can_sleep = self._run is not None and self._run.can_sleep
        then = self._means.settings().when_idle if can_sleep else WhenIdle.STOP
        return Idleness(self.activity.idle_s, self.rest_in_s, then)

    async def measure(self) -> Measured | None:
        """Ask what its sandbox used last; None while nothing runs in it.

        :raises SandboxError: it is gone or out of reach.
        """
        if self._run is None or self.session.phase in (Phase.ASLEEP, Phase.WAKING, Phase.STOPPING):
            return None
        used = await self._run.sandbox.usage()
        if used is None:
            return None
        return Measured(self.session.project_id, used.at, used.cpu_percent, used.memory_bytes, used.memory_limit_bytes)

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
            self._voice.say("Stopped")

    async def _settle(self) -> None:
        while self.session.is_active and self.session.phase not in (Phase.LIVE, Phase.BROKEN):
            await self._moved.wait()

    def _hear(self, fact: Fact) -> None:
        """Take a fact of the run; one that is being ended may tell another before it hears of that, too late."""
        if self.session.is_active:
            self._tell(fact)

    def _tell(self, fact: Fact) -> None:
        if isinstance(fact, ServerBroke):
            fact = ServerBroke(struck(fact.problem, self._means.strike))
        before = self.session
        self.session = advance(before, fact, time.time())
        self._note_run(before)
        project = self._project()
        if self.session.phase is not Phase.LIVE:
            self._means.gateway.show(project.slug, page_state(project, self.session))
        self._means.announce(SessionChanged(self.session))
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _note_run(self, before: Session) -> None:
        """Keep the times of a run whose first page came, or that ended before it."""
        now = self.session
        is_first_page = before.phase is Phase.WAITING and now.phase is Phase.LIVE and before.url is None
        is_failed_start = before.phase in STARTING_UP and now.phase is Phase.FAILED and before.url is None
        if is_first_page or is_failed_start:
            self._means.owner.start(self._keep_times(now), name=f"times of {self._project().slug}")

    async def _keep_times(self, run: Session) -> None:
        outcome = LIVE if run.problem is None else run.problem.title
        with unimportant():  # what steps take as a rule is worth no failure
            await self._means.runs.add(run.project_id, run.provider, run.origin, run.started_at, run.steps, outcome)

    async def _whole_run(self) -> None:
        self._voice.say(f"Starting on {self.session.provider.value}")
        try:
            await self._through_sandboxes()
        except CraftError as error:
            _log.info("%s: %s", self._project().slug, error)
            self._fail(error.problem)

    def _fail(self, problem: Problem) -> None:
        self._voice.say(f"Failed: {problem.title}")
        self._tell(Failed(struck(problem, self._means.strike)))

    async def _through_sandboxes(self) -> None:
        """Run in one sandbox, and in another where that promises more.

        :raises CraftError: it cannot go on.
        """
        # Who wants everything installed anew does not want what an earlier start installed.
        is_image_welcome = self._orders.wipe is not Wipe.INSTALLED
        lost_at: float | None = None
        while True:
            try:
                await self._in_one_sandbox(is_image_welcome)
            except _StartOverError as over:
                if over.was_live:
                    now = time.monotonic()
                    if lost_at is not None and now - lost_at < START_OVER_EVERY_S:
                        raise over.reason from None
                    lost_at = now
                    self._voice.notice(over.reason.problem)
                else:
                    is_image_welcome = False
                    self._voice.say(f"The kept image did not start ({over.reason.problem.title}); starting without it")
                self._tell(StartOverAsked())

    async def _in_one_sandbox(self, is_image_welcome: bool) -> None:
        project = self._project()
        folder = await asyncio.to_thread(self._means.read, project.path)
        self._means.framework(project.id, folder.recipe.framework)
        connection = await self._means.places.connection(self.session.provider)
        consent = await self._means.places.consent(project, self.session.provider)
        node = await self._means.places.node(folder.recipe, self.session.provider)
        if node.note:
            self._voice.say(node.note)
        environment = await self._means.environment(project.id)
        key = folder.dependency_key if is_image_welcome else None
        tenancy = await self._means.landlord.rent(connection, project, {**consent, **node.metadata}, key, environment)
        run = Run(
            project,
            folder,
            tenancy,
            lambda: self._means.environment(project.id),
            self._means.settings,
            self._means.landlord,
            self._means.gateway,
            self._orders,
            self.activity,
            self._is_used,
            self._voice,
        )
        self._run = run
        was_stopped = False
        try:
            await run.go()
        except asyncio.CancelledError:
            was_stopped = run.was_live
            raise
        except CraftError as error:
            is_lost = isinstance(error, SandboxGoneError | SandboxUnreachableError)
            if (run.was_live and is_lost) or (not run.was_live and await self._means.landlord.distrust(tenancy)):
                raise _StartOverError(error, run.was_live) from error
            raise
        finally:
            self._run = None
            # To its end: a stop that comes meanwhile would leave a sandbox that nobody gives back any more.
            await self._means.owner.finish(self._give_back(tenancy, run, was_stopped), name="give back")

    async def _give_back(self, tenancy: Tenancy, run: Run, was_stopped: bool) -> None:
        if was_stopped and self._leave_s:
            await self._means.landlord.leave(tenancy, self._leave_s)
        elif was_stopped:
            await self._means.landlord.part(tenancy, run.end_server)
        else:
            await self._means.landlord.release(tenancy)
            if run.was_live:
                await self._means.landlord.expect(tenancy)


class _StartOverError(Exception):
    """Another sandbox may do better."""

    def __init__(self, reason: CraftError, was_live: bool) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.was_live = was_live
