"""Notices a page that hangs: it is asked for a sign of life, and answers when its own scripts let it."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

LOOK_MS = 2_000
"""How often a page in sight is asked; an answer costs it microseconds."""
HUNG_S = 6.0
"""No answer for so long is no hiccup: the heaviest first page of a framework measured blocks for 2 s."""


class PageWatch(QObject):
    """Watches one page.

    :param ask: asks the page; calls back when it answers.
    :param is_worth_it: is the page in sight, and not halted by a debugger?
    """

    hung = Signal()
    answered = Signal()
    """A page that hung goes on."""

    def __init__(
        self,
        parent: QObject,
        ask: Callable[[Callable[[], None]], None],
        is_worth_it: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self._ask, self._is_worth_it, self._clock = ask, is_worth_it, clock
        self._asked_at: float | None = None
        self._round = 0
        self.is_hung = False
        self._timer = QTimer(self, interval=LOOK_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Ask, or see how long an answer has been due."""
        if not self._is_worth_it():
            self.forget()
        elif self._asked_at is None:
            self._asked_at = self._clock()
            self._round += 1
            self._ask(lambda asked=self._round: self._hear(asked))  # type: ignore[misc]
        elif not self.is_hung and self._clock() - self._asked_at >= HUNG_S:
            self.is_hung = True
            self.hung.emit()

    def forget(self) -> None:
        """Expect no answer any more: the page is another, or out of sight."""
        self._asked_at = None
        self._round += 1
        self._go_on()

    def wait(self) -> None:
        """Give it as long again."""
        self.is_hung = False
        self._asked_at = self._clock()

    def _hear(self, asked: int) -> None:
        if asked == self._round:
            self._asked_at = None
            self._go_on()

    def _go_on(self) -> None:
        if self.is_hung:
            self.is_hung = False
            self.answered.emit()
