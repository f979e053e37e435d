"""One stable address per project, `http://<slug>.localhost:<port>/`, whatever serves it now.

Listens on loopback alone and answers `*.localhost` alone: a name that an attacker rebinds to 127.0.0.1 gets 421 and
nothing more (RFC 9110, 15.5.20). A project has a seat; on it sits an upstream, or a page that says why there is none.
Whenever that changes, what lasts (sockets, event streams) is closed, so that the page reconnects to what serves now;
while one upstream makes way for the next, requests wait.
"""

import asyncio
import contextlib
import itertools
import logging
import math
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from aiohttp import web

from craft_desktop.preview.loopback import BACKLOG, listen
from craft_desktop.preview.pages import REFUSED, UNKNOWN, Pages, PageState, describe
from craft_desktop.preview.relay import (
    HEADER_LIMIT_BYTES,
    HEADER_LIMIT_LINES,
    BrokenAnswerError,
    RefusedError,
    Relay,
)
from craft_desktop.preview.routes import Upstream, is_hot_reload, is_navigation, is_news, reload_message, slug_of
from craft_desktop.preview.seat import HOLD_S, Seat

STATE_PATH = "/.craft/state"  # the only path of a project's address that is the gateway's own
POLL_S = 20.0  # how long a waiting page's question is held: below the shortest idle limit in use (30 s)
UNKNOWN_POLL_S = 1.0  # the same where no project is known; nothing will wake it, so it looks again
# Between two looks at an upstream that refuses: soon enough to feel at once, seldom enough to be free.
PROBE_PAUSE_S = 0.3
# Told this far apart: no save is measured more finely, and a dev server that says a thousand things costs little.
HEARD_S = 0.005
SHUTDOWN_S = 0.1  # handlers end at once when cancelled; this bounds one that does not
_LOOPBACK_PEERS = ("127.0.0.1", "::1")
_SCRIPTS = (".js", ".mjs")  # by name: webpack's, the only ones that are asked about, have no other

_log = logging.getLogger(__name__)


