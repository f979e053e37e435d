"""The bottom of the window: how the chosen project's sandbox stands."""

from collections.abc import Mapping

from PySide6.QtWidgets import QStatusBar

from craft_desktop.model.events import Measured, Pushed, SaveSeen, SyncChanged
from craft_desktop.model.operations import Idleness
from craft_desktop.model.session import Phase, Session
from craft_desktop.ui import figures, present
from craft_desktop.ui.parts import label, set_property
from craft_desktop.ui.save_item import SaveItem
from craft_desktop.ui.theme import GAP_S
from craft_desktop.ui.words import tr

SHOWN_MS = 4_000
"""Long enough to read a short sentence twice."""


class StatusLine(QStatusBar):
    """In sync, the last push; how long it has left, what it uses."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusLine")
        self.setSizeGripEnabled(False)
        self.setContentsMargins(GAP_S, 0, GAP_S, 0)  # in line with the names above, together with Qt's own
        self.sync, self.push, self.rest, self.usage = label(), label(), label(), label()
        self.save = SaveItem()
        self.sync.setObjectName("statusSync")
        self.push.setObjectName("statusPush")
        self.rest.setObjectName("statusRest")
        self.usage.setObjectName("statusUsage")
        self.rest.setToolTip(tr("What becomes of it when nobody uses it. Settings, “Idle after”."))
        self.addWidget(self.sync)
        self.addWidget(self.push)
        self.addWidget(self.save)
        self.addPermanentWidget(self.rest)
        self.addPermanentWidget(self.usage)

    def show_session(
        self, session: Session | None, pushed: Pushed | None, sync: SyncChanged | None, now: float
    ) -> None:
        """Show a run; None: there is none to show. `now` in Unix seconds."""
        self.sync.setText(present.sync_line(session, sync, now, tr) if session else "")
        self.push.setText(present.push_line(pushed, tr) if session and session.is_active else "")

    def show_save(self, session: Session | None, seen: SaveSeen | None) -> None:
        """Show how long the last save took to the screen, in place of how long it took into the sandbox."""
        shown = seen if session is not None and session.is_active else None
        self.save.show_save(shown)
        self.push.setVisible(shown is None)

    def show_figures(
        self,
        session: Session | None,
        idleness: Idleness | None,
        measured: Measured | None,
        seen: SaveSeen | None = None,
    ) -> None:
        """Show what a run has left and uses, and how long the last save took."""
        self.show_save(session, seen)
        is_live = session is not None and session.phase is Phase.LIVE
        self.rest.setText(figures.rest_line(idleness, tr) if is_live else "")
        self.usage.setText(figures.usage_line(measured, tr) if session is not None and session.is_active else "")
        self.usage.setVisible(bool(self.usage.text()))  # empty it would still keep its neighbour from the edge
        is_soon = is_live and idleness is not None and (idleness.rest_in_s or figures.SOON_S) < figures.SOON_S
        set_property(self.rest, "tone", "busy" if is_soon else "")

    def show_pages(self, sizes: Mapping[str, int], project_id: str) -> None:
        """Say what the pages in this window use, by their projects' ids; one of them is in front."""
        said = figures.usage_tip(sizes.get(project_id, 0), sizes.values(), tr)
        if said != self.usage.toolTip():
            self.usage.setToolTip(said)
            self.usage.setAccessibleDescription(said)

    def say(self, words: str) -> None:
        """Say something in passing."""
        self.showMessage(words, SHOWN_MS)
