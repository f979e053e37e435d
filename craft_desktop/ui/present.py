"""What is said about a session: words, times, sizes, and which buttons make sense. No Qt.

Every function that answers words takes `tr`, the translator (`words.tr` in the window, `str` in tests).
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.events import Pushed, Stream, SyncChanged
from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Phase, Session, Step, StepRecord, StepState

Tr = Callable[[str], str]


class Tone(StrEnum):
    """What a colour means."""

    QUIET = "quiet"
    BUSY = "busy"
    GOOD = "good"
    BAD = "bad"


class Shape(StrEnum):
    """What a state looks like without colour."""

    RING = "ring"
    SPINNER = "spinner"
    DOT = "dot"
    MOON = "moon"
    TRIANGLE = "triangle"
    DIAMOND = "diamond"
    CHECK = "check"
    DASH = "dash"


@dataclass(frozen=True, slots=True)
class State:
    """A state in words, colour and shape."""

    words: str
    tone: Tone
    shape: Shape


class Button(StrEnum):
    """How a button stands."""

    HIDDEN = "hidden"
    READY = "ready"
    BUSY = "busy"
    """Shown, working, not to be pressed."""


@dataclass(frozen=True, slots=True)
class Buttons:
    """The three buttons of a session."""

    start: Button
    stop: Button
    restart: Button


_STATES: dict[Phase, State] = {
    Phase.STOPPED: State("Stopped", Tone.QUIET, Shape.RING),
    Phase.CREATING: State("Getting a sandbox", Tone.BUSY, Shape.SPINNER),
    Phase.UPLOADING: State("Copying files", Tone.BUSY, Shape.SPINNER),
    Phase.INSTALLING: State("Installing dependencies", Tone.BUSY, Shape.SPINNER),
    Phase.STARTING: State("Starting the dev server", Tone.BUSY, Shape.SPINNER),
    Phase.WAITING: State("Waiting for the first page", Tone.BUSY, Shape.SPINNER),
    Phase.LIVE: State("Live", Tone.GOOD, Shape.DOT),
    Phase.ASLEEP: State("Asleep", Tone.QUIET, Shape.MOON),
    Phase.WAKING: State("Waking up", Tone.BUSY, Shape.SPINNER),
    Phase.BROKEN: State("Waiting for a save", Tone.BAD, Shape.TRIANGLE),
    Phase.STOPPING: State("Stopping", Tone.BUSY, Shape.SPINNER),
    Phase.FAILED: State("Failed", Tone.BAD, Shape.TRIANGLE),
}

HAS_PROBLEM = frozenset({Phase.FAILED, Phase.BROKEN})
"""Phases in which a session's problem is what there is to say."""

# A step shorter than this is over before it is read. Slower than usual: by half, and by more than a hiccup.
LEAST_USUAL_S = 1.0
SLOW_FACTOR = 1.5
SLOW_MARGIN_S = 3.0

_STEP_STATES: dict[StepState, tuple[Tone, Shape]] = {
    StepState.WAITING: (Tone.QUIET, Shape.RING),
    StepState.RUNNING: (Tone.BUSY, Shape.SPINNER),
    StepState.DONE: (Tone.GOOD, Shape.CHECK),
    StepState.SKIPPED: (Tone.GOOD, Shape.DASH),
    StepState.FAILED: (Tone.BAD, Shape.TRIANGLE),
}

_STEP_WORDS: dict[StepState, str] = {
    StepState.WAITING: "waiting",
    StepState.RUNNING: "running",
    StepState.DONE: "done",
    StepState.SKIPPED: "skipped",
    StepState.FAILED: "failed",
}

_STEP_TITLES: dict[Step, str] = {
    Step.SANDBOX: "Sandbox",
    Step.UPLOAD: "Upload",
    Step.INSTALL: "Install",
    Step.SERVER: "Dev server",
    Step.PAGE: "First page",
}

_STREAMS: dict[Stream, str] = {
    Stream.INSTALL: "Install",
    Stream.SERVER: "Dev server",
    Stream.BROWSER: "Browser",
    Stream.ACTIVITY: "Activity",
}

_PROVIDERS: dict[Provider, str] = {Provider.LOCAL: "This computer", Provider.E2B: "E2B cloud"}

_ACTIONS: dict[Action, str] = {
    Action.NONE: "",
    Action.START: "Start again",
    Action.RESTART: "Restart",
    Action.OPEN_FOLDER: "Open folder",
    Action.OPEN_SETTINGS: "Open settings",
    Action.ALLOW_UNISOLATED: "Run it unisolated",
    Action.REMOVE_PROJECT: "Remove from list",
    Action.SEND_EMPTINESS: "Empty the sandbox too",
    Action.OPEN_PLACE: "Open the file",
    Action.RESTART_CLEAN: "Restart clean",
    Action.REINSTALL: "Reinstall dependencies",
    Action.OPEN_ENVIRONMENT: "Environment variables…",
}


