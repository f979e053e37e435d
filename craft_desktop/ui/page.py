"""The page in its cage: a profile of its own for each project, no way to this computer, nothing that bothers.

What the page may do: show itself, keep its own cookies, move within its own address. Some things are asked of the
person (`permissions.py`, `downloads.py`); where they have just clicked or typed in it, an address outside goes to the
system browser; all else is refused: the page is as hostile as the web is.
"""

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QDragEnterEvent
from PySide6.QtNetwork import QAuthenticator
from PySide6.QtWebEngineCore import (
    QWebEngineCertificateError,
    QWebEngineDesktopMediaRequest,
    QWebEngineFileSystemAccessRequest,
    QWebEngineFullScreenRequest,
    QWebEngineNavigationRequest,
    QWebEngineNewWindowRequest,
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineRegisterProtocolHandlerRequest,
    QWebEngineSettings,
)
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QWidget

from craft_desktop.ui import address
from craft_desktop.ui.asks import plain
from craft_desktop.ui.drop_veil import dropped_paths
from craft_desktop.ui.words import tr

GESTURE_S = 2.0
"""So long after a click or a key the page may lead outside, once; without this a page could open windows for ever."""

SAID = 4_000
"""Letters of a message to the console that are handed on."""

_INPUTS = frozenset(
    {QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick, QEvent.Type.KeyPress, QEvent.Type.TouchBegin}
)

_A = QWebEngineSettings.WebAttribute
_OFF = (
    _A.LocalContentCanAccessFileUrls,
    _A.LocalContentCanAccessRemoteUrls,
    _A.NavigateOnDropEnabled,
    _A.JavascriptCanAccessClipboard,
    _A.JavascriptCanPaste,
    _A.JavascriptCanOpenWindows,  # without a click; each would cost the engine a page before it is refused
    _A.PluginsEnabled,
    _A.ScreenCaptureEnabled,
    _A.HyperlinkAuditingEnabled,
    _A.AllowWindowActivationFromJavaScript,
    _A.AllowGeolocationOnInsecureOrigins,
    _A.DnsPrefetchEnabled,
)
_ON = (_A.WebRTCPublicInterfacesOnly, _A.ScrollAnimatorEnabled)


def make_profile(name: str, folder: Path, parent: QObject) -> QWebEngineProfile:
    """Make a project's own profile: cookies and storage stay in `folder`, apart from every other project's."""
    profile = QWebEngineProfile(name, parent)
    profile.setPersistentStoragePath(str(folder / "storage"))
    profile.setCachePath(str(folder / "cache"))
    profile.setHttpCacheType(QWebEngineProfile.HttpCacheType.MemoryHttpCache)
    profile.setPersistentPermissionsPolicy(QWebEngineProfile.PersistentPermissionsPolicy.AskEveryTime)
    profile.setSpellCheckEnabled(False)
    return profile


