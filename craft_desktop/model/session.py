"""One run of a project, from Start to Stop: its phases, the facts that move it, and ONE transition table.

Nobody sets a phase. The runner tells facts; `advance` looks the pair (phase, kind of fact) up in the table and
answers the next session. A pair that is not in the table is a mistake of ours and raises.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from craft_desktop.model.errors import Problem
from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Provider


class Phase(StrEnum):
    """Where a session is."""

    STOPPED = "stopped"
    """Nothing runs."""
    CREATING = "creating"
    """A sandbox is being found or made."""
    UPLOADING = "uploading"
    """The folder is being copied into it."""
    INSTALLING = "installing"
    """The package manager works."""
    STARTING = "starting"
    """The dev server's process is being started."""
    WAITING = "waiting"
    """The dev server runs; its first page is awaited."""
    LIVE = "live"
    """The page answers."""
    ASLEEP = "asleep"
    """The sandbox is paused, with its processes and their memory; use wakes it."""
    WAKING = "waking"
    """The sandbox is being resumed."""
    BROKEN = "broken"
    """What was saved last ended the dev server at its start; the next save starts it."""
    STOPPING = "stopping"
    """Everything is being ended."""
    FAILED = "failed"
    """It ended with a problem; nothing runs."""


ACTIVE = frozenset(
    {
        Phase.CREATING,
        Phase.UPLOADING,
        Phase.INSTALLING,
        Phase.STARTING,
        Phase.WAITING,
        Phase.LIVE,
        Phase.ASLEEP,
        Phase.WAKING,
        Phase.BROKEN,
    }
)
"""Phases in which something runs, is paused, or is about to run."""

STARTING_UP = frozenset({Phase.CREATING, Phase.UPLOADING, Phase.INSTALLING, Phase.STARTING, Phase.WAITING})
"""Phases on the way to the first page."""


@dataclass(frozen=True, slots=True)
class StartAsked:
    """A person, a command or a changed folder asked for a run; `usual` says what steps take as a rule, in seconds."""

    provider: Provider
    usual: tuple[tuple["Step", float], ...] = ()


@dataclass(frozen=True, slots=True)
class SandboxReady:
    """There is a sandbox; `origin` says how warm it is."""

    sandbox_id: str
    origin: Origin = Origin.TEMPLATE


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The sandbox holds the folder. `files` and `size_bytes` count what was sent."""

    files: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Installed:
    """The dependencies are there; `skipped` when nothing had to be done.

    `saved_s`: so many seconds their install took when the image was made from which they came.
    """

    skipped: bool = False
    saved_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ServerStarted:
    """The dev server's process runs; `pid` and `port` as the sandbox counts them."""

    pid: int
    port: int


@dataclass(frozen=True, slots=True)
class PageServed:
    """The project's address answers; `port` is the one that serves, where it is another than expected.

    `public_url` is where everybody reaches it, of a project that is shared.
    """

    url: str
    port: int | None = None
    public_url: str | None = None


@dataclass(frozen=True, slots=True)
class ReinstallAsked:
    """The dependencies changed."""


@dataclass(frozen=True, slots=True)
class RestartAsked:
    """The dev server is to be started anew."""


@dataclass(frozen=True, slots=True)
class SourceSaved:
    """Source was saved that the dev server reads at its start alone; it is started anew."""


@dataclass(frozen=True, slots=True)
class ServerBroke:
    """A dev server that was started for a save ended before its page came; it waits for the next save."""

    problem: Problem


@dataclass(frozen=True, slots=True)
class ServerCrashed:
    """The dev server ended by itself after it had served; it is started anew."""


@dataclass(frozen=True, slots=True)
class StartOverAsked:
    """The sandbox was lost or is of no use; another takes its place."""


@dataclass(frozen=True, slots=True)
class SleepAsked:
    """Nobody uses the page; the sandbox is paused."""


@dataclass(frozen=True, slots=True)
class WakeAsked:
    """A request, an edit or a look at the page wants the sandbox back."""


@dataclass(frozen=True, slots=True)
class StopAsked:
    """A person, a command or a fault asked for the end; or nobody had used it for `idle_s` seconds."""

    idle_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing runs any more."""


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot go on; what ran has been ended."""

    problem: Problem


Fact = (
    StartAsked
    | SandboxReady
    | Uploaded
    | Installed
    | ServerStarted
    | PageServed
    | ReinstallAsked
    | RestartAsked
    | SourceSaved
    | ServerBroke
    | ServerCrashed
    | StartOverAsked
    | SleepAsked
    | WakeAsked
    | StopAsked
    | Ended
    | Failed
)

