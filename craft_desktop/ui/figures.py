"""What a project uses and how long it has left, in words: every number has its unit. No Qt.

As in `present.py`, `tr` is the translator.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from craft_desktop.model.events import Measured, SaveSeen
from craft_desktop.model.operations import Idleness
from craft_desktop.model.saved import Saved
from craft_desktop.model.session import Phase, Session
from craft_desktop.model.settings import WhenIdle
from craft_desktop.ui import present
from craft_desktop.ui.present import Tr

KEPT_S = 300.0
"""Figures of the last five minutes are drawn: long enough to see a build come and go."""
SOON_S = 60.0
"""Below this, the time left is worth a colour."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact of a run: what it is, and its value."""

    label: str
    value: str


def clock(seconds: float) -> str:
    """Write a time that runs: 14:20, 1:02:03."""
    whole = max(0, int(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def rest_line(idleness: Idleness | None, tr: Tr) -> str:
    """Say what becomes of a project that nobody uses, and in how many minutes and seconds."""
    if idleness is None or idleness.rest_in_s is None:
        return ""
    words = tr("Sleeps in {0}") if idleness.then is WhenIdle.SLEEP else tr("Stops in {0}")
    return words.format(clock(idleness.rest_in_s))


def percent(value: float, tr: Tr) -> str:
    """Say a share of all processors; below ten with a tenth where it is not whole."""
    shown = f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{value:.0f}"
    return tr("{0} %").format(shown)


def usage_line(measured: Measured | None, tr: Tr) -> str:
    """Say memory and processors for the status bar."""
    if measured is None:
        return ""
    return tr("{0} · {1} CPU").format(present.size(measured.memory_bytes, tr), percent(measured.cpu_percent, tr))


def save_line(seen: SaveSeen | None, tr: Tr) -> str:
    """Say how long the last save took to the screen, and how long one usually takes."""
    if seen is None:
        return ""
    last, common = (milliseconds(each.total_ms, tr) for each in (seen.saved, seen.usual))
    return tr("Saved → on screen {0} · usually {1}").format(last, common)


def milliseconds(value: float, tr: Tr) -> str:
    """Say a short time."""
    return tr("{0} ms").format(round(value))


def save_stages(seen: SaveSeen | None, tr: Tr) -> str:
    """Say what the last save's time went into, and the usual one's, a line each."""
    if seen is None:
        return ""
    return tr("Last save: {0}\nUsually: {1}").format(stages(seen.saved, tr), stages(seen.usual, tr))


def stages(saved: Saved, tr: Tr) -> str:
    """Say what a save's time went into."""
    told = (saved.watch_ms, saved.push_ms, saved.compile_ms, saved.paint_ms)
    return tr("watch {0} · push {1} · compile {2} · paint {3}").format(*(milliseconds(each, tr) for each in told))


def save_table(seen: SaveSeen, tr: Tr) -> tuple[tuple[str, str, str, str], ...]:
    """Tell a save's stages, the last one's and the usual one's, and what each is; the first row is the head."""
    last, common = seen.saved, seen.usual
    rows = (
        (tr("Watch"), last.watch_ms, common.watch_ms, tr("until the edit was noticed")),
        (tr("Push"), last.push_ms, common.push_ms, tr("until the sandbox had it")),
        (tr("Compile"), last.compile_ms, common.compile_ms, tr("until the dev server was done")),
        (tr("Paint"), last.paint_ms, common.paint_ms, tr("until the page showed it")),
        (tr("In all"), last.total_ms, common.total_ms, ""),
    )
    told = ((name, milliseconds(one, tr), milliseconds(other, tr), what) for name, one, other, what in rows)
    return (("", tr("Last"), tr("Usually"), ""), *told)


def memory(measured: Measured, tr: Tr) -> str:
    """Say how much memory is used, and of how much."""
    used = present.size(measured.memory_bytes, tr)
    if measured.memory_limit_bytes <= 0:
        return used
    return tr("{0} of {1}").format(used, present.size(measured.memory_limit_bytes, tr))


def with_page(used: str, page_bytes: int, tr: Tr) -> str:
    """Say what the sandbox uses and, if it is known, what the page has in this window."""
    return tr("{0} · page here {1}").format(used, present.size(page_bytes, tr)) if page_bytes else used


def usage_tip(page_bytes: int, sizes: Collection[int], tr: Tr) -> str:
    """Say what the figures of the status bar are of, and what the pages in this window use beside them."""
    told = [tr("Memory and processors of the sandbox. The Health tab has more.")]
    if page_bytes:
        told.append(tr("Its page in this window has {0}.").format(present.size(page_bytes, tr)))
    if len(sizes) > 1:
        told.append(tr("All {0} pages in this window have {1}.").format(len(sizes), present.size(sum(sizes), tr)))
    return "\n".join(told)


def trend(title: str, values: Sequence[str], tops: Sequence[float], tr: Tr) -> str:
    """Say for a screen reader what a drawn line shows: what it is now and its highest."""
    if not values:
        return tr("{0}: not measured yet").format(title)
    highest = values[max(range(len(tops)), key=lambda at: tops[at])]
    return tr("{0}, last 5 minutes: now {1}, highest {2}").format(title, values[-1], highest)


def facts(session: Session, idleness: Idleness | None, now: float, tr: Tr) -> tuple[Fact, ...]:
    """Tell what is known of a run; what is not is a dash. `now` in Unix seconds."""
    is_on = session.is_active
    dash = "–"
    left = dash
    if idleness is not None and idleness.rest_in_s is not None:
        left = clock(idleness.rest_in_s)
    elif session.phase is Phase.LIVE:
        left = tr("no limit")
    sleeps = idleness is not None and idleness.then is WhenIdle.SLEEP
    is_idle_known = idleness is not None and session.phase is Phase.LIVE
    return (
        Fact(tr("Uptime"), present.duration(now - session.started_at, tr) if is_on and session.started_at else dash),
        Fact(tr("Idle for"), present.duration(idleness.idle_s, tr) if idleness and is_idle_known else dash),
        Fact(tr("Sleeps in") if sleeps else tr("Stops in"), left),
        Fact(tr("Port"), str(session.port) if session.port is not None else dash),
        Fact(tr("Process"), tr("PID {0}").format(session.pid) if session.pid is not None else dash),
        Fact(tr("Sandbox"), session.sandbox_id or dash),
    )
