"""One host, whole: two listeners on loopback, the sandboxes behind them, and their common end."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from craft_desktop.host.control import Control
from craft_desktop.host.front import Front, api_name, port_of
from craft_desktop.host.ground import Ground
from craft_desktop.host.guard import Guard
from craft_desktop.host.handshake import Ready
from craft_desktop.host.machine import Machine
from craft_desktop.host.nodes import Nodes
from craft_desktop.host.sandboxes import MOST_SANDBOXES, Sandboxes
from craft_desktop.host.snapshot_routes import SnapshotRoutes
from craft_desktop.host.snapshotting import Snapshotting
from craft_desktop.host.traffic import Traffic
from craft_desktop.host.upstream import HEAD_BYTES

LOOPBACK = "127.0.0.1"
CERTIFIED_DOMAIN = "sbx.localhost"  # names under `localhost` never leave this computer (RFC 6761, 6.3)
KEY_BYTES = 20  # 40 hex digits behind `e2b_`: the form that older SDKs check
CLOSE_TIMEOUT_S = 1.0  # open streams are cut at the end; their sandboxes are dead already
BACKLOG = 256  # a page opens dozens of connections at once
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line asks for.

    :param port: of the API; 0 takes any.
    :param domain: what follows `PORT-ID.` in addresses; None is the traffic listener's own.
    :param certificate: a PEM file, key and chain; with it the host is also there behind TLS, at `domain` alone.
    :param most: how many sandboxes there may be at once.
    :param state: the folder that holds this run's folder.
    """

    state: Path
    port: int = 0
    domain: str | None = None
    certificate: Path | None = None
    most: int = MOST_SANDBOXES


def new_key() -> str:
    """A fresh API key."""
    return "e2b_" + secrets.token_hex(KEY_BYTES)


async def serve(
    wishes: Wishes,
    machine: Machine,
    stop: asyncio.Event,
    on_ready: Callable[[Ready], None],
    nodes: Nodes | None = None,
) -> None:
    """Run a host until `stop` is set; every sandbox has ended when this returns.

    :raises OSError: the port is taken or the folder cannot be written.
    """
    async with AsyncExitStack() as stack:
        # entered first, left last: the folders go when nothing runs in them any more
        ground = stack.enter_context(Ground(wishes.state, machine))
        api = stack.enter_context(listen(wishes.port))
        traffic = stack.enter_context(listen(0))
        domain = wishes.domain or f"localhost:{traffic.getsockname()[1]}"
        front = None
        if wishes.certificate is not None:
            domain = wishes.domain or CERTIFIED_DOMAIN
            front = stack.enter_context(listen(port_of(domain)))
            domain = domain if port_of(domain) else f"{domain}:{front.getsockname()[1]}"
        api_url, traffic_url = (f"http://{LOOPBACK}:{each.getsockname()[1]}" for each in (api, traffic))
        ready = Ready(
            api_url=api_url,
            sandbox_url=traffic_url,
            traffic_url=traffic_url,
            api_key=new_key(),
            domain=domain,
            pid=os.getpid(),
        )
        sandboxes = Sandboxes(machine, ground, most=wishes.most, nodes=nodes)
        snapshotting = Snapshotting(sandboxes)
        routes = SnapshotRoutes(sandboxes, snapshotting, ready.domain).routes()
        names = () if front is None else (api_name(domain),)
        control = Control(sandboxes, ready.api_key, ready.domain, routes, names)
        proxy = Traffic(sandboxes).server()
        runners: list[web.BaseRunner] = [
            web.AppRunner(
                control.application(), access_log=None, shutdown_timeout=CLOSE_TIMEOUT_S, max_line_size=HEAD_BYTES
            ),
            web.ServerRunner(proxy, shutdown_timeout=CLOSE_TIMEOUT_S),
        ]
        for runner in runners:
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
        stack.push_async_callback(sandboxes.aclose)
        stack.push_async_callback(snapshotting.aclose)
        await sandboxes.start()
        guard = Guard(sandboxes)
        stack.push_async_callback(guard.aclose)
        guard.start()
        await web.SockSite(runners[0], api, backlog=BACKLOG).start()
        await web.SockSite(runners[1], traffic, backlog=BACKLOG).start()
        if front is not None and wishes.certificate is not None:
            assert runners[0].server is not None  # it was set up
            secured = Front(domain, wishes.certificate, runners[0].server, proxy)
            stack.push_async_callback(secured.aclose)
            await secured.start(front)
        on_ready(ready)
        await stop.wait()
        _log.info("stopping: %d sandboxes", len(sandboxes.registry))


def listen(port: int) -> socket.socket:
    """A TCP socket bound to loopback; the caller owns it.

    :raises OSError: the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # a host that starts again must have the port of the one before, whose connections linger for a minute
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener
