import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from craft_desktop.host.tunnel import WINDOW_BYTES, pass_through

TIMEOUT_S = 20
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)


class Far:
    """A raw server that switches; the test talks through its streams."""

    def __init__(self) -> None:
        self.ready: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
        self.ready = asyncio.get_running_loop().create_future()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        # the first bytes of the tunnel come with the head
        writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nfirst")
        self.ready.set_result((reader, writer))


@asynccontextmanager
async def tunnel() -> AsyncIterator[tuple[Far, asyncio.StreamReader, asyncio.StreamWriter]]:
    far = Far()
    async with await asyncio.start_server(far.serve, "127.0.0.1", 0) as upstream, aiohttp.ClientSession() as session:
        there = upstream.sockets[0].getsockname()[1]

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            headers = {"Connection": "Upgrade", "Upgrade": "websocket"}
            async with session.get(f"http://127.0.0.1:{there}/", headers=headers) as answer:
                assert request.transport is not None
                request.transport.write(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
                await pass_through(request, answer)
            return web.Response()

        server = web.Server(handle)
        listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        try:
            async with asyncio.timeout(TIMEOUT_S):
                writer.write(UPGRADE + b"early")
                await reader.readuntil(b"\r\n\r\n")
                yield far, reader, writer
        finally:
            writer.close()
            listener.close()
            await server.shutdown(1.0)


async def test_bytes_pass_both_ways_from_the_first_on() -> None:
    async with tunnel() as (far, reader, writer):
        far_reader, far_writer = await far.ready
        assert await reader.readexactly(5) == b"first"
        assert await far_reader.readexactly(5) == b"early"
        writer.write(b"\x00\xff")
        assert await far_reader.readexactly(2) == b"\x00\xff"
        far_writer.close()


async def test_the_end_of_one_is_the_end_of_the_other() -> None:
    async with tunnel() as (far, reader, writer):
        far_reader, far_writer = await far.ready
        writer.close()
        assert await far_reader.read() == b"early"
        far_writer.close()
    async with tunnel() as (far, reader, _):
        _, far_writer = await far.ready
        far_writer.write(b" and last")
        far_writer.close()
        assert await reader.read() == b"first and last"


async def test_a_reader_that_rests_stops_the_sender() -> None:
    async with tunnel() as (far, reader, _):
        _, far_writer = await far.ready
        flood = b"x" * 64_000_000  # far beyond the buffers of two sockets and the window
        far_writer.write(flood)
        await asyncio.sleep(0.3)  # not a wait for something: for nothing to go on
        assert far_writer.transport.get_write_buffer_size() > len(flood) // 2 > WINDOW_BYTES
        assert len(await reader.readexactly(5 + len(flood))) == 5 + len(flood)
        far_writer.close()
