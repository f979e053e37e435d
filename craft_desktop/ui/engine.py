"""Qt's web engine behind the window's page: profile, page, view, their questions and their end in the right order."""

import contextlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWebEngineCore import (
    QWebEngineNotification,
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineScript,
    QWebEngineSettings,
)
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QWidget

from craft_desktop.ui.asks import Ask, plain
from craft_desktop.ui.dev_tools import DevTools
from craft_desktop.ui.downloads import Downloads
from craft_desktop.ui.page import Page, PageView, make_profile
from craft_desktop.ui.page_watch import PageWatch
from craft_desktop.ui.paint_watch import PaintWatch
from craft_desktop.ui.permissions import Permissions
from craft_desktop.ui.scroll_bars import bars_of
from craft_desktop.ui.web import Web
from craft_desktop.ui.words import tr

_HUNG = "hung"
DRAWN_MS = 100
"""Six frames: in that time something moves in a page that is still being drawn."""
DRAW_LIMIT_MS = 3_000
"""A page that is not laid out by then is taken as it is."""
_DRAWN = "craftDrawn = false; requestAnimationFrame(() => requestAnimationFrame(() => { craftDrawn = true; }))"
"""In a world of the program's own, which the page does not see: the second frame comes when the first is drawn."""
_END = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows ends a process by SIGTERM, at once
_World = QWebEngineScript.ScriptWorldId
_Action = QWebEnginePage.WebAction
_Lifecycle = QWebEnginePage.LifecycleState


def begin() -> None:
    """Start the engine: its threads and processes come with the first profile, here one that keeps nothing."""
    QWebEngineProfile.defaultProfile()


def make_blank(owner: QWidget) -> QWidget:
    """Make an empty page, for which the engine starts no process of its own."""
    return QWebEngineView(QWebEngineProfile.defaultProfile(), owner)


