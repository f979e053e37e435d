"""A project's page as the window uses it, without the web engine's names: the window starts before the engine does."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget


class Web(QObject):
    """One project's page: what it can be told, and what it tells. `ui/engine.py` is the one that shows pages."""

    moved = Signal()
    """The address, or what lies before and after it, changed."""
    loaded = Signal()
    """A page has loaded, or failed to."""
    loading = Signal()
    """A page begins to load."""
    console = Signal(int, str, str)
    """What the page said to its console, as `Page.console` tells it."""
    said = Signal(str)
    """A sentence for the person."""
    painted = Signal(object)
    """A tuple of `Frame`: those in which the page changed lately, while `watch_paints` asks for them."""
    asked = Signal(object)
    """An `Ask`."""
    withdrawn = Signal(str)
    """The key of an `Ask` that needs no answer any more."""
    ended = Signal()
    """The page's process ended; `reload` begins another."""

    view: QWidget
    """Shows the page."""

    @property
    def url(self) -> str:
        """The page's address."""
        raise NotImplementedError

    @property
    def can_go_back(self) -> bool:
        """Is there a page before this one?"""
        raise NotImplementedError

    @property
    def can_go_forward(self) -> bool:
        """Is there a page after this one?"""
        raise NotImplementedError

    @property
    def is_discarded(self) -> bool:
        """Was the page put away to free memory? It loads by itself when it is seen again."""
        raise NotImplementedError

    @property
    def process_id(self) -> int:
        """The process that draws the page; 0 when there is none."""
        raise NotImplementedError

    def load(self, url: str) -> None:
        """Go to an address."""
        raise NotImplementedError

    def back(self) -> None:
        """Go back one page."""
        raise NotImplementedError

    def forward(self) -> None:
        """Go forward one page."""
        raise NotImplementedError

    def reload(self) -> None:
        """Load the page anew, even one that hangs or whose process ended."""
        raise NotImplementedError

    def set_zoom(self, factor: float) -> None:
        """Draw each of the page's pixels with `factor` of the screen's."""
        raise NotImplementedError

    def show_scroll_bars(self, is_shown: bool) -> None:
        """Let the page have scroll bars, or scroll without them as on a phone."""
        raise NotImplementedError

    def ask_size(self, answer: Callable[[int, int], None]) -> None:
        """Ask how large the whole page is, in points on the screen."""
        raise NotImplementedError

    def ask_value(self, script: str, answer: Callable[[object], None]) -> None:
        """Run a script in the page's own world and give what it came to; a page that hangs never answers."""
        raise NotImplementedError

    def ask_picture(self, answer: Callable[[QImage], None]) -> None:
        """Ask for a picture of what the view shows, once it has been drawn at its present size."""
        raise NotImplementedError

    def watch_paints(self) -> None:
        """Tell `painted` for some seconds: a save was pushed."""
        raise NotImplementedError

    def rest_paints(self) -> None:
        """Tell `painted` no more."""
        raise NotImplementedError

    def discard(self) -> bool:
        """Give the page's memory back until it is seen again; False when it is in sight or in use."""
        raise NotImplementedError

    def show_tools(self) -> None:
        """Open the developer tools of the page in a window of their own."""
        raise NotImplementedError

    def close_web(self) -> None:
        """End everything for good."""
        raise NotImplementedError


class OpenWeb(Protocol):
    """Makes a page for a project.

    :param base: the project's address; the page moves nowhere else.
    :param folder: where the page's cookies and storage lie.
    """

    def __call__(self, base: str, folder: Path, owner: QWidget) -> Web:
        """Make it; `owner` ends it at the latest."""
        ...
