import asyncio
import json
from collections.abc import Awaitable, Callable

import aiohttp
import pytest
from aiohttp import web

from craft_desktop.model.session import Step, StepRecord, StepState
from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.pages import PageKind, Pages, PageState
from craft_desktop.preview.routes import Upstream

StartServer = Callable[[Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]], Awaitable[Upstream]]
RawExchange = Callable[[bytes], Awaitable[bytes]]

NAVIGATION = {"Sec-Fetch-Mode": "navigate"}
STARTING = PageState(PageKind.WAITING, "Starting", steps=(StepRecord(Step.SANDBOX, StepState.RUNNING, 1.0),))
STOPPED = PageState(PageKind.STOPPED, "Stopped")


async def say_hello(request: web.BaseRequest) -> web.Response:
    return web.Response(text="hello")


async def say_other(request: web.BaseRequest) -> web.Response:
    return web.Response(text="other")


@pytest.mark.parametrize(
    "host",
    [b"localhost", b"127.0.0.1:80", b"[::1]", b"evil.example", b"shop.localhost.evil.example", b"", b"\xff.localhost"],
)
async def test_foreign_host_is_misdirected_and_learns_nothing(
    gateway: Gateway, raw_exchange: RawExchange, start_server: StartServer, activity: list[str], host: bytes
) -> None:
    gateway.serve("shop", await start_server(say_hello))
    for path in (b"/", b"/.craft/state"):
        answer = await raw_exchange(b"GET %b HTTP/1.1\r\nHost: %b\r\nConnection: close\r\n\r\n" % (path, host))
        assert answer.startswith((b"HTTP/1.1 421 ", b"HTTP/1.1 400 "))
        assert b"hello" not in answer
        assert b"serving" not in answer
    assert activity == []


@pytest.mark.parametrize(
    "request_head",
    [
        b"GET http://evil.example/ HTTP/1.1\r\nHost: shop.localhost\r\n",
        b"GET @evil.example/ HTTP/1.1\r\nHost: shop.localhost\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: shop.localhost\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: shop.localhost\r\n",
        b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nHost: evil.example\r\n",
        b"POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        b"POST / HTTP/1.1\r\nHost: shop.localhost\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
        b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nX-A: 1\x00\r\n",
        b"GET / HTTP/1.1\r\nHost: shop.localhost\r\n folded: 1\r\n",
        b"GET / HTTP/1.1\r\nX-A: 1\r\n",
    ],
)
async def test_ambiguous_request_is_not_forwarded(
    gateway: Gateway, raw_exchange: RawExchange, start_server: StartServer, request_head: bytes
) -> None:
    reached: list[str] = []

    async def note(request: web.BaseRequest) -> web.Response:
        reached.append(request.raw_path)
        return web.Response()

    gateway.serve("shop", await start_server(note))
    answer = await raw_exchange(request_head + b"Connection: close\r\n\r\n")
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4"))
    assert reached == []