def state(session: Session, tr: Tr) -> State:
    """Tell a session's state."""
    found = _STATES[session.phase]
    return State(tr(found.words), found.tone, found.shape)


def buttons(session: Session) -> Buttons:
    """Tell which buttons make sense: Stop at any step, Restart once a dev server runs."""
    if session.phase in (Phase.STOPPED, Phase.FAILED):
        return Buttons(Button.READY, Button.HIDDEN, Button.HIDDEN)
    if session.phase is Phase.STOPPING:
        return Buttons(Button.HIDDEN, Button.BUSY, Button.HIDDEN)
    if session.phase in (Phase.LIVE, Phase.ASLEEP, Phase.WAKING, Phase.BROKEN):
        return Buttons(Button.HIDDEN, Button.READY, Button.READY)
    return Buttons(Button.BUSY, Button.READY, Button.HIDDEN)


def makes_sense(command: str, session: Session) -> bool:
    """Tell whether a command for a project does anything now."""
    shown = buttons(session)
    match command:
        case "start":
            return shown.start is Button.READY
        case "stop":
            return shown.stop is Button.READY
        case "restart":
            return shown.restart is Button.READY
        case "copy-public-address":
            return session.public_url is not None
        case "restart-clean" | "reinstall":  # one that does not run is started so
            return session.phase is not Phase.STOPPING
        case _:
            return True


def is_ticked(command: str, project: Project) -> bool:
    """Tell whether a command that is a choice between on and off is on."""
    return {"keep-awake": project.keep_awake, "share": project.is_shared}.get(command, False)


