"""HTTP/1.1 over a listening Unix socket: h11 for the protocol, asyncio streams for the bytes.

Bodies stream in both directions: a request's body is read only as fast as its handler takes it, and a response's
bytes wait in `send` until the peer took the earlier ones.
"""

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, unquote

import h11

from craft_desktop.host.envd.faults import HttpFault
from craft_desktop.tasks import Owner

_log = logging.getLogger(__name__)

# Bytes taken from the socket at once: large enough that a 500 MB upload costs few turns of the loop, small enough
# that twice this much (what asyncio may buffer) is nothing beside the interpreter.
_READ_BYTES = 128 * 1024
# A path may have 4096 bytes (PATH_MAX), thrice that percent-encoded, and stands in the request line.
_MAX_HEAD_BYTES = 64 * 1024
# How long a body may stand still where someone waits for it: the SDKs put no deadline on a streamed upload and leave
# that to the daemon; a minute is what they give every other request.
IDLE_S = 60.0
# What is read and thrown away of a refused request's body, so that the client, still sending, sees the answer
# rather than a broken connection.
_MAX_DISCARD_BYTES = 64 * 1024 * 1024

Headers = Sequence[tuple[str, str]]
Answerer = Callable[["Exchange"], Awaitable[None]]


class Exchange:
    """One request, and the means to answer it once."""

    def __init__(self, connection: "_Connection", request: h11.Request) -> None:
        self._connection = connection
        raw_path, _, raw_query = request.target.decode("ascii").partition("?")
        self.method = request.method.decode("ascii")
        self.path = unquote(raw_path, errors="surrogateescape")
        self.query: dict[str, str] = {}
        for key, value in parse_qsl(raw_query, keep_blank_values=True, errors="surrogateescape"):
            self.query.setdefault(key, value)
        self.headers: dict[str, str] = {}
        for raw_name, raw_value in request.headers:
            name, value = raw_name.decode("ascii"), raw_value.decode("latin-1")
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value
        self.has_begun = False
        self.has_ended = False

    async def chunks(self, idle_s: float | None = None) -> AsyncIterator[bytes]:
        """The body as it arrives.

        :param idle_s: how long it may stand still.
        :raises ConnectionError: the client went away before its end.
        :raises HttpFault: 408, it stood still for too long; the connection is of no use then.
        """
        while True:
            try:
                async with asyncio.timeout(idle_s):
                    event = await self._connection.next_event()
            except TimeoutError as error:
                self._connection.abandon_body()
                raise HttpFault(408, f"nothing came for {idle_s:g} s within the request body") from error
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise ConnectionResetError("the client went away within its request")

    async def body(self, limit: int) -> bytes:
        """The whole body.

        :raises HttpFault: 413, it has more than `limit` bytes.
        """
        parts: list[bytes] = []
        size = 0
        async for chunk in self.chunks():
            size += len(chunk)
            if size > limit:
                raise HttpFault(413, f"the request body exceeds {limit} bytes")
            parts.append(chunk)
        return b"".join(parts)

    def on_gone(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once the client is gone, at once if it is already."""
        self._connection.on_gone(tell)

    async def answer(self, status: int, body: bytes = b"", headers: Headers = ()) -> None:
        """Send a whole response."""
        head = list(headers)
        if status not in (204, 304):
            head.append(("Content-Length", str(len(body))))
        self.has_begun = self.has_ended = True
        events: list[h11.Event] = [h11.Response(status_code=status, headers=head)]
        # A HEAD answer has the head of the GET answer and no body.
        if body and self.method != "HEAD":
            events.append(h11.Data(data=body))
        await self._connection.send(*events, h11.EndOfMessage())

    async def answer_json(self, status: int, document: Any) -> None:
        """Send a whole response in JSON."""
        await self.answer(status, json.dumps(document).encode(), [("Content-Type", "application/json")])

    async def begin(self, status: int, headers: Headers) -> None:
        """Send the head of a response whose body follows by `send` and `end`."""
        self.has_begun = True
        await self._connection.send(h11.Response(status_code=status, headers=list(headers)))

    async def send(self, data: bytes) -> None:
        """Send a piece of the body; returns when the peer keeps up.

        :raises ConnectionError: the client is gone.
        """
        await self._connection.send(h11.Data(data=data))

    async def end(self) -> None:
        """End the body."""
        self.has_ended = True
        await self._connection.send(h11.EndOfMessage())


class _Wire(asyncio.StreamReaderProtocol):
    """A stream protocol that tells at once when the peer has closed.

    A stream alone notices on its next read, and while a quiet response streams nobody reads.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        opened: Callable[["_Wire", asyncio.StreamReader, asyncio.StreamWriter], None],
    ) -> None:
        super().__init__(reader, lambda stream, writer: opened(self, stream, writer))
        self.is_gone = False
        self.tell_gone: Callable[[], None] | None = None

    def _gone(self) -> None:
        self.is_gone = True
        tell, self.tell_gone = self.tell_gone, None
        if tell is not None:
            tell()

    def eof_received(self) -> bool | None:
        keeps_open = super().eof_received()
        self._gone()
        return keeps_open

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._gone()