async def test_each_project_has_its_own_address(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    gateway.serve("shop", await start_server(say_hello))
    gateway.serve("blog", await start_server(say_other))
    async with browser.get(gateway.url("shop")) as answer:
        assert await answer.text() == "hello"
    async with browser.get(gateway.url("blog").upper().replace("HTTP", "http")) as answer:
        assert await answer.text() == "other"


async def test_waiting_page_for_navigations_and_503_for_the_rest(
    gateway: Gateway, browser: aiohttp.ClientSession, activity: list[str]
) -> None:
    gateway.show("shop", STARTING)
    async with browser.get(f"{gateway.url('shop')}some/where?a=1", headers=NAVIGATION) as answer:
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "script-src 'sha256-" in answer.headers["Content-Security-Policy"]
        assert '<h1 id="title">Starting</h1>' in await answer.text()
    assert activity == ["shop"]
    async with browser.get(f"{gateway.url('shop')}main.js") as answer:
        assert answer.status == 503
        assert answer.headers["Retry-After"] == "1"
        assert await answer.text() == "Starting.\n"
    assert activity == ["shop"]


async def test_unknown_address_is_404(gateway: Gateway, browser: aiohttp.ClientSession, activity: list[str]) -> None:
    async with browser.get(gateway.url("nobody"), headers=NAVIGATION) as answer:
        assert answer.status == 404
        assert "No project has this address" in await answer.text()
    assert activity == []


async def _state(gateway: Gateway, browser: aiohttp.ClientSession, seen: str = "") -> dict[str, object]:
    async with asyncio.timeout(10), browser.get(f"{gateway.url('shop')}.craft/state?seen={seen}") as answer:
        found: dict[str, object] = json.loads(await answer.text())
        return found


async def test_waiting_page_hears_of_each_change_at_once(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer, activity: list[str]
) -> None:
    gateway.show("shop", STARTING)
    first = await _state(gateway, browser)
    assert (first["serving"], first["title"]) == (False, "Starting")

    async with asyncio.TaskGroup() as group:
        asked = group.create_task(_state(gateway, browser, str(first["revision"])))
        done, _ = await asyncio.wait({asked}, timeout=0.05)
        assert not done
        gateway.show("shop", STOPPED)
    second = asked.result()
    assert (second["kind"], second["title"]) == ("stopped", "Stopped")

    async with asyncio.TaskGroup() as group:
        asked = group.create_task(_state(gateway, browser, str(second["revision"])))
        gateway.serve("shop", await start_server(say_hello))
    assert asked.result()["serving"] is True
    assert activity == []


async def test_same_state_again_is_no_change(gateway: Gateway, browser: aiohttp.ClientSession) -> None:
    gateway.show("shop", STARTING)
    before = await _state(gateway, browser)
    gateway.show("shop", STARTING)
    assert await _state(gateway, browser) == before


async def test_refusing_upstream_shows_the_waiting_page_until_it_answers(
    gateway: Gateway, browser: aiohttp.ClientSession, unused_port: int, activity: list[str]
) -> None:
    gateway.serve("shop", Upstream(f"http://127.0.0.1:{unused_port}", f"3000-box.localhost:{unused_port}"))
    async with browser.get(gateway.url("shop"), headers=NAVIGATION) as answer:
        assert answer.status == 503
        assert "The dev server does not answer" in await answer.text()
    told = await _state(gateway, browser)
    assert told["serving"] is False
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(_state(gateway, browser, str(told["revision"])))
        runner = web.ServerRunner(web.Server(say_hello), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", unused_port).start()
    assert asked.result()["serving"] is True
    async with browser.get(gateway.url("shop")) as answer:
        assert await answer.text() == "hello"
    await runner.cleanup()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"sandboxId":"x","message":"The sandbox is running but port is not open","port":3000}', "application/json"),
        ("<html><head><title>Sandbox Not Found</title>", "text/html"),
    ],
)
async def test_ingress_refusal_shows_the_waiting_page(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer, body: str, content_type: str
) -> None:
    async def refuse(request: web.BaseRequest) -> web.Response:
        return web.Response(status=502, text=body, content_type=content_type)

    gateway.serve("shop", await start_server(refuse))
    async with browser.get(gateway.url("shop"), headers=NAVIGATION) as answer:
        assert answer.status == 503
        assert "The dev server does not answer" in await answer.text()
    async with browser.post(gateway.url("shop"), data=b"x") as answer:
        assert answer.status == 503


async def test_projects_own_502_passes(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    long = "the API behind this project is down " * 2000

    async def fail(request: web.BaseRequest) -> web.Response:
        return web.Response(status=502, text=long)

    gateway.serve("shop", await start_server(fail))
    async with browser.get(gateway.url("shop"), headers=NAVIGATION) as answer:
        assert answer.status == 502
        assert await answer.text() == long


async def test_answer_that_is_not_http_is_told(gateway: Gateway, browser: aiohttp.ClientSession) -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"Unauthorized")
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        gateway.serve("shop", Upstream(f"http://127.0.0.1:{port}", f"127.0.0.1:{port}"))
        async with browser.get(gateway.url("shop"), headers=NAVIGATION) as answer:
            assert answer.status == 502
            assert await answer.text() == "The dev server's answer could not be read.\n"


