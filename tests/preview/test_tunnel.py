import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from craft_desktop.preview.gateway import HEARD_S, Gateway
from craft_desktop.preview.pages import PageKind, PageState
from craft_desktop.preview.routes import Upstream
from craft_desktop.preview.tunnel import Tunnel, text_frame

StartServer = Callable[[Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]], Awaitable[Upstream]]


async def echo(request: web.BaseRequest) -> web.WebSocketResponse:
    answer = web.WebSocketResponse(protocols=("vite-hmr", "chat"), max_msg_size=0)
    await answer.prepare(request)
    await answer.send_str(f"{answer.ws_protocol} {request.headers['X-Forwarded-Host'].partition(':')[0]}")
    async for message in answer:
        if message.type is aiohttp.WSMsgType.TEXT and message.data == "bye":
            await answer.close(code=4123, message=b"as asked")
        elif message.type is aiohttp.WSMsgType.TEXT:
            await answer.send_str(message.data)
        else:
            await answer.send_bytes(message.data)
    return answer


@pytest.mark.parametrize("compress", [0, 15])
async def test_messages_subprotocol_extension_and_close_code_pass(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer, compress: int
) -> None:
    gateway.serve("shop", await start_server(echo))
    noise = os.urandom(3_000_000)
    async with asyncio.timeout(20):
        async with browser.ws_connect(
            gateway.url("shop"), protocols=("chat",), compress=compress, max_msg_size=0
        ) as ws:
            assert ws.protocol == "chat"
            assert ws.compress == compress
            assert await ws.receive_str() == "chat shop.localhost"
            await ws.send_str("päivää")
            assert await ws.receive_str() == "päivää"
            await ws.send_bytes(noise)
            assert await ws.receive_bytes() == noise
            await ws.send_str("bye")
            closing = await ws.receive()
            assert (closing.type, closing.data, closing.extra) == (aiohttp.WSMsgType.CLOSE, 4123, "as asked")


