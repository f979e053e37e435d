"""The Connect protocol, server side, JSON codec: unary calls, server streams and client streams.

Law: connectrpc.com/docs/protocol. A unary call is one JSON body each way, a refusal an HTTP status with `code` and
`message`. A stream is a row of messages, each led by one flag byte and its length in four bytes, big-endian; the
last one has flag 2 and tells how the stream ended; its HTTP status is always 200. The SDKs of E2B never compress.
"""

import asyncio
import json
import logging
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from craft_desktop.host.envd.faults import HttpFault, RpcFault
from craft_desktop.host.envd.server import Exchange

_log = logging.getLogger(__name__)

Message = dict[str, Any]

# Protocol page, "Error codes".
_STATUS = {
    "canceled": 499,
    "invalid_argument": 400,
    "deadline_exceeded": 504,
    "not_found": 404,
    "already_exists": 409,
    "permission_denied": 403,
    "resource_exhausted": 429,
    "failed_precondition": 400,
    "aborted": 409,
    "out_of_range": 400,
    "unimplemented": 501,
    "unavailable": 503,
    "unauthenticated": 401,
}
_COMPRESSED, _END = 1, 2
# One message of input; the largest sensible one is a chunk of standard input, and a stream may bring many.
_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
# Seconds between keepalives when the client names none; E2B's envd has the same.
_KEEPALIVE_S = 90.0


@dataclass(frozen=True, slots=True)
class Call:
    """What came with a call beside its message.

    `timeout_s` is None when the client sets no deadline; `keepalive_s` is the longest silence of a stream.
    """

    headers: Mapping[str, str]
    timeout_s: float | None
    keepalive_s: float


