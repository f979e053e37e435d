"""Pictures of the page: the part in sight or all of it, into a file or to the clipboard."""

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QDir, QObject, QSize, QStandardPaths, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from craft_desktop.model.file_name import clean
from craft_desktop.ui.device_frame import DeviceFrame
from craft_desktop.ui.web import Web
from craft_desktop.ui.words import tr

LONGEST = 16_000
"""Pixels of a side: graphics cards draw 16,384 at most."""
LIMIT_MS = 8_000
"""A page that is not drawn by then hangs; the largest picture takes 3 s on two busy cores."""


class Screenshot(QObject):
    """Takes pictures of one page, one at a time.

    :param window: gives the window that a dialog belongs to.
    """

    said = Signal(str)

    def __init__(self, frame: DeviceFrame, window: Callable[[], QWidget]) -> None:
        super().__init__(frame)
        self._frame, self._window = frame, window
        self._is_busy = False
        self._limit = QTimer(self, interval=LIMIT_MS, singleShot=True)
        self._limit.timeout.connect(self._give_up)

    def take(self, web: Web, name: str, *, is_whole: bool, is_copy: bool) -> None:
        """Take a picture; a second one asked for meanwhile is not taken.

        :param name: the project's, for the file's name.
        """
        if self._is_busy:
            return
        self._is_busy = True
        self._limit.start()

        def finish(image: QImage) -> None:
            if not self._limit.isActive():
                return  # it comes too late
            self._limit.stop()
            self._is_busy = False
            self._hand_on(image, name, is_copy=is_copy)

        if is_whole:
            web.ask_size(lambda width, height: self._take_whole(web, QSize(width, height), finish))
        else:
            web.ask_picture(finish)

    def _give_up(self) -> None:
        self._is_busy = False
        self._frame.relax()
        self.said.emit(tr("The page does not answer; there is no picture of it."))

    def _take_whole(self, web: Web, size: QSize, finish: Callable[[QImage], None]) -> None:
        view = web.view
        most = int(LONGEST / view.devicePixelRatioF())
        wanted = QSize(min(most, max(size.width(), view.width())), min(most, max(size.height(), view.height())))
        if size.height() > most:
            self.said.emit(tr("The page is very long; the picture shows its first {0} points.").format(most))

        def relax(image: QImage) -> None:
            self._frame.relax()
            finish(image)

        self._frame.stretch(wanted, view.grab())
        web.ask_picture(relax)

    def _hand_on(self, image: QImage, name: str, *, is_copy: bool) -> None:
        size = f"{image.width()} × {image.height()}"
        if image.isNull():
            self.said.emit(tr("There is no picture of this page yet."))
        elif is_copy:
            QGuiApplication.clipboard().setImage(image)
            self.said.emit(tr("Screenshot copied, {0} pixels.").format(size))
        else:
            self._ask_where(image, name)

    def _ask_where(self, image: QImage, name: str) -> None:
        dialog = QFileDialog(self._window(), tr("Save the screenshot"))
        dialog.setObjectName("screenshotDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        dialog.setNameFilter(tr("Pictures (*.png *.jpg *.webp)"))
        dialog.setDefaultSuffix("png")
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        dialog.setDirectory(pictures or QDir.homePath())
        dialog.selectFile(file_name(name, datetime.now()))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self._save(image, Path(path)))
        dialog.setModal(False)
        dialog.show()

    def _save(self, image: QImage, path: Path) -> None:
        if image.save(str(path)):
            self.said.emit(tr("Screenshot saved as {0}.").format(path.name))
        else:
            self.said.emit(tr("The screenshot could not be written to {0}.").format(path))


def file_name(project: str, now: datetime) -> str:
    """Propose a name: the project, the day and the time, with letters that every system takes."""
    return clean(f"{re.sub(r'[/:]', '-', project)} {now:%Y-%m-%d %H.%M.%S}.png")
