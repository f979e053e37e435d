"""The desktop's notifications: the only door to the desktop-notifier package.

Where nobody shows notifications (no session bus, no server), the one that fails is logged, and no more are tried for
`RETRY_S`: the window tells the same.
"""

import asyncio
import logging
import time
from collections.abc import Callable

from desktop_notifier import DesktopNotifier, Icon
from PySide6.QtCore import QObject, Signal

from craft_desktop.tasks import Owner
from craft_desktop.ui.tidings import Tidings

LIMIT_S = 5.0
"""A notification server that has not answered by then hangs; one that works takes some milliseconds."""
RETRY_S = 300.0
"""A server may be started later; asking at each failure would only fill the log."""

_log = logging.getLogger(__name__)


class Notifier(QObject):
    """Tells, and says when a person clicked what was told.

    :param make: makes the package's notifier, at the first notification.
    """

    clicked = Signal(str)
    """The project whose notification was clicked."""

    def __init__(
        self,
        make: Callable[[], DesktopNotifier] = lambda: DesktopNotifier("Craft Desktop", Icon(name="craft-desktop")),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._make, self._clock = make, clock
        self._notifier: DesktopNotifier | None = None
        self._silent_until = 0.0
        self._shown: dict[str, str] = {}
        self._owner = Owner("notifier", on_crash=self._crashed)

    def tell(self, news: Tidings) -> None:
        """Show a notification; it takes the place of the project's earlier one."""
        if self._clock() >= self._silent_until:
            self._owner.start(self._tell(news), name=f"tell {news.project_id}")

    @property
    def is_busy(self) -> bool:
        """Is a notification under way?"""
        return len(self._owner) > 0

    async def aclose(self) -> None:
        """Take what is shown off the screen, for a click on it would lead nowhere."""
        await self._owner.aclose()
        try:
            async with asyncio.timeout(LIMIT_S):
                for project_id in tuple(self._shown):
                    await self._take_back(project_id)
        except Exception as error:  # whatever the desktop's server does, the program ends
            _log.info("notifications stay on the screen: %s", error)

    async def _tell(self, news: Tidings) -> None:
        async with asyncio.timeout(LIMIT_S):
            if self._notifier is None:
                self._notifier = self._make()
            # Asked first because it raises where nobody listens; `send` itself only logs.
            await self._notifier.get_capabilities()
            await self._take_back(news.project_id)
            self._shown[news.project_id] = await self._notifier.send(
                news.title, news.text, on_clicked=lambda: self.clicked.emit(news.project_id)
            )

    async def _take_back(self, project_id: str) -> None:
        identifier, notifier = self._shown.pop(project_id, None), self._notifier
        # A person may have closed it; clearing it then would raise.
        if notifier is not None and identifier in await notifier.get_current_notifications():
            await notifier.clear(str(identifier))

    def _crashed(self, name: str, error: BaseException) -> None:
        self._silent_until = self._clock() + RETRY_S
        self._notifier = None  # its line to the server may be broken
        self._shown.clear()
        _log.info("notifications are not shown on this desktop (%s): %s", name, error)
