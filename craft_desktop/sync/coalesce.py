"""When to look at what was told: a save at once, a burst when it rests; pure, the time is passed in.

One saved file is on its way at once. More of them within `REST_S` are a burst (a branch switch, a code generator):
it is looked at when nothing was told for `REST_S`, at the latest `LIMIT_S` after its first. A save goes alone: what
else an editor does around it (backup away, temporary file in) rests until the dance is over and cancels out.
Only a file the sandbox holds already is worth the haste; a new name may be half of a dance.
"""

from dataclasses import dataclass

# Longer than the steps of any editor's save lie apart (vim's lie within 2 ms, measured), too short to be felt.
REST_S = 0.030
# A folder that never rests (a build writing for minutes) is looked at this often.
LIMIT_S = 0.250


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be looked at now: `relpaths`, or everything. `since` is when the first of it was told."""

    relpaths: frozenset[str]
    everything: bool
    since: float


class Coalescer:
    """Holds what was told until it is due. Times are seconds of one clock that never goes back."""

    def __init__(self) -> None:
        self._urgent: set[str] = set()
        self._urgent_since = 0.0
        self._resting: set[str] = set()
        self._everything = False
        self._first_at = 0.0
        self._last_at = 0.0
        self._saved_at = float("-inf")

    def tell_saved(self, relpath: str, now: float) -> None:
        """Tell of a file, held by the sandbox, that was closed after writing or moved into its place."""
        is_burst = now - self._saved_at < REST_S
        self._saved_at = now
        if is_burst:
            self.tell_changed(relpath, now)
            return
        if not self._urgent:
            self._urgent_since = now
        self._urgent.add(relpath)
        self._resting.discard(relpath)

    def tell_changed(self, relpath: str, now: float) -> None:
        """Tell of anything else that happened to a path."""
        self._rest(now)
        self._resting.add(relpath)

    def tell_everything(self, now: float) -> None:
        """Tell that anything may have happened anywhere."""
        self._rest(now)
        self._everything = True

    def count(self) -> int:
        """Give the number of paths that wait; everything counts as one."""
        return len(self._urgent) + len(self._resting) + self._everything

    def due_at(self) -> float | None:
        """Give when the next look is due; None while nothing is told."""
        if self._urgent:
            return self._urgent_since
        if self._resting or self._everything:
            return min(self._last_at + REST_S, self._first_at + LIMIT_S)
        return None

    def take(self, now: float) -> Due | None:
        """Take what is due; None if nothing is yet."""
        at = self.due_at()
        if at is None or now < at:
            return None
        if self._urgent:
            due = Due(frozenset(self._urgent), False, self._urgent_since)
            self._urgent = set()
            return due
        due = Due(frozenset(self._resting), self._everything, self._first_at)
        self._resting = set()
        self._everything = False
        return due

    def _rest(self, now: float) -> None:
        if not (self._resting or self._everything):
            self._first_at = now
        self._last_at = now
