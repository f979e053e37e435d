"""Passes one request to its upstream and the answer back, streaming both ways and changing neither body.

Bodies stay as they are encoded: no side decompresses. Nothing limits how long a stream may last; a browser that goes
away ends the upstream's side (the server cancels the handler), an upstream that breaks off ends the browser's side
unfinished, so that no half answer looks whole.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from craft_desktop.preview.routes import (
    REFUSAL_SIZE_BYTES,
    REFUSAL_STATUS,
    Upstream,
    is_refusal,
    request_headers,
    response_headers,
)
from craft_desktop.preview.tunnel import Tunnel, text_frame

CONNECT_LIMIT_S = 10  # a sandbox across an ocean answers a SYN in well under 1 s; ten tries' worth of patience
# Node.js drops an idle connection after 5 s; leaving it before then spares requests that would meet a closed door.
KEEPALIVE_S = 3
HEADER_LIMIT_BYTES = 64 * 1024  # twice what a browser sends with every cookie it may keep for one host (180 x ~180 B)
HEADER_LIMIT_LINES = 400  # aiohttp allows 128; Next.js preloads alone can reach that
_AUTOMATIC = ("User-Agent", "Accept", "Accept-Encoding", "Content-Type")  # aiohttp adds these where a browser did not


class Lasting:
    """What hangs on one upstream for as long as it serves: sockets and event streams."""

    def __init__(self) -> None:
        self._closers: set[Callable[[], None]] = set()
        self._ended = False

    def add(self, close: Callable[[], None]) -> None:
        """Keep the call that closes one; where the upstream serves no longer, it is closed at once."""
        self._closers.add(close)
        if self._ended:
            close()

    def discard(self, close: Callable[[], None]) -> None:
        """Forget one that has ended by itself."""
        self._closers.discard(close)

    def end(self) -> None:
        """Close them all, and each that is still on its way."""
        self._ended = True
        for close in tuple(self._closers):
            close()


class RefusedError(Exception):
    """Nobody serves at the upstream: it cannot be reached, or its ingress says so.

    `took_body` when the request's body was read already, so that it cannot be sent again.
    """

    took_body = False


class BrokenAnswerError(Exception):
    """The upstream answered, but not in HTTP."""


class PassedResponse(web.StreamResponse):
    """An answer with the upstream's headers and none of aiohttp's own.

    :param with_body: the body's start is here, so that the head goes out with it: one packet, and a fifth less work.
    """

    def __init__(self, *, status: int, reason: str | None, headers: CIMultiDict[str], with_body: bool = False) -> None:
        super().__init__(status=status, reason=reason, headers=headers)
        self._send_headers_immediately = not with_body

    async def _prepare_headers(self) -> None:
        given = {name.lower() for name in self.headers}
        await super()._prepare_headers()
        # A type that the upstream did not name is the browser's to find out; Server is nobody's business.
        for name in ("Content-Type", "Server"):
            if name.lower() not in given:
                self.headers.pop(name, None)


class Relay:
    """Holds the connections to upstreams. An async context manager."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            # No limit: the browser bounds its own connections, and a held stream must not starve the page.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEPALIVE_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_LIMIT_S),
            auto_decompress=False,
            skip_auto_headers=_AUTOMATIC,
            trust_env=False,
            max_line_size=HEADER_LIMIT_BYTES,
            max_field_size=HEADER_LIMIT_BYTES,
            max_headers=HEADER_LIMIT_LINES,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def is_serving(self, upstream: Upstream) -> bool:
        """Ask the upstream for its first page; any answer that is not a refusal is a yes.

        Blocks until it answers, which may be its first compile.
        """
        headers = CIMultiDict([("Host", upstream.host), ("Accept", "application/json"), *upstream.headers.items()])
        try:
            answer = await self._ask("GET", URL(f"{upstream.url}/"), headers, None)
            try:
                await _start_of(answer)
            finally:
                answer.close()
        except RefusedError:
            return False
        except BrokenAnswerError:
            return True
        return True

    async def pass_on(
        self,
        request: web.BaseRequest,
        upstream: Upstream,
        page_host: str,
        peer: str,
        lasting: Lasting,
        greet: Callable[[], str] = str,
        on_told: Callable[[bytes], None] | None = None,
    ) -> web.StreamResponse:
        """Pass `request` on and give the finished answer.

        :param lasting: keeps what ends a socket or an event stream, while it lasts.
        :param greet: gives the first message for a socket that was just joined; nothing for none.
        :param on_told: shown what the upstream says through a socket.
        :raises RefusedError: nobody serves there; nothing was sent to the browser.
        :raises BrokenAnswerError: the answer cannot be read; nothing was sent to the browser.
        """
        websocket = request.headers.get("Upgrade", "").lower() == "websocket"
        path = request.raw_path
        received = request.headers.items()
        headers = CIMultiDict(request_headers(received, upstream, page_host, peer, path, websocket=websocket))
        body = Body(request) if request.body_exists else None
        try:
            answer = await self._ask(
                request.method, URL(upstream.url + path, encoded=True), headers, body.chunks() if body else None
            )
        except RefusedError as error:
            error.took_body = body is not None and body.is_taken
            raise
        try:
            if answer.status == 101 and not websocket:
                raise BrokenAnswerError("it switched protocols, and nobody had asked for that")
            if websocket and answer.status == 101:
                return await _join(request, answer, upstream, page_host, lasting, greet, on_told)
            return await _stream(request, answer, upstream, page_host, lasting)
        except RefusedError as error:
            error.took_body = body is not None and body.is_taken
            raise
        finally:
            # Returns the connection when all was read, and closes it when not.
            if answer.content.at_eof() and answer.status != 101:
                answer.release()
            else:
                answer.close()

    async def _ask(
        self, method: str, url: URL, headers: CIMultiDict[str], body: AsyncIterator[bytes] | None
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            raise RuntimeError("the relay is not open")
        try:
            return await self._session.request(method, url, headers=headers, data=body, allow_redirects=False)
        except (aiohttp.ClientConnectionError, ssl.SSLError, TimeoutError) as error:
            raise RefusedError(str(error)) from error
        except aiohttp.ClientError as error:
            raise BrokenAnswerError(str(error)) from error


class Body:
    """A request's body on its way. Nothing is taken of it, or asked for (RFC 9110, 10.1.1), before the upstream is."""

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request
        self.is_taken = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Give the body as it comes."""
        self.is_taken = True
        if self._request.headers.get("Expect", "").lower() == "100-continue":
            await self._request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self._request.writer.output_size = 0
        async for chunk in self._request.content.iter_any():
            yield chunk


async def _start_of(answer: aiohttp.ClientResponse) -> bytes:
    """Read what tells a refusal, and raise RefusedError if it is one; other answers are not touched."""
    if answer.status != REFUSAL_STATUS:
        return b""
    start = b""
    try:
        while len(start) < REFUSAL_SIZE_BYTES and (chunk := await answer.content.readany()):
            start += chunk
    except aiohttp.ClientError as error:
        raise RefusedError(str(error)) from error
    if is_refusal(answer.status, start):
        raise RefusedError(start[:200].decode(errors="replace"))
    return start


async def _stream(
    request: web.BaseRequest, answer: aiohttp.ClientResponse, upstream: Upstream, page_host: str, lasting: Lasting
) -> web.StreamResponse:
    start = await _start_of(answer)
    headers = CIMultiDict(response_headers(answer.headers.items(), upstream, page_host))
    start = start or (b"" if answer.content.exception() else answer.content.read_nowait())
    response = PassedResponse(status=answer.status, reason=answer.reason, headers=headers, with_body=bool(start))
    if answer.content_type == "text/event-stream":
        lasting.add(answer.close)
    try:
        await response.prepare(request)
        if start:
            await response.write(start)
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
        await response.write_eof()
    except (aiohttp.ClientError, asyncio.IncompleteReadError):
        # Broken off behind our back, or by a switch: end the browser's side unfinished. The server drops the rest.
        _hang_up(request)
    finally:
        lasting.discard(answer.close)
    return response


async def _join(
    request: web.BaseRequest,
    answer: aiohttp.ClientResponse,
    upstream: Upstream,
    page_host: str,
    lasting: Lasting,
    greet: Callable[[], str],
    on_told: Callable[[bytes], None] | None,
) -> web.StreamResponse:
    headers = CIMultiDict(response_headers(answer.headers.items(), upstream, page_host, websocket=True))
    response = PassedResponse(status=101, reason=answer.reason, headers=headers)
    response.force_close()
    await response.prepare(request)
    connection = answer.connection
    if connection is None or connection.protocol is None:
        _hang_up(request)
        return response
    browser: Any = request.protocol
    server: Any = connection.protocol
    tunnel = Tunnel(browser, server, on_told)
    try:
        # Each protocol hands over what it had received too much, then leaves the connection.
        if greeting := greet():
            browser.transport.write(text_frame(greeting))
        browser.set_parser(tunnel.browser)
        server.set_parser(tunnel.server, answer.content)
        tunnel.start()
        lasting.add(tunnel.close)
        await tunnel.wait()
    finally:
        lasting.discard(tunnel.close)
        tunnel.close()
    return response


def _hang_up(request: web.BaseRequest) -> None:
    request.protocol.force_close()
