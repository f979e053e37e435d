import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import pytest

from craft_desktop.host.dial import Dial, DialError, is_loopback


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Dial, socket.socket]]:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    far.setblocking(False)
    dial = Dial(near)
    with closing(far):
        yield dial, far
        dial.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        yield opened


async def request(far: socket.socket) -> dict[str, int]:
    told: dict[str, int] = json.loads(await asyncio.get_running_loop().sock_recv(far, 1000))
    return told


async def test_the_socket_that_envd_passes_is_the_one_used(
    pair: tuple[Dial, socket.socket], listener: socket.socket
) -> None:
    dial, far = pair
    port = listener.getsockname()[1]
    asked = asyncio.ensure_future(dial.connect(port))  # noqa: TID251 - the test plays both sides
    told = await request(far)
    assert told["port"] == port
    with socket.create_connection(("127.0.0.1", port)) as connected:
        socket.send_fds(far, [json.dumps({"id": told["id"], "ok": True}).encode()], [connected.fileno()])
    with await asked as got:
        assert got.getpeername()[1] == port
        assert not got.get_inheritable()


@pytest.mark.parametrize("reason", ["closed", "foreign", "refused"])
async def test_a_refusal_keeps_its_reason(pair: tuple[Dial, socket.socket], reason: str) -> None:
    dial, far = pair
    asked = asyncio.ensure_future(dial.connect(1))  # noqa: TID251
    told = await request(far)
    far.send(json.dumps({"id": told["id"], "ok": False, "reason": reason}).encode())
    with pytest.raises(DialError) as caught:
        await asked
    assert caught.value.reason == reason


async def test_a_socket_to_elsewhere_is_refused(pair: tuple[Dial, socket.socket], listener: socket.socket) -> None:
    dial, far = pair
    port = listener.getsockname()[1]
    asked = asyncio.ensure_future(dial.connect(port + 1))  # noqa: TID251
    told = await request(far)
    with socket.create_connection(("127.0.0.1", port)) as connected:
        socket.send_fds(far, [json.dumps({"id": told["id"], "ok": True}).encode()], [connected.fileno()])
    with pytest.raises(DialError, match="foreign"):
        await asked


async def test_nonsense_and_late_answers_do_no_harm(pair: tuple[Dial, socket.socket]) -> None:
    dial, far = pair
    asked = asyncio.ensure_future(dial.connect(1))  # noqa: TID251
    told = await request(far)
    near, other = socket.socketpair()
    with closing(near), closing(other):
        far.send(b"\xff")
        far.send(b"[]")
        far.send(json.dumps({"id": 999, "ok": True}).encode())
        socket.send_fds(far, [json.dumps({"id": 998, "ok": True}).encode()], [near.fileno()])
        # an agreement without a socket is none
        far.send(json.dumps({"id": told["id"], "ok": True}).encode())
        with pytest.raises(DialError, match="refused"):
            await asked


async def test_an_envd_that_ends_is_gone(pair: tuple[Dial, socket.socket]) -> None:
    dial, far = pair
    asked = asyncio.ensure_future(dial.connect(1))  # noqa: TID251
    await request(far)
    far.close()
    with pytest.raises(DialError, match="gone"):
        await asked
    with pytest.raises(DialError, match="gone"):
        await dial.connect(1)


def test_only_a_loopback_tcp_connection_is_one(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)) as connected:
        assert is_loopback(connected, port)
        assert not is_loopback(connected, port + 1)
    with socket.socket() as unconnected:
        assert not is_loopback(unconnected, port)
    near, far = socket.socketpair()
    with near, far:
        assert not is_loopback(near, port)