class _Connection:
    """One client connection: requests one after the other."""

    def __init__(
        self, wire: _Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answerer: Answerer
    ) -> None:
        self._wire = wire
        self._reader = reader
        self._writer = writer
        self._answerer = answerer
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=_MAX_HEAD_BYTES)
        # The rest of the request's body must not be awaited: it stood still for too long, or it was answered without
        # a "100 Continue" and the client may keep it.
        self._keeps_body = False

    def abandon_body(self) -> None:
        """Read no more of the request; the connection ends with its answer."""
        self._keeps_body = True

    def on_gone(self, tell: Callable[[], None]) -> None:
        if self._wire.is_gone:
            tell()
        else:
            self._wire.tell_gone = tell

    async def next_event(self) -> h11.Event | type[h11.PAUSED]:
        """The next event of the request, waiting for bytes."""
        while True:
            event = self._http.next_event()
            if isinstance(event, h11.Event) or event is h11.PAUSED:
                return event
            if self._http.they_are_waiting_for_100_continue:
                await self.send(h11.InformationalResponse(status_code=100, headers=[]))
            self._http.receive_data(await self._reader.read(_READ_BYTES))

    async def send(self, *events: h11.Event) -> None:
        if isinstance(events[0], h11.Response) and self._http.they_are_waiting_for_100_continue:
            self._keeps_body = True
        parts = [self._http.send(event) for event in events]
        data = b"".join(part for part in parts if part)
        if data:
            self._writer.write(data)
            await self._writer.drain()

    async def serve(self) -> None:
        """Answer requests until either side closes."""
        try:
            while await self._serve_one():
                pass
        except h11.RemoteProtocolError as error:
            _log.info("not HTTP, or cut short: %s", error)
            await self._refuse(error)
        except ConnectionError as error:
            _log.debug("a client went away: %s", error)
        finally:
            self._writer.close()

    async def _refuse(self, error: h11.RemoteProtocolError) -> None:
        """Answer what is not HTTP, unless an answer has begun or nobody is there to read it."""
        if self._wire.is_gone or self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        body = json.dumps({"code": error.error_status_hint, "message": str(error)}).encode()
        head = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Connection", "close")]
        with suppress(ConnectionError):
            await self.send(
                h11.Response(status_code=error.error_status_hint, headers=head), h11.Data(data=body), h11.EndOfMessage()
            )

    async def _serve_one(self) -> bool:
        request = await self.next_event()
        if not isinstance(request, h11.Request):
            return False
        exchange = Exchange(self, request)
        try:
            await self._answerer(exchange)
        except HttpFault as fault:
            if exchange.has_begun:
                raise ConnectionAbortedError(fault.message) from fault
            await exchange.answer_json(fault.status, {"code": fault.status, "message": fault.message})
        except (ConnectionError, h11.RemoteProtocolError):
            raise
        except Exception:  # the last line: one broken request must not end the daemon
            _log.exception("%s %s failed", exchange.method, exchange.path)
            if not exchange.has_begun:
                await exchange.answer_json(500, {"code": 500, "message": "internal error in envd"})
        self._wire.tell_gone = None
        if not exchange.has_ended:
            return False
        return await self._finish()

    async def _finish(self) -> bool:
        """Read what is left of the request; whether another may follow."""
        discarded = 0
        while self._http.their_state is h11.SEND_BODY:
            if self._keeps_body or discarded > _MAX_DISCARD_BYTES:
                return False
            try:
                async with asyncio.timeout(IDLE_S):
                    event = await self.next_event()
            except TimeoutError:
                return False
            if isinstance(event, h11.Data):
                discarded += len(event.data)
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True


class HttpServer:
    """Serves `answerer` on a listening socket; an async context manager."""

    def __init__(self, listener: socket.socket, answerer: Answerer) -> None:
        self._listener = listener
        self._answerer = answerer
        self._owner = Owner("envd http")
        self._server: asyncio.Server | None = None
        self._count = 0

    async def __aenter__(self) -> "HttpServer":
        loop = asyncio.get_running_loop()

        def wire() -> _Wire:
            return _Wire(asyncio.StreamReader(limit=_READ_BYTES, loop=loop), self._opened)

        self._server = await loop.create_unix_server(wire, sock=self._listener)
        return self

    def _opened(self, wire: _Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._count += 1
        connection = _Connection(wire, reader, writer, self._answerer)
        self._owner.start(connection.serve(), name=f"connection {self._count}")

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        await self._owner.aclose()
