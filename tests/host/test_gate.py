import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Address

import pytest

from craft_desktop.host import gate
from craft_desktop.host.gate import Gate, look_up
from craft_desktop.host.hostnames import question

PUBLIC = IPv4Address("1.2.3.4")
REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"


class World:
    """What lies beyond the gate: names, and one server that says back what it hears, in capitals."""

    def __init__(self) -> None:
        self.names = {"a.example": [PUBLIC], "inside.example": [IPv4Address("192.168.0.1")]}
        self.asked: list[str] = []
        self.dialled: list[tuple[str, int]] = []
        self.port = 80
        self.server: asyncio.Server | None = None

    async def resolve(self, name: str) -> list[IPv4Address]:
        self.asked.append(name)
        return self.names.get(name, [])

    async def dial(self, address: IPv4Address, port: int) -> socket.socket:
        self.dialled.append((str(address), port))
        assert self.server is not None
        connected = socket.create_connection(self.server.sockets[0].getsockname())
        connected.setblocking(False)
        return connected

    def meant(self, _: socket.socket) -> tuple[str, int]:
        return "203.0.113.1", self.port


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(4096):
        writer.write(chunk.upper())
    writer.write(b"END")
    writer.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    world.server = await asyncio.start_server(echo, "127.0.0.1", 0)
    yield world
    world.server.close()


@asynccontextmanager
async def through(world: World, *names: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    standing = Gate(names, world.resolve, world.dial, world.meant)
    ended: list[asyncio.Event] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(mine := asyncio.Event())
        await standing.answer(reader, writer)
        with suppress(ConnectionError):
            await writer.wait_closed()
        mine.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        yield reader, writer
    finally:
        writer.close()
        server.close()
        for each in ended:
            await each.wait()


async def test_an_allowed_name_passes_both_ways_to_its_end(world: World) -> None:
    async with through(world, "a.example") as (reader, writer):
        writer.write(REQUEST[:20])
        await writer.drain()
        writer.write(REQUEST[20:] + b"body")
        assert await reader.readexactly(len(REQUEST) + 4) == REQUEST.upper() + b"BODY"
        writer.write_eof()
        assert await reader.read() == b"END"
    assert world.dialled == [(str(PUBLIC), 80)]


async def test_a_name_is_read_from_tls(world: World) -> None:
    world.port = 443
    outgoing = ssl.MemoryBIO()
    with pytest.raises(ssl.SSLWantReadError):
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="a.example").do_handshake()
    hello = outgoing.read()
    async with through(world, "*.b.example", "a.example") as (reader, writer):
        writer.write(hello)
        assert await reader.readexactly(len(hello)) == hello.upper()
    assert world.dialled == [(str(PUBLIC), 443)]


@pytest.mark.parametrize(
    ("sent", "port", "names"),
    [
        (REQUEST, 80, ["b.example"]),
        (REQUEST, 443, ["a.example"]),  # no TLS
        (REQUEST, 8080, ["a.example"]),  # by the gate's own address
        (REQUEST.replace(b"a.example", b"inside.example"), 80, ["*"]),
        (REQUEST.replace(b"a.example", b"nowhere.example"), 80, ["*"]),
        (REQUEST.replace(b"Host", b"Not"), 80, ["*"]),
        (b"x" * (gate.HELLO_BYTES + 1), 80, ["*"]),
    ],
)
async def test_what_is_not_allowed_is_closed(world: World, sent: bytes, port: int, names: list[str]) -> None:
    world.port = port
    async with through(world, *names) as (reader, writer):
        writer.write(sent)
        with suppress(ConnectionResetError):  # closed with something unread
            assert await reader.read() == b""
    assert world.dialled == []


async def test_who_says_nothing_is_closed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "HELLO_TIMEOUT_S", 0.05)
    async with through(world, "a.example") as (reader, _):
        assert await reader.read() == b""


async def test_there_is_room_for_so_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "MOST_CONNECTIONS", 0)
    async with through(world, "a.example") as (reader, writer):
        writer.write(REQUEST)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
    assert world.asked == []


def asking(address: tuple[str, int]) -> Callable[[], Awaitable[socket.socket]]:
    async def reach() -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.setblocking(False)
        opened.connect(address)
        return opened

    return reach


async def test_a_name_is_looked_up() -> None:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.setblocking(False)

        async def answer() -> None:
            data, asker = await loop.sock_recvfrom(server, 512)
            record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04" + PUBLIC.packed
            head = data[:2] + b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
            await loop.sock_sendto(server, head + data[12:] + record, asker)

        found, _ = await asyncio.gather(look_up("a.example", asking(server.getsockname())), answer())
    assert found == [PUBLIC]


async def test_a_name_server_that_is_silent_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "LOOK_UP_TIMEOUT_S", 0.05)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert await look_up("a.example", asking(silent.getsockname())) == []
        heard = [silent.recv(512)[2:] for _ in range(gate.LOOK_UPS)]
    assert heard == [question("a.example", 0)[2:]] * gate.LOOK_UPS
