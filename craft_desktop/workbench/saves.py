"""Joins what is known of a save: the push, what the dev server said since, and what the page showed.

The window tells what the page showed; the rule is `model/saved.py`. A save that follows another, which the dev server
has heard of and which did not show yet, is not measured: what shows next may be of either.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from craft_desktop.model.events import Pushed, SaveSeen
from craft_desktop.model.saved import REMEMBERED, Frame, Saved, Span, measure, span, time_of_save, usual
from craft_desktop.sync.mirror import PushResult

MOST_SIGNALS = 256
"""Kept of a project. A save brings about ten; the gateway tells no more than 200 a second."""
MUDDLED_S = 2.0
"""A save that did not show within this, though the dev server heard of it, is taken to change nothing visible."""


def push_of(project_id: str, result: PushResult, at: float) -> Pushed:
    """Give the event of a push that the sandbox answered at `at` (Unix seconds)."""
    return Pushed(
        project_id,
        result.files,
        result.deleted,
        result.size_bytes,
        result.duration_ms,
        result.revision,
        time_of_save(result.saved_at, at - result.duration_ms / 1000),
        at,
    )


@dataclass(slots=True)
class _Watched:
    pushed: Pushed | None = None
    is_muddled: bool = False
    signals: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_SIGNALS))
    last: deque[Saved] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    spans: deque[Span] = field(default_factory=lambda: deque(maxlen=REMEMBERED))


class Saves:
    """Measures each project's saves.

    :param announce: told each save that was seen.
    """

    def __init__(self, announce: Callable[[SaveSeen], None]) -> None:
        self._announce = announce
        self._watched: dict[str, _Watched] = {}

    def pushed(self, pushed: Pushed) -> None:
        """Take a push: from now on what the page shows may be of it."""
        watched = self._of(pushed.project_id)
        before, began = watched.pushed, _noticed_at(pushed)
        is_close = before is not None and began - before.at < MUDDLED_S
        since = _noticed_at(before) if before is not None else began
        watched.is_muddled = is_close and any(since <= at <= began for at in watched.signals)
        watched.pushed = pushed

    def heard(self, project_id: str, at: float) -> None:
        """The dev server said something of a change."""
        self._of(project_id).signals.append(at)

    def painted(self, project_id: str, frames: Iterable[Frame]) -> None:
        """The page showed these frames lately; the last save is measured once."""
        watched = self._of(project_id)
        pushed = watched.pushed
        if pushed is None:
            return
        seen = measure(pushed.saved_at, _noticed_at(pushed), pushed.at, watched.signals, frames, watched.spans)
        if seen is None:
            return
        watched.pushed = None
        watched.spans.append(span(seen))
        if not watched.is_muddled:
            watched.last.append(seen)
            self._announce(SaveSeen(project_id, seen, usual(watched.last)))

    def forget(self, project_id: str) -> None:
        """Keep nothing of a project."""
        self._watched.pop(project_id, None)

    def _of(self, project_id: str) -> _Watched:
        return self._watched.setdefault(project_id, _Watched())


def _noticed_at(pushed: Pushed) -> float:
    return pushed.at - pushed.duration_ms / 1000