class Outflow:
    """The answers of a server stream."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def send(self, message: Message) -> None:
        """Send one message; returns when the client keeps up.

        :raises ConnectionError: the client is gone.
        """
        await self._frame(0, message)

    def on_gone(self, tell: Callable[[], None]) -> None:
        """Have `tell` called once the client is gone."""
        self._exchange.on_gone(tell)

    async def _frame(self, flags: int, message: Message) -> None:
        if not self._exchange.has_begun:
            await self._exchange.begin(200, [("Content-Type", "application/connect+json")])
        payload = _encode(message)
        await self._exchange.send(struct.pack(">BI", flags, len(payload)) + payload)

    async def end(self, fault: RpcFault | None) -> None:
        """Send the last frame."""
        ending = {} if fault is None else {"error": {"code": fault.code, "message": fault.message}}
        await self._frame(_END, ending)
        await self._exchange.end()


Unary = Callable[[Call, Message], Awaitable[Message]]
ServerStream = Callable[[Call, Message, Outflow], Awaitable[None]]
ClientStream = Callable[[Call, AsyncIterator[Message]], Awaitable[Message]]


class Router:
    """Paths of the form `/package.Service/Method`, and what answers there."""

    def __init__(self) -> None:
        self._unary: dict[str, Unary] = {}
        self._server_streams: dict[str, tuple[ServerStream, bool]] = {}
        self._client_streams: dict[str, ClientStream] = {}

    def unary(self, path: str, method: Unary) -> None:
        """Answer one message with one message."""
        self._unary[path] = method

    def server_stream(self, path: str, method: ServerStream, *, ends_at_deadline: bool = True) -> None:
        """Answer one message with many.

        :param ends_at_deadline: cancel the method at the client's deadline; else it sees to that itself.
        """
        self._server_streams[path] = (method, ends_at_deadline)

    def client_stream(self, path: str, method: ClientStream) -> None:
        """Answer many messages with one."""
        self._client_streams[path] = method

    def has_service(self, path: str) -> bool:
        """Whether `path` belongs to a service known here, its method known or not."""
        service = path.rpartition("/")[0]
        tables = (self._unary, self._server_streams, self._client_streams)
        return any(known.rpartition("/")[0] == service for table in tables for known in table)

    async def answer(self, exchange: Exchange) -> None:
        """Answer a call.

        :raises HttpFault: 405 or 415, it is not a call of this protocol.
        """
        if exchange.method != "POST":
            raise HttpFault(405, "a call is a POST")
        path = exchange.path
        kind = exchange.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_stream = path in self._server_streams or path in self._client_streams
        known = is_stream or path in self._unary
        if known and kind != ("application/connect+json" if is_stream else "application/json"):
            raise HttpFault(415, f"content type {kind!r} is not served; this daemon speaks JSON")
        if not is_stream:
            await self._answer_unary(exchange)
            return
        outflow = Outflow(exchange)
        fault: RpcFault | None = None
        try:
            await self._answer_stream(exchange, outflow)
        except RpcFault as refused:
            fault = refused
        except HttpFault as refused:
            fault = RpcFault("resource_exhausted", refused.message)
        except ConnectionError:
            raise
        except Exception as error:  # the last line: told to the client, logged whole
            _log.exception("%s failed", path)
            fault = RpcFault("internal", f"{type(error).__name__} in envd")
        await outflow.end(fault)

    async def _answer_unary(self, exchange: Exchange) -> None:
        try:
            method = self._unary.get(exchange.path)
            if method is None:
                raise RpcFault("unimplemented", f"{exchange.path} is not served")
            call = _call(exchange.headers)
            _refuse_compression(exchange.headers.get("content-encoding"))
            message = _decode(await exchange.body(_MAX_MESSAGE_BYTES) or b"{}")
            answer = _encode(await _within(call.timeout_s, method(call, message)))
        except RpcFault as fault:
            await exchange.answer_json(_STATUS.get(fault.code, 500), {"code": fault.code, "message": fault.message})
            return
        await exchange.answer(200, answer, [("Content-Type", "application/json")])

    async def _answer_stream(self, exchange: Exchange, outflow: Outflow) -> None:
        call = _call(exchange.headers)
        _refuse_compression(exchange.headers.get("connect-content-encoding"))
        messages = _messages(exchange.chunks())
        consume = self._client_streams.get(exchange.path)
        if consume is not None:
            await outflow.send(await _within(call.timeout_s, consume(call, messages)))
            return
        produce, ends_at_deadline = self._server_streams[exchange.path]
        request = None
        async for message in messages:
            if request is not None:
                raise RpcFault("invalid_argument", "one message was expected, several came")
            request = message
        if request is None:
            raise RpcFault("invalid_argument", "one message was expected, none came")
        await _within(call.timeout_s if ends_at_deadline else None, produce(call, request, outflow))


async def _within(timeout_s: float | None, work: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(timeout_s) as scope:
            return await work
    except TimeoutError as error:
        if not scope.expired():
            raise
        raise RpcFault("deadline_exceeded", "the deadline of the call has passed") from error


def _call(headers: Mapping[str, str]) -> Call:
    timeout = headers.get("connect-timeout-ms")
    if timeout is not None and not timeout.isdecimal():
        raise RpcFault("invalid_argument", f"Connect-Timeout-Ms is no number: {timeout!r}")
    keepalive = headers.get("keepalive-ping-interval", "")
    return Call(
        headers=headers,
        timeout_s=None if timeout is None else int(timeout) / 1000,
        keepalive_s=float(keepalive) if keepalive.isdecimal() and int(keepalive) > 0 else _KEEPALIVE_S,
    )


def _refuse_compression(encoding: str | None) -> None:
    if encoding not in (None, "", "identity"):
        raise RpcFault("unimplemented", f"compression {encoding!r} is not served")


async def _messages(chunks: AsyncIterator[bytes]) -> AsyncIterator[Message]:
    """Cut a body into messages, until it ends or an end frame comes."""
    buffer = bytearray()
    async for chunk in chunks:
        buffer += chunk
        while len(buffer) >= 5:
            flags, size = struct.unpack_from(">BI", buffer)
            if size > _MAX_MESSAGE_BYTES:
                raise RpcFault("resource_exhausted", f"a message exceeds {_MAX_MESSAGE_BYTES} bytes")
            if len(buffer) < 5 + size:
                break
            payload = bytes(buffer[5 : 5 + size])
            del buffer[: 5 + size]
            if flags & _COMPRESSED:
                raise RpcFault("internal", "a compressed message, though no compression was agreed")
            if flags & _END:
                return
            yield _decode(payload)
    if buffer:
        raise RpcFault("invalid_argument", "the stream ended within a message")


def _encode(message: Message) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def _decode(payload: bytes) -> Message:
    try:
        message = json.loads(payload)
    except ValueError as error:
        raise RpcFault("invalid_argument", f"the message is not JSON: {error}") from error
    if not isinstance(message, dict):
        raise RpcFault("invalid_argument", "the message is not a JSON object")
    return message
