"""What lies over the window while folders are dragged onto it: says what a drop will do."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from craft_desktop.ui.drop_words import drop_words
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import label
from craft_desktop.ui.theme import GAP, GAP_XL, ICON_LARGE, RADIUS_L, Theme
from craft_desktop.ui.words import tr


def dropped_paths(data: QMimeData) -> list[Path]:
    """Give the folders and package.json files among what is dragged; other files are the page's own business."""
    paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [path for path in paths if path.name == "package.json" or path.is_dir()]


class DropVeil(QWidget):
    """Covers its parent during a drag and takes the drop.

    :param is_listed: says whether a folder is on the list already.
    """

    dropped = Signal(list)
    """Paths: folders, or package.json files."""

    def __init__(
        self, theme: Theme, icons: Icons, parent: QWidget, is_listed: Callable[[Path], bool] = lambda folder: False
    ) -> None:
        super().__init__(parent)
        self._covered, self._is_listed = parent, is_listed
        self.is_over = False
        self.setObjectName("dropVeil")
        self.setAcceptDrops(True)
        self._theme, self._icons = theme, icons
        self._picture = QLabel()
        self._picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.words = label("", "title", wraps=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP_XL, 2 * GAP_XL, 2 * GAP_XL, 2 * GAP_XL)
        column.setSpacing(GAP)
        column.addStretch(1)
        column.addWidget(self._picture)
        column.addSpacing(GAP)
        column.addWidget(self.words)
        self.promise = label("", "muted", wraps=True)
        self.promise.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.promise)
        column.addStretch(1)
        self.hide()

    def lift(self, paths: Sequence[Path]) -> None:
        """Cover the parent and say what a drop of `paths` will do."""
        told = drop_words(paths, self._is_listed, tr)
        self.words.setText(told.title)
        self.promise.setText(told.text)
        colour = self._theme.colours.accent
        self._picture.setPixmap(self._icons.pixmap("folder-drop", colour, ICON_LARGE, self.devicePixelRatioF()))
        self.setGeometry(self._covered.rect())
        self.raise_()
        self.show()

    def fall(self) -> None:
        """Uncover the parent."""
        self.is_over = False
        self.hide()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take folders."""
        self.is_over = True
        if dropped_paths(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Take folders, wherever they are held."""
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Go away."""
        self.fall()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the paths on."""
        paths = dropped_paths(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)  # never a move: the folder stays where it is
        event.accept()
        self.fall()
        if paths:
            self.dropped.emit(paths)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the veil and its frame."""
        colours = self._theme.colours
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor(colours.window))
        painter.setPen(QPen(QColor(colours.accent), 2, Qt.PenStyle.DashLine))
        frame = QRectF(self.rect()).adjusted(GAP_XL, GAP_XL, -GAP_XL, -GAP_XL)
        painter.drawRoundedRect(frame, RADIUS_L, RADIUS_L)
        painter.end()
