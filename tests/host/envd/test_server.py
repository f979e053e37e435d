import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from craft_desktop.host.envd.faults import HttpFault
from craft_desktop.host.envd.server import Answerer, Exchange, HttpServer


@asynccontextmanager
async def _connected(
    folder: Path, answerer: Answerer
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "s"))
        listener.listen()
        async with HttpServer(listener, answerer), asyncio.timeout(20):
            reader, writer = await asyncio.open_unix_connection(str(folder / "s"))
            try:
                yield reader, writer
            finally:
                writer.close()
                await writer.wait_closed()


async def _echo(exchange: Exchange) -> None:
    body = await exchange.body(1000)
    await exchange.answer(200, f"{exchange.method} {exchange.path} {exchange.query} ".encode() + body)


async def _response(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head.split(b"\r\n")[0], await reader.readexactly(size)


async def test_keep_alive_chunks_and_pipelining(tmp_path: Path) -> None:
    async with _connected(tmp_path, _echo) as (reader, writer):
        writer.write(b"POST /a%20b?x=1&x=2&y=%C3%BC HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET /second HTTP/1.1\r\nHost: h\r\n\r\n")
        assert (await _response(reader))[1] == "POST /a b {'x': '1', 'y': 'ü'} abcde".encode()
        assert (await _response(reader))[1] == b"GET /second {} "


async def test_continue_is_sent_when_the_body_is_wanted(tmp_path: Path) -> None:
    async with _connected(tmp_path, _echo) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(b"ok")
        assert (await _response(reader))[1] == b"POST / {} ok"


async def test_refusal_without_continue_closes(tmp_path: Path) -> None:
    async def refuse(exchange: Exchange) -> None:
        raise HttpFault(403, "no")

    async with _connected(tmp_path, refuse) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        status, body = await _response(reader)
        assert (status[:12], body) == (b"HTTP/1.1 403", b'{"code": 403, "message": "no"}')
        assert await reader.read() == b""


async def test_refusal_reads_the_rest_and_goes_on(tmp_path: Path) -> None:
    async def refuse(exchange: Exchange) -> None:
        raise HttpFault(400, "no")

    async with _connected(tmp_path, refuse) as (reader, writer):
        for _ in range(2):
            writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3_000_000)
            assert (await _response(reader))[0].startswith(b"HTTP/1.1 400")


async def test_limits_and_nonsense(tmp_path: Path) -> None:
    async with _connected(tmp_path, _echo) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n" + b"x" * 1001)
        assert (await _response(reader))[0].startswith(b"HTTP/1.1 413")
        writer.write(b"nonsense\r\n\r\n")
        assert (await _response(reader))[0].startswith(b"HTTP/1.1 400")
        assert await reader.read() == b""


async def test_a_broken_answerer_is_told_and_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(exchange: Exchange) -> None:
        raise ZeroDivisionError

    async with _connected(tmp_path, broken) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        assert (await _response(reader))[0].startswith(b"HTTP/1.1 500")
    assert "GET / failed" in caplog.text


async def test_a_client_that_leaves_is_noticed_in_silence(tmp_path: Path) -> None:
    gone, began = asyncio.Event(), asyncio.Event()

    async def quiet(exchange: Exchange) -> None:
        exchange.on_gone(gone.set)
        await exchange.begin(200, [])
        began.set()
        await gone.wait()

    async with _connected(tmp_path, quiet) as (_, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        await began.wait()
        writer.close()
        await gone.wait()


async def test_a_slow_reader_holds_the_sender(tmp_path: Path) -> None:
    sent = 0

    async def flood(exchange: Exchange) -> None:
        nonlocal sent
        await exchange.begin(200, [])
        for _ in range(1000):
            await exchange.send(b"x" * 100_000)
            sent += 100_000
        await exchange.end()

    async with _connected(tmp_path, flood) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        assert sent < 10_000_000
        size = 0
        while data := await reader.read(1_000_000):
            size += len(data)
    assert sent == 100_000_000
    assert size >= sent


async def test_a_body_that_stands_still_is_given_up(tmp_path: Path) -> None:
    async def take(exchange: Exchange) -> None:
        async for _ in exchange.chunks(idle_s=0.05):
            pass

    async with _connected(tmp_path, take) as (reader, writer):
        writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
        head, body = await _response(reader)
        assert head.startswith(b"HTTP/1.1 408")
        assert b"within the request body" in body
        assert await reader.read() == b""  # the connection has ended
