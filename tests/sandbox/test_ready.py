import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from craft_desktop.model.errors import Action, ServerError
from craft_desktop.preview import relay
from craft_desktop.sandbox import ready
from craft_desktop.sandbox.profile import Address
from craft_desktop.sandbox.ready import NO_ANSWER, NOT_OPEN, listens, wait_for_page
from craft_desktop.tasks import Owner

HOST = "3000-i1.e2b.app"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
# Longer than any test here may need; a wait that has not ended by then is a fault.
LIMIT_S = 20.0
SHORT_S = 0.3


def closed(**fields: object) -> web.Response:
    body = {"sandboxId": "i1", "message": "The sandbox is running but port is not open", "port": 3000, "code": 502}
    return web.json_response({**body, **fields}, status=502)


class Port:
    """A dev server, or the proxy before it: answers what the test says and keeps what it was asked."""

    def __init__(self, port: int) -> None:
        self.address = Address(f"http://127.0.0.1:{port}", HOST, (("e2b-traffic-access-token", "t0ken"),))
        self.asked: list[web.Request] = []
        self.answer: Answer | None = None

    async def take(self, request: web.BaseRequest) -> web.StreamResponse:
        assert isinstance(request, web.BaseRequest)
        self.asked.append(request)  # type: ignore[arg-type]
        assert self.answer is not None
        return await self.answer(request)  # type: ignore[arg-type]


@pytest.fixture
async def port() -> AsyncIterator[Port]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = Port(listening.getsockname()[1])
        runner = web.ServerRunner(web.Server(port.take), shutdown_timeout=0.1)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        yield port
        await runner.cleanup()


def always(response: Callable[[], web.StreamResponse]) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        return response()

    return answer


@pytest.mark.parametrize("status", [200, 204, 404, 500, 503])
async def test_any_answer_of_the_dev_server_counts(port: Port, status: int) -> None:
    port.answer = always(lambda: web.Response(status=status))
    assert await wait_for_page(port.address, LIMIT_S) == status
    assert len(port.asked) == 1


async def test_the_question_is_that_of_a_browser_for_the_first_page(port: Port) -> None:
    port.answer = always(web.Response)
    await wait_for_page(port.address, LIMIT_S)
    (request,) = port.asked
    assert (request.method, request.path, request.headers["Host"]) == ("GET", "/", HOST)
    assert request.headers["Accept"].startswith("text/html")
    assert request.headers["Accept-Encoding"] == "identity"
    assert request.headers["e2b-traffic-access-token"] == "t0ken"


async def test_a_redirect_is_an_answer_and_is_not_followed(port: Port) -> None:
    port.answer = always(lambda: web.Response(status=307, headers={"Location": "http://192.0.2.1/elsewhere"}))
    assert await wait_for_page(port.address, LIMIT_S) == 307
    assert len(port.asked) == 1


async def test_a_proxy_that_says_closed_is_asked_again(port: Port) -> None:
    port.answer = always(lambda: closed() if len(port.asked) < 4 else web.Response())
    assert await wait_for_page(port.address, LIMIT_S) == 200
    assert len(port.asked) == 4


async def test_a_closed_answer_in_pieces_is_read_whole(port: Port) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if len(port.asked) > 1:
            return web.Response()
        response = web.StreamResponse(status=502)
        await response.prepare(request)
        for piece in (b'{"sandboxId": "i1", ', b'"code": ', b"502}"):
            await response.write(piece)
            await asyncio.sleep(0.02)  # a pause between the pieces is what is tested
        return response

    port.answer = answer
    assert await wait_for_page(port.address, LIMIT_S) == 200
    assert len(port.asked) == 2


@pytest.mark.parametrize(
    "body",
    [b"", b"Bad Gateway", b"[]", b'{"code": 502}', b'{"sandboxId": "i1", "code": 500}', b"\xff", b"<html>" * 10_000],
)
async def test_a_502_of_the_dev_server_itself_is_its_answer(port: Port, body: bytes) -> None:
    port.answer = always(lambda: web.Response(status=502, body=body))
    assert await wait_for_page(port.address, LIMIT_S) == 502


async def test_a_port_that_opens_later_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    port = Port(number)
    port.answer = always(web.Response)
    async with Owner("test") as owner:
        waiting = owner.start(wait_for_page(port.address, LIMIT_S), name="wait", awaited=True)
        await asyncio.sleep(3 * ready.ASK_EVERY_S)  # the time that the port stays closed: some questions long
        assert not waiting.done()
        runner = web.ServerRunner(web.Server(port.take), shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", number).start()
            assert await waiting == 200
        finally:
            await runner.cleanup()


async def test_a_slow_first_page_is_asked_for_once(port: Port) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(5 * ready.ASK_EVERY_S)  # it compiles
        return web.Response()

    port.answer = answer
    assert await wait_for_page(port.address, LIMIT_S) == 200
    assert len(port.asked) == 1


async def test_a_closed_port_is_told_in_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = free.getsockname()[1]
    with pytest.raises(ServerError) as caught:
        await wait_for_page(Address(f"http://127.0.0.1:{number}", HOST), SHORT_S)
    assert "Cannot connect" in caught.value.problem.detail
    assert caught.value.problem.action is Action.OPEN_SETTINGS


async def test_a_proxy_that_says_closed_to_the_end_is_told_so(port: Port) -> None:
    port.answer = always(closed)
    with pytest.raises(ServerError) as caught:
        await wait_for_page(port.address, SHORT_S)
    assert caught.value.problem.detail.endswith(NOT_OPEN) or caught.value.problem.detail.endswith(NO_ANSWER)
    assert len(port.asked) > 1


async def test_a_dev_server_that_takes_the_question_and_says_nothing_is_told_so(port: Port) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    port.answer = answer
    with pytest.raises(ServerError) as caught:
        await wait_for_page(port.address, SHORT_S)
    assert caught.value.problem.detail.endswith(NO_ANSWER)
    assert len(port.asked) == 1


async def test_a_dev_server_that_hangs_up_is_asked_again(port: Port) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if len(port.asked) < 3:
            assert request.transport is not None
            request.transport.abort()
        return web.Response()

    port.answer = answer
    assert await wait_for_page(port.address, LIMIT_S) == 200
    assert len(port.asked) >= 3


async def test_waiting_can_be_cancelled(port: Port) -> None:
    asked = asyncio.Event()

    async def answer(_: web.Request) -> web.StreamResponse:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    port.answer = answer
    async with Owner("test") as owner:
        waiting = owner.start(wait_for_page(port.address, LIMIT_S), name="wait", awaited=True)
        await asked.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


def test_the_closed_answer_fits_what_is_read_of_it() -> None:
    body = closed().body
    assert isinstance(body, bytes)
    assert len(json.dumps(json.loads(body))) < ready.SAYS_CLOSED_BYTES


async def test_a_listener_is_told_from_none() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    assert await listens(url)
    server.close()
    await server.wait_closed()
    assert not await listens(url)


async def test_a_page_with_a_large_head_is_an_answer(port: Port) -> None:
    many = {f"x-{number}": "y" for number in range(300)}
    port.answer = always(lambda: web.Response(text="page", headers={**many, "Link": "p" * 60_000}))
    assert await wait_for_page(port.address, LIMIT_S) == 200


def test_what_the_gateway_passes_on_is_taken() -> None:
    assert (ready.HEADER_LIMIT_BYTES, ready.HEADER_LIMIT_LINES) == (relay.HEADER_LIMIT_BYTES, relay.HEADER_LIMIT_LINES)
