"""Edits that a run has in its sandbox and has not yet looked at, for what they ask beside being sent."""

import asyncio
import contextlib
from collections.abc import Collection

# "Save all", a formatter after a save, a branch switch: their files arrive within some 50 ms of each other (the sync
# puts most of them into one push already). A fifth of what a person takes as at once.
REST_S = 0.1
# A program that writes without end is not waited for; half a second leaves the page its two.
LONGEST_S = 0.5


class Edits:
    """Relpaths that may ask for more than sending."""

    def __init__(self) -> None:
        self._changed: set[str] = set()
        self._more = asyncio.Event()

    def __bool__(self) -> bool:
        return bool(self._changed)

    def note(self, changed: Collection[str]) -> None:
        """Keep what was pushed, until it is taken."""
        self._changed.update(changed)
        self._more.set()

    def take(self) -> set[str]:
        """Give what was pushed since it was taken last."""
        taken, self._changed = self._changed, set()
        return taken

    async def rest(self) -> None:
        """Wait until nothing more has come for REST_S, LONGEST_S at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S):
                while True:
                    self._more.clear()
                    try:
                        async with asyncio.timeout(REST_S):
                            await self._more.wait()
                    except TimeoutError:
                        return


def named(changed: Collection[str]) -> str:
    """Say which files these are, for a line of the log."""
    first, *more = sorted(changed, key=lambda relpath: (relpath.count("/"), relpath))
    return f"{first} and {len(more)} more" if more else first
