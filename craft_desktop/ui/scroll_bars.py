"""Takes a page's scroll bars from it, as on a phone, and sees to it that they go.

The engine's setting alone does not take bars from a page that has them: they go when it is laid out anew. On a busy
machine the page can be laid out before it hears of the setting, and then kept its bars for good (measured: two first
choices of a phone's size in twenty-five). So the page is asked, and laid out again until they are gone.
"""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWebEngineCore import QWebEngineScript, QWebEngineSettings
from PySide6.QtWebEngineWidgets import QWebEngineView

WAITS_MS = (50, 100, 200, 400, 800, 1600, 3200)
"""Before each look: a changed setting is sent with the next turn of the loop; the rest is for a busy machine. A page
that keeps room beside it for a reason of its own is left alone after the last."""
SURE = 4
"""So often it is looked at least: a page that had no bars may get some only once it has its new size."""
_BESIDE = "innerWidth - document.documentElement.clientWidth"
"""The width of the bar beside the page, in CSS pixels: 15, or none. (The bar below goes with it; a page without a
doctype would not tell of that one.)"""
_NUDGE = 1.01
"""A zoom that differs enough to have a page laid out anew, and too short to be seen."""

Heed = Callable[[object], None]


class ScrollBars(QObject):
    """The bars of one view's page.

    :param set_shown: tells the engine.
    :param ask: asks the page how wide its bar is; a page that ends answers with no number, or never.
    :param lay_out_anew: has the page laid out again.
    """

    def __init__(
        self,
        owner: QObject,
        set_shown: Callable[[bool], None],
        ask: Callable[[Heed], None],
        lay_out_anew: Callable[[], None],
    ) -> None:
        super().__init__(owner)
        self._set_shown, self._ask, self._lay_out_anew = set_shown, ask, lay_out_anew
        self._is_shown = True
        self._looks = 0
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._look)

    def show(self, is_shown: bool) -> None:
        """Let the page have bars, or not."""
        if is_shown is self._is_shown:
            return
        self._set_shown(is_shown)
        self._is_shown, self._looks = is_shown, 0
        self._timer.start(WAITS_MS[0])

    def _look(self) -> None:
        self._looks += 1
        if self._looks == 1:
            self._lay_out_anew()
        if not self._is_shown:  # whether a page lacks bars that it should have cannot be seen: it may be short
            self._ask(self._heed)

    def _heed(self, beside: object) -> None:
        if not isinstance(beside, int | float):
            return  # the page has ended, and maybe this with it
        if self._is_shown or self._timer.isActive():
            return  # a person has chosen anew
        if beside > 0:
            self._lay_out_anew()
        if self._looks < (len(WAITS_MS) if beside > 0 else SURE):
            self._timer.start(WAITS_MS[self._looks])


def bars_of(view: QWebEngineView) -> ScrollBars:
    """Give the bars of a view, whose page stays the same."""
    page = view.page()
    attribute, world = QWebEngineSettings.WebAttribute.ShowScrollBars, QWebEngineScript.ScriptWorldId.ApplicationWorld

    def lay_out_anew() -> None:
        zoom = view.zoomFactor()
        view.setZoomFactor(zoom * _NUDGE)
        view.setZoomFactor(zoom)

    return ScrollBars(
        view,
        lambda is_shown: page.settings().setAttribute(attribute, is_shown),
        lambda heed: page.runJavaScript(_BESIDE, world.value, heed),
        lay_out_anew,
    )