class Page(QWebEnginePage):
    """One project's page."""

    console = Signal(int, str, str)
    """What the page said to its console: how grave (0 to 2), the words, and their source as `URL:line`."""
    touched = Signal()
    """A person clicked or typed in the page."""
    refused = Signal(str)
    """A sentence: what the page asked for and did not get."""

    def __init__(self, base: str, profile: QWebEngineProfile, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(profile)
        self._base = base
        self._clock = clock
        self._touched_at: float | None = None
        self._is_leaving = False
        settings = self.settings()
        for attribute in _OFF:
            settings.setAttribute(attribute, False)
        for attribute in _ON:
            settings.setAttribute(attribute, True)
        self.navigationRequested.connect(self._navigate)
        self.newWindowRequested.connect(self._open_window)
        self.fullScreenRequested.connect(self._refuse_full_screen)
        self.registerProtocolHandlerRequested.connect(self._refuse_protocol)
        self.fileSystemAccessRequested.connect(self._refuse_files)
        self.desktopMediaRequested.connect(self._refuse_screen)
        self.certificateError.connect(self._refuse_certificate)
        self.selectClientCertificate.connect(lambda choice: choice.selectNone())
        self.authenticationRequired.connect(self._refuse_password)
        self.loadStarted.connect(self._left)

    def touch(self) -> None:
        """Note that a person clicked or typed in the page."""
        self._touched_at = self._clock()
        self.touched.emit()

    def leave(self) -> None:
        """Let the next load begin even if the page would rather keep the person (beforeunload)."""
        self._is_leaving = True

    def javaScriptAlert(self, origin: QUrl | str, text: str) -> None:
        """Tell an alert without stopping the window."""
        self.refused.emit(tr("The page says: {0}").format(plain(text)))

    def javaScriptConfirm(self, origin: QUrl | str, text: str) -> bool:
        """Answer no, and say so; but let a person leave who asked for it."""
        if self._is_leaving:
            return True
        self.refused.emit(
            tr("The preview answered no to “{0}”. Open it in your browser to choose.").format(plain(text))
        )
        return False

    def javaScriptPrompt(self, origin: QUrl | str, text: str, proposal: str) -> tuple[bool, str]:
        """Give no answer, and say so."""
        self.refused.emit(tr("The page asked “{0}”. Open it in your browser to answer.").format(plain(text)))
        return False, ""

    def javaScriptConsoleMessage(
        self, level: QWebEnginePage.JavaScriptConsoleMessageLevel, text: str, line: int, source: str
    ) -> None:
        """Hand the page's words on, no more of them than a log shows; the program's own output gets none."""
        place = f"{source[:SAID]}:{line}" if source else ""
        self.console.emit(min(2, max(0, level.value)), text[:SAID], place)

    def _left(self) -> None:
        self._is_leaving = False

    def _is_wanted(self) -> bool:
        """Did a person just click or type? One gesture serves one opening."""
        touched, self._touched_at = self._touched_at, None
        return touched is not None and self._clock() - touched < GESTURE_S

    def _lead_outside(self, url: str) -> None:
        if not address.is_outside(url):
            return
        if self._is_wanted():
            QDesktopServices.openUrl(QUrl(url))
        else:
            self.refused.emit(tr("The page wanted to open {0}; nobody had clicked.").format(plain(url, 120)))

    def _navigate(self, request: QWebEngineNavigationRequest) -> None:
        url = request.url().toString(QUrl.ComponentFormattingOption.FullyEncoded)
        if not request.isMainFrame() or address.is_inside(url, self._base) or url == "about:blank":
            request.accept()
            return
        request.reject()
        self._lead_outside(url)

    def _open_window(self, request: QWebEngineNewWindowRequest) -> None:
        url = request.requestedUrl().toString(QUrl.ComponentFormattingOption.FullyEncoded)
        if address.is_inside(url, self._base):
            if self._is_wanted():
                self.setUrl(QUrl(url))
        else:
            self._lead_outside(url)

    def _refuse_full_screen(self, request: QWebEngineFullScreenRequest) -> None:
        request.reject()

    def _refuse_protocol(self, request: QWebEngineRegisterProtocolHandlerRequest) -> None:
        request.reject()

    def _refuse_files(self, request: QWebEngineFileSystemAccessRequest) -> None:
        request.reject()

    def _refuse_screen(self, request: QWebEngineDesktopMediaRequest) -> None:
        request.cancel()

    def _refuse_password(self, url: QUrl, _answer: QAuthenticator) -> None:
        # Left alone, the engine tries the empty name and password 32 times (measured with Qt 6.11).
        QTimer.singleShot(0, self, lambda: self.triggerAction(QWebEnginePage.WebAction.Stop))
        self.refused.emit(tr("The page wants a name and a password. Open it in your browser to sign in."))

    def _refuse_certificate(self, error: QWebEngineCertificateError) -> None:
        error.rejectCertificate()


class PageView(QWebEngineView):
    """Shows a page, notes a person's clicks and keys, and leaves dragged folders to the window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._watched: QObject | None = None

    def event(self, event: QEvent) -> bool:
        """Watch whichever inner widget draws the page; it is made late and may be made anew."""
        if event.type() in (QEvent.Type.ChildAdded, QEvent.Type.ChildPolished, QEvent.Type.Polish):
            inner = self.focusProxy()
            if inner is not None and inner is not self._watched:
                self._watched = inner
                inner.installEventFilter(self)
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note a gesture."""
        if event.type() in _INPUTS:
            page = self.page()
            if isinstance(page, Page):
                page.touch()
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Let the window have folders; give the page the rest."""
        if dropped_paths(event.mimeData()):
            event.ignore()
        else:
            super().dragEnterEvent(event)
