"""How long a save took to the screen, told apart by stage. Pure: times come in as Unix seconds.

A page changes for reasons of its own, too: a clock ticks, something moves. So a change counts only after the dev server
spoke on its hot-reload socket, and only if what changed had been at rest; without a word from the dev server only a
document that was loaded anew counts. Where neither holds, nothing is told rather than something wrong.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LIMIT_S = 10.0
"""What shows later than this was not waited for: the first compile of a large page takes some seconds."""
KEPT_S = 3.0
"""A file changed so long before it was noticed was copied with its times: where nothing can be watched, all is looked
at every second, and a burst rests a quarter of one."""
RESTLESS_S = 5.0
"""What changed twice by itself within so long before a save is restless: a clock that ticks each second, with room."""
AFTERMATH_S = 0.15
"""What changes so soon after a save showed is still of that save: frameworks draw in two or three frames."""
MOST_FRAMES = 256
LONGEST = 64 * MOST_FRAMES
"""Letters of what the page's script tells: five numbers a frame, of 14 digits at most."""
REMEMBERED = 20
"""Saves that make up what is usual: enough that one slow compile does not count, few enough to follow a change."""


@dataclass(frozen=True, slots=True)
class Saved:
    """One save that was seen; its stages make up the whole.

    `at` is when it showed. Watch: from the file's time to being noticed; push: to the sandbox's answer; compile: to the
    dev server's last word before it showed; paint: to the frame.
    """

    at: float
    watch_ms: float
    push_ms: float
    compile_ms: float
    paint_ms: float

    @property
    def total_ms(self) -> float:
        """Give the whole."""
        return self.watch_ms + self.push_ms + self.compile_ms + self.paint_ms


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame in which the page changed.

    `before` are the last times at which the most restful of what changed had changed before, newest first, 0 for never.
    `is_anew`: it is the first of a document that was loaded anew.
    """

    at: float
    before: tuple[float, float, float] = (0.0, 0.0, 0.0)
    is_anew: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """From a save to when it had shown, and its aftermath."""

    begun_at: float
    ended_at: float


def time_of_save(changed_at: float | None, noticed_at: float) -> float | None:
    """Give when a file was saved by the time it bears; None if that time is not of this save."""
    if changed_at is None or noticed_at - changed_at > KEPT_S or changed_at - noticed_at > KEPT_S:
        return None
    return min(changed_at, noticed_at)  # the kernel's clock for files is up to 10 ms behind, never ahead


def measure(
    saved_at: float | None,
    noticed_at: float,
    pushed_at: float,
    signals: Iterable[float],
    frames: Iterable[Frame],
    earlier: Sequence[Span] = (),
) -> Saved | None:
    """Tell how long a save took; None while nothing is known to have shown, or too late.

    :param saved_at: None where nobody knows; then it counts from when it was noticed.
    :param signals: when the dev server spoke on its hot-reload socket.
    :param earlier: saves that were seen before; what they changed is not restless.
    """
    began = noticed_at if saved_at is None else min(saved_at, noticed_at)
    heard = sorted(at for at in signals if at >= noticed_at)
    if heard:
        seen = [each.at for each in frames if each.at >= heard[0] and not _is_restless(each, began, earlier)]
    else:
        seen = [each.at for each in frames if each.is_anew and each.at >= noticed_at]
    shown_at = min(seen, default=math.inf)
    if shown_at - began > LIMIT_S:
        return None
    # The dev server may speak before the sandbox has answered: each stage ends no sooner than the one before.
    pushed_at = min(max(pushed_at, noticed_at), shown_at)
    compiled_at = max([pushed_at, *(at for at in heard if at <= shown_at)])
    ends = (began, noticed_at, pushed_at, compiled_at, shown_at)
    watch, push, compiling, paint = (1000 * (end - start) for start, end in pairwise(ends))
    return Saved(shown_at, watch, push, compiling, paint)


def span(saved: Saved) -> Span:
    """Give when what a save changed was not restless."""
    return Span(saved.at - saved.total_ms / 1000, saved.at + AFTERMATH_S)


def usual(last: Sequence[Saved]) -> Saved:
    """Give the middle one of some saves, by the whole; of two in the middle the quicker.

    :raises IndexError: there is none.
    """
    return sorted(last, key=lambda each: each.total_ms)[(len(last) - 1) // 2]


def read_frames(told: object) -> tuple[Frame, ...]:
    """Read what the page's script tells, JSON of [at, before, before, before, anew] in milliseconds; else nothing."""
    if not isinstance(told, str) or len(told) > LONGEST:
        return ()
    try:
        rows = json.loads(told)
    except (ValueError, RecursionError):
        return ()
    if not isinstance(rows, list) or len(rows) > MOST_FRAMES:
        return ()
    return tuple(_frame(row) for row in rows if _is_row(row))


def _frame(row: list[float]) -> Frame:
    at, first, second, third, anew = row
    return Frame(at / 1000, (first / 1000, second / 1000, third / 1000), anew == 1)


def _is_row(row: object) -> bool:
    # Nothing a clock shows is larger than 2**53; beyond, arithmetic is no longer that of milliseconds.
    return (
        isinstance(row, list)
        and len(row) == 5
        and all(type(each) in (int, float) and 0 <= each <= 2**53 for each in row)
    )


def _is_restless(frame: Frame, began: float, earlier: Sequence[Span]) -> bool:
    changed = [at for at in frame.before if began - RESTLESS_S <= at < frame.at]
    by_itself = [at for at in changed if not any(each.begun_at <= at <= each.ended_at for each in earlier)]
    return not frame.is_anew and len(by_itself) >= 2
