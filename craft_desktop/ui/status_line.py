"""The bottom of the window: how the chosen project's sandbox stands."""

from PySide6.QtWidgets import QStatusBar

from craft_desktop.model.events import Pushed, SyncChanged
from craft_desktop.model.session import Session
from craft_desktop.ui import present
from craft_desktop.ui.parts import label
from craft_desktop.ui.words import tr

SHOWN_MS = 4_000
"""Long enough to read a short sentence twice."""


class StatusLine(QStatusBar):
    """Three facts: in sync, the last push, port and process."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusLine")
        self.setSizeGripEnabled(False)
        self.sync, self.push, self.server = label(), label(), label()
        self.sync.setObjectName("statusSync")
        self.push.setObjectName("statusPush")
        self.server.setObjectName("statusServer")
        self.addWidget(self.sync)
        self.addWidget(self.push)
        self.addPermanentWidget(self.server)

    def show_session(
        self, session: Session | None, pushed: Pushed | None, sync: SyncChanged | None, now: float
    ) -> None:
        """Show a run; None: there is none to show. `now` in Unix seconds."""
        self.sync.setText(present.sync_line(session, sync, now, tr) if session else "")
        self.push.setText(present.push_line(pushed, tr) if session and session.is_active else "")
        self.server.setText(present.server_line(session, tr) if session else "")

    def say(self, words: str) -> None:
        """Say something in passing."""
        self.showMessage(words, SHOWN_MS)
