"""The search for the page's port, among real servers on this computer."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from craft_desktop.model.errors import ServerError
from craft_desktop.sandbox import port_search
from craft_desktop.sandbox.port_search import PortSearch
from craft_desktop.sandbox.ports import Ports
from craft_desktop.sandbox.profile import Address
from craft_desktop.tasks import Owner

LIMIT_S = 20.0
SHORT_S = 0.4
CLOSED = 9  # the discard service's port, where nothing listens

Serve = Callable[[web.Response | None], Awaitable[int]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start servers that give one answer each, or none."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(response: web.Response | None) -> int:
            async def answer(_: web.BaseRequest) -> web.Response:
                if response is None:
                    await asyncio.Event().wait()
                assert response is not None
                return web.Response(status=response.status, body=response.body, headers=response.headers)

            runner = web.ServerRunner(web.Server(answer, handler_cancellation=True), shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            return int(runner.addresses[0][1])

        yield start


def page() -> web.Response:
    return web.Response(text="<p>page</p>", content_type="text/html")


def missing() -> web.Response:
    return web.json_response({}, status=404)


def search(ports: Ports, found: list[int] | None = None) -> PortSearch:
    async def sockets() -> list[int]:
        return found or []

    return PortSearch(ports, lambda port: Address(f"http://127.0.0.1:{port}", "localhost"), sockets)


async def test_where_it_was_told_any_answer_counts(serve: Serve) -> None:
    port = await serve(missing())
    assert await search(Ports(port, told=True)).run(LIMIT_S) == port


async def test_a_page_goes_before_an_api_that_answers_sooner(serve: Serve) -> None:
    api, other = await serve(missing()), await serve(page())
    ports = Ports(api)
    searching = search(ports)
    async with Owner("test") as owner:
        running = owner.start(searching.run(LIMIT_S), name="search", awaited=True)
        await asyncio.sleep(SHORT_S)  # the API's head start
        assert not running.done()
        ports.hear(f"listening on port {other}")
        assert await running == other


async def test_what_it_prints_is_asked_in_place_of_what_it_was_told(serve: Serve) -> None:
    stuck, other = await serve(None), await serve(missing())
    ports = Ports(stuck, told=True)
    async with Owner("test") as owner:
        running = owner.start(search(ports).run(LIMIT_S), name="search", awaited=True)
        await asyncio.sleep(SHORT_S)  # it is asked meanwhile, and says nothing
        ports.hear(f"  ➜  Local:   http://localhost:{other}/")
        assert await running == other


async def test_a_silent_server_is_found_by_its_socket(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_search, "SOCKETS_AFTER_S", 0.1)
    port = await serve(page())
    assert await search(Ports(CLOSED), [port]).run(LIMIT_S) == port


async def test_an_error_is_taken_where_nothing_better_comes(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_search, "SETTLE_S", 0.2)
    port = await serve(missing())
    assert await search(Ports(port)).run(LIMIT_S) == port


async def test_a_chosen_port_alone_is_asked(serve: Serve) -> None:
    other = await serve(page())
    ports = Ports(CLOSED, chosen=True)
    ports.hear(f"Local: http://localhost:{other}")
    with pytest.raises(ServerError, match=r"Asked: port 9\."):
        await search(ports, [other]).run(SHORT_S)


async def test_https_is_told_at_once() -> None:
    ports = Ports(CLOSED)
    ports.hear("   - Local:        https://localhost:3000")
    with pytest.raises(ServerError, match="It says so of port 3000") as caught:
        await search(ports).run(LIMIT_S)
    assert caught.value.problem.title == "The dev server speaks HTTPS"
