"""What a sandbox may reach is what its rules say, from its first program on, and nothing inside changes it."""

import asyncio
import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from e2b import ALL_TRAFFIC, AsyncSandbox, CommandExitException, Sandbox, SandboxException
from e2b.connection_config import ApiParams

from craft_desktop.host import netfilter
from craft_desktop.host.handshake import Ready
from craft_desktop.host.probe import probe
from tests.host.programs import own_address

MACHINE = probe(os.environ, Path.home())
PYTHON = str(MACHINE.python.path)
REACH = (
    "import socket, sys\n"
    "for host, port in [each.rsplit(':', 1) for each in sys.argv[1:]]:\n"
    "    try: socket.create_connection((host, int(port)), 5).close(); print('open')\n"
    "    except ConnectionRefusedError: print('shut')\n"
)
HOLD = (
    "import socket, sys, time\n"
    "one = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
    "open('stands', 'w').close()\n"
    "try:\n"
    "    while one.send(b'x'): time.sleep(0.05)\n"
    "except ConnectionResetError: print('cut')\n"
)
# all that a program may try: bound to the device the routes are not asked, a mark would pass the filter, and so on
ESCAPE = (
    "import socket, sys\n"
    "def bound(s): s.setsockopt(socket.SOL_SOCKET, 25, b'tap0')\n"
    "def marked(s): s.setsockopt(socket.SOL_SOCKET, 36, int(sys.argv[3]))\n"
    "def transparent(s): s.setsockopt(socket.SOL_IP, 19, 1)\n"
    "for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):\n"
    "    for way in (bound, marked, transparent):\n"
    "        with socket.socket(socket.AF_INET, kind) as one:\n"
    "            one.settimeout(5)\n"
    "            try: way(one); one.connect((sys.argv[1], int(sys.argv[2]))); one.send(b'x'); print('out', way, kind)\n"
    "            except OSError: pass\n"
    "try: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0); print('raw')\n"
    "except OSError: pass\n"
)


@pytest.fixture(scope="module", autouse=True)
def is_filtered() -> None:
    if not MACHINE.filtered:
        pytest.skip(MACHINE.network.unfiltered or MACHINE.network.reason)


@pytest.fixture
def service() -> Iterator[str]:
    """A service of this computer that every sandbox reaches: `ADDRESS:PORT`, not on loopback."""
    with socket.create_server((own_address(), 0)) as listener:
        yield f"{own_address()}:{listener.getsockname()[1]}"


async def reach(sandbox: AsyncSandbox, *targets: str, user: str = "user") -> list[str]:
    command = f'{PYTHON} -c "$SCRIPT" {" ".join(targets)}'
    return (await sandbox.commands.run(command, envs={"SCRIPT": REACH}, user=user)).stdout.split()


async def test_no_internet_is_none_at_all(options: ApiParams, service: str) -> None:
    sandbox = await AsyncSandbox.create(allow_internet_access=False, timeout=60, **options)
    assert await reach(sandbox, service, "127.0.0.1:1") == ["shut", "shut"]
    info = await sandbox.get_info()
    assert info.allow_internet_access is False
    with pytest.raises(CommandExitException):
        await sandbox.commands.run(f"getent hosts {registry_host()}")
    served = f"{PYTHON} -m http.server 3000 --bind 127.0.0.1"
    await sandbox.commands.run(served, background=True, timeout=0)
    async with asyncio.timeout(20):
        while await reach(sandbox, "127.0.0.1:3000") != ["open"]:  # its own loopback is its own
            await asyncio.sleep(0.05)
    await sandbox.kill()


@pytest.mark.parametrize(
    ("allow", "deny", "expected"),
    [
        ([], ["{own}"], "shut"),
        ([], ["{own}/28"], "shut"),
        ([], ["198.51.100.0/24"], "open"),
        (["{own}"], [ALL_TRAFFIC], "open"),
        (["{own}/32"], ["{own}/8"], "open"),
        (["198.51.100.1"], [ALL_TRAFFIC], "shut"),
    ],
)
async def test_what_is_allowed_wins_over_what_is_denied(
    options: ApiParams, service: str, allow: list[str], deny: list[str], expected: str
) -> None:
    lists = [[each.format(own=own_address()) for each in some] for some in (allow, deny)]
    network: Any = {"allow_out": lists[0], "deny_out": lists[1]}
    sandbox = await AsyncSandbox.create(network=network, timeout=60, **options)
    assert await reach(sandbox, service) == [expected]
    told = (await sandbox.get_info()).network or {}
    assert (told.get("allow_out") or [], told.get("deny_out")) == (lists[0], lists[1])
    await sandbox.kill()


async def test_rules_change_while_it_runs(sandbox: AsyncSandbox, service: str) -> None:
    assert await reach(sandbox, service) == ["open"]
    holding = await sandbox.commands.run(
        f'{PYTHON} -c "$SCRIPT" {service.replace(":", " ")}', envs={"SCRIPT": HOLD}, background=True, timeout=30
    )
    async with asyncio.timeout(20):
        while not await sandbox.files.exists("stands"):
            await asyncio.sleep(0.05)
    await sandbox.update_network({"deny_out": lambda ctx: [ctx.all_traffic]})
    assert (await holding.wait()).stdout == "cut\n"
    assert await reach(sandbox, service) == ["shut"]
    await sandbox.update_network({})
    assert await reach(sandbox, service) == ["open"]
    assert not ((await sandbox.get_info()).network or {}).get("deny_out")


