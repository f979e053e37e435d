"""Keeps Python's collector of cycles from holding the window up.

A full collection looks at every object. With all modules loaded that took 15 to 34 ms (measured), and 10 to 40 ms more
with the lines of a flood, twice in each second of it. So what is there when the program has begun is set aside and
never looked at again, and full collections are made when nothing is going on; the small ones go on by themselves.
"""

import gc
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

LOOK_MS = 15_000
"""Between two looks whether a full collection is due."""
DUE = 50
"""Middle collections since the last full one: some 350,000 objects were made and not ended by counting alone."""
MOST_LOOKS = 20
"""A flood of five minutes waits no longer: memory counts too."""
NEVER = 1_000_000_000
"""Middle collections before Python makes a full one by itself."""


class Pauses(QObject):
    """Collects when nothing is going on, from `begin` to `end`.

    :param is_busy: is something going on that a pause would be seen in?
    """

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        super().__init__()
        self._is_busy = is_busy
        self._waited = 0
        self._before = gc.get_threshold()
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)

    def begin(self) -> None:
        """Set aside what there is, whatever it is good for: after all imports 26 objects of 108,000 were garbage.

        Looking for them took 60 ms in which the window could be seen (measured).
        """
        gc.freeze()
        gc.enable()
        gc.set_threshold(self._before[0], self._before[1], NEVER)
        self._timer.start()

    def end(self) -> None:
        """Leave the collector as it was found."""
        self._timer.stop()
        gc.set_threshold(*self._before)
        gc.unfreeze()

    def look(self) -> None:
        """Collect if that is due and nothing is going on."""
        if gc.get_count()[2] < DUE:
            return
        if self._is_busy() and self._waited < MOST_LOOKS:
            self._waited += 1
            return
        self._waited = 0
        gc.collect()
