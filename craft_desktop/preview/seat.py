"""A project's place at the gateway: what serves there now, or the page in its stead, and what waits for a change."""

import asyncio
import time
from collections.abc import Callable, Iterator

from craft_desktop.preview.pages import REFUSED, UNKNOWN, PageKind, PageState
from craft_desktop.preview.relay import Lasting
from craft_desktop.preview.routes import Upstream

# How long requests wait for the next upstream: a dev server that restarts is back with its page after 2 to 4 s
# (Next.js, measured), and a browser shows the old page meanwhile. Beyond it a page that tells what happens is better.
HOLD_S = 5.0
# Scripts remembered, across sleep and restarts, which a page outlives: one in a development build has some dozens.
MOST_SCRIPTS = 64


class Seat:
    """One project's place.

    :param revisions: numbers that no other state of this gateway bears.
    :param hold_s: how long requests wait while an upstream is replaced.
    """

    def __init__(
        self, revisions: Iterator[int], hold_s: float = HOLD_S, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._revisions = revisions
        self._hold_s = hold_s
        self._clock = clock
        self._hold_until = 0.0
        self._used_at = clock()
        self.upstream: Upstream | None = None
        self.page: PageState | None = UNKNOWN
        self.is_known = False
        self.revision = next(revisions)
        self.changed = asyncio.Event()
        self.lasting = Lasting()
        self.looking = asyncio.Lock()
        self.hot_reload_sockets = 0
        self._edits = 0
        self._edits_shown = 0
        self._scripts: dict[str, None] = {}

    @property
    def scripts(self) -> tuple[str, ...]:
        """Give the scripts (path and query) that pages asked for of what sits here, the last first."""
        return tuple(reversed(self._scripts))

    def note_script(self, path: str) -> None:
        """Note that a page has this script."""
        self._scripts.pop(path, None)
        self._scripts[path] = None
        if len(self._scripts) > MOST_SCRIPTS:
            del self._scripts[next(iter(self._scripts))]

    @property
    def is_asleep(self) -> bool:
        """Would a person's request wake what serves here?"""
        return self.page is not None and self.page.kind is PageKind.ASLEEP

    @property
    def idle_s(self) -> float:
        """Give the seconds since a person's use, or since the seat was taken."""
        return self._clock() - self._used_at

    def use(self) -> None:
        """Note a person's use."""
        self._used_at = self._clock()

    def edited(self) -> None:
        """Note an edit that the dev server now has."""
        self._edits += 1

    def caught_up(self) -> None:
        """Note that a page has every edit: its document is being asked for, or its hot-reload socket was open."""
        self._edits_shown = self._edits

    def take_stale(self) -> bool:
        """Did edits come since a page caught up? The answer is yes once, for the page that now loads anew.

        A dev server tells an edit to the sockets that are open, and to no later one: between a document and its
        socket, and while a socket is away, edits are lost to the page (Next.js and Vite, seen).
        """
        stale = self._edits != self._edits_shown
        self.caught_up()
        return stale

    def set(self, upstream: Upstream | None, page: PageState | None) -> None:
        """Change what sits here, and close what hung on the old."""
        moved = upstream != self.upstream
        if not moved and page == self.page:
            return
        was_there = self.is_asleep or (self.upstream is not None and self.page is None)
        if was_there and page is not None and page.kind is PageKind.WAITING:
            self._hold_until = self._clock() + self._hold_s
        self.upstream, self.page = upstream, page
        self.revision = next(self._revisions)
        self.changed.set()
        self.changed = asyncio.Event()
        if moved:
            self.lasting.end()
            self.lasting = Lasting()

    def refuse(self, upstream: Upstream) -> None:
        """Note that nobody answers at `upstream`, if that still sits here."""
        if self.upstream is upstream:
            self.set(upstream, REFUSED)

    def held_for(self, *, hot_reload: bool) -> float | None:
        """Give how long a request may wait for what comes; None for as long as it takes.

        While all sleeps, a hot-reload socket waits without waking anybody: a page that finds its socket refused
        again and again would load itself anew, and that would look like use.
        """
        if self.page is None or not self.is_known:
            return 0.0
        if self.is_asleep:
            return None if hot_reload else self._hold_s
        if self.page.kind is PageKind.WAITING:
            return max(0.0, self._hold_until - self._clock())
        return 0.0
