"""Gets the web engine ready while a project starts, so that its first page does not hold the window up.

At the first page all of it would come in one turn of the loop: 0.4 s (measured). While a sandbox is made and packages
are installed there is time for it, and it falls into parts, of which the longest needs no window and goes to a thread.
"""

import logging
import threading
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from craft_desktop.model.session import Phase, Session
from craft_desktop.ui import web_door

STEP_MS = 30
"""Between two parts: what a person did meanwhile comes first, and is drawn (a frame or two)."""

_log = logging.getLogger(__name__)


class EngineAhead(QObject):
    """Goes through the parts once.

    :param window: where pages will be shown.
    """

    done = Signal()
    """All is ready, or could not be made so and is left to the first page."""
    _loaded = Signal(bool)

    def __init__(
        self,
        window: QWidget,
        load: Callable[[], None] = web_door.load,
        begin: Callable[[], None] = web_door.begin,
        show_blank: Callable[[QWidget], QWidget] = web_door.show_blank,
    ) -> None:
        super().__init__(window)
        self._window, self._load, self._begin, self._show_blank = window, load, begin, show_blank
        self._thread: threading.Thread | None = None
        self._has_begun = self._is_near = self._is_over = False
        self._loaded.connect(self._heed_load)  # queued: the thread sends it, the window's own hears it

    def heed(self, session: Session) -> None:
        """Begin with the first project that starts; go on when its page is near.

        Not sooner: from then on each change in the window is drawn by the graphics driver, and where that is software
        it needs the processors that an install has.
        """
        if session.phase is Phase.WAITING and not self._is_near:
            self._is_near = True
            self._make_room()
        if session.is_active and self._thread is None:
            self._thread = threading.Thread(target=self._load_all, name="web engine", daemon=True)
            self._thread.start()

    def end(self) -> None:
        """Do no more; what the thread is at is waited for, since the process must not end below it."""
        self._is_over = True
        if self._thread is not None:
            self._thread.join()

    def _load_all(self) -> None:
        is_loaded = False
        try:
            self._load()
            is_loaded = True
        except Exception:
            _log.exception("the web engine could not be loaded ahead")
        finally:
            self._loaded.emit(is_loaded)

    def _heed_load(self, is_loaded: bool) -> None:
        if is_loaded:
            self._later(self._start)
        else:
            self.done.emit()

    def _start(self) -> None:
        self._begin()
        self._has_begun = True
        self._make_room()

    def _make_room(self) -> None:
        if self._has_begun and self._is_near:
            self._later(self._add_blank)

    def _add_blank(self) -> None:
        if not self._window.isVisible():  # it is made anew when it is shown, whatever is done here
            self.done.emit()
            return
        blank = self._show_blank(self._window)

        def drop() -> None:
            blank.hide()
            blank.deleteLater()
            self.done.emit()

        self._later(drop)

    def _later(self, part: Callable[[], None]) -> None:
        QTimer.singleShot(STEP_MS, self, lambda: None if self._is_over else part())
