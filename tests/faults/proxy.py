"""Stands between the real client and a real host, and breaks what it is told to break: real sockets, real resets.

Every connection carries one request (the proxy asks both sides to close after it), so that a rule strikes one request
and no other. A rule is found by the request's method, path and, for commands, its body.
"""

import asyncio
import json
import re
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from craft_desktop.tasks import Owner

# A head or a command larger than this is no request of the client's.
LONGEST_HEAD = 1024 * 1024
PIECE = 64 * 1024
EVER = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset; nothing of the request reached the host."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The host does what it is asked; its answer is lost."""


@dataclass(frozen=True, slots=True)
class Stall:
    """Not one more byte either way, once `sent` bytes of the request's body (or `answered` of the answer) passed.

    Without either, not even the head reaches the host.
    """

    sent: int | None = None
    answered: int | None = None


@dataclass(frozen=True, slots=True)
class Break:
    """The connection is reset once `sent` bytes of the request's body, or `answered` of the answer, have passed."""

    sent: int | None = None
    answered: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """From this request on the network is away, until `FaultProxy.heal`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The proxy answers in the host's place."""

    status: int
    message: str = "the reason that was given"
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    """What a sandbox's daemon calls it; without one the status stands there."""

    def encode(self) -> bytes:
        body = json.dumps({"code": self.code or self.status, "message": self.message}).encode()
        lines = [f"HTTP/1.1 {self.status} told", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Then:
    """The request passes; from it on, those that `pattern` meets are answered in the host's place."""

    pattern: str
    answer: Answer


Fault = Then | Reset | Lost | Stall | Break | Cut | Answer


@dataclass(slots=True)
class Rule:
    """Strikes the requests whose "METHOD path body" is matched by `pattern`, from the `first` on, `times` times."""

    pattern: str
    fault: Fault
    first: int = 1
    times: int = EVER
    seen: int = 0
    struck: asyncio.Event = field(default_factory=asyncio.Event)

    def meets(self, request: str) -> bool:
        if not re.search(self.pattern, request, re.DOTALL):
            return False
        self.seen += 1
        if not self.first <= self.seen < self.first + self.times:
            return False
        self.struck.set()
        return True


@dataclass(slots=True)
class _Pair:
    """The two ends of one request."""

    client: asyncio.StreamWriter
    host: asyncio.StreamWriter | None = None
    is_frozen: bool = False

    def reset(self) -> None:
        for end in (self.client, self.host):
            if end is not None:
                _reset(end)


class FaultProxy:
    """Passes what comes to the addresses of `targets`, in their order; `urls` are its own."""

    def __init__(self, *targets: str) -> None:
        self._targets = [(str(parts.hostname), int(parts.port or 80)) for parts in map(urlsplit, targets)]
        self._ports = [0 for _ in targets]
        self._servers: list[asyncio.Server] = []
        self._open: dict[int, _Pair] = {}
        self._owner = Owner("fault proxy")
        self._healed = asyncio.Event()
        self.answered = asyncio.Event()
        """The host has begun to answer a request whose answer is withheld."""
        self.rules: list[Rule] = []
        self.requests: list[str] = []
        """First lines of all requests, and what of a command's body fits."""

    @property
    def urls(self) -> Sequence[str]:
        return [f"http://127.0.0.1:{port}" for port in self._ports]

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.cut()
        await self._owner.aclose()

    def rule(self, pattern: str, fault: Fault, *, first: int = 1, times: int = EVER) -> Rule:
        """Add a rule; of several that meet a request the first one strikes."""
        added = Rule(pattern, fault, first, times)
        self.rules.append(added)
        return added

    def cut(self) -> None:
        """Refuse every connection from now on, and reset those that stand."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        self.reset_all()

    def reset_all(self) -> None:
        """Reset every connection that stands."""
        for pair in list(self._open.values()):
            pair.reset()

    def freeze_all(self) -> None:
        """Pass nothing more on the connections that stand, not even their end, as a line does that died unheard."""
        for pair in self._open.values():
            pair.is_frozen = True

    async def heal(self) -> None:
        """Forget every rule, let go on what stalled, and listen again."""
        self.rules.clear()
        self.answered.clear()
        healed, self._healed = self._healed, asyncio.Event()
        healed.set()
        if not self._servers:
            await self._listen()

    async def _listen(self) -> None:
        for number, port in enumerate(self._ports):

            def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int = number) -> None:
                self._owner.start(self._serve(number, reader, writer), name="request", awaited=True)

            server = await asyncio.start_server(take, "127.0.0.1", port, limit=LONGEST_HEAD, reuse_address=True)
            self._servers.append(server)
            self._ports[number] = server.sockets[0].getsockname()[1]

    async def _serve(self, number: int, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        pair = _Pair(client)
        self._open[id(pair)] = pair
        try:
            await self._pass_request(number, reader, pair)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pair.reset()
        finally:
            del self._open[id(pair)]
            for end in (pair.client, pair.host):
                if end is not None:
                    end.close()

    async def _pass_request(self, number: int, reader: asyncio.StreamReader, pair: _Pair) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        request = " ".join(lines[0].split(" ")[:2]) + " "
        body = await _command_of(reader, lines) if "/process.Process/" in request else b""
        request += body.decode("latin-1")
        self.requests.append(request)
        fault = next((rule.fault for rule in self.rules if rule.meets(request)), None)
        match fault:
            case Reset():
                pair.reset()
                return
            case Cut():
                self.cut()
                return
            case Then():
                self.rule(fault.pattern, fault.answer)
            case Answer():
                await self._answer(fault, reader, pair)
                return
            case Stall(sent=None, answered=None):
                await self._healed.wait()
                pair.reset()
                return
        up, pair.host = await asyncio.open_connection(*self._targets[number])
        if not any(line.lower().startswith("upgrade:") for line in lines):
            kept = [line for line in lines[:-2] if not line.lower().startswith("connection:")]
            head = "\r\n".join([*kept, "Connection: close", "", ""]).encode("latin-1")
        pair.host.write(head + body)
        sent = fault.sent if isinstance(fault, Stall | Break) else None
        answered = fault.answered if isinstance(fault, Stall | Break) else None
        try:
            async with asyncio.TaskGroup() as group:
                to_host = group.create_task(self._pass_bytes(reader, pair.host, pair, fault, sent))
                if isinstance(fault, Lost):
                    await up.read(1)  # it has done its work by then
                    pair.reset()
                else:
                    await self._pass_bytes(up, pair.client, pair, fault, answered)
                to_host.cancel()
        except* OSError:  # either end may go at any time
            pair.reset()

    async def _answer(self, answer: Answer, reader: asyncio.StreamReader, pair: _Pair) -> None:
        pair.client.write(answer.encode())
        await pair.client.drain()
        pair.client.write_eof()
        while await reader.read(PIECE):  # a close with bytes unread would be a reset, and the answer lost
            pass

    async def _pass_bytes(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        pair: _Pair,
        fault: Fault | None,
        limit: int | None,
    ) -> None:
        passed = 0
        while piece := await source.read(PIECE):
            if pair.is_frozen:
                break
            sink.write(piece if limit is None else piece[: max(0, limit - passed)])
            await sink.drain()
            passed += len(piece)
            if limit is not None and passed >= limit:
                self.answered.set()
                if isinstance(fault, Break):
                    pair.reset()
                    return
                await self._healed.wait()
                pair.reset()
                return
        if pair.is_frozen:
            await self._healed.wait()
            pair.reset()
        elif sink is not pair.host:  # a client that has said all it has to say still listens
            sink.close()


async def _command_of(reader: asyncio.StreamReader, lines: Sequence[str]) -> bytes:
    """Read the whole body of a command, as it came."""
    fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if "content-length" in fields:
        return await reader.readexactly(int(fields["content-length"]))
    return await reader.readuntil(b"0\r\n\r\n") if "chunked" in fields.get("transfer-encoding", "") else b""


def _reset(end: asyncio.StreamWriter) -> None:
    inner = end.get_extra_info("socket")
    if inner is not None and inner.fileno() >= 0:
        inner.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    end.transport.abort()