class EngineWeb(Web):
    """One project's page in Qt's web engine."""

    def __init__(self, base: str, folder: Path, owner: QWidget) -> None:
        super().__init__(owner)
        self._tools: DevTools | None = None
        self._is_closed = self._has_ended = self._is_renewed = False
        self._profile: QWebEngineProfile = make_profile(folder.name, folder, owner)
        self.page = Page(base, self._profile)
        permissions = Permissions(self)
        permissions.asked.connect(self.asked)
        self.page.permissionRequested.connect(permissions.decide)
        downloads = Downloads(self, self.page.download, lambda: self.view.window())
        downloads.said.connect(self.said)
        downloads.asked.connect(self.asked)
        downloads.withdrawn.connect(self.withdrawn)
        self._profile.downloadRequested.connect(downloads.decide)
        self._profile.setNotificationPresenter(self._notify)
        view = self.view = PageView(owner)
        view.setObjectName("pageView")
        view.setAccessibleName(tr("The page"))
        view.setPage(self.page)
        self._view = view
        self._bars = bars_of(view)
        self.page.refused.connect(self.said)
        self.page.console.connect(self.console)
        self.page.loadStarted.connect(self.loading)
        view.urlChanged.connect(self.moved)
        view.loadFinished.connect(self.moved)
        view.loadFinished.connect(self._finish_load)
        for action in (_Action.Back, _Action.Forward):
            self.page.action(action).changed.connect(self.moved)  # the history, whoever moved in it
        self.page.renderProcessTerminated.connect(self._lost)
        self._watch = PageWatch(self, self._ask_life, self._is_watched)
        self._watch.hung.connect(self._tell_hung)
        self._watch.answered.connect(lambda: self.withdrawn.emit(_HUNG))
        self.page.loadStarted.connect(self._begin_load)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._send_scheme)
        self._paints = PaintWatch(self.page, self._is_drawn, self)
        self._paints.painted.connect(self.painted)
        self.page.touched.connect(self._paints.settle)

    @property
    def url(self) -> str:
        """The page's address."""
        return self.page.url().toString()

    @property
    def can_go_back(self) -> bool:
        """Is there a page before this one?"""
        return self.page.history().canGoBack()

    @property
    def can_go_forward(self) -> bool:
        """Is there a page after this one?"""
        return self.page.history().canGoForward()

    @property
    def is_discarded(self) -> bool:
        """Was the page put away to free memory?"""
        return self.page.lifecycleState() is _Lifecycle.Discarded

    @property
    def process_id(self) -> int:
        """The process that draws the page; 0 when there is none."""
        return self.page.renderProcessPid()

    def load(self, url: str) -> None:
        """Go to an address."""
        self.rest_paints()
        self.page.leave()
        if url == self.url and QUrl(url).hasFragment():
            self.page.triggerAction(_Action.Reload)  # as an address it would only be scrolled to
        else:
            self.page.setUrl(QUrl(url))

    def back(self) -> None:
        """Go back one page."""
        self.rest_paints()
        self.page.leave()
        self.page.triggerAction(_Action.Back)

    def forward(self) -> None:
        """Go forward one page."""
        self.rest_paints()
        self.page.leave()
        self.page.triggerAction(_Action.Forward)

    def reload(self) -> None:
        """Load the page anew; the process of one that hangs is ended first, for it would not heed anything else."""
        self.rest_paints()
        self.page.leave()
        if self._watch.is_hung and self.process_id > 0:
            self._is_renewed = True
            with contextlib.suppress(ProcessLookupError):  # it ended by itself just now, and is told as such
                os.kill(self.process_id, _END)
        elif self._has_ended:
            self.page.setUrl(self.page.url())
        else:
            self.page.triggerAction(_Action.Reload)

    def set_zoom(self, factor: float) -> None:
        """Draw each of the page's pixels with `factor` of the screen's."""
        self._view.setZoomFactor(factor)

    def show_scroll_bars(self, is_shown: bool) -> None:
        """Let the page have scroll bars, or scroll without them as on a phone."""
        self._bars.show(is_shown)

    def _send_scheme(self) -> None:
        # A page is told of light and dark together with its settings, and of those only when one is set (measured).
        settings, attribute = self.page.settings(), QWebEngineSettings.WebAttribute.PrintElementBackgrounds
        is_on = settings.testAttribute(attribute)
        for on in (not is_on, is_on):  # sent with the next turn of the loop, as it then is
            settings.setAttribute(attribute, on)

    def ask_size(self, answer: Callable[[int, int], None]) -> None:
        """Ask how large the whole page is, in points on the screen."""
        # Not `contentsSize`: it still says the size before, for a while after the page has been laid out anew.
        zoom = self._view.zoomFactor()

        def heed(told: object) -> None:
            if self._is_closed:  # a page that ends answers what it still owes
                return
            sides = [round(float(side) * zoom) for side in str(told).split(" ") if side.isdecimal()]
            width, height = sides if len(sides) == 2 else (self._view.width(), self._view.height())
            answer(width, height)

        script = "document.documentElement.scrollWidth + ' ' + document.documentElement.scrollHeight"
        self.page.runJavaScript(script, _World.ApplicationWorld.value, heed)

    def ask_value(self, script: str, answer: Callable[[object], None]) -> None:
        """Run a script in the page's own world and give what it came to; a page that hangs never answers."""

        def heed(told: object) -> None:
            if not self._is_closed:
                answer(told)

        self.page.runJavaScript(script, _World.MainWorld.value, heed)

    def ask_picture(self, answer: Callable[[QImage], None]) -> None:
        """Ask for a picture of what the view shows, once it has been laid out and drawn at its present size."""
        self._await_layout(answer, DRAW_LIMIT_MS // DRAWN_MS)

    def watch_paints(self) -> None:
        """Tell `painted` for some seconds: a save was pushed."""
        self._paints.begin()

    def rest_paints(self) -> None:
        """Tell `painted` no more: it is a person who changes the page now, or all is known."""
        self._paints.rest()

    def discard(self) -> bool:
        """Give the page's memory back until it is seen again; False when it is in sight or in use."""
        if self._is_closed or self._view.isVisible() or self.is_discarded or self._tools is not None:
            return False
        if self.page.isLoading() or self.page.recentlyAudible():
            return False
        self.page.setLifecycleState(_Lifecycle.Discarded)
        return self.is_discarded

    def show_tools(self) -> None:
        """Open the developer tools of the page in a window of their own."""
        if self._tools is None:
            self._tools = DevTools(self.page, self._view)
            self._tools.closed.connect(self._end_tools)
        self._tools.show()
        self._tools.raise_()
        self._tools.activateWindow()

    def close_web(self) -> None:
        """End everything for good: view, page and profile, in the order Qt wants it."""
        if self._is_closed:
            return
        self._is_closed = True
        self._paints.rest()
        self._end_tools()
        # Later and one by one: the profile must outlive its page, and the page may be in the middle of a call.
        self._view.deleteLater()
        self.page.deleteLater()
        self.page.destroyed.connect(self._profile.deleteLater)
        self.deleteLater()

    def _end_tools(self) -> None:
        tools, self._tools = self._tools, None
        if tools is not None:
            tools.close_tools()

    def _begin_load(self) -> None:
        self._has_ended = False
        self._watch.forget()

    def _finish_load(self) -> None:
        if not self._has_ended:  # a load that its process's end cut short is told as that
            self.loaded.emit()

    def _lost(self) -> None:
        if self._is_closed:
            return
        self._has_ended = True
        self._watch.forget()
        if self._is_renewed:
            self._is_renewed = False
            self.page.setUrl(self.page.url())
        else:
            self.ended.emit()

    def _is_drawn(self) -> bool:
        is_open = not self._is_closed and not self._has_ended
        return is_open and self._view.isVisible() and self.process_id > 0

    def _is_watched(self) -> bool:
        return self._tools is None and self._is_drawn()

    def _ask_life(self, answered: Callable[[], None]) -> None:
        def heed(_one: object) -> None:
            if not self._is_closed:
                answered()

        self.page.runJavaScript("1", _World.ApplicationWorld.value, heed)

    def _tell_hung(self) -> None:
        words = tr("The page does not answer; a script of its own is busy.")
        self.asked.emit(Ask(_HUNG, words, tr("Reload it"), tr("Wait"), self._heed_hung))

    def _heed_hung(self, is_yes: bool) -> None:
        if not self._watch.is_hung or self._is_closed:
            return
        if is_yes:
            self.reload()
        else:
            self._watch.wait()

    def _notify(self, notification: QWebEngineNotification) -> None:
        title, text = plain(notification.title(), 80), plain(notification.message(), 160)
        self.said.emit(tr("The page notifies: {0}").format(" – ".join(part for part in (title, text) if part)))
        notification.close()

    def _await_layout(self, answer: Callable[[QImage], None], left: int) -> None:
        wanted = self._view.width(), self._view.height()
        zoom = self._view.zoomFactor()

        def heed(told: object) -> None:
            if self._is_closed:
                return
            width, _, height = str(told).partition(" ")
            is_laid_out = all(
                abs(float(told_side or 0) * zoom - side) <= zoom + 1
                for told_side, side in zip((width, height), wanted, strict=True)
            )
            if is_laid_out or left == 0:
                self.page.runJavaScript(_DRAWN, _World.ApplicationWorld.value)
                QTimer.singleShot(DRAWN_MS, self, lambda: self._await_drawing(answer, left, QImage()))
            else:
                QTimer.singleShot(DRAWN_MS, self, lambda: self._await_layout(answer, left - 1))

        self.page.runJavaScript("innerWidth + ' ' + innerHeight", _World.ApplicationWorld.value, heed)

    def _await_drawing(self, answer: Callable[[QImage], None], left: int, before: QImage) -> None:
        # Two pictures alike are the page as it is; one that moves for ever is taken as it is at the end.
        def heed(is_drawn: object) -> None:
            if self._is_closed:
                return
            image = self._view.grab().toImage()
            if (is_drawn is True and image == before) or left <= 0:
                answer(image)
            else:
                kept = image if is_drawn is True else QImage()
                QTimer.singleShot(DRAWN_MS, self, lambda: self._await_drawing(answer, left - 1, kept))

        self.page.runJavaScript("craftDrawn", _World.ApplicationWorld.value, heed)
