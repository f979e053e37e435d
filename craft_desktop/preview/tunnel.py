"""Two connections joined byte for byte, once both sides agreed to a WebSocket.

Raw bytes rather than a relay of messages: frames, extensions (permessage-deflate), pings and close codes pass as they
are, nothing is decoded or masked anew, and a message costs one write. The HTTP protocols that opened the connections
are set aside (`transport.set_protocol`) and told of the end, so that they clean up after themselves.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, Self

_FINAL_TEXT = 0x81  # RFC 6455, 5.2: the last frame of a text message, not compressed, not masked
_SHORT = 125  # the longest payload whose length fits into the second byte


def text_frame(text: str) -> bytes:
    """Give a server's text message as it stands on the wire.

    :raises ValueError: it is longer than a short frame holds.
    """
    payload = text.encode()
    if len(payload) > _SHORT:
        raise ValueError(f"{len(payload)} bytes do not fit into a short frame")
    return bytes((_FINAL_TEXT, len(payload))) + payload


class HttpProtocol(Protocol):
    """What a tunnel needs of aiohttp's protocols, on the server's side and on the client's."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """Give the connection, or None once it is lost."""

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell the protocol of its end."""


class Tunnel:
    """Joins two upgraded connections until either ends or `close` is called.

    What a side received before it was joined is drained by that protocol's `set_parser`, to which each `End`
    answers as a parser would; the caller does that, for the two sides differ there.

    :param on_told: shown what the server sends, as it comes and before it goes on.
    :raises ConnectionResetError: one of the connections is lost already.
    """

    def __init__(
        self, browser: HttpProtocol, server: HttpProtocol, on_told: Callable[[bytes], None] | None = None
    ) -> None:
        if browser.transport is None or server.transport is None:
            raise ConnectionResetError("a connection was lost before it could be joined")
        self._ended = asyncio.Event()
        self.browser = End(browser, browser.transport, self._ended)
        self.server = End(server, server.transport, self._ended, on_told)
        self.browser.join(self.server)
        self.server.join(self.browser)

    def start(self) -> None:
        """Take the connections over; what comes from now on passes through."""
        self.browser.take_over()
        self.server.take_over()

    def close(self) -> None:
        """End both connections, after what is already written. May be called twice."""
        self.browser.close()
        self.server.close()

    async def wait(self) -> None:
        """Block until the tunnel has ended."""
        await self._ended.wait()


class End(asyncio.Protocol):
    """One end of a tunnel: whatever its connection brings goes out at the other end."""

    def __init__(
        self,
        origin: HttpProtocol,
        transport: asyncio.Transport,
        ended: asyncio.Event,
        on_data: Callable[[bytes], None] | None = None,
    ) -> None:
        self._origin = origin
        self._on_data = on_data
        self._transport = transport
        self._ended = ended
        self._peer: End = self

    def join(self, peer: Self) -> None:
        """Name the other end."""
        self._peer = peer

    def take_over(self) -> None:
        """Receive in place of the HTTP protocol, and wait no longer for room than the other end needs."""
        self._transport.set_protocol(self)

    def close(self) -> None:
        """Close the connection once everything written has left."""
        if not self._transport.is_closing():
            self._transport.close()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Pass on what the HTTP protocol had received too much; the shape is that of aiohttp's parsers."""
        self.data_received(data)
        return False, b""

    def feed_eof(self) -> None:
        """Hear of the end as a parser; `connection_lost` has dealt with it."""

    def data_received(self, data: bytes) -> None:
        """Write what came in at the other end."""
        if data and not self._peer._transport.is_closing():
            self._peer._transport.write(data)
            if self._on_data is not None:
                self._on_data(data)

    def pause_writing(self) -> None:
        """Stop the other end's reading while this connection is slow."""
        self._peer._set_reading(on=False)

    def resume_writing(self) -> None:
        """Let the other end read again."""
        self._peer._set_reading(on=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the other connection too, and tell the HTTP protocol."""
        self._peer.close()
        self._origin.connection_lost(exc)
        self._ended.set()

    def _set_reading(self, *, on: bool) -> None:
        if self._transport.is_closing():
            return
        if on:
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()