TABLE: Mapping[tuple[Phase, type[Fact]], Phase] = {
    (Phase.STOPPED, StartAsked): Phase.CREATING,
    (Phase.FAILED, StartAsked): Phase.CREATING,
    (Phase.CREATING, SandboxReady): Phase.UPLOADING,
    (Phase.UPLOADING, Uploaded): Phase.INSTALLING,
    (Phase.INSTALLING, Installed): Phase.STARTING,
    (Phase.STARTING, ServerStarted): Phase.WAITING,
    (Phase.WAITING, PageServed): Phase.LIVE,
    (Phase.WAITING, ReinstallAsked): Phase.INSTALLING,
    (Phase.LIVE, ReinstallAsked): Phase.INSTALLING,
    (Phase.WAITING, RestartAsked): Phase.STARTING,
    (Phase.LIVE, RestartAsked): Phase.STARTING,
    (Phase.WAITING, SourceSaved): Phase.STARTING,
    (Phase.LIVE, SourceSaved): Phase.STARTING,
    (Phase.WAITING, ServerBroke): Phase.BROKEN,
    (Phase.BROKEN, SourceSaved): Phase.STARTING,
    (Phase.BROKEN, RestartAsked): Phase.STARTING,
    (Phase.BROKEN, ReinstallAsked): Phase.INSTALLING,
    (Phase.WAITING, ServerCrashed): Phase.STARTING,
    (Phase.LIVE, ServerCrashed): Phase.STARTING,
    (Phase.LIVE, SleepAsked): Phase.ASLEEP,
    (Phase.ASLEEP, WakeAsked): Phase.WAKING,
    (Phase.WAKING, PageServed): Phase.LIVE,
    **{(phase, StartOverAsked): Phase.CREATING for phase in ACTIVE - {Phase.CREATING}},
    **{(phase, StopAsked): Phase.STOPPING for phase in ACTIVE},
    **{(phase, Failed): Phase.FAILED for phase in ACTIVE},
    (Phase.STOPPING, Ended): Phase.STOPPED,
    (Phase.STOPPING, Failed): Phase.FAILED,
}


class Step(StrEnum):
    """The five steps a person sees between Start and the page."""

    SANDBOX = "Sandbox"
    UPLOAD = "Upload"
    INSTALL = "Install"
    SERVER = "Dev server"
    PAGE = "First page"


class StepState(StrEnum):
    """How far a step is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StepRecord:
    """One step of one run; `started_at` in Unix seconds, `seconds` once it ended, `usual_s` what it takes as a rule."""

    step: Step
    state: StepState = StepState.WAITING
    started_at: float | None = None
    seconds: float | None = None
    note: str = ""
    usual_s: float | None = None

    @property
    def fresh(self) -> "StepRecord":
        """The same step before it began."""
        return StepRecord(self.step, usual_s=self.usual_s)


STEP_OF_PHASE: Mapping[Phase, Step] = {
    Phase.CREATING: Step.SANDBOX,
    Phase.UPLOADING: Step.UPLOAD,
    Phase.INSTALLING: Step.INSTALL,
    Phase.STARTING: Step.SERVER,
    Phase.WAITING: Step.PAGE,
}

FRESH_STEPS: tuple[StepRecord, ...] = tuple(StepRecord(step) for step in Step)


@dataclass(frozen=True, slots=True)
class Session:
    """What is known of one project's run. Times are Unix seconds."""

    project_id: str
    phase: Phase = Phase.STOPPED
    since: float = 0.0
    started_at: float = 0.0
    provider: Provider = Provider.LOCAL
    sandbox_id: str | None = None
    origin: Origin = Origin.TEMPLATE
    pid: int | None = None
    port: int | None = None
    url: str | None = None
    public_url: str | None = None
    problem: Problem | None = None
    steps: tuple[StepRecord, ...] = FRESH_STEPS
    idle_s: float | None = None
    """Nobody had used it for so long, and so it was stopped."""
    is_for_save: bool = False
    """A save had the dev server started anew, last: that is no news, and a page in sight stays there."""

    @property
    def is_active(self) -> bool:
        """Does something run, or is it about to?"""
        return self.phase in ACTIVE


class TransitionError(Exception):
    """A fact came that the table does not know in this phase: a mistake of the program."""