def test_the_synchronous_client_has_the_same(options: ApiParams, service: str) -> None:
    sandbox = Sandbox.create(network={"deny_out": [ALL_TRAFFIC], "allow_out": [own_address()]}, timeout=60, **options)
    command = f'{PYTHON} -c "$SCRIPT" {service}'
    assert sandbox.commands.run(command, envs={"SCRIPT": REACH}).stdout == "open\n"
    sandbox.update_network({"allow_internet_access": False})
    assert sandbox.commands.run(command, envs={"SCRIPT": REACH}).stdout == "shut\n"
    assert sandbox.get_info().allow_internet_access is False
    sandbox.kill()


@pytest.mark.parametrize("user", ["user", "root"])
async def test_nothing_inside_undoes_them(options: ApiParams, service: str, user: str) -> None:
    sandbox = await AsyncSandbox.create(allow_internet_access=False, timeout=60, **options)
    await sandbox.files.write("/tmp/netfilter.py", Path(netfilter.__file__).read_text())
    await sandbox.files.write("/tmp/order", '{"refused4": [], "refused6": []}')
    for way in ("sh -c", "unshare -r sh -c", "unshare -rn sh -c"):
        undo = f"{PYTHON} -I -S /tmp/netfilter.py < /tmp/order"
        told = await sandbox.commands.run(f"{way} '{undo} && echo undone' 2>&1 || true", user=user)
        # in a network namespace of its own it may do as it likes, and nothing connects that one
        assert "undone" not in told.stdout or "unshare -rn" in way
    words = f"{service.replace(':', ' ')} {netfilter.MARK}"
    escaped = await sandbox.commands.run(f'{PYTHON} -c "$SCRIPT" {words}', envs={"SCRIPT": ESCAPE}, user=user)
    assert escaped.stdout == ""
    assert await reach(sandbox, service, user=user) == ["shut"]
    await sandbox.kill()


async def test_rules_outlast_a_start_anew_and_go_to_forks(options: ApiParams, service: str) -> None:
    sandbox = await AsyncSandbox.create(timeout=60, **options)
    await sandbox.update_network({"deny_out": [own_address()]})
    (forked,) = await sandbox.fork(timeout=120)
    assert isinstance(forked, AsyncSandbox)
    assert await reach(forked, service) == ["shut"]
    await sandbox.pause(mode="filesystem")
    again = await AsyncSandbox.connect(sandbox.sandbox_id, timeout=60, **options)
    assert await reach(again, service) == ["shut"]
    for each in (again, forked):
        await each.kill()


async def test_rules_change_while_it_is_paused(sandbox: AsyncSandbox, options: ApiParams, service: str) -> None:
    await sandbox.update_network({"deny_out": [ALL_TRAFFIC], "allow_out": ["a.example"]})
    await sandbox.pause()
    await sandbox.update_network({"deny_out": [ALL_TRAFFIC], "allow_out": ["b.example"]})
    again = await AsyncSandbox.connect(sandbox.sandbox_id, timeout=60, **options)
    assert await reach(again, service) == ["shut"]


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"allow_out": ["a.example"]}, "ALL_TRAFFIC"),
        ({"deny_out": ["a.example"]}, "invalid denied CIDR a.example"),
        ({"rules": {"a.example": [{"transform": {"headers": {"A": "b"}}}]}}, "does not change requests"),
    ],
)
async def test_what_cannot_be_held_is_refused(
    sandbox: AsyncSandbox, options: ApiParams, network: Any, words: str
) -> None:
    with pytest.raises(SandboxException, match=words):
        await AsyncSandbox.create(network=network, **options)
    with pytest.raises(SandboxException, match=words):
        await sandbox.update_network(network)


def registry_host() -> str:
    """The host that npm asks on this machine."""
    told = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, check=True, text=True).stdout
    return urlsplit(told.strip()).hostname or ""


@pytest.mark.node
async def test_names_are_let_through_by_what_a_connection_asks_for(options: ApiParams, service: str) -> None:
    registry = registry_host()
    network: Any = {"deny_out": [ALL_TRAFFIC], "allow_out": [registry]}
    sandbox = await AsyncSandbox.create(network=network, timeout=120, **options)
    assert "PONG" in (await sandbox.commands.run("npm ping 2>&1", timeout=60)).stdout
    host = own_address()
    assert await reach(sandbox, service, f"{host}:80") == ["shut", "open"]  # taken in, and closed without an answer
    get = "curl -sS -m 20 -o /dev/null -w '%{{http_code}}' {0}"
    forged = get.format(f"--resolve {registry}:443:198.51.100.7 https://{registry}/")
    assert (await sandbox.commands.run(forged)).stdout == "200"  # led to the name's own address
    for other in (f"-k https://{host}/", f"http://{host}/", f"-k --resolve b.example:443:{host} https://b.example/"):
        with pytest.raises(CommandExitException):
            await sandbox.commands.run(get.format(other))
    await sandbox.update_network({"deny_out": [ALL_TRAFFIC], "allow_out": ["b.example"]})
    with pytest.raises(CommandExitException):
        await sandbox.commands.run(get.format(f"https://{registry}/"))
    await sandbox.kill()


async def test_on_a_shared_network_rules_are_refused(
    start_host: Callable[..., AbstractContextManager[tuple[Ready, object]]], tmp_path: Path
) -> None:
    with start_host(tmp_path / "state", "--network", "shared") as (ready, _):
        options = ApiParams(api_key=ready.api_key, api_url=ready.api_url, sandbox_url=ready.sandbox_url)
        with pytest.raises(SandboxException, match="switched off on the command line"):
            await AsyncSandbox.create(allow_internet_access=False, **options)
        sandbox = await AsyncSandbox.create(timeout=60, **options)
        with pytest.raises(SandboxException, match="can hold a sandbox to network rules"):
            await sandbox.update_network({"deny_out": [ALL_TRAFFIC]})
        await sandbox.update_network({"allow_internet_access": True})
        assert (await sandbox.get_info()).allow_internet_access is True
