"""The web engine's own developer tools, in a window beside the program's."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWebEngineCore import QWebEnginePage
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QVBoxLayout, QWidget

from craft_desktop.ui.words import tr

WIDTH, HEIGHT = 1000, 640
"""The tools show their side panes from about this size on."""


class DevTools(QWidget):
    """Inspects one page."""

    closed = Signal()

    def __init__(self, inspected: QWebEnginePage, owner: QWidget) -> None:
        super().__init__()
        self.setObjectName("devTools")
        self.setWindowTitle(tr("Developer tools"))
        self.setWindowIcon(owner.window().windowIcon())
        self.resize(WIDTH, HEIGHT)
        self._inspected = inspected
        self._page = QWebEnginePage(inspected.profile(), self)
        self._view = QWebEngineView(self)
        self._view.setPage(self._page)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._view)
        inspected.setDevToolsPage(self._page)

    def close_tools(self) -> None:
        """Close the window for good."""
        self._inspected.setDevToolsPage(None)  # type: ignore[arg-type]
        self.close()
        self._view.deleteLater()
        self._page.deleteLater()
        self.deleteLater()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell that nobody inspects any more: a page that is inspected can neither hang nor be put away."""
        super().closeEvent(event)
        self.closed.emit()
