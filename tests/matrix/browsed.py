"""A page in the window's own engine, without the window: what it says to its console, one line of JSON a message.

Run as `python -m tests.matrix.browsed FOLDER URL`; it ends with its standard input.
"""

import json
import os
import sys
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QSocketNotifier, Qt, QUrl
from PySide6.QtWidgets import QApplication

from craft_desktop.ui import guard
from craft_desktop.ui.page import Page, PageView, make_profile


def tell(level: int, text: str, source: str) -> None:
    sys.stdout.write(json.dumps([level, text, source]) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    guard.prepare(os.environ, guard.effective_user())
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication(["browsed", "-platform", "offscreen"])
    view = PageView(None)  # type: ignore[arg-type]  # a window of its own
    page = Page(sys.argv[2], make_profile("browsed", Path(sys.argv[1]), application))
    page.console.connect(tell)
    view.setPage(page)
    view.resize(800, 600)
    view.show()
    page.setUrl(QUrl(sys.argv[2]))
    lifeline = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    lifeline.activated.connect(application.quit)
    application.exec()
    os._exit(0)  # the engine's own end may take seconds, and nobody asks for what it keeps
