import asyncio
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from craft_desktop.host import guest
from craft_desktop.host.failures import CannotStart
from craft_desktop.host.registry import Sandbox
from craft_desktop.host.upstream import ENVD_PORT, open_session

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
async def codes() -> AsyncIterator[tuple[ClientSession, dict[str, int]]]:
    """A client, and what the daemon that it reaches is to answer by path; a path that is not there hangs."""
    codes: dict[str, int] = {}

    async def answer(request: web.Request) -> web.Response:
        if request.path not in codes:
            await asyncio.Event().wait()
        return web.json_response({"ts": 1}, status=codes[request.path])

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with TestServer(app, host="127.0.0.1") as server:

        async def connect(name: str, port: int) -> socket.socket:
            assert (name, port) == ("i", ENVD_PORT)
            connected = socket.create_connection(("127.0.0.1", server.port))
            connected.setblocking(False)
            return connected

        async with open_session(connect) as session:
            yield session, codes


async def test_health_gauges_and_names(codes: tuple[ClientSession, dict[str, int]]) -> None:
    session, answered = codes
    sandbox = Sandbox("i", "base", NOW, NOW, 1)
    answered |= {"/health": 204, "/metrics": 200, "/init": 204}
    assert await guest.answers(session, "i")
    assert await guest.measure(session, sandbox) == {"ts": 1}
    await guest.initialise(session, "i", {})
    answered |= {"/health": 502, "/metrics": 500, "/init": 500}
    assert not await guest.answers(session, "i")
    assert await guest.measure(session, sandbox) is None
    with pytest.raises(CannotStart, match="envd answered 500"):
        await guest.initialise(session, "i", {})


async def test_who_does_not_answer_is_not_waited_for(
    codes: tuple[ClientSession, dict[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = codes
    monkeypatch.setattr(guest, "ANSWER_TIMEOUT_S", 0.1)
    monkeypatch.setattr(guest, "GAUGE_TIMEOUT_S", 0.1)
    assert not await guest.answers(session, "i")
    assert await guest.measure(session, Sandbox("i", "base", NOW, NOW, 1)) is None
