"""Asked as a browser asks: pages, redirects, cookies, silence and nonsense."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from craft_desktop.preview.probe import ANSWER_LIMIT_S, START_BYTES, ask
from craft_desktop.preview.routes import Upstream

HOST = "shop.localhost:4100"
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Upstream]:
    runner = web.ServerRunner(web.Server(handler), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    yield Upstream(f"http://127.0.0.1:{port}", f"{port}-box.localhost:4999")
    await runner.cleanup()


async def test_a_page_as_a_browser_would_get_it() -> None:
    asked: list[web.BaseRequest] = []

    async def answer(request: web.BaseRequest) -> web.Response:
        asked.append(request)
        return web.Response(text="<p>hello</p>", content_type="text/html", headers={"Content-Security-Policy": "x"})

    async with serving(answer) as upstream:
        told = await ask(upstream, HOST)
    assert (told.status, told.start, told.hops, told.policy) == (200, b"<p>hello</p>", ("/",), "x")
    assert told.content_type.startswith("text/html") and 0 < told.first_byte_s < ANSWER_LIMIT_S
    headers = asked[0].headers
    assert headers["X-Forwarded-Host"] == HOST and "text/html" in headers["Accept"]
    assert headers["Sec-Fetch-Mode"] == "navigate" and "Cookie" not in headers


async def test_redirects_are_followed_with_their_cookies() -> None:
    async def answer(request: web.BaseRequest) -> web.Response:
        if request.path == "/en":
            return web.Response(text="here", content_type="text/html")
        if "seen=1" in request.headers.get("Cookie", ""):
            return web.Response(status=307, headers={"Location": f"http://{HOST}/en"})
        return web.Response(status=307, headers={"Location": "/", "Set-Cookie": "seen=1; Path=/"})

    async with serving(answer) as upstream:
        told = await ask(upstream, HOST)
    # back to the same path with a cookie is no circle
    assert (told.status, told.hops, told.is_loop) == (200, ("/", "/", "/en"), False)


async def test_circles_chains_and_ways_out() -> None:
    async def circle(request: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": "/b" if request.path != "/b" else "/"})

    async def chain(request: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{request.path}a"})

    async def away(_: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": "https://login.example/?token=secret"})

    async def nonsense(_: web.BaseRequest) -> web.Response:
        return web.Response(status=302, headers={"Location": "http://[oops"})

    async with serving(circle) as upstream:
        assert (await ask(upstream, HOST)).is_loop
    async with serving(chain) as upstream:
        told = await ask(upstream, HOST)
        assert told.is_loop and len(told.hops) < 15
    async with serving(away) as upstream:
        assert (await ask(upstream, HOST)).leads_away == "https://login.example"
    async with serving(nonsense) as upstream:
        assert (await ask(upstream, HOST)).trouble == "broken"


async def test_silence_floods_and_drips_end_in_time() -> None:
    async def silent(_: web.BaseRequest) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async def drip(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/html"})
        await response.prepare(request)
        await response.write(b"<p>so far</p>")
        await asyncio.Event().wait()
        raise AssertionError

    async def flood(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b"x" * 65536)

    for handler, check in (
        (silent, lambda told: told.trouble == "silent"),
        (drip, lambda told: told.start == b"<p>so far</p>" and told.status == 200),
        (flood, lambda told: len(told.start) == START_BYTES),
    ):
        async with serving(handler) as upstream:
            began = time.monotonic()
            assert check(await ask(upstream, HOST))
            assert time.monotonic() - began < ANSWER_LIMIT_S + 1


async def test_nobody_and_no_http() -> None:
    async with serving(lambda _: asyncio.sleep(0, web.Response())) as upstream:
        pass
    assert (await ask(upstream, HOST)).trouble == "refused"

    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert (await ask(Upstream(f"http://127.0.0.1:{port}", "box.localhost"), HOST)).trouble == "broken"
    server.close()
    await server.wait_closed()


async def test_what_an_ingress_says_for_a_closed_port_is_a_refusal() -> None:
    async def refuse(_: web.BaseRequest) -> web.Response:
        return web.Response(status=502, text='{"message":"The sandbox is running but port is not open"}')

    async with serving(refuse) as upstream:
        assert (await ask(upstream, HOST)).trouble == "refused"


async def test_a_large_head_is_read_as_the_gateway_reads_it() -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(text="page", headers={"Link": "p" * 60_000, **{f"x-{n}": "y" for n in range(300)}})

    async with serving(answer) as upstream:
        assert (await ask(upstream, HOST)).status == 200
