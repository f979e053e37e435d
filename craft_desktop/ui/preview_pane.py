"""The page with its bar, or, while there is none, the panel that says why.

The web engine starts with the first page, not with the window.
"""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineProfile
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QStackedWidget, QVBoxLayout, QWidget

from craft_desktop.model.errors import Action
from craft_desktop.model.session import Phase, Session
from craft_desktop.ui import address
from craft_desktop.ui.dev_tools import DevTools
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.page import Page, PageView, make_profile
from craft_desktop.ui.parts import ElidedLabel, line, tool_button
from craft_desktop.ui.status_panel import StatusPanel
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, Theme
from craft_desktop.ui.words import tr

ZOOMS = (0.25, 0.33, 0.5, 0.67, 0.75, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0, 5.0)
"""The steps that browsers have; Qt allows 0.25 to 5."""


# A page stays in sight while its project sleeps: it reconnects by itself when the sandbox is back.
SHOWN = frozenset({Phase.LIVE, Phase.ASLEEP, Phase.WAKING})


class PreviewPane(QWidget):
    """One project's page. It stays loaded while other projects are looked at."""

    start_requested = Signal()
    remedy_requested = Signal(Action)
    outside_requested = Signal(str)
    zoom_changed = Signal(float)
    console = Signal(int, str, str)
    """What the page said to its console, as `Page.console` tells it."""
    loading = Signal()
    """A page begins to load."""

    def __init__(
        self, theme: Theme, icons: Icons, now: Callable[[], float], base: str, folder: Path, zoom: float = 1.0
    ) -> None:
        super().__init__()
        self.setObjectName("previewPane")
        self._base, self._folder, self._zoom = base, folder, zoom
        self._phase = Phase.STOPPED
        self._profile: QWebEngineProfile | None = None
        self._tools: DevTools | None = None
        self.page: Page | None = None
        self.view: PageView | None = None
        self.panel = StatusPanel(theme, icons, now)
        self.panel.start_requested.connect(self.start_requested)
        self.panel.remedy_requested.connect(self.remedy_requested)

        self.back_button = tool_button("backButton", tr("Back (Alt+Left)"), icons, "back")
        self.forward_button = tool_button("forwardButton", tr("Forward (Alt+Right)"), icons, "forward")
        self.reload_button = tool_button("reloadButton", tr("Reload the page (Ctrl+R)"), icons, "reload")
        self.field = QLineEdit()
        self.field.setObjectName("addressField")
        self.field.setAccessibleName(tr("Address"))
        self.field.setAcceptDrops(False)
        self.zoom_out_button = tool_button("zoomOutButton", tr("Smaller (Ctrl+-)"), icons, "minus")
        self.zoom_button = tool_button("zoomButton", tr("Actual size (Ctrl+0)"), icons, "search")
        self.zoom_button.setProperty("role", "text")
        self.zoom_button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.zoom_in_button = tool_button("zoomInButton", tr("Larger (Ctrl++)"), icons, "plus")
        self.outside_button = tool_button("outsideButton", tr("Open in your browser (Ctrl+Shift+B)"), icons, "outside")
        self.back_button.clicked.connect(self.back)
        self.forward_button.clicked.connect(self.forward)
        self.reload_button.clicked.connect(self.reload)
        self.field.returnPressed.connect(self._go)
        self.zoom_out_button.clicked.connect(lambda: self.zoom(-1))
        self.zoom_button.clicked.connect(lambda: self.zoom(0))
        self.zoom_in_button.clicked.connect(lambda: self.zoom(1))
        self.outside_button.clicked.connect(self.open_outside)
        bar = QWidget()
        bar.setObjectName("pageBar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(GAP, GAP_S, GAP, GAP_S)
        row.setSpacing(GAP_S // 2)
        for button in (self.back_button, self.forward_button, self.reload_button):
            row.addWidget(button)
        row.addSpacing(GAP_S)
        row.addWidget(self.field, 1)
        row.addSpacing(GAP_S)
        for button in (self.zoom_out_button, self.zoom_button, self.zoom_in_button, self.outside_button):
            row.addWidget(button)
        self.says = ElidedLabel("small")
        self.says.setObjectName("pageSays")
        self.says.setContentsMargins(GAP_L, 0, GAP_L, GAP_S)
        self.says.hide()
        self._live = QWidget()
        self._column = QVBoxLayout(self._live)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(bar)
        self._column.addWidget(self.says)
        self._column.addWidget(line())
        self._stack = QStackedWidget()
        self._stack.addWidget(self.panel)
        self._stack.addWidget(self._live)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    @property
    def is_live(self) -> bool:
        """Is the page in sight?"""
        return self._stack.currentWidget() is self._live

    def show_session(self, session: Session) -> None:
        """Show the page while the run is live, else what goes on."""
        was, self._phase = self._phase, session.phase
        if session.phase in SHOWN:
            if session.phase is Phase.LIVE and was not in SHOWN:
                self._load(session.url or "")
            self._stack.setCurrentWidget(self._live)
        else:
            self.panel.show_session(session)
            self._stack.setCurrentWidget(self.panel)

    def tick(self) -> None:
        """Show the seconds as they are now."""
        if not self.is_live:
            self.panel.tick()

    def back(self) -> None:
        """Go back one page."""
        if self.page is not None:
            self.page.leave()
            self.page.triggerAction(QWebEnginePage.WebAction.Back)

    def forward(self) -> None:
        """Go forward one page."""
        if self.page is not None:
            self.page.leave()
            self.page.triggerAction(QWebEnginePage.WebAction.Forward)

    def reload(self) -> None:
        """Load the page anew."""
        if self.page is not None and self.is_live:
            self.says.hide()
            self.page.leave()
            self.page.triggerAction(QWebEnginePage.WebAction.Reload)

    def edit_address(self) -> None:
        """Put the cursor into the address field."""
        if self.is_live:
            self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self.field.selectAll()

    def zoom(self, by: int) -> None:
        """Make the page one step larger (1) or smaller (-1), or as it is meant to be (0)."""
        nearest = min(range(len(ZOOMS)), key=lambda place: abs(ZOOMS[place] - self._zoom))
        wanted = ZOOMS[max(0, min(len(ZOOMS) - 1, nearest + by))] if by else 1.0
        self._zoom = wanted
        self._show_zoom()
        self.zoom_changed.emit(wanted)

    def open_outside(self) -> None:
        """Open the page in the system browser."""
        url = self.view.url().toString() if self.view is not None else ""
        self.outside_requested.emit(url if address.is_inside(url, self._base) else self._base)

    def show_tools(self) -> None:
        """Open the developer tools of the page in a window of their own."""
        if self.page is None or not self.is_live:
            return
        if self._tools is None:
            self._tools = DevTools(self.page, self)
        self._tools.show()
        self._tools.raise_()
        self._tools.activateWindow()

    def close_page(self) -> None:
        """End the page: view, page and profile, in the order Qt wants it."""
        if self._tools is not None:
            self._tools.close_tools()
            self._tools = None
        if self.view is not None and self.page is not None:
            self._column.removeWidget(self.view)
            view, page, profile = self.view, self.page, self._profile
            self.view = self.page = self._profile = None
            # Later and one by one: the profile must outlive its page, and the page may be in the middle of a call.
            view.deleteLater()
            page.deleteLater()
            if profile is not None:
                page.destroyed.connect(profile.deleteLater)

    def _load(self, url: str) -> None:
        if self.page is None:
            self._make_page()
        assert self.page is not None
        here = self.page.url().toString()
        self.says.hide()
        self.page.leave()
        # A page that was there before the restart stays where it was.
        self.page.setUrl(
            QUrl(next((place for place in (here, url) if address.is_inside(place, self._base)), self._base))
        )

    def _make_page(self) -> None:
        self._profile = make_profile(self._folder.name, self._folder, self)
        self.page = Page(self._base, self._profile)
        self._profile.downloadRequested.connect(self.page.refuse_download)
        self.view = PageView(self._live)
        self.view.setObjectName("pageView")
        self.view.setAccessibleName(tr("The page"))
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.view.setPage(self.page)
        self._column.addWidget(self.view, 1)
        self.page.refused.connect(self._say)
        self.page.console.connect(self.console)
        self.page.loadStarted.connect(self.loading)
        self.view.urlChanged.connect(self._show_place)
        self.view.loadFinished.connect(self._show_place)
        for action in (QWebEnginePage.WebAction.Back, QWebEnginePage.WebAction.Forward):
            self.page.action(action).changed.connect(self._show_place)  # the history, whoever moved in it
        self.page.renderProcessTerminated.connect(self._crashed)
        self._show_zoom()
        self._show_place()

    def _go(self) -> None:
        url = address.complete(self.field.text(), self._base)
        if address.is_inside(url, self._base):
            assert self.page is not None
            self.page.leave()
            self.page.setUrl(QUrl(url))
            if self.view is not None:
                self.view.setFocus(Qt.FocusReason.OtherFocusReason)
        elif address.is_outside(url):
            self.outside_requested.emit(url)
            self._show_place()
        else:
            self._say(tr("{0} is not an address of this page.").format(self.field.text()[:120]))

    def _say(self, text: str) -> None:
        self.says.setText(text)
        self.says.show()

    def _crashed(self) -> None:
        self._say(tr("The page’s process ended. Reload it (Ctrl+R)."))

    def _show_place(self) -> None:
        if self.view is None:
            return
        if not self.field.hasFocus():
            self.field.setText(address.short(self.view.url().toString() or self._base))
            self.field.setCursorPosition(0)
        self.back_button.setEnabled(self.view.history().canGoBack())
        self.forward_button.setEnabled(self.view.history().canGoForward())

    def _show_zoom(self) -> None:
        if self.view is not None:
            self.view.setZoomFactor(self._zoom)
        self.zoom_button.setText(f"{round(self._zoom * 100)} %")
