"""The program that lets a sandbox through to named hosts: run in its network, outside its jail, for as long as rules
name any.

The kernel leads to it what goes to the ports 80 and 443 of refused addresses. It reads the name that the connection
asks for, and if that is allowed connects there itself, to an address that it looked up itself: what the sandbox took
the name's address to be is of no matter, so a forged one leads nowhere else (as E2B's). What it opens bears a mark
that the packet filter lets through and that no program inside can set. It ends with its standard input; then the
kernel refuses what would have come to it.
"""

import asyncio
import contextlib
import json
import logging
import secrets
import socket
import struct
import sys
from collections.abc import Awaitable, Callable, Iterable
from ipaddress import IPv4Address

from craft_desktop.host.hostnames import Unfinished, answers, http_name, is_public, question, suits, tls_name
from craft_desktop.host.netfilter import GATED_PORTS, MARK, replace

HELLO_BYTES = 32_768  # a browser's first message has 2 kB, a request's head with cookies 16
HELLO_TIMEOUT_S = 10.0  # it is sent at once; who waits with it holds a place
CONNECT_TIMEOUT_S = 30.0  # E2B's
LOOK_UP_TIMEOUT_S = 3.0  # a name server near answers in milliseconds; asked up to three times
LOOK_UPS = 3
MOST_CONNECTIONS = 256  # at once; a package manager opens dozens
MOST_ADDRESSES = 4  # of a name that are tried
CHUNK_BYTES = 32_768  # with both ways' buffers, 256 KB a connection at most
BACKLOG = 128
_SO_MARK = 36
_SO_ORIGINAL_DST = 80
_log = logging.getLogger(__name__)

Resolve = Callable[[str], Awaitable[list[IPv4Address]]]
Dial = Callable[[IPv4Address, int], Awaitable[socket.socket]]
Asked = Callable[[socket.socket], tuple[str, int]]


class Gate:
    """Answers the connections that are led to it.

    :param resolve: a name's addresses.
    :param dial: a connected socket; raises OSError.
    :param asked: the address and port that a connection was meant for; raises OSError.
    """

    def __init__(self, names: Iterable[str], resolve: Resolve, dial: Dial, asked: Asked) -> None:
        self._names = tuple(names)
        self._resolve = resolve
        self._dial = dial
        self._asked = asked
        self._open = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection, or close it."""
        self._open += 1
        try:
            if self._open <= MOST_CONNECTIONS:
                async with asyncio.timeout(HELLO_TIMEOUT_S):
                    name, port, hello = await self._read_name(reader, writer)
                if any(suits(name, each) for each in self._names):
                    await self._pass(reader, writer, await self._connect(name, port), hello)
                else:
                    _log.debug("refused: %s port %d", name or "a connection without a name", port)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            _log.debug("a connection came to nothing: %s", error or type(error).__name__)
        finally:
            self._open -= 1
            writer.close()

    async def _read_name(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[str, int, bytes]:
        _, port = self._asked(writer.get_extra_info("socket"))
        if port not in GATED_PORTS:
            raise PermissionError("a connection that was not led here")
        read = http_name if port == GATED_PORTS[0] else tls_name
        hello = b""
        while len(hello) < HELLO_BYTES:
            chunk = await reader.read(CHUNK_BYTES)
            hello += chunk
            with contextlib.suppress(Unfinished):
                return read(hello), port, hello
            if not chunk:
                break
        return "", port, hello

    async def _connect(self, name: str, port: int) -> socket.socket:
        found = [each for each in await self._resolve(name) if is_public(each)]
        if not found:
            raise OSError(f"{name} has no public address")
        failure = OSError()
        for address in found[:MOST_ADDRESSES]:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    return await self._dial(address, port)
            except (OSError, TimeoutError) as error:
                failure = OSError(f"{name} at {address} port {port}: {error or 'no answer'}")
        raise failure

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connected: socket.socket, hello: bytes
    ) -> None:
        back, forth = await asyncio.open_connection(sock=connected)
        try:
            forth.write(hello)
            async with asyncio.TaskGroup() as both:
                both.create_task(_pump(reader, forth))
                both.create_task(_pump(back, writer))
        except* OSError as broken:
            _log.debug("a connection broke off: %s", broken)
        finally:
            forth.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, and its end."""
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()


async def dial(address: IPv4Address, port: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> socket.socket:
    """A socket connected past the packet filter.

    :raises OSError: nothing listens there.
    """
    opened = socket.socket(socket.AF_INET, kind)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, _SO_MARK, MARK)
        await asyncio.get_running_loop().sock_connect(opened, (str(address), port))
    except BaseException:
        opened.close()
        raise
    return opened


async def ask(server: IPv4Address) -> socket.socket:
    """A socket connected to a name server past the packet filter: what is not from there never comes out of it."""
    return await dial(server, 53, socket.SOCK_DGRAM)


async def look_up(name: str, reach: Callable[[], Awaitable[socket.socket]]) -> list[IPv4Address]:
    """A name's addresses; none when the name server knows none or does not answer.

    :param reach: a datagram socket connected to the name server.
    """
    loop = asyncio.get_running_loop()
    for _ in range(LOOK_UPS):
        number = secrets.randbelow(1 << 16)
        with await reach() as asking, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_UP_TIMEOUT_S):
                await loop.sock_sendall(asking, question(name, number))
                return answers(await loop.sock_recv(asking, CHUNK_BYTES), number)
    return []


def asked(connection: socket.socket) -> tuple[str, int]:
    """Where a connection was going when the kernel led it here.

    :raises OSError: the kernel knows nothing of it.
    """
    _, port, address = struct.unpack_from("!HH4s", connection.getsockopt(socket.SOL_IP, _SO_ORIGINAL_DST, 16))
    return socket.inet_ntoa(address), port


async def run() -> None:
    """Read the order, stand, say so with an empty line, and serve until standard input ends."""
    loop = asyncio.get_running_loop()
    order = json.loads(await loop.run_in_executor(None, sys.stdin.readline))
    server = IPv4Address(order["name_server"])
    gate = Gate(order["names"], lambda name: look_up(name, lambda: ask(server)), dial, asked)
    listener = socket.create_server((order["address"], 0), backlog=BACKLOG)
    standing = await asyncio.start_server(gate.answer, sock=listener, limit=CHUNK_BYTES)
    try:
        replace(order["refused4"], order["refused6"], (order["address"], listener.getsockname()[1]))
        sys.stdout.write("\n")
        sys.stdout.flush()
        await loop.run_in_executor(None, sys.stdin.read)
    finally:
        standing.close()


def main() -> int:
    """Serve; what stood in the way goes to standard error."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    try:
        asyncio.run(run())
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
