"""A page that never changes, without the web engine: for tests of what stands around a page."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from craft_desktop.ui.web import Web


class StillWeb(Web):
    """Has a place in the window and in the order of Tab, and history on both sides."""

    def __init__(self, base: str, folder: Path, owner: QWidget) -> None:
        super().__init__(owner)
        self.view = QWidget(owner)
        self.view.setObjectName("pageView")
        self.view.setAccessibleName("The page")
        self._url = base

    @property
    def url(self) -> str:
        return self._url

    @property
    def can_go_back(self) -> bool:
        return True

    @property
    def can_go_forward(self) -> bool:
        return True

    @property
    def is_discarded(self) -> bool:
        return False

    @property
    def process_id(self) -> int:
        return 0

    def load(self, url: str) -> None:
        self._url = url
        self.moved.emit()

    def set_zoom(self, factor: float) -> None:
        pass

    def show_scroll_bars(self, is_shown: bool) -> None:
        pass

    def ask_value(self, script: str, answer: Callable[[object], None]) -> None:
        pass

    def ask_size(self, answer: Callable[[int, int], None]) -> None:
        size = QSize(self.view.size())
        answer(size.width(), size.height())

    def ask_picture(self, answer: Callable[[QImage], None]) -> None:
        answer(self.view.grab().toImage())

    def watch_paints(self) -> None:
        pass

    def rest_paints(self) -> None:
        pass

    def discard(self) -> bool:
        return False

    def close_web(self) -> None:
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
