"""A browser without a screen that tells when words in its pages change: `python -m tests.bench.browser URL ...`.

Prints a line of JSON for each: {"page": 0, "words": "edit-3-client", "at": <time.monotonic()>}, and "loaded" once a
page's hot-reload socket had time to open. The clock is the system's, so that another process can compare.
"""

import json
import os
import sys
import time

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineScript
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication

# Told once for each new text of an element of class `words`.
WATCH = """
(() => {
  const seen = new Set();
  const look = () => document.querySelectorAll(".words").forEach((each) => {
    if (!seen.has(each.textContent)) { seen.add(each.textContent); console.log("words:" + each.textContent); }
  });
  new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
  look();
})();
"""
# Next.js connects its hot-reload socket while it hydrates, well under 1 s; an edit before that shows nothing.
SETTLE_MS = 3000


class Page(QWebEnginePage):
    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def javaScriptConsoleMessage(self, _: object, message: str, *__: object) -> None:
        if message.startswith("words:"):
            self.tell(message.removeprefix("words:"))

    def tell(self, words: str) -> None:
        line = json.dumps({"page": self._number, "words": words, "at": time.monotonic()})
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _watch() -> QWebEngineScript:
    script = QWebEngineScript()
    script.setSourceCode(WATCH)
    script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentReady)
    script.setWorldId(QWebEngineScript.ScriptWorldId.ApplicationWorld)
    return script


def main() -> None:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if os.geteuid() == 0:
        os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    application = QApplication(sys.argv)
    views = []
    for number, url in enumerate(sys.argv[1:]):
        view, page = QWebEngineView(), Page(number)
        view.setPage(page)
        view.resize(400, 300)
        view.show()
        page.scripts().insert(_watch())
        page.loadFinished.connect(lambda _, page=page: QTimer.singleShot(SETTLE_MS, lambda: page.tell("loaded")))
        page.load(QUrl(url))
        views.append(view)
    application.exec()


if __name__ == "__main__":
    main()