def duration(seconds: float, tr: Tr) -> str:
    """Say a stretch of time as coarsely as it deserves: 14 s, 12 min, 3 h 5 min, 2 d."""
    whole = max(0, int(seconds))
    if whole < 60:
        return tr("{0} s").format(whole)
    if whole < 3600:
        return tr("{0} min").format(whole // 60)
    if whole < 86400:
        hours, minutes = whole // 3600, whole % 3600 // 60
        return tr("{0} h {1} min").format(hours, minutes) if minutes else tr("{0} h").format(hours)
    return tr("{0} d").format(whole // 86400)


def stopwatch(seconds: float, tr: Tr, *, is_ticking: bool = False) -> str:
    """Say how long a step took: tenths below ten seconds (unless ticking), 1 min 12 s above a minute."""
    seconds = max(0.0, seconds)
    if seconds < 0.05 and not is_ticking:
        return tr("under 0.1 s")
    if seconds < 9.95 and not is_ticking:  # 9.95 and above would be rounded to 10.0
        return tr("{0} s").format(f"{seconds:.1f}")
    whole = int(seconds) if is_ticking else round(seconds)
    if whole < 60:
        return tr("{0} s").format(whole)
    return tr("{0} min {1} s").format(whole // 60, whole % 60)


def size(size_bytes: int, tr: Tr) -> str:
    """Say a size in decimal units: 312 B, 4.1 kB, 86 MB."""
    if size_bytes < 1000:
        return tr("{0} B").format(size_bytes)
    amount = size_bytes / 1000
    for unit in ("kB", "MB"):
        if amount < 999.5:
            return f"{_short(amount)} {tr(unit)}"
        amount /= 1000
    return f"{_short(amount)} {tr('GB')}"


def _short(amount: float) -> str:
    return f"{amount:.1f}" if amount < 9.95 else f"{amount:.0f}"


def files(count: int, tr: Tr) -> str:
    """Say a number of files."""
    return tr("1 file") if count == 1 else tr("{0} files").format(f"{count:,}".replace(",", "\u202f"))


def note(text: str, tr: Tr) -> str:
    """Say a step's note; "12 files, 34567 bytes" becomes "12 files, 35 kB", and "saved 72 s …" "saved 1 min 12 s …"."""
    spared = re.fullmatch(r"saved (\d+) s · from snapshot", text)
    if spared is not None:
        return tr("saved {0} · from snapshot").format(stopwatch(int(spared[1]), tr, is_ticking=True))
    counted = re.fullmatch(r"(\d+) files?, (\d+) bytes", text)
    if counted is None:
        return tr(text) if text else ""
    if counted[1] == "0":
        return tr("nothing to copy")
    return f"{files(int(counted[1]), tr)}, {size(int(counted[2]), tr)}"


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as it is shown. `spoken` is for a screen reader; `share` of its usual time is over, None if unknown."""

    title: str
    tone: Tone
    shape: Shape
    time: str
    note: str
    spoken: str
    share: float | None = None


def step(record: StepRecord, now: float, tr: Tr, problem: Problem | None = None) -> StepView:
    """Tell one step; a running one ticks with `now`, one that failed says by its first line what the problem was."""
    tone, shape = _STEP_STATES[record.state]
    title = tr(_STEP_TITLES[record.step])
    time, share = "", None
    if record.state is StepState.RUNNING and record.started_at is not None:
        time = _running_time(now - record.started_at, record.usual_s, tr)
        share = _running_share(now - record.started_at, record.usual_s)
    elif record.seconds is not None and record.state is not StepState.SKIPPED:
        time = stopwatch(record.seconds, tr)
    words = note(record.note, tr)
    if record.state is StepState.FAILED and problem is not None:
        words = problem.first_line
    spoken = ", ".join(part for part in (title, tr(_STEP_WORDS[record.state]), time, words) if part)
    return StepView(title, tone, shape, time, words, spoken, share)


def _running_share(seconds: float, usual_s: float | None) -> float | None:
    """Tell how much of its usual time a step has taken; a bar that is full and stays is the truth of a slow one."""
    if usual_s is None or usual_s < LEAST_USUAL_S:
        return None
    return max(0.0, min(1.0, seconds / usual_s))


def _running_time(seconds: float, usual_s: float | None, tr: Tr) -> str:
    time = stopwatch(seconds, tr, is_ticking=True)
    if usual_s is None or usual_s < LEAST_USUAL_S:
        return time
    if seconds > max(SLOW_FACTOR * usual_s, usual_s + SLOW_MARGIN_S):
        return tr("{0}, slower than usual").format(time)
    return tr("{0} of about {1}").format(time, stopwatch(usual_s, tr, is_ticking=True))


def provider(value: Provider, tr: Tr) -> str:
    """Say where a project runs."""
    return tr(_PROVIDERS[value])


def where(project: Project, session: Session, default: Provider) -> Provider:
    """Tell where a project runs, or would run if it were started now."""
    return session.provider if session.is_active else project.provider or default


def time_in_state(session: Session, now: float, tr: Tr) -> str:
    """Say how long a session has been as it is; empty if it never ran."""
    return duration(now - session.since, tr) if session.since > 0 else ""


def state_line(session: Session, runs_on: Provider, now: float, tr: Tr) -> str:
    """Say state, place and time in one line."""
    shared = tr("public") if session.public_url else ""
    parts = (state(session, tr).words, provider(runs_on, tr), shared, time_in_state(session, now, tr))
    return " · ".join(part for part in parts if part)


def remedy_label(problem: Problem, tr: Tr) -> str:
    """Say what the remedy's button does; empty if there is no button."""
    return action_label(problem.action, tr)


def action_label(action: Action, tr: Tr) -> str:
    """Say what an action's button does; empty for none."""
    return tr(_ACTIONS[action]) if action is not Action.NONE else ""


def stream(value: Stream, tr: Tr) -> str:
    """Say a log's name."""
    return tr(_STREAMS[value])


def sync_line(session: Session, sync: SyncChanged | None, now: float, tr: Tr) -> str:
    """Say how the sandbox stands to the folder, and when that was last verified."""
    if session.phase is Phase.ASLEEP:
        return tr("Asleep; an edit wakes it")
    if session.phase is not Phase.LIVE:
        return ""
    if sync is None:
        return tr("In sync")
    if sync.is_halted:
        return tr("Sync halted: the folder is empty or gone")
    parts = [tr("In sync"), tr("rev {0}").format(sync.revision)]
    if sync.verified_at is not None:
        parts.append(tr("verified {0} ago").format(duration(now - sync.verified_at, tr)))
    if sync.is_polling:
        parts.append(tr("looked at every second"))
    return " · ".join(parts)


def rest_line(session: Session, tr: Tr) -> str:
    """Say that the page in sight is of a sandbox that rests; empty while it does not."""
    if session.phase is Phase.ASLEEP:
        return tr("Asleep to save memory. Use the page, or save a file, and it wakes.")
    return tr("Waking up…") if session.phase is Phase.WAKING else ""


def push_line(pushed: Pushed | None, tr: Tr) -> str:
    """Say how long the last save took into the sandbox, in milliseconds."""
    return tr("Last save → sandbox {0} ms").format(round(pushed.duration_ms)) if pushed else ""
