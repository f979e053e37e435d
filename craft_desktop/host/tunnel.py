"""A WebSocket passed through byte by byte: after both sides agreed to switch, nothing is read and nothing is
changed.

Compression, subprotocols and extensions are then whatever the two ends agreed upon. aiohttp parses the two heads;
for what follows, each protocol object feeds its bytes to a `Tap` in place of a WebSocket reader, and a pump
carries them over.
"""

import asyncio

from aiohttp import ClientResponse
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.web import BaseRequest

from craft_desktop.tasks import Owner

WINDOW_BYTES = 65_536  # what one direction may hold before the sender is stopped


class Tap:
    """Takes one connection's bytes, in the form aiohttp calls its payload parsers."""

    def __init__(self, protocol: BaseProtocol) -> None:
        self.stream = StreamReader(protocol, WINDOW_BYTES, loop=asyncio.get_running_loop())

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes; never the end, and never any left over."""
        self.stream.feed_data(data)
        return False, b""

    def feed_eof(self) -> None:
        """The connection has ended."""
        self.stream.feed_eof()


async def pass_through(request: BaseRequest, answer: ClientResponse) -> None:
    """Carry bytes between a client and a sandbox that have both switched, until either ends. Both are closed then.

    :param request: whose 101 has been sent.
    :param answer: the sandbox's 101.
    """
    connection = answer.connection
    near = request.protocol
    if connection is None or connection.protocol is None or near.transport is None:
        return
    far = connection.protocol
    from_client, from_sandbox = Tap(near), Tap(far)
    # aiohttp names its own WebSocket reader as the type; it calls feed_data and feed_eof and nothing else
    near.set_parser(from_client)  # type: ignore[arg-type]
    far.set_parser(from_sandbox, None)
    async with Owner("tunnel") as owner:
        ways = [
            owner.start(_pump(from_client.stream, far), name="up", awaited=True),
            owner.start(_pump(from_sandbox.stream, near), name="down", awaited=True),
        ]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in done:
                way.exception()  # a connection that broke is the end as much as one that was closed
        finally:
            connection.close()
            if near.transport is not None:
                near.transport.close()  # flushes first: the sandbox's last words reach the client


async def _pump(source: StreamReader, target: BaseProtocol) -> None:
    while True:
        chunk = await source.readany()
        if not chunk or target.transport is None:
            return
        target.transport.write(chunk)
        # the only way to wait for aiohttp's write buffer; its own WebSocket writer does the same
        await target._drain_helper()
