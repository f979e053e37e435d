"""Decides whether a dev server that ended by itself is worth another start."""

import time
from collections import deque
from collections.abc import Callable

# Issue 4: three in a minute are a loop; the fourth start would end like the others.
MOST_CRASHES = 3
WINDOW_S = 60.0


class Crashes:
    """The ends of one run's dev servers.

    :param clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at: deque[float] = deque(maxlen=MOST_CRASHES)

    def note(self) -> bool:
        """Note one more; answer whether it goes on in a loop."""
        now = self._clock()
        self._at.append(now)
        return len(self._at) == MOST_CRASHES and now - self._at[0] <= WINDOW_S
