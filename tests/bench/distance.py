"""A line to a host far away: what goes in at one end comes out at the other some time later, in order, at any width."""

import asyncio
from collections import deque
from typing import Self
from urllib.parse import urlsplit

from craft_desktop.tasks import Owner

# Half of the round trip to a cloud on the same continent.
ONE_WAY_S = 0.010


class Distance:
    """Stands between a client and the host at `url`; an async context manager whose `url` is the client's end."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._owner = Owner("distance")
        self._server: asyncio.Server | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.get_running_loop().create_server(self._accept, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        await self._owner.aclose()

    def _accept(self) -> "_End":
        near, far = _End(), _End()
        near.other, far.other = far, near
        self._owner.start(self._reach(far), name="line")
        return near

    async def _reach(self, far: "_End") -> None:
        await asyncio.get_running_loop().create_connection(lambda: far, self._host, self._port)


class _End(asyncio.Protocol):
    """One end: what it receives is said at the other end later; None stands for the end of the connection."""

    other: "_End"

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._under_way: deque[bytes | None] = deque()
        # What arrived before the far end was there.
        self._arrived: list[bytes | None] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        arrived, self._arrived = self._arrived, []
        for piece in arrived:
            self.say(piece)

    def data_received(self, data: bytes) -> None:
        self._send(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._send(None)

    def _send(self, piece: bytes | None) -> None:
        self._under_way.append(piece)
        # In the order of the row, whatever order the loop calls two timers of one moment in.
        asyncio.get_running_loop().call_later(ONE_WAY_S, lambda: self.other.say(self._under_way.popleft()))

    def say(self, piece: bytes | None) -> None:
        """Write a piece, or close."""
        if self._transport is None:
            self._arrived.append(piece)
        elif piece is None:
            self._transport.close()
        else:
            self._transport.write(piece)
