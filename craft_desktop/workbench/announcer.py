"""Tells events to whoever listens."""

import logging
from collections.abc import Callable

from craft_desktop.model.events import Event

_log = logging.getLogger(__name__)


class Announcer:
    """The one mouth of the workbench."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Tell `listener` every event from now on, on the loop's thread; answer the way to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def announce(self, event: Event) -> None:
        """Tell an event to all."""
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:  # a screen that fails to show a thing must not end the run that told it
                _log.exception("a listener failed at %s", type(event).__name__)
