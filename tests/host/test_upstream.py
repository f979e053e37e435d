import asyncio
import socket

import pytest
from aiohttp import ClientConnectorError, web
from aiohttp.test_utils import TestServer

from craft_desktop.host.dial import DialError
from craft_desktop.host.upstream import open_session


async def answer(request: web.BaseRequest) -> web.Response:
    return web.Response(text=f"{request.headers['Host']} {request.raw_path}", headers={"Content-Encoding": "gzip"})


async def test_connections_come_from_the_sandbox_and_are_kept() -> None:
    async with TestServer(web.Application()) as unused, TestServer(_application()) as server:
        assert unused.port != server.port
        asked: list[tuple[str, int]] = []

        async def connect(sandbox_id: str, port: int) -> socket.socket:
            asked.append((sandbox_id, port))
            connected = socket.create_connection(("127.0.0.1", server.port or 0))
            connected.setblocking(False)
            return connected

        async with open_session(connect) as session:
            for path in ("/a", "/b"):
                async with session.get(f"http://i0:3000{path}", headers={"Host": "given:1"}) as got:
                    # not decoded, though the head says gzip
                    assert await got.text() == f"given:1 {path}"
            async with session.get("http://i1:3000/c") as got:
                assert got.status == 200
        assert asked == [("i0", 3000), ("i1", 3000)]


async def test_a_refused_dial_is_a_failed_connection() -> None:
    async def connect(_: str, port: int) -> socket.socket:
        await asyncio.sleep(0)
        raise DialError(port, "closed")

    async with open_session(connect) as session:
        with pytest.raises(ClientConnectorError):
            await session.get("http://i0:3000/")


def _application() -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app
