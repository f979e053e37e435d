"""Each sandbox has a network of its own: every port, the world, and nothing of this computer's."""

import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import aiohttp
import pytest
from e2b import AsyncSandbox
from e2b.connection_config import ApiParams
from yarl import URL

from craft_desktop.host.handshake import Ready
from craft_desktop.host.probe import probe
from tests.lacking import can_connect, skip_unless

REACH = (
    "import socket, sys\n"
    "for host, port in [each.rsplit(':', 1) for each in sys.argv[1:]]:\n"
    "    try:\n"
    "        socket.create_connection((host, int(port)), 5).close(); print('open')\n"
    "    except OSError: print('shut')\n"
)
SERVE = "import http.server as h; h.HTTPServer(('127.0.0.1', 3000), h.SimpleHTTPRequestHandler).serve_forever()"


@pytest.fixture(scope="module", autouse=True)
def is_private() -> None:
    machine = probe(os.environ, Path.home())
    if not machine.private:
        skip_unless(can_connect, machine.network.reason)


@pytest.fixture
def loopback_service() -> Iterator[int]:
    """The port of a service of this computer, on loopback alone."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def python(sandbox: AsyncSandbox, script: str, *arguments: object) -> str:
    words = " ".join(f"'{each}'" for each in arguments)
    return (await sandbox.commands.run(f'{PYTHON} -c "$SCRIPT" {words}', envs={"SCRIPT": script})).stdout


PYTHON = str(probe(os.environ, Path.home()).python.path)


async def test_services_on_this_computers_loopback_are_out_of_reach(
    sandbox: AsyncSandbox, loopback_service: int, host: Ready
) -> None:
    own = [URL(url).port for url in (host.api_url, host.traffic_url)]
    addresses = [f"{name}:{port}" for port in (loopback_service, *own) for name in ("127.0.0.1", "10.0.2.2")]
    with socket.create_connection(("127.0.0.1", loopback_service)):
        assert set((await python(sandbox, REACH, *addresses)).split()) == {"shut"}


async def test_nor_are_they_reached_past_the_sandboxes_own_loopback(sandbox: AsyncSandbox) -> None:
    """Bound to the device a socket sends what is for 127.0.0.1 to slirp4netns, which passes it to this computer's."""
    if not probe(os.environ, Path.home()).filtered:
        pytest.skip("no packet filter can be set here")
    script = (
        "import socket, sys\n"
        "for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):\n"
        "    with socket.socket(socket.AF_INET, kind) as one:\n"
        "        one.settimeout(5)\n"
        "        one.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b'tap0')\n"
        "        try: one.connect(('127.0.0.1', int(sys.argv[1]))); one.send(b'inside')\n"
        "        except OSError as error: print(type(error).__name__)\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as stream, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        port = stream.getsockname()[1]
        datagram.bind(("127.0.0.1", port))
        assert await python(sandbox, script, port) == "PermissionError\nConnectionRefusedError\n"
        with socket.create_connection(("127.0.0.1", port)) as one, socket.socket(type=socket.SOCK_DGRAM) as own:
            own.sendto(b"outside", ("127.0.0.1", port))
            assert datagram.recv(64) == b"outside"
            accepted, peer = stream.accept()
            accepted.close()
            assert peer == one.getsockname()


async def test_abstract_sockets_of_this_computer_are_out_of_reach(sandbox: AsyncSandbox) -> None:
    """X11 and D-Bus listen so, and a name in the abstract space belongs to a network namespace."""
    name = f"craft-{uuid4().hex}"
    script = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(chr(0) + sys.argv[1])"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("\0" + name)
        listener.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect("\0" + name)
        told = await python(sandbox, f"try:\n    {script}\nexcept OSError as e: print(type(e).__name__)", name)
        assert told == "ConnectionRefusedError\n"
        shown = await sandbox.commands.run("cat /proc/net/unix")
        assert name not in shown.stdout


@pytest.fixture
async def two(options: ApiParams) -> AsyncIterator[tuple[AsyncSandbox, AsyncSandbox]]:
    made = [await AsyncSandbox.create(timeout=120, **options) for _ in range(2)]
    yield made[0], made[1]
    for each in made:
        await each.kill()


async def test_two_sandboxes_serve_on_the_same_port_and_do_not_meet(
    two: tuple[AsyncSandbox, AsyncSandbox], host: Ready
) -> None:
    one, other = two
    assert (await one.commands.run('echo "port=$PORT"')).stdout == "port=\n"
    for word, sandbox in (("one", one), ("other", other)):
        await sandbox.files.write("word", word)
        await sandbox.commands.run(f'{PYTHON} -c "{SERVE}"', background=True, timeout=0)
    for word, sandbox in (("one", one), ("other", other)):
        assert await fetch(host, sandbox.sandbox_id) == word
        address = (await sandbox.commands.run("hostname -I 2>/dev/null || true")).stdout.strip() or "10.0.2.100"
        assert (await python(sandbox, REACH, "127.0.0.1:3000")) == "open\n"
        # each has the same address: a connection there can only lead back to itself
        assert address == "10.0.2.100"
    await other.kill()
    assert await fetch(host, one.sandbox_id) == "one"


async def fetch(host: Ready, sandbox_id: str) -> str:
    headers = {"E2b-Sandbox-Id": sandbox_id, "E2b-Sandbox-Port": "3000"}
    for _ in range(400):
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.get(f"{host.traffic_url}/word") as answer,
        ):
            if answer.status != 502:
                return await answer.text()
    raise AssertionError("the server in the sandbox never came up")


@pytest.mark.node
async def test_names_are_found_and_the_registry_answers(sandbox: AsyncSandbox) -> None:
    told = await sandbox.commands.run("npm ping 2>&1; cat /etc/resolv.conf", timeout=60)
    assert "PONG" in told.stdout and "nameserver 10.0.2.3" in told.stdout


async def test_the_network_cannot_be_changed_from_inside(sandbox: AsyncSandbox) -> None:
    script = (
        "import fcntl, socket, struct\n"
        "s = socket.socket()\n"
        "try: fcntl.ioctl(s, 0x8914, struct.pack('16sH14x', b'tap0', 0)); print('changed')\n"
        "except PermissionError: print('no')\n"
        "try: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP); print('raw')\n"
        "except PermissionError: print('no')\n"
    )
    assert await python(sandbox, script) == "no\nno\n"
