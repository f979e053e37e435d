import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession
from multidict import CIMultiDict, CIMultiDictProxy

from craft_desktop.host.dial import DialError
from craft_desktop.host.failures import CannotStart, Failure, GuestSilent, TooMany
from craft_desktop.host.registry import Registry, Sandbox, State
from craft_desktop.host.traffic import Traffic, address, forwarded, is_websocket, returned
from craft_desktop.host.upstream import open_session

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ID = "i" + "0" * 20
TIMEOUT_S = 20
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Town:
    """One sandbox whose every port is a server of the test."""

    def __init__(self, port: int) -> None:
        self.registry = Registry()
        self.registry.put(Sandbox(ID, "base", NOW, NOW, 60))
        self.session: ClientSession = open_session(self._connect)
        self.asked: list[int] = []
        self.failure: Failure | None = None
        self._port = port

    def change(self, **changes: object) -> None:
        sandbox = self.registry.find(ID)
        assert sandbox is not None
        self.registry.put(replace(sandbox, **changes))  # type: ignore[arg-type]

    async def resume(self, sandbox_id: str, timeout_s: int) -> tuple[Sandbox, bool]:
        if self.failure is not None:
            raise self.failure
        self.change(state=State.RUNNING, timeout_s=timeout_s)
        sandbox = self.registry.find(sandbox_id)
        assert sandbox is not None
        return sandbox, True

    async def _connect(self, _: str, port: int) -> socket.socket:
        self.asked.append(port)
        if port == 1:
            raise DialError(port, "closed")
        connected = socket.create_connection(("127.0.0.1", self._port))
        connected.setblocking(False)
        return connected


@asynccontextmanager
async def proxy(talk: Talk) -> AsyncIterator[tuple[Town, int]]:
    """A traffic listener before a raw server that `talk`s; gives the town and the listener's port."""

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(await asyncio.start_server(served, "127.0.0.1", 0))
        town = Town(upstream.sockets[0].getsockname()[1])
        stack.push_async_callback(town.session.close)
        server = Traffic(town).server()
        listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        stack.push_async_callback(server.shutdown, 1.0)
        stack.callback(listener.close)
        yield town, listener.sockets[0].getsockname()[1]


async def exchange(port: int, request: bytes) -> bytes:
    """All that the listener answers to raw bytes, until it closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(TIMEOUT_S):
        writer.write(request)
        told = await reader.read()
    writer.close()
    await writer.wait_closed()
    return told


def fixed(answer: bytes, seen: list[bytes]) -> Talk:
    """Reads one head, then answers and closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()

    return talk


