"""Connections into the sandbox: the host names a port, this daemon connects and hands the socket over.

The channel is one end of a SOCK_SEQPACKET pair. Request `{"id", "port"}`; answer `{"id", "ok": true}` with the
connected socket, or `{"id", "ok": false, "reason"}`: `closed` when nothing listens, `foreign` when the listener is no
process of this sandbox, `refused` when connecting failed.
"""

import asyncio
import json
import logging
import os
import socket
from contextlib import suppress
from typing import Any

from craft_desktop.host.envd.listeners import Listener, listeners, routes, socket_inodes
from craft_desktop.host.envd.tree import descendants
from craft_desktop.tasks import Owner

_log = logging.getLogger(__name__)

# A request is some forty bytes.
_MAX_REQUEST_BYTES = 4096
# Loopback answers in microseconds; only a full accept queue takes longer, and then the server is stuck.
_CONNECT_TIMEOUT_S = 2.0


class RefusedError(Exception):
    """A connection that could not be had; the argument is the reason."""


class Dialer:
    """Answers requests for connections on a channel; an async context manager."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._owner = Owner("envd dial")
        self._ours: set[int] = set()
        self._answer_turn = asyncio.Lock()

    async def __aenter__(self) -> "Dialer":
        self._channel.setblocking(False)
        asyncio.get_running_loop().add_reader(self._channel, self._receive)
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._channel)
        await self._owner.aclose()
        self._channel.close()

    def _receive(self) -> None:
        try:
            packet = self._channel.recv(_MAX_REQUEST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            packet = b""
        if not packet:
            _log.info("the dial channel is closed")
            asyncio.get_running_loop().remove_reader(self._channel)
            return
        try:
            request = json.loads(packet)
            number, port = int(request["id"]), int(request["port"])
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("not a dial request: %r (%s)", packet[:200], error)
            return
        self._owner.start(self._answer(number, port), name=f"dial {number}")

    async def _answer(self, number: int, port: int) -> None:
        try:
            connection = await self._connect(port)
        except RefusedError as refused:
            await self._send({"id": number, "ok": False, "reason": str(refused)}, [])
            return
        with connection:
            await self._send({"id": number, "ok": True}, [connection.fileno()])

    async def _connect(self, port: int) -> socket.socket:
        ways = routes(listeners(port)) if 0 < port < 65536 else []
        if not ways:
            raise RefusedError("closed")
        open_ways = [host for host, answering in ways if self._are_ours(answering)]
        if not open_ways:
            raise RefusedError("foreign")
        for host in open_ways:
            with suppress(OSError, TimeoutError):
                return await _open(host, port)
        raise RefusedError("refused")

    def _are_ours(self, answering: list[Listener]) -> bool:
        """Whether processes of this sandbox hold all of these sockets.

        An inode number once found stays known: the kernel does not give it to another socket while it is in use, and
        the count that numbers them takes billions of sockets to come round.
        """
        inodes = {listener.inode for listener in answering}
        if not inodes <= self._ours:
            self._ours = socket_inodes(descendants(os.getpid()))
        return inodes <= self._ours

    async def _send(self, answer: dict[str, Any], descriptors: list[int]) -> None:
        packet = json.dumps(answer).encode()
        async with self._answer_turn:
            while True:
                try:
                    socket.send_fds(self._channel, [packet], descriptors)
                    return
                except BlockingIOError:
                    await self._room()
                except OSError as error:
                    _log.info("the dial channel is closed: %s", error)
                    return

    async def _room(self) -> None:
        loop = asyncio.get_running_loop()
        ready = loop.create_future()
        loop.add_writer(self._channel, _resolve, ready)
        try:
            await ready
        finally:
            loop.remove_writer(self._channel)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _open(host: str, port: int) -> socket.socket:
    connection = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            await asyncio.get_running_loop().sock_connect(connection, (host, port))
    except BaseException:  # cancelled or failed, the socket is nobody's
        connection.close()
        raise
    return connection
