"""Looks at a page from outside: whether anything stands in it, and whether its framework has taken it over.

The page is asked in its own world, where its framework leaves its marks; a page that lies does so about itself alone.
"""

import re
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from craft_desktop.model.checkup import PageSeen
from craft_desktop.ui.asks import Ask
from craft_desktop.ui.page_line import PageLine
from craft_desktop.ui.web import Web
from craft_desktop.ui.words import tr

ANSWER_MS = 800
"""A page that runs answers within a frame or two; one whose scripts never end does not answer at all."""
TAKE_OVER_MS = 3_000
"""So old a page may be before its framework has taken it over: an app of 5 MB took 1.2 s."""
AGAIN_MS = 150
BLANK_MS = 2_500
"""After a page has loaded, so long its scripts may take to put something into it: an app of 5 MB took 1.2 s."""

_BLANK = "blank"
# A root of React bears a key of its own since version 17, and `_reactRootContainer` before; Vue's `__vue_app__`; Svelte
# 5 leaves `__svelte`. Where a framework left its bundle and no such mark, it has not taken the page over.
_SCRIPT = """
(() => {
  const body = document.body;
  if (!body) return "none 0 0 0 0";
  const roots = [document, document.documentElement, body, ...[...body.children].slice(0, 30)];
  for (const one of [...body.querySelectorAll("#root, #app, #__next, #__nuxt, [data-v-app]")].slice(0, 10))
    roots.push(one, ...[...one.children].slice(0, 5));
  const taken = roots.some((one) => "__vue_app__" in one || "_reactRootContainer" in one ||
    Object.keys(one).some((key) => key.startsWith("__reactContainer$")));
  const known = "__next_f" in window || "__NEXT_DATA__" in window || "__NUXT__" in window ||
    document.querySelector("script[src*='/@vite/client'], #__next, #__nuxt");
  const all = body.querySelectorAll("*:not(script):not(style):not(template):not(nextjs-portal)").length;
  const seen = body.querySelectorAll("img, svg, canvas, video, iframe, object, input, button, textarea, select").length;
  const letters = (body.innerText || "").trim().length;
  const age = Math.round(Math.min(performance.now(), 1e6));
  return [taken ? "yes" : known ? "no" : "none", letters, all, seen, age].join(" ");
})()
"""
_ANSWER = re.compile(r"(yes|no|none) (\d{1,9}) (\d{1,9}) (\d{1,9}) (\d{1,9})")


class PageLook(QObject):
    """One look. It answers once: where nothing comes from the page, after ANSWER_MS.

    A page that has only just loaded is asked again until its framework has taken it over, or had the time to.
    """

    def __init__(self, web: Web, answer: Callable[[PageSeen], None]) -> None:
        super().__init__(web)
        self._asks_left = TAKE_OVER_MS // AGAIN_MS  # its age is the page's own word
        self._answer: Callable[[PageSeen], None] | None = answer
        self._timer = QTimer(self, singleShot=True, interval=ANSWER_MS)
        self._timer.timeout.connect(lambda: self._say(PageSeen(is_answering=False)))
        self._again = QTimer(self, singleShot=True, interval=AGAIN_MS)
        self._again.timeout.connect(self._ask)
        self._ask()

    def _ask(self) -> None:
        web = self.parent()
        assert isinstance(web, Web)
        self._timer.start()
        web.ask_value(_SCRIPT, self._heed)

    def _heed(self, told: object) -> None:
        if self._answer is None:
            return
        seen, age_ms = read_seen(told)
        if seen.is_hydrated is False and age_ms < TAKE_OVER_MS and self._asks_left:
            self._asks_left -= 1
            self._timer.stop()
            self._again.start()
        else:
            self._say(seen)

    def _say(self, seen: PageSeen) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            self._timer.stop()
            answer(seen)
            self.deleteLater()


class BlankWatch(QObject):
    """Notices a page on which nothing is to be seen, a while after it has loaded, and asks whether to find out why.

    :param look: tells what can be seen of the page, or None.
    :param line: where the question stands.
    """

    doctor_requested = Signal()

    def __init__(self, look: Callable[[Callable[[PageSeen | None], None]], None], line: PageLine) -> None:
        super().__init__(line)
        self._line = line
        self._timer = QTimer(self, singleShot=True, interval=BLANK_MS)
        self._timer.timeout.connect(lambda: look(self._heed))

    def begin(self) -> None:
        """A page has loaded: look at it in a while."""
        self._line.withdraw(_BLANK)
        self._timer.start()

    def _heed(self, seen: PageSeen | None) -> None:
        if seen is not None and seen.is_blank:
            words = tr("Nothing is to be seen on the page.")
            self._line.ask(Ask(_BLANK, words, tr("Find out why"), tr("Leave it"), self._answer))

    def _answer(self, is_yes: bool) -> None:
        if is_yes:
            self.doctor_requested.emit()


def read_seen(told: object) -> tuple[PageSeen, int]:
    """Read what the page answered, and how old it is in ms; one that cannot be read has nothing of a framework's."""
    found = _ANSWER.fullmatch(told) if isinstance(told, str) else None
    if found is None:
        return PageSeen(letters=1), 0
    is_hydrated = {"yes": True, "no": False, "none": None}[found[1]]
    return PageSeen(is_hydrated, int(found[2]), int(found[3]), int(found[4])), int(found[5])
