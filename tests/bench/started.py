"""A process that tells when its window had its first frame and when its loop was idle, and waits for its end.

Run by `bench_startup`: `python -m tests.bench.started [--web-view]`. Without an argument it is the program itself, with
nothing replaced but QMainWindow, by one that sees its own first frame. Nothing of Qt is loaded here: the program says
when that comes.
"""

import gc
import importlib
import os
import signal
import sys


def web_view() -> None:
    """As little as a window with a web view can do."""
    if os.geteuid() == 0:
        os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    widgets = importlib.import_module("PySide6.QtWebEngineWidgets")
    QtWidgets = importlib.import_module("PySide6.QtWidgets")
    application = QtWidgets.QApplication(sys.argv[:1])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    window = importlib.import_module("tests.bench.watched").Watched()
    view = widgets.QWebEngineView()
    window.setCentralWidget(view)
    window.resize(1280, 800)
    view.setUrl("about:blank")
    window.show()
    application.exec()


if __name__ == "__main__":
    if "--web-view" in sys.argv:
        web_view()
    else:
        gc.disable()  # as the program's own first lines do
        importlib.import_module("craft_desktop.ui.app")  # and then this: Qt comes after it
        watched = importlib.import_module("tests.bench.watched")
        importlib.import_module("PySide6.QtWidgets").QMainWindow = watched.Watched  # type: ignore[attr-defined]
        importlib.import_module("craft_desktop.__main__").main()