async def test_activity_is_use_and_not_hot_reload(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer, activity: list[str]
) -> None:
    gateway.serve("shop", await start_server(say_hello))
    url = gateway.url("shop")
    for path, headers in (
        ("_next/webpack-hmr?page=/", {}),
        ("_next/hmr", {}),
        ("", {"Sec-WebSocket-Protocol": "vite-hmr"}),
        ("", {"Accept": "text/x-vite-ping"}),
        (".craft/state", {}),
    ):
        async with browser.get(url + path, headers=headers) as answer:
            await answer.read()
    assert activity == []
    async with browser.get(f"{url}api/items") as answer:
        await answer.read()
    assert activity == ["shop"]


async def test_switch_closes_event_streams_and_next_request_meets_the_new_upstream(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    ended = asyncio.Event()

    async def stream(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            await response.write(b"data: 1\n\n")
            await asyncio.Event().wait()
        finally:
            ended.set()
        return response

    gateway.serve("shop", await start_server(stream))
    async with asyncio.timeout(10), browser.get(gateway.url("shop")) as answer:
        assert await answer.content.readuntil(b"\n\n") == b"data: 1\n\n"
        gateway.serve("shop", await start_server(say_other))
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.content.read()
        await ended.wait()
    async with browser.get(gateway.url("shop")) as answer:
        assert await answer.text() == "other"


async def test_forgotten_project_is_unknown(
    gateway: Gateway, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    gateway.serve("shop", await start_server(say_hello))
    gateway.forget("shop")
    gateway.forget("shop")
    async with browser.get(gateway.url("shop")) as answer:
        assert answer.status == 404


async def test_closing_frees_the_port_and_wakes_who_waits(pages: Pages, browser: aiohttp.ClientSession) -> None:
    gateway = Gateway(0, pages)
    await gateway.open()
    port = gateway.port
    gateway.show("shop", STARTING)
    told = await _state(gateway, browser)
    async with asyncio.TaskGroup() as group, asyncio.timeout(5):
        asked = group.create_task(_state(gateway, browser, str(told["revision"])))
        done, _ = await asyncio.wait({asked}, timeout=0.05)
        assert not done
        await gateway.aclose()
        await gateway.aclose()
    assert asked.result()["kind"] == "stopped"
    async with Gateway(port, pages) as again:
        assert again.port == port


async def test_each_failed_request_is_told_once(
    pages: Pages, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    told: list[tuple[str, str, str, int]] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(status=int(request.path.strip("/") or 200))

    async with Gateway(0, pages, on_failed=lambda *failed: told.append(failed)) as gateway:
        gateway.serve("shop", await start_server(answer))
        for path in ("", "404?a=1", "304", "500", "302"):
            async with browser.get(gateway.url("shop") + path, allow_redirects=False):
                pass
        async with browser.post(gateway.url("shop") + "422"):
            pass
        gateway.show("shop", STOPPED)
        async with browser.get(gateway.url("shop")):
            pass  # answered by the gateway: nothing of the project failed
    assert told == [("shop", "GET", "/404?a=1", 404), ("shop", "GET", "/500", 500), ("shop", "POST", "/422", 422)]


async def test_the_scripts_that_pages_have_are_remembered(
    pages: Pages, browser: aiohttp.ClientSession, start_server: StartServer
) -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        return web.Response(status=404 if "gone" in request.path else 200)

    async with Gateway(0, pages) as gateway:
        gateway.serve("shop", await start_server(answer))
        for path in ("a.js?v=1", "b.mjs", "gone.js", "style.css", "api/js", "a.js?v=1"):
            async with browser.get(gateway.url("shop") + path):
                pass
        assert gateway.scripts("shop") == ("/a.js?v=1", "/b.mjs")
        # A page outlives its server's restart, and asks for nothing anew.
        gateway.show("shop", STOPPED)
        assert gateway.scripts("shop") == ("/a.js?v=1", "/b.mjs")
        assert gateway.scripts("nobody") == ()