async def test_what_came_early_is_not_lost(gateway: Gateway) -> None:
    """Both sides may send behind the handshake in the same packet."""
    received = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfrom-server"
        )
        if await reader.readexactly(12) == b"from-browser":
            received.set()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server, asyncio.timeout(10):
        port = server.sockets[0].getsockname()[1]
        gateway.serve("shop", Upstream(f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"))
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(
            b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\nfrom-browser"
        )
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert head.count(b"Upgrade: websocket") == 1
        assert await reader.read() == b"from-server"
        await received.wait()
        writer.close()
        await writer.wait_closed()


async def test_declined_upgrade_is_an_ordinary_answer(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    async def decline(request: web.BaseRequest) -> web.Response:
        return web.Response(status=403, text="no")

    gateway.serve("shop", await start_server(decline))
    for _ in range(2):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await browser.ws_connect(gateway.url("shop"))
        assert refusal.value.status == 403


@pytest.mark.parametrize("switch", ["page", "other", "forget", "same"])
async def test_switch_closes_sockets(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer, switch: str
) -> None:
    first = await start_server(echo)
    gateway.serve("shop", first)
    async with asyncio.timeout(10), browser.ws_connect(gateway.url("shop")) as ws:
        await ws.receive_str()
        if switch == "page":
            gateway.show("shop", PageState(PageKind.STOPPED, "Stopped"))
        elif switch == "other":
            gateway.serve("shop", await start_server(echo))
        elif switch == "forget":
            gateway.forget("shop")
        else:
            gateway.serve("shop", first)
            await ws.send_str("still here")
            assert await ws.receive_str() == "still here"
            return
        assert (await ws.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)
        assert ws.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE


async def test_socket_that_is_agreed_after_a_switch_is_closed(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def agree_late(request: web.BaseRequest) -> web.WebSocketResponse:
        asked.set()
        await go_on.wait()
        return await echo(request)

    gateway.serve("shop", await start_server(agree_late))
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        joining = group.create_task(browser.ws_connect(gateway.url("shop")).__aenter__())
        await asked.wait()
        gateway.serve("shop", await start_server(echo))
        go_on.set()
        ws = await joining
        while not ws.closed:  # the greeting may have come through before the end
            await ws.receive()
        assert ws.close_code == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
        await ws.close()


async def test_browser_that_goes_away_ends_the_servers_side(gateway: Gateway, start_server: StartServer) -> None:
    ended = asyncio.Event()

    async def watch(request: web.BaseRequest) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        try:
            async for _ in answer:
                pass
        finally:
            ended.set()
        return answer

    gateway.serve("shop", await start_server(watch))
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(
            b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        writer.close()  # says no goodbye
        await ended.wait()
        await writer.wait_closed()


class Wire(asyncio.Transport):
    """A connection of which the test sees every call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.protocol: asyncio.BaseProtocol | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def write(self, data: Any) -> None:
        self.calls.append(f"write {bytes(data)!r}")

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")

    def close(self) -> None:
        self.calls.append("close")

    def is_closing(self) -> bool:
        return "close" in self.calls


class Side:
    """An HTTP protocol that was set aside."""

    def __init__(self, wire: Wire | None) -> None:
        self.transport: asyncio.Transport | None = wire
        self.lost: list[BaseException | None] = []

    def connection_lost(self, exc: BaseException | None) -> None:
        self.lost.append(exc)


async def test_slow_side_stops_the_others_reading() -> None:
    browser, server = Wire(), Wire()
    tunnel = Tunnel(Side(browser), Side(server))
    tunnel.start()
    assert (browser.protocol, server.protocol) == (tunnel.browser, tunnel.server)
    tunnel.server.data_received(b"x")
    tunnel.browser.pause_writing()
    tunnel.browser.resume_writing()
    assert browser.calls == ["write b'x'"]
    assert server.calls == ["pause", "resume"]


async def test_end_of_one_side_ends_the_other_and_tells_both() -> None:
    browser, server = Wire(), Wire()
    sides = Side(browser), Side(server)
    tunnel = Tunnel(*sides)
    tunnel.start()
    failure = ConnectionResetError()
    tunnel.server.connection_lost(failure)
    tunnel.browser.connection_lost(None)
    assert browser.calls == ["close"]
    assert (sides[0].lost, sides[1].lost) == ([None], [failure])
    async with asyncio.timeout(1):
        await tunnel.wait()


def test_lost_connection_cannot_be_joined() -> None:
    with pytest.raises(ConnectionResetError):
        Tunnel(Side(None), Side(Wire()))


def test_a_short_text_stands_in_one_frame() -> None:
    assert text_frame("hi") == b"\x81\x02hi"
    with pytest.raises(ValueError, match="126"):
        text_frame("x" * 126)


async def test_what_the_dev_server_says_of_changes_is_told(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    told: list[tuple[str, float]] = []
    gateway.on_hot_reload = lambda slug, at: told.append((slug, at))

    async def speak(request: web.BaseRequest) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("vite-hmr",))
        await socket.prepare(request)
        async for message in socket:
            for _ in range(100 if message.data == "flood" else 1):
                await socket.send_str(f'{{"type":"{message.data}"}}')
            await socket.ping()
        return socket

    gateway.serve("shop", await start_server(speak))
    async with asyncio.timeout(20):
        async with browser.ws_connect(gateway.url("shop"), protocols=("vite-hmr",)) as ws:
            await ws.send_str("update")
            assert "update" in await ws.receive_str()
            assert [slug for slug, _ in told] == ["shop"] and abs(told[0][1] - time.time()) < 5
            await ws.send_str("pong")
            assert "pong" in await ws.receive_str()
            assert len(told) == 1
            await ws.send_str("flood")
            began = time.time()
            for _ in range(100):
                await ws.receive_str()
            assert 1 <= len(told) <= 2 + (time.time() - began + 0.1) / HEARD_S
            times = [at for _, at in told]
            assert all(later - sooner >= HEARD_S for sooner, later in pairwise(times))
        heard = len(told)
        async with browser.ws_connect(gateway.url("shop")) as ws:  # the project's own socket is its own business
            await ws.send_str("update")
            await ws.receive_str()
    assert len(told) == heard