def advance(session: Session, fact: Fact, now: float) -> Session:
    """Give the session after `fact`.

    :param now: Unix seconds.
    :raises TransitionError: the table has no such pair.
    """
    phase = TABLE.get((session.phase, type(fact)))
    if phase is None:
        raise TransitionError(f"{type(fact).__name__} cannot happen while {session.phase}")
    steps = _step_on(session, fact, phase, now)
    moved = replace(session, phase=phase, since=now, steps=steps)
    match fact:
        case StartAsked(provider=provider):
            return replace(
                Session(session.project_id),
                phase=phase,
                since=now,
                started_at=now,
                provider=provider,
                steps=steps,
            )
        case SandboxReady(sandbox_id=sandbox_id, origin=origin):
            return replace(moved, sandbox_id=sandbox_id, origin=origin)
        case ServerStarted(pid=pid, port=port):
            return replace(moved, pid=pid, port=port)
        case PageServed(url=url, port=port, public_url=public_url):
            return replace(moved, url=url, port=port or moved.port, public_url=public_url)
        case ReinstallAsked() | RestartAsked() | ServerCrashed() | SourceSaved():
            return replace(moved, pid=None, problem=None, is_for_save=isinstance(fact, SourceSaved))
        case ServerBroke(problem=problem):
            return replace(moved, pid=None, problem=problem)
        case StartOverAsked():
            return replace(
                moved, sandbox_id=None, pid=None, port=None, public_url=None, problem=None, is_for_save=False
            )
        case StopAsked(idle_s=idle_s):
            return replace(moved, idle_s=idle_s, public_url=None, problem=None)
        case Ended():
            return replace(moved, sandbox_id=None, pid=None, port=None)
        case Failed(problem=problem):
            return replace(moved, sandbox_id=None, pid=None, port=None, public_url=None, problem=problem)
        case _:
            return moved


def _usual_steps(fact: StartAsked) -> tuple[StepRecord, ...]:
    usual = dict(fact.usual)
    return tuple(StepRecord(step, usual_s=usual.get(step)) for step in Step)


_ORIGIN_NOTES = {Origin.ADOPTED: "reused", Origin.POOLED: "kept ready", Origin.IMAGE: "from an earlier start"}


def _step_on(session: Session, fact: Fact, phase: Phase, now: float) -> tuple[StepRecord, ...]:
    steps = _usual_steps(fact) if isinstance(fact, StartAsked) else session.steps
    if isinstance(fact, StartOverAsked):
        # The whole way again; the old records would tell of a sandbox that is gone.
        return tuple(_record(record.fresh, fact, None, STEP_OF_PHASE[phase], now) for record in steps)
    if isinstance(fact, ReinstallAsked | RestartAsked | ServerCrashed | SourceSaved):
        steps = _reset_from(steps, STEP_OF_PHASE[phase])
    ended = STEP_OF_PHASE.get(session.phase)
    begun = STEP_OF_PHASE.get(phase)
    return tuple(_record(record, fact, ended, begun, now) for record in steps)


def _record(record: StepRecord, fact: Fact, ended: Step | None, begun: Step | None, now: float) -> StepRecord:
    if record.step is begun:
        return replace(record.fresh, state=StepState.RUNNING, started_at=now)
    if record.step is not ended or record.started_at is None:
        return record
    seconds = max(0.0, now - record.started_at)  # the clock on the wall may have been set back
    match fact:
        case Failed() | ServerBroke():
            return replace(record, state=StepState.FAILED, seconds=seconds)
        case StopAsked() | ReinstallAsked() | RestartAsked() | ServerCrashed() | SourceSaved():
            return record.fresh
        case Installed(skipped=True, saved_s=saved_s):
            note = f"saved {round(saved_s)} s · from snapshot" if saved_s >= 1 else "nothing to install"
            return replace(record, state=StepState.SKIPPED, seconds=seconds, note=note)
        case SandboxReady(origin=origin) if origin in _ORIGIN_NOTES:
            return replace(record, state=StepState.DONE, seconds=seconds, note=_ORIGIN_NOTES[origin])
        case Uploaded(files=files, size_bytes=size):
            return replace(record, state=StepState.DONE, seconds=seconds, note=f"{files} files, {size} bytes")
        case _:
            return replace(record, state=StepState.DONE, seconds=seconds)


def _reset_from(steps: tuple[StepRecord, ...], first: Step) -> tuple[StepRecord, ...]:
    order = list(Step)
    return tuple(record.fresh if order.index(record.step) >= order.index(first) else record for record in steps)
