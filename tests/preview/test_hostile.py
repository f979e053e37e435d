"""Upstreams that break the rules, and clients that do: the gateway stays upright and answers the next request."""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.relay import HEADER_LIMIT_BYTES, HEADER_LIMIT_LINES
from craft_desktop.preview.routes import Upstream
from tests.preview.conftest import RawExchange

WAIT_S = 10.0
GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood"

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Raw = Callable[[Script], Awaitable[Upstream]]


@pytest.fixture
async def raw() -> AsyncIterator[Raw]:
    """Start upstreams that answer each connection by a script, byte for byte."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(script: Script) -> Upstream:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                    await script(reader, writer)
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 20)
            stack.callback(server.close)
            port = server.sockets[0].getsockname()[1]
            return Upstream(f"http://127.0.0.1:{port}", f"3000-box.localhost:{port}")

        yield start


def says(answer: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

    return script


async def ask(browser: aiohttp.ClientSession, url: str, method: str = "GET") -> tuple[int, bytes]:
    async with asyncio.timeout(WAIT_S), browser.request(method, url) as answer:
        return answer.status, await answer.read()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\ngood!",
        b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\ngood",
        b"HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 4\r\n\r\ngood",
        b"HTTP/1.1 200 OK\r\nBad Name: a\r\nContent-Length: 4\r\n\r\ngood",
        b"HTTP/1.1 2000 OK\r\nContent-Length: 4\r\n\r\ngood",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * (HEADER_LIMIT_BYTES + 1) + b"\r\nContent-Length: 4\r\n\r\ngood",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * (HEADER_LIMIT_LINES + 1) + b"Content-Length: 4\r\n\r\ngood",
        b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
    ],
    ids=["two-lengths", "negative", "nul", "name", "status", "long-header", "many-headers", "ssh", "tls"],
)
async def test_an_answer_that_is_not_http_is_told_and_harms_nothing(
    gateway: Gateway, browser: aiohttp.ClientSession, raw: Raw, answer: bytes
) -> None:
    gateway.serve("bad", await raw(says(answer)))
    gateway.serve("good", await raw(says(GOOD)))
    status, body = await ask(browser, gateway.url("bad"))
    assert status == 502
    assert b"good" not in body
    assert await ask(browser, gateway.url("good")) == (200, b"good")


async def test_endless_headers_end(gateway: Gateway, browser: aiohttp.ClientSession, raw: Raw) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-More: more\r\n")
            await writer.drain()

    gateway.serve("bad", await raw(script))
    assert (await ask(browser, gateway.url("bad")))[0] == 502


async def test_a_length_and_chunks_together_do_not_split_the_answer(
    gateway: Gateway, raw: Raw, raw_exchange: RawExchange
) -> None:
    smuggled = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer += f"{len(smuggled) + 4:x}\r\n".encode() + b"good" + smuggled + b"\r\n0\r\n\r\n"
    gateway.serve("bad", await raw(says(answer)))
    got = await raw_exchange(b"GET / HTTP/1.1\r\nHost: bad.localhost\r\nConnection: close\r\n\r\n")
    assert got.count(b"HTTP/1.1") == 1 or got.startswith(b"HTTP/1.1 502") or b"Content-Length: 4\r\n" not in got


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_follows_an_answer_is_not_taken_for_the_next(
    gateway: Gateway, browser: aiohttp.ClientSession, raw: Raw, method: str
) -> None:
    """The upstream sends more than it announced, hoping that the next request meets it."""
    extra = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned"
    gateway.serve("bad", await raw(says(GOOD + extra)))
    for _ in range(5):
        assert (await ask(browser, gateway.url("bad"), method))[1] in (b"good", b"")


async def test_a_switch_that_nobody_asked_for_is_no_answer(
    gateway: Gateway, browser: aiohttp.ClientSession, raw: Raw
) -> None:
    switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    gateway.serve("bad", await raw(says(switch)))
    assert (await ask(browser, gateway.url("bad")))[0] == 502


async def test_hints_come_before_the_answer_and_end(gateway: Gateway, browser: aiohttp.ClientSession, raw: Raw) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n" * 3
    gateway.serve("good", await raw(says(hints + GOOD)))
    assert await ask(browser, gateway.url("good")) == (200, b"good")


async def test_an_upstream_that_closes_after_each_answer_costs_nothing(
    gateway: Gateway, browser: aiohttp.ClientSession, raw: Raw
) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(GOOD)  # without saying that it closes
        await writer.drain()

    gateway.serve("good", await raw(script))
    for _ in range(20):
        assert await ask(browser, gateway.url("good")) == (200, b"good")


async def test_an_answer_by_closing_is_whole(gateway: Gateway, browser: aiohttp.ClientSession, raw: Raw) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\n\r\ngood")
        await writer.drain()

    gateway.serve("good", await raw(script))
    assert await ask(browser, gateway.url("good")) == (200, b"good")


async def test_an_upstream_that_closes_before_any_answer_is_refused(
    gateway: Gateway, browser: aiohttp.ClientSession, raw: Raw
) -> None:
    async def script(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    gateway.serve("bad", await raw(script))
    assert (await ask(browser, gateway.url("bad")))[0] == 503


async def test_an_early_refusal_of_a_large_upload_arrives(
    gateway: Gateway, browser: aiohttp.ClientSession, raw: Raw
) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
        await writer.drain()
        while await reader.read(1 << 16):  # as servers do for a while, so that the answer is not lost to a reset
            pass

    gateway.serve("shop", await raw(script))
    async with (
        asyncio.timeout(WAIT_S),
        browser.post(gateway.url("shop"), data=io.BytesIO(b"x" * 20_000_000)) as answer,
    ):
        assert (answer.status, await answer.read()) == (413, b"big")


async def test_a_client_that_half_closes_still_gets_its_answer(gateway: Gateway, raw: Raw) -> None:
    gateway.serve("good", await raw(says(GOOD)))
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: good.localhost\r\nConnection: close\r\n\r\n")
    got = b""
    async with asyncio.timeout(WAIT_S):
        got = await reader.read()
    assert got.endswith(b"good")
    writer.close()


async def test_a_slow_client_is_waited_for(gateway: Gateway, raw: Raw) -> None:
    gateway.serve("good", await raw(says(GOOD)))
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    for part in (b"GET / HT", b"TP/1.1\r\nHost: good.loc", b"alhost\r\nConnection: clo", b"se\r\n", b"\r\n"):
        writer.write(part)
        await writer.drain()
        await asyncio.sleep(0.02)  # so that each part comes by itself
    async with asyncio.timeout(WAIT_S):
        assert (await reader.read()).endswith(b"good")
    writer.close()


async def test_chunks_with_trailers_pass_without_them(gateway: Gateway, raw: Raw, raw_exchange: RawExchange) -> None:
    seen = bytearray()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.extend(await reader.readuntil(b"0\r\n\r\n"))
        chunks = b"2\r\ngo\r\n2\r\nod\r\n0\r\nX-Sum: 1\r\n\r\n"
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n" + chunks)
        await writer.drain()

    gateway.serve("good", await raw(script))
    got = await raw_exchange(
        b"POST / HTTP/1.1\r\nHost: good.localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
        b"Trailer: X-A\r\n\r\n3\r\nabc\r\n0\r\nX-A: 1\r\n\r\n"
    )
    assert b"abc" in seen and b"X-A" not in seen
    assert b"X-Sum" not in got
    assert b"".join(part for part in (b"go", b"od") if part in got) == b"good"


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: good.localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"GET / HTTP/1.1\r\nHost: good.localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n",
        b"GET / HTTP/1.1\r\nHost: good.localhost\r\nX: " + b"a" * (HEADER_LIMIT_BYTES + 1) + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: good.localhost\r\n" + b"X: a\r\n" * (HEADER_LIMIT_LINES + 1),
        b"GET / HTTP/1.1\r\nHost: good.localhost\r\nTransfer-Encoding: xchunked\r\n",
    ],
    ids=["both-lengths", "two-lengths", "long", "many", "coding"],
)
async def test_a_request_that_could_be_read_in_two_ways_goes_nowhere(
    gateway: Gateway, raw: Raw, raw_exchange: RawExchange, head: bytes
) -> None:
    asked: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(GOOD)

    gateway.serve("good", await raw(script))
    got = await raw_exchange(head + b"Connection: close\r\n\r\n")
    assert got.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400", b"HTTP/1.1 431")), got[:200]
    assert asked == []


async def test_cookies_of_one_project_stay_at_its_address(
    gateway: Gateway, browser: aiohttp.ClientSession, raw: Raw
) -> None:
    cookies = b"".join(
        b"Set-Cookie: " + cookie + b"\r\n"
        for cookie in (
            b"a=1",
            b"b=2; Domain=localhost",
            b"c=3; Domain=.localhost; Path=/",
            b"d=4; domain=box.localhost",
        )
    )
    heads: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\n" + cookies + b"Content-Length: 4\r\n\r\ngood")

    one, two = await raw(script), await raw(script)
    gateway.serve("one", one)
    gateway.serve("two", two)
    await ask(browser, gateway.url("one"))
    await ask(browser, gateway.url("one"))
    await ask(browser, gateway.url("two"))
    assert b"a=1" in heads[1] and b"b=2" in heads[1] and b"c=3" in heads[1]
    assert b"Cookie" not in heads[2]
