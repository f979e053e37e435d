import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from craft_desktop.preview.gateway import Gateway
from craft_desktop.preview.pages import Pages
from craft_desktop.preview.routes import Upstream

RESOURCES = Path(__file__).parents[2] / "resources"

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
StartServer = Callable[[Handler], Awaitable[Upstream]]


class LoopbackResolver(AbstractResolver):
    """Resolves every name to this computer, as browsers do below `.localhost`."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)]

    async def close(self) -> None:
        pass


@pytest.fixture
def pages() -> Pages:
    return Pages(RESOURCES / "pages")


@pytest.fixture
def activity() -> list[str]:
    return []


@pytest.fixture
async def gateway(pages: Pages, activity: list[str]) -> AsyncIterator[Gateway]:
    async with Gateway(0, pages, activity.append, hold_s=0.0) as opened:
        yield opened


@pytest.fixture
async def browser() -> AsyncIterator[aiohttp.ClientSession]:
    connector = aiohttp.TCPConnector(resolver=LoopbackResolver())
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


@pytest.fixture
async def start_server() -> AsyncIterator[StartServer]:
    """Start small dev servers; each answers all requests with one function."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(handler: Handler) -> Upstream:
            server = web.Server(handler, access_log=None, auto_decompress=False, handler_cancellation=True)
            runner = web.ServerRunner(server, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            return Upstream(f"http://{host}:{port}", f"3000-box.localhost:{port}")

        yield start


@pytest.fixture
async def unused_port() -> int:
    """Give a port where nobody listens; connections to it are refused."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


RawExchange = Callable[[bytes], Awaitable[bytes]]


@pytest.fixture
def raw_exchange(gateway: Gateway) -> RawExchange:
    """Send bytes to the gateway as they are and read until it closes; the request must ask for that."""

    async def exchange(sent: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        try:
            writer.write(sent)
            async with asyncio.timeout(10):
                return await reader.read()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    return exchange
