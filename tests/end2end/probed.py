"""Starts the real program with a listener beside it that a test asks where things are and what the page holds.

Nothing of the program is replaced. Clicks and keys come from outside, through the X server. Run as
`python -m tests.end2end.probed SOCKET [FOLDER ...]`.
"""

import json
import socket
import sys
import threading
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QScrollArea, QWidget

from craft_desktop.__main__ import main


class Work(QEvent):
    """Something to do on Qt's thread, and the answer."""

    KIND = QEvent.Type(QEvent.registerEventType())

    def __init__(self, work: Callable[[Callable[[Any], None]], None]) -> None:
        super().__init__(self.KIND)
        self.work = work
        self.done = threading.Event()
        self.answer: Any = None

    def take(self, answer: Any) -> None:
        self.answer = answer
        self.done.set()


class Probe(QObject):
    """Lives on Qt's thread; does what the listener's thread posts."""

    def event(self, event: QEvent) -> bool:
        if not isinstance(event, Work):
            return super().event(event)
        try:
            event.work(event.take)
        except (RuntimeError, AttributeError) as error:  # a widget that went away meanwhile: the test asks again
            event.take({"error": str(error)})
        return True


def find(name: str) -> QWidget | None:
    shown = (widget for widget in QApplication.allWidgets() if widget.objectName() == name and widget.isVisible())
    return next(shown, None)


def describe(name: str, take: Callable[[Any], None]) -> None:
    widget = find(name)
    shown = widget.window().windowHandle() if widget is not None else None
    # Before the window manager has placed it and the screen shows it, a click would fall where it is not.
    if widget is None or shown is None or not shown.isExposed():
        take(None)
        return
    middle = widget.mapToGlobal(widget.rect().center())
    told: dict[str, Any] = {"x": middle.x(), "y": middle.y(), "enabled": widget.isEnabled()}
    told["tip"] = widget.toolTip()
    told["focus"] = widget.hasFocus()
    told["window"] = int(widget.window().winId())
    if isinstance(widget, QLabel | QLineEdit | QAbstractButton):
        told["text"] = widget.text()
    elif hasattr(widget, "toPlainText"):
        told["text"] = widget.toPlainText()
    take(told)


def run_script(script: str, take: Callable[[Any], None]) -> None:
    view: Any = find("pageView")
    if view is None:
        take(None)
    else:
        view.page().runJavaScript(script, 0, take)


def save_picture(path: str, take: Callable[[Any], None]) -> None:
    window = find("mainWindow")
    take(window is not None and window.grab().save(path))


def close_window(_: str, take: Callable[[Any], None]) -> None:
    window = find("mainWindow")
    take(window is not None)
    if window is not None:
        window.close()


def scroll_to(name: str, take: Callable[[Any], None]) -> None:
    """Scroll as a wheel would until a widget is in sight."""
    widget = find(name)
    area = widget.parentWidget() if widget else None
    while area is not None and not isinstance(area, QScrollArea):
        area = area.parentWidget()
    if widget is not None and isinstance(area, QScrollArea):
        area.ensureWidgetVisible(widget)
    take(None)


ASKED = {
    "describe": describe,
    "script": run_script,
    "picture": save_picture,
    "close": close_window,
    "scroll": scroll_to,
}


def listen(server: socket.socket, probe: Probe) -> None:
    connection, _ = server.accept()
    with connection, connection.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            asked = json.loads(line)
            work = Work(lambda take, asked=asked: ASKED[asked["do"]](asked["of"], take))  # type: ignore[misc]
            QCoreApplication.postEvent(probe, work, Qt.EventPriority.NormalEventPriority.value)
            work.done.wait(10)
            lines.write(json.dumps(work.answer) + "\n")
            lines.flush()


if __name__ == "__main__":
    address = sys.argv.pop(1)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
    threading.Thread(target=listen, args=(listener, Probe()), daemon=True).start()
    main()
