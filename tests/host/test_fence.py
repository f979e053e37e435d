import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from craft_desktop.host import fence
from craft_desktop.host.fence import Fence
from craft_desktop.host.machine import Machine, Python
from craft_desktop.host.namespaces import enter_argv, hold_argv
from craft_desktop.host.reach import ALL, OPEN, read_rules
from craft_desktop.host.uplink import Uplink
from tests.host.programs import own_address, program

GONE_TIMEOUT_S = 20
SAYS = """
import socket, sys
for each in sys.argv[1:]:
    host, port = each.split(":")
    with socket.socket() as one:
        one.settimeout(5)
        try:
            one.connect((host, int(port)))
            one.send(b"GET / HTTP/1.1\\r\\nHost: other.example\\r\\n\\r\\n")
            print(one.recv(9).decode() or "closed")
        except ConnectionRefusedError:
            print("refused")
"""
NOTHING = read_rules({}, False).reach()
NAMED = read_rules({"denyOut": [ALL], "allowOut": ["a.example"]}).reach()
Held = tuple[Machine, int, Fence]


@pytest.fixture
def held_pid(held: Machine) -> Iterator[int]:
    """A process that waits in a network of its own."""
    if not held.filtered:
        pytest.skip(held.network.unfiltered or held.network.reason)
    assert held.holder is not None
    argv = hold_argv(held.holder, (), ["true"], private=True)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        yield process.pid
        process.communicate()


@pytest.fixture
async def fenced(held: Machine, held_pid: int) -> AsyncIterator[Held]:
    """A connected network, the process whose it is, and a fence that does not stand yet."""
    async with aclosing(Uplink("c1", held.network, held_pid)) as uplink:
        await uplink.attach()
        async with aclosing(Fence("c1", held, held_pid)) as around:
            yield held, held_pid, around


@pytest.fixture
async def service() -> AsyncIterator[str]:
    """The address and port of a service on this computer, not on its loopback."""

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"hello")
        writer.close()

    server = await asyncio.start_server(greet, own_address(), 0)
    yield ":".join(str(each) for each in server.sockets[0].getsockname())
    server.close()


async def say(machine: Machine, pid: int, *targets: str) -> list[str]:
    assert machine.holder is not None
    argv = enter_argv(machine.holder, pid, [str(machine.python.path), "-c", SAYS, *targets], space="net")
    process = await asyncio.create_subprocess_exec(*argv, stdout=asyncio.subprocess.PIPE)
    told, _ = await process.communicate()
    return told.decode().splitlines()


async def test_a_network_is_held_to_the_latest_rules(fenced: Held, service: str) -> None:
    machine, pid, around = fenced
    await around.hold(OPEN.reach())
    assert await say(machine, pid, service) == ["hello"]
    await around.hold(NOTHING)
    assert await say(machine, pid, service) == ["refused"]
    await around.hold(read_rules({"denyOut": [ALL], "allowOut": [own_address()]}).reach())
    assert await say(machine, pid, service) == ["hello"]
    assert around.gate_pid == 0


async def test_with_names_the_gate_answers_at_their_ports_alone(fenced: Held, service: str) -> None:
    machine, pid, around = fenced
    await around.hold(NAMED)
    host = own_address()
    assert await say(machine, pid, f"{host}:80", f"{host}:443", service) == ["closed", "closed", "refused"]
    first = around.gate_pid
    await around.hold(NAMED)
    assert around.gate_pid not in (0, first)
    assert not Path(f"/proc/{first}").exists()
    await around.hold(NOTHING)
    assert around.gate_pid == 0
    assert await say(machine, pid, f"{host}:80") == ["refused"]


async def test_when_the_gate_ends_nothing_passes(fenced: Held, service: str, caplog: pytest.LogCaptureFixture) -> None:
    machine, pid, around = fenced
    await around.hold(NAMED)
    os.kill(around.gate_pid, signal.SIGKILL)
    async with asyncio.timeout(GONE_TIMEOUT_S):
        while "the gate of c1 ended" not in caplog.text:
            await asyncio.sleep(0.01)
    assert await say(machine, pid, f"{own_address()}:80", service) == ["refused", "refused"]


async def test_a_gate_ends_with_the_fence(fenced: Held) -> None:
    _, _, around = fenced
    await around.hold(NAMED)
    gate = around.gate_pid
    await around.aclose()
    await around.aclose()
    assert not Path(f"/proc/{gate}").exists()


async def test_what_cannot_be_held_is_told(
    fenced: Held, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine, pid, around = fenced
    await around.hold(NOTHING)
    says = program(tmp_path / "python", "echo 'no such thing' >&2; exit 1")
    lame = Fence("c1", replace(machine, python=Python(says)), pid)
    for reach in (OPEN.reach(), NAMED):
        with pytest.raises(OSError, match="no such thing"):
            await lame.hold(reach)
    monkeypatch.setattr(fence, "TIMEOUT_S", 0.2)
    monkeypatch.setattr(fence, "END_TIMEOUT_S", 0.2)
    silent = Fence("c1", replace(machine, python=Python(program(tmp_path / "silent", "exec sleep 60"))), pid)
    for reach in (OPEN.reach(), NAMED):
        with pytest.raises(OSError, match="in time"):
            await silent.hold(reach)
    assert await say(machine, pid, service) == ["refused"]