class Gateway:
    """Answers for all projects. An async context manager, or `open` and `aclose`.

    :param port: the preferred port; the next free one is taken where it is busy, any free one for 0.
    :param on_activity: told the slug of each request that a person's use may have caused; where the project is
        asleep, it is to be woken.
    :param hold_s: how long requests wait while an upstream is replaced.
    :param on_failed: told slug, method, path and status of each request that the dev server answered with a failure.
    :param on_hot_reload: told slug and time (Unix seconds) of what the dev server says of changes, HEARD_S apart.
    """

    def __init__(
        self,
        port: int,
        pages: Pages,
        on_activity: Callable[[str], None] | None = None,
        hold_s: float = HOLD_S,
        on_failed: Callable[[str, str, str, int], None] | None = None,
        on_hot_reload: Callable[[str, float], None] | None = None,
    ) -> None:
        self._preferred = port
        self._pages = pages
        self.on_activity, self.on_failed, self.on_hot_reload = on_activity, on_failed, on_hot_reload
        self._port = 0
        self._seats: dict[str, Seat] = {}
        self._revisions = itertools.count(1)
        self._hold_s = hold_s
        self._nobody = Seat(self._revisions)
        self._closing = contextlib.AsyncExitStack()
        self._relay = Relay()

    @property
    def port(self) -> int:
        """Give the port it listens on; 0 while it is not open."""
        return self._port

    def url(self, slug: str) -> str:
        """Give a project's address."""
        return f"http://{slug}.localhost:{self._port}/"

    def serve(self, slug: str, upstream: Upstream) -> None:
        """Pass the project's requests to `upstream` from now on."""
        self._seat(slug).set(upstream, None)

    def show(self, slug: str, state: PageState) -> None:
        """Answer the project's requests with a page from now on; after a waiting one, requests wait a while first."""
        self._seat(slug).set(None, state)

    def edited(self, slug: str) -> None:
        """Note that an edit has reached the dev server; a page whose hot-reload socket opens later loads anew."""
        self._seat(slug).edited()

    def idle(self, slug: str) -> float:
        """Give the seconds since a person's use of the project's address, or since it is known here."""
        return self._seat(slug).idle_s

    def upstream(self, slug: str) -> Upstream | None:
        """Give what serves the project now; None while nothing does."""
        seat = self._seats.get(slug)
        return seat.upstream if seat is not None else None

    def scripts(self, slug: str) -> tuple[str, ...]:
        """Give the scripts (path and query) that the project's pages asked for, the last first."""
        seat = self._seats.get(slug)
        return seat.scripts if seat is not None else ()

    def hot_reload_sockets(self, slug: str) -> int:
        """Give how many pages listen for changes right now."""
        return self._seat(slug).hot_reload_sockets

    def forget(self, slug: str) -> None:
        """Give the project's address up."""
        seat = self._seats.get(slug)
        if seat is not None:
            seat.is_known = False
            seat.set(None, UNKNOWN)
            del self._seats[slug]

    async def is_serving(self, slug: str) -> bool:
        """Ask whether the project's upstream answers now."""
        seat = self._seats.get(slug)
        return seat is not None and seat.upstream is not None and await self._relay.is_serving(seat.upstream)

    async def open(self) -> None:
        """Listen.

        :raises GatewayError: no port is free.
        """
        sockets = listen(self._preferred)
        self._port = sockets[0].getsockname()[1]
        async with contextlib.AsyncExitStack() as opening:
            for each in sockets:
                opening.callback(each.close)
            await opening.enter_async_context(self._relay)
            server = web.Server(
                self._answer,
                handler_cancellation=True,
                access_log=None,
                auto_decompress=False,
                max_line_size=HEADER_LIMIT_BYTES,
                max_field_size=HEADER_LIMIT_BYTES,
                max_headers=HEADER_LIMIT_LINES,
            )
            runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_S)
            await runner.setup()
            opening.push_async_callback(runner.cleanup)
            for each in sockets:
                await web.SockSite(runner, each, backlog=BACKLOG).start()
            self._closing = opening.pop_all()
        _log.info("previews are served at port %d", self._port)

    async def aclose(self) -> None:
        """Close every connection and free the port. May be called twice."""
        for slug in tuple(self._seats):
            self.forget(slug)
        self._port = 0
        await self._closing.aclose()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _seat(self, slug: str) -> Seat:
        seat = self._seats.get(slug)
        if seat is None:
            seat = self._seats[slug] = Seat(self._revisions, self._hold_s)
            seat.is_known = True
        return seat

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        peer = _peer(request)
        hosts = request.headers.getall("Host", [])
        slug = slug_of(hosts[0]) if len(hosts) == 1 and peer in _LOOPBACK_PEERS else None
        if slug is None:
            return _plain(421, f"A project's page stands at its own address, http://<name>.localhost:{self._port}/.")
        path = request.raw_path
        if not path.startswith("/") or request.method == "CONNECT":
            return _plain(400, "This is not a proxy.")
        seat = self._seats.get(slug, self._nobody)
        if path.partition("?")[0] == STATE_PATH:
            return await self._tell(request, seat)
        navigation = is_navigation(request.method, request.headers)
        hot_reload = is_hot_reload(path, request.headers)
        self._note_use(slug, seat, navigation=navigation, hot_reload=hot_reload)
        greeting = reload_message(path, request.headers) if hot_reload else ""
        joined = False

        def greet() -> str:
            nonlocal joined
            joined = True
            return greeting if greeting and seat.take_stale() else ""

        while True:
            upstream = seat.upstream
            if upstream is not None:
                if navigation:
                    seat.caught_up()
                seat.hot_reload_sockets += hot_reload
                try:
                    heard = self._listener(slug) if hot_reload else None
                    answer = await self._relay.pass_on(request, upstream, hosts[0], peer, seat.lasting, greet, heard)
                    self._note_failure(slug, request, answer.status)
                    if answer.status in (200, 304) and path.partition("?")[0].endswith(_SCRIPTS):
                        seat.note_script(path)
                    return answer
                except RefusedError as error:
                    _log.debug("%s: %s", slug, error)
                    seat.refuse(upstream)
                    if error.took_body:
                        break
                except BrokenAnswerError as error:
                    _log.debug("%s: %s", slug, error)
                    self._note_failure(slug, request, 502)
                    return _plain(502, "The dev server's answer could not be read.")
                finally:
                    seat.hot_reload_sockets -= hot_reload
                    if joined and greeting:
                        seat.caught_up()
            if not await self._wait(seat, hot_reload=hot_reload):
                break
        return self._say(slug, seat, navigation=navigation)

    def _note_use(self, slug: str, seat: Seat, *, navigation: bool, hot_reload: bool) -> None:
        serves = seat.upstream is not None or seat.is_asleep
        if seat.is_known and (navigation or (serves and not hot_reload)):
            seat.use()
            if self.on_activity is not None:
                self.on_activity(slug)

    def _listener(self, slug: str) -> Callable[[bytes], None]:
        heard_at = 0.0

        def hear(data: bytes) -> None:
            nonlocal heard_at
            now = time.time()
            if self.on_hot_reload is not None and abs(now - heard_at) >= HEARD_S and is_news(data):
                heard_at = now
                self.on_hot_reload(slug, now)

        return hear

    def _note_failure(self, slug: str, request: web.BaseRequest, status: int) -> None:
        if status >= 400 and self.on_failed is not None:
            self.on_failed(slug, request.method, request.raw_path, status)

    async def _wait(self, seat: Seat, *, hot_reload: bool) -> bool:
        """Wait until the seat's upstream may be asked; False where none is coming, or not soon enough."""
        deadline = math.inf  # each state has its own patience, but who has begun to wait does not begin again
        try:
            while seat.page is not None:
                left = seat.held_for(hot_reload=hot_reload)
                if left == 0.0:
                    return False
                if left is not None:
                    deadline = min(deadline, asyncio.get_running_loop().time() + left)
                async with asyncio.timeout_at(None if left is None else deadline):
                    await self._next_change(seat)
        except TimeoutError:
            return False
        return True

    async def _next_change(self, seat: Seat) -> None:
        """Wait until the seat changes; where its upstream refuses, ask that again meanwhile."""
        changed, upstream = seat.changed, seat.upstream
        if upstream is None:
            await changed.wait()
            return
        async with seat.looking:  # one asks for all
            if not changed.is_set():
                await self._look_again(seat, upstream)

    def _say(self, slug: str, seat: Seat, *, navigation: bool) -> web.Response:
        state = seat.page or REFUSED
        status = 503 if seat.is_known else 404
        again = {"Retry-After": "1"} if seat.is_known else {}
        if navigation:
            text = self._pages.render(slug, state)
            return web.Response(status=status, text=text, headers={**self._pages.headers, **again})
        return _plain(status, f"{state.title}.", again)

    async def _tell(self, request: web.BaseRequest, seat: Seat) -> web.Response:
        """Answer a waiting page: at once if it has not seen the state, else when it changes, or after POLL_S."""
        seen = request.query.get("seen", "")
        with contextlib.suppress(TimeoutError):  # nothing changed: the page is told the same again, and asks again
            async with asyncio.timeout(POLL_S if seat.is_known else UNKNOWN_POLL_S):
                while seat.page is not None and seen == str(seat.revision):
                    await self._next_change(seat)
        return web.json_response(describe(seat.page, seat.revision), headers={"Cache-Control": "no-store"})

    async def _look_again(self, seat: Seat, upstream: Upstream) -> None:
        changed = seat.changed
        with contextlib.suppress(TimeoutError):  # not changed in the meantime; look
            async with asyncio.timeout(PROBE_PAUSE_S):
                await changed.wait()
        if not changed.is_set() and await self._relay.is_serving(upstream) and seat.upstream is upstream:
            seat.set(upstream, None)


def _peer(request: web.BaseRequest) -> str:
    transport = request.transport
    name = transport.get_extra_info("peername") if transport is not None else None
    return str(name[0]) if name else ""


def _plain(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=f"{text}\n", headers={"Cache-Control": "no-store", **(headers or {})})
