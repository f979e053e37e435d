"""Requests that meet a gateway between two upstreams."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.pages import PageKind, Pages, PageState
from craft_desktop.preview.routes import Upstream
from craft_desktop.tasks import Owner
from tests.preview.conftest import StartServer

RESTARTS = PageState(PageKind.WAITING, "It restarts")
ASLEEP = PageState(PageKind.ASLEEP, "It sleeps")
LONG_S = 30.0  # never reached: a request is let go by what it waits for
SHORT_S = 0.3
WAIT_S = 10.0


@pytest.fixture
async def patient(pages: Pages, activity: list[str]) -> AsyncIterator[Gateway]:
    async with Gateway(0, pages, activity.append, hold_s=LONG_S) as gateway:
        yield gateway


@pytest.fixture
async def owner() -> AsyncIterator[Owner]:
    async with Owner("test") as opened:
        yield opened


async def echo(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=await request.read() or b"page", headers={"Seen": request.method})


async def until_asked(activity: list[str], count: int) -> None:
    async with asyncio.timeout(WAIT_S):
        while len(activity) < count:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("body", [b"", b"x" * 700_000])
async def test_requests_wait_for_the_next_upstream(
    patient: Gateway,
    browser: aiohttp.ClientSession,
    start_server: StartServer,
    owner: Owner,
    activity: list[str],
    body: bytes,
) -> None:
    patient.serve("shop", await start_server(echo))
    patient.show("shop", RESTARTS)

    async def ask() -> bytes:
        async with browser.post(patient.url("shop"), data=body, headers={"Accept": "text/html"}) as answer:
            assert answer.status == 200
            return await answer.read()

    asking = [owner.start(ask(), name="ask", awaited=True) for _ in range(3)]
    await until_asked(activity, 3)
    assert not any(task.done() for task in asking)
    patient.serve("shop", await start_server(echo))
    async with asyncio.timeout(WAIT_S):
        assert await asyncio.gather(*asking) == [body or b"page"] * 3


async def test_a_dev_server_that_restarts_itself_costs_no_request(
    patient: Gateway, browser: aiohttp.ClientSession, unused_port: int, owner: Owner, activity: list[str]
) -> None:
    patient.serve("shop", Upstream(f"http://127.0.0.1:{unused_port}", f"3000-box.localhost:{unused_port}"))

    async def ask() -> int:
        async with browser.get(patient.url("shop")) as answer:
            return answer.status

    asking = [owner.start(ask(), name="ask", awaited=True) for _ in range(2)]
    await until_asked(activity, 2)
    runner = web.ServerRunner(web.Server(echo), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", unused_port).start()
    try:
        async with asyncio.timeout(WAIT_S):
            assert await asyncio.gather(*asking) == [200, 200]
    finally:
        await runner.cleanup()


async def test_who_waits_hears_of_a_failure_at_once(
    patient: Gateway, browser: aiohttp.ClientSession, start_server: StartServer, owner: Owner, activity: list[str]
) -> None:
    patient.serve("shop", await start_server(echo))
    patient.show("shop", RESTARTS)

    async def ask() -> str:
        async with browser.get(patient.url("shop"), headers={"Accept": "text/html"}) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
            return await answer.text()

    asking = owner.start(ask(), name="ask", awaited=True)
    await until_asked(activity, 1)
    patient.show("shop", PageState(PageKind.FAILED, "It broke"))
    async with asyncio.timeout(WAIT_S):
        assert "It broke" in await asking


async def test_patience_ends_with_the_waiting_page(
    pages: Pages, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    async with Gateway(0, pages, hold_s=SHORT_S) as gateway:
        gateway.serve("shop", await start_server(echo))
        gateway.show("shop", RESTARTS)
        began = asyncio.get_running_loop().time()
        async with browser.get(gateway.url("shop"), headers={"Accept": "text/html"}) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
            assert RESTARTS.title in await answer.text()
        waited = asyncio.get_running_loop().time() - began
        assert SHORT_S <= waited < WAIT_S


async def test_a_request_wakes_what_sleeps_and_gets_the_page_itself(
    patient: Gateway, browser: aiohttp.ClientSession, start_server: StartServer, owner: Owner, activity: list[str]
) -> None:
    upstream = await start_server(echo)
    patient.show("shop", ASLEEP)

    async def ask() -> str:
        async with browser.get(patient.url("shop")) as answer:
            return await answer.text()

    asking = owner.start(ask(), name="ask", awaited=True)
    await until_asked(activity, 1)
    patient.show("shop", PageState(PageKind.WAITING, "It wakes"))
    patient.serve("shop", upstream)
    async with asyncio.timeout(WAIT_S):
        assert await asking == "page"


async def test_a_hot_reload_socket_sleeps_with_its_page_and_is_back_with_it(
    patient: Gateway, browser: aiohttp.ClientSession, start_server: StartServer, owner: Owner, activity: list[str]
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Upgrade") != "websocket":
            return web.Response(text="page")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str("here")
        await socket.receive()
        return socket

    upstream = await start_server(answer)
    url = f"{patient.url('shop')}_next/hmr"
    patient.serve("shop", upstream)
    async with browser.ws_connect(url) as socket:
        assert await socket.receive_str(timeout=WAIT_S) == "here"
        assert patient.hot_reload_sockets("shop") == 1
        patient.show("shop", ASLEEP)
        assert (await socket.receive(timeout=WAIT_S)).type is aiohttp.WSMsgType.CLOSED
    connecting = owner.start(browser._ws_connect(url), name="connect", awaited=True)
    with pytest.raises(TimeoutError):  # it waits; nothing wakes
        async with asyncio.timeout(SHORT_S):
            await asyncio.shield(connecting)
    assert activity == []
    assert patient.hot_reload_sockets("shop") == 0
    patient.serve("shop", upstream)
    async with asyncio.timeout(WAIT_S):
        again = await connecting
    assert await again.receive_str(timeout=WAIT_S) == "here"
    await again.close()


async def test_who_leaves_while_waiting_is_forgotten(
    patient: Gateway, start_server: StartServer, activity: list[str]
) -> None:
    asked: list[str] = []

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(text="page")

    upstream = await start_server(answer)
    patient.serve("shop", upstream)
    patient.show("shop", RESTARTS)
    _, writer = await asyncio.open_connection("127.0.0.1", patient.port)
    writer.write(b"GET /gone HTTP/1.1\r\nHost: shop.localhost\r\nAccept: text/html\r\n\r\n")
    await until_asked(activity, 1)
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(SHORT_S)  # the time a departure takes to be noticed: a fraction of this
    patient.serve("shop", upstream)
    reader, writer = await asyncio.open_connection("127.0.0.1", patient.port)
    writer.write(b"GET /here HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n")
    assert b"200" in await reader.readline()
    writer.close()
    assert asked == ["/here"]


async def test_a_page_that_missed_an_edit_before_its_socket_opened_loads_anew(
    patient: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if request.headers.get("Upgrade") != "websocket":
            return web.Response(text="page")
        socket = web.WebSocketResponse(protocols=("vite-hmr",))
        await socket.prepare(request)
        await socket.send_str("from the server")
        await socket.receive()
        return socket

    async def first_messages(count: int) -> list[str]:
        async with browser.ws_connect(patient.url("shop"), protocols=("vite-hmr",), compress=15) as socket:
            return [await socket.receive_str(timeout=WAIT_S) for _ in range(count)]

    patient.serve("shop", await start_server(answer))

    async def load() -> None:
        async with browser.get(patient.url("shop"), headers={"Accept": "text/html"}) as page:
            assert page.status == 200

    patient.edited("shop")
    await load()
    assert await first_messages(1) == ["from the server"]
    await load()
    patient.edited("shop")
    assert await first_messages(2) == ['{"type":"full-reload","path":"*"}', "from the server"]
    assert await first_messages(1) == ["from the server"]  # once; the page that loads anew has caught up
