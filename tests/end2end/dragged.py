"""A small window that holds files, as a file manager does: run as `python -m tests.end2end.dragged X Y PATH ...`.

Pressed and moved, it starts a real drag of these paths through the X server. It says "ready" and, once a drop was
taken, with which action.
"""

import sys

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDrag, QExposeEvent, QMouseEvent, QRasterWindow
from PySide6.QtWidgets import QApplication

SIZE = 100


class Files(QRasterWindow):
    """Holds the paths."""

    def __init__(self, paths: list[str]) -> None:
        super().__init__()
        self._paths = paths
        self._is_told = False
        self.setFlags(Qt.WindowType.BypassWindowManagerHint | Qt.WindowType.FramelessWindowHint)

    def exposeEvent(self, event: QExposeEvent) -> None:
        """Say that it can be pressed."""
        super().exposeEvent(event)
        if self.isExposed() and not self._is_told:
            self._is_told = True
            print("ready", flush=True)  # noqa: T201

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Start the drag."""
        if event.buttons() != Qt.MouseButton.LeftButton:
            return
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(path) for path in self._paths])
        drag = QDrag(self)
        drag.setMimeData(data)
        taken = drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction)
        print(taken.name, flush=True)  # noqa: T201


if __name__ == "__main__":
    app = QApplication([])
    files = Files(sys.argv[3:])
    files.setGeometry(int(sys.argv[1]), int(sys.argv[2]), SIZE, SIZE)
    files.setPosition(QPoint(int(sys.argv[1]), int(sys.argv[2])))
    files.show()
    app.exec()
