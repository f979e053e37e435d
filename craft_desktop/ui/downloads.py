"""What a page offers to save: refused at first, and asked for again once a person has said where it goes.

Not one byte is written before that. The second request goes to the same address from within the same page, with its
cookies; what came of a form (POST) comes again as a plain request. Nothing that was saved is ever opened. While a file
is being saved the line above the page says so, with a button that ends it.
"""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDir, QObject, QStandardPaths, Qt, QUrl, Signal
from PySide6.QtWebEngineCore import QWebEngineDownloadRequest
from PySide6.QtWidgets import QFileDialog, QWidget

from craft_desktop.model.file_name import clean
from craft_desktop.ui import present
from craft_desktop.ui.asks import Ask
from craft_desktop.ui.words import tr

_SCHEMES = frozenset({"http", "https", "blob", "data"})
"""A file's address asked for again would be asked for by the program, which may read files."""
_KEY = "download"
_SAVING = "saving "
"""Leads the key of a wait; the file's address follows."""

_State = QWebEngineDownloadRequest.DownloadState


class Downloads(QObject):
    """Asks about one page's downloads, one at a time.

    :param again: asks the page's engine for an address again.
    :param window: gives the window that a dialog belongs to.
    """

    said = Signal(str)
    asked = Signal(object)
    withdrawn = Signal(str)
    """The key of what is asked no longer."""

    def __init__(self, parent: QObject, again: Callable[[QUrl, str], None], window: Callable[[], QWidget]) -> None:
        super().__init__(parent)
        self._again, self._window = again, window
        self._is_asking = False
        self._approved: dict[str, Path] = {}
        self._under_way: dict[str, QWebEngineDownloadRequest] = {}
        self._called_off: set[str] = set()

    def decide(self, request: QWebEngineDownloadRequest) -> None:
        """Save what a person has agreed to; of anything else ask, or refuse it while a question stands."""
        url = request.url()
        target = self._approved.pop(url.toString(), None)
        if target is not None and not request.isSavePageDownload():
            self._save(request, target)
            return
        request.cancel()
        if url.toString() in self._called_off:
            self._called_off.discard(url.toString())
            return
        if self._is_asking or request.isSavePageDownload() or url.scheme() not in _SCHEMES:
            return
        name = clean(request.downloadFileName() or request.suggestedFileName())
        total = request.totalBytes()
        size = f" ({present.size(total, tr)})" if total > 0 else ""
        self._is_asking = True
        words = tr("The page offers the file “{0}”{1}.").format(name, size)
        self.asked.emit(Ask(_KEY, words, tr("Save as…"), tr("Don’t save"), lambda yes: self._heed(yes, url, name)))

    def _heed(self, is_yes: bool, url: QUrl, name: str) -> None:
        if not is_yes:
            self._is_asking = False
            return
        dialog = QFileDialog(self._window(), tr("Save the page’s file"))
        dialog.setObjectName("downloadDialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile)
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation) or QDir.homePath()
        dialog.setDirectory(folder)
        dialog.selectFile(name)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda path: self._fetch(url, Path(path)))
        dialog.finished.connect(lambda _code: self._end_asking())
        dialog.setModal(False)
        dialog.show()

    def _end_asking(self) -> None:
        self._is_asking = False

    def _fetch(self, url: QUrl, target: Path) -> None:
        if not target.parent.is_dir():
            self.said.emit(tr("{0} could not be saved: there is no folder {1}.").format(target.name, target.parent))
            return
        address = url.toString()
        self._called_off.discard(address)
        self._approved = {address: target}
        words = tr("Saving {0}…").format(target.name)
        stop, hide = tr("Cancel"), tr("Hide")
        self.asked.emit(Ask(_SAVING + address, words, stop, hide, lambda yes: self._stop(address, target, yes)))
        self._again(url, target.name)

    def _stop(self, address: str, target: Path, is_yes: bool) -> None:
        request = self._under_way.get(address)
        if not is_yes:
            return
        if request is not None:
            request.cancel()
        elif self._approved.pop(address, None) is not None:  # its first byte has not come yet
            self._called_off.add(address)
            self.said.emit(tr("{0} was not saved.").format(target.name))

    def _save(self, request: QWebEngineDownloadRequest, target: Path) -> None:
        self._under_way[request.url().toString()] = request
        request.setDownloadDirectory(str(target.parent))
        request.setDownloadFileName(target.name)
        request.isFinishedChanged.connect(lambda: self._finished(request, target))
        request.accept()

    def _finished(self, request: QWebEngineDownloadRequest, target: Path) -> None:
        if not request.isFinished():
            return
        address = request.url().toString()
        if self._under_way.pop(address, None) is None:
            return  # told already
        self.withdrawn.emit(_SAVING + address)
        if request.state() is _State.DownloadCompleted:
            saved = request.downloadFileName()  # the engine numbers a name that is taken meanwhile
            self.said.emit(tr("Saved {0} in {1}.").format(saved, target.parent.name or str(target.parent)))
        elif request.state() is _State.DownloadCancelled:
            self.said.emit(tr("{0} was not saved.").format(target.name))
        else:
            why = request.interruptReasonString() or tr("the page took it back")
            self.said.emit(tr("{0} could not be saved: {1}.").format(target.name, why))
