"""Asks a page when it last changed on the screen, for a few seconds after a save and never otherwise.

A script in a world of the program's own notes each frame in which the document changed; the page does not see it and
reaches nothing of it, and it reaches nothing of the program: it is asked, and what it answers is numbers. All that the
page could do is to change its own document, which makes wrong what is said of it alone.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineScript

from craft_desktop.model.saved import LIMIT_S, MOST_FRAMES, read_frames

ASK_MS = 100
"""Between two questions. What is told is noted by the page: this only delays when a person reads it."""
WORLD = QWebEngineScript.ScriptWorldId.ApplicationWorld.value
ASKED = "typeof craftFrames === 'function' ? craftFrames() : ''"

# Each node keeps the three last frames it changed in. Of a frame, the most restful node is told: the one whose change
# before the last is longest ago. What comes before the first paint is the page being made. A frame counts once it was
# drawn: a message sent before drawing arrives after it (a second animation frame would come up to 17 ms later). The
# clock is the system's, for the page's own stands still while the computer sleeps. A style sheet counts when it has
# loaded; scripts, titles and the like are never seen, nor is Next.js's indicator, which says that it compiles.
SCRIPT = """
(() => {
  const most = MOST, node_limit = 500;
  const unseen = new Set(["SCRIPT", "META", "TITLE", "BASE", "TEMPLATE", "NOSCRIPT", "LINK",
    "NEXTJS-PORTAL", "NEXT-ROUTE-ANNOUNCER"]);
  const frames = [], times = new WeakMap(), channel = new MessageChannel();
  let changed = new Set(), drawn = [], is_due = false, is_shown = false;
  const add = (row) => { frames.push(row); if (frames.length > most) frames.shift(); };
  const is_seen = (node) =>
    node !== null && (node.nodeType === 3 || (node.nodeType === 1 && !unseen.has(node.nodeName)));
  const mark = (node) => {
    if (changed.size < node_limit) changed.add(node);
    if (!is_due) {
      is_due = true;
      requestAnimationFrame(() => {
        drawn = changed;
        changed = new Set();
        is_due = false;
        channel.port2.postMessage(0);
      });
    }
  };
  channel.port1.onmessage = () => {
    const now = Date.now();
    if (!is_shown) drawn = [];
    let restful = null;
    for (const node of drawn) {
      const before = times.get(node) || [0, 0, 0];
      if (restful === null || before[1] < restful[1]) restful = before;
      times.set(node, [now, before[0], before[1]]);
    }
    drawn = [];
    if (restful !== null) add([now, ...restful, 0]);
  };
  new MutationObserver((records) => {
    for (const record of records) {
      const target = record.target;
      if (record.type === "childList") {
        const gone = [...record.removedNodes].some((node) => is_seen(node) || node.nodeName === "LINK");
        const is_head = target.nodeName === "HEAD";
        const come = [...record.addedNodes].some((node) => is_head ? node.nodeName === "STYLE" : is_seen(node));
        if ((gone || come) && (is_seen(target) || target.nodeType === 9)) mark(target);
      } else if (is_seen(record.type === "characterData" ? target.parentNode : target)) {
        mark(target);
      }
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
  addEventListener("load", (event) => { if (event.target.nodeName === "LINK") mark(event.target); }, true);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (entry.name !== "first-contentful-paint" || is_shown) continue;
      is_shown = true;
      const [way] = performance.getEntriesByType("navigation");
      if (way !== undefined && way.type === "reload") {
        add([Math.max(0, Date.now() - performance.now() + entry.startTime), 0, 0, 0, 1]);
      }
    }
  }).observe({ type: "paint", buffered: true });
  globalThis.craftFrames = () => JSON.stringify(frames);
})();
""".replace("MOST", str(MOST_FRAMES))


def _script() -> QWebEngineScript:
    made = QWebEngineScript()
    made.setName("paint-watch")
    made.setSourceCode(SCRIPT)
    made.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
    made.setWorldId(WORLD)
    made.setRunsOnSubFrames(False)
    return made


class PaintWatch(QObject):
    """Watches one page.

    :param is_worth_it: can the page be seen, and asked?
    """

    painted = Signal(object)
    """A tuple of `Frame`: those in which the page changed lately."""

    def __init__(self, page: QWebEnginePage, is_worth_it: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._page, self._is_worth_it = page, is_worth_it
        self._is_open = self._is_asked = False
        page.scripts().insert(_script())
        self._timer = QTimer(self, interval=ASK_MS)
        self._timer.timeout.connect(self._ask)
        self._end = QTimer(self, interval=round(1000 * LIMIT_S), singleShot=True)
        self._end.timeout.connect(self.rest)

    @property
    def is_asking(self) -> bool:
        """Is an answer wanted now?"""
        return self._is_open

    def begin(self) -> None:
        """Ask from now on: a save was pushed."""
        if self._is_worth_it():
            self._is_open, self._is_asked = True, False
            self._timer.start()
            self._end.start()
            self._ask()

    def settle(self) -> None:
        """Ask once more and no further: what the page shows from now on is a person's doing."""
        if self._is_open:
            self._is_asked = False
            self._ask()
            self._timer.stop()
            self._end.stop()

    def rest(self) -> None:
        """Ask no more, and heed no answer that is still due."""
        self._is_open = False
        self._timer.stop()
        self._end.stop()

    def _ask(self) -> None:
        if not self._is_worth_it():
            self.rest()
        elif not self._is_asked:  # a page that hangs is not asked again until it answers
            self._is_asked = True
            self._page.runJavaScript(ASKED, WORLD, self._heed)

    def _heed(self, told: object) -> None:
        self._is_asked = False
        frames = read_frames(told) if self._is_open else ()
        if not self._timer.isActive():
            self.rest()
        if frames:
            self.painted.emit(frames)
