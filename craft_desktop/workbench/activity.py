"""When a project was last used: a request for a page, an edit, a look at the preview, a command."""

import time
from collections.abc import Callable


class Activity:
    """The use of one project.

    :param clock: seconds that never go back and stand still while the computer sleeps, so that a lid closed for an
        hour is no hour of idleness.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._used_at = clock()

    def touch(self) -> None:
        """It is used now."""
        self._used_at = self._clock()

    @property
    def idle_s(self) -> float:
        """Seconds since the last use."""
        return max(0.0, self._clock() - self._used_at)