def get(path: str = "/", *headers: str, port: int = 3000) -> bytes:
    lines = [f"GET {path} HTTP/1.1", f"Host: {port}-{ID}.localhost:80", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def test_a_request_arrives_as_it_was_sent() -> None:
    seen: list[bytes] = []
    async with proxy(fixed(b"HTTP/1.1 204 No Content\r\n\r\n", seen)) as (town, port):
        told = await exchange(
            port, get("/a%2Fb//..?x=%20#", "X-Two: 1", "x-two: 2", "Accept-Encoding: br", "TE: trailers")
        )
    assert told.startswith(b"HTTP/1.1 204 No Content\r\n")
    head = seen[0].decode().split("\r\n")
    assert head[0] == "GET /a%2Fb//..?x=%20 HTTP/1.1"
    assert f"Host: 3000-{ID}.localhost:80" in head
    assert head.index("X-Two: 1") < head.index("X-Two: 2")
    assert not [
        line for line in head if line.lower().startswith(("te:", "user-agent:", "connection: close", "accept:"))
    ]
    assert town.asked == [3000]


async def test_an_answer_arrives_as_it_was_given() -> None:
    answer = (
        b"HTTP/1.1 299 Odd Reason\r\nX-A: 1\r\nX-A: 2\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n\x00\xff\r"
    )
    async with proxy(fixed(answer, [])) as (_, port):
        told = await exchange(port, get())
    head, _, body = told.partition(b"\r\n\r\n")
    assert body == b"\x00\xff\r"
    lines = head.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 299 Odd Reason"
    assert lines[1:5] == ["X-A: 1", "X-A: 2", "Content-Encoding: gzip", "Content-Length: 3"]
    assert not [line for line in lines if line.lower().startswith(("server:", "date:", "content-type:"))]


async def test_a_body_without_length_is_passed_until_its_end() -> None:
    async with proxy(fixed(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", [])) as (_, port):
        told = await exchange(port, get())
    assert b"Transfer-Encoding: chunked" in told and b"5\r\nhello\r\n0\r\n\r\n" in told


async def test_a_body_that_breaks_off_is_not_made_whole() -> None:
    async with proxy(fixed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", [])) as (_, port):
        try:
            told = await exchange(port, get())
        except ConnectionResetError:
            return
    assert not told.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-"])
async def test_what_is_no_answer_is_told_as_a_closed_port(answer: bytes) -> None:
    async with proxy(fixed(answer, [])) as (_, port):
        told = await exchange(port, get())
    assert told.startswith(b"HTTP/1.1 502 ") and b"port is not open" in told


async def test_a_closed_port_a_gone_sandbox_and_no_sandbox() -> None:
    async with proxy(fixed(b"", [])) as (town, port):
        assert b'"port": 1' in await exchange(port, get(port=1))
        town.registry.remove(ID)
        told = await exchange(port, get())
        assert b"502 Bad Gateway" in told and b"was not found" in told and b"Should-Retry: false" in told
        assert b"400 Bad Request" in await exchange(port, b"GET / HTTP/1.1\r\nHost: a.b\r\nConnection: close\r\n\r\n")


async def test_a_paused_sandbox_is_not_found_or_woken() -> None:
    seen: list[bytes] = []
    async with proxy(fixed(b"HTTP/1.1 204 No Content\r\n\r\n", seen)) as (town, port):
        town.change(state=State.PAUSED)
        assert b"was not found" in await exchange(port, get())
        town.change(auto_resume=True)
        assert b" 204 " in await exchange(port, get())
        sandbox = town.registry.find(ID)
        assert sandbox is not None and sandbox.timeout_s == 300


async def test_who_may_not_come_in_wakes_nobody() -> None:
    async with proxy(fixed(b"HTTP/1.1 204 No Content\r\n\r\n", [])) as (town, port):
        town.change(state=State.PAUSED, auto_resume=True, traffic_token="secret")
        assert b"403 Forbidden" in await exchange(port, get())
        sandbox = town.registry.find(ID)
        assert sandbox is not None and sandbox.state is State.PAUSED


@pytest.mark.parametrize(
    ("failure", "code", "text"),
    [
        (GuestSilent("x"), b" 409 ", b"resume it without its memory"),
        (TooMany("x"), b" 502 ", b"was not found"),
        (CannotStart("x"), b" 502 ", b"was not found"),
    ],
)
async def test_one_that_cannot_be_woken_is_told(failure: Failure, code: bytes, text: bytes) -> None:
    async with proxy(fixed(b"HTTP/1.1 204 No Content\r\n\r\n", [])) as (town, port):
        town.change(state=State.PAUSED, auto_resume=True)
        town.failure = failure
        told = await exchange(port, get())
        assert code in told and text in told


async def test_a_masked_host_keeps_its_own_beside_it() -> None:
    seen: list[bytes] = []
    async with proxy(fixed(b"HTTP/1.1 204 No Content\r\n\r\n", seen)) as (town, port):
        town.change(mask_host="localhost:${PORT}")
        await exchange(port, get())
    assert b"Host: localhost:3000\r\n" in seen[0]
    assert f"X-Forwarded-Host: 3000-{ID}.localhost:80\r\n".encode() in seen[0]


async def test_two_requests_of_one_connection_may_mean_two_places() -> None:
    seen: list[bytes] = []
    async with proxy(fixed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", seen)) as (town, port):
        await exchange(port, get().replace(b"Connection: close\r\n", b"") + get(port=3001))
    assert town.asked == [3000, 3001]


async def test_an_upgrade_other_than_websocket_is_not_passed() -> None:
    seen: list[bytes] = []
    async with proxy(fixed(b"HTTP/1.1 204 No Content\r\n\r\n", seen)) as (_, port):
        request = get("/", "Upgrade: h2c").replace(b"Connection: close", b"Connection: Upgrade, close")
        await exchange(port, request)
    assert b"pgrade" not in seen[0]


async def test_a_client_that_goes_away_ends_its_request() -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        started.set()
        assert await reader.read() == b""
        ended.set()

    async with proxy(talk) as (_, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(get())
        async with asyncio.timeout(TIMEOUT_S):
            await started.wait()
            writer.close()
            await ended.wait()


def test_headers_of_one_connection_stay_behind() -> None:
    headers = CIMultiDictProxy(
        CIMultiDict(
            {"Connection": "close, X-Hop", "X-Hop": "1", "Keep-Alive": "5", "X-Kept": "1", "E2b-Sandbox-Id": ID}
        )
    )
    assert dict(forwarded(headers, websocket=False)) == {"X-Kept": "1"}
    assert dict(forwarded(headers, websocket=True)) == {"X-Kept": "1", "Connection": "Upgrade", "Upgrade": "websocket"}
    assert "E2b-Sandbox-Id" in returned(headers)


def test_what_is_a_websocket() -> None:
    assert is_websocket(CIMultiDict({"Connection": "keep-alive, Upgrade", "Upgrade": "WebSocket"}))
    assert not is_websocket(CIMultiDict({"Upgrade": "websocket"}))
    assert not is_websocket(CIMultiDict({"Connection": "Upgrade", "Upgrade": "h2c"}))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/a%2F..//b?c=%2F", "/a%2F..//b?c=%2F"),
        ("http://other.example/x?y", "/x?y"),
        ("http://other.example", "/"),
        ("*", "/"),
    ],
)
def test_the_target_is_not_touched(target: str, expected: str) -> None:
    url = address(ID, 3000, target)
    assert (url.host, url.port, url.raw_path_qs) == (ID, 3000, expected)
