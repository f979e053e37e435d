import asyncio
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from craft_desktop.host import uplink as module
from craft_desktop.host.machine import Machine, PrivateNetwork
from craft_desktop.host.namespaces import hold_argv
from craft_desktop.host.uplink import Uplink, first_bytes
from tests.lacking import can_connect, skip_unless

GONE_TIMEOUT_S = 20


@pytest.fixture
def held_pid(held: Machine) -> Iterator[int]:
    """A process that waits in a network of its own."""
    if not held.private:
        skip_unless(can_connect, held.network.reason)
    assert held.holder is not None
    argv = hold_argv(held.holder, (), ["true"], private=True)
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"\n"
        yield process.pid
        process.communicate()


def devices(pid: int) -> str:
    return Path(f"/proc/{pid}/net/dev").read_text()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(GONE_TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_network_is_connected_and_cut(held: Machine, held_pid: int) -> None:
    assert "tap0" not in devices(held_pid)
    uplink = Uplink("c1", held.network, held_pid)
    await uplink.attach()
    assert "tap0" in devices(held_pid)
    assert uplink.pid
    await uplink.aclose()
    await uplink.aclose()
    assert uplink.pid == 0
    await until(lambda: "tap0" not in devices(held_pid))


async def test_a_network_that_is_lost_comes_back(held: Machine, held_pid: int) -> None:
    async with aclosing(Uplink("c1", held.network, held_pid)) as uplink:
        await uplink.attach()
        first = uplink.pid
        os.kill(first, signal.SIGKILL)
        await until(lambda: uplink.pid not in (0, first))
        await until(lambda: "tap0" in devices(held_pid))


async def test_one_that_cannot_come_up_is_told(held: Machine) -> None:
    for network in (PrivateNetwork("/bin/false", True), PrivateNetwork("/nowhere/slirp4netns", True)):
        uplink = Uplink("c1", network, os.getpid())
        with pytest.raises(OSError):
            await uplink.attach()
        await uplink.aclose()


async def test_one_that_cannot_be_started_again_is_tried_until_it_can(
    held: Machine, held_pid: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while slirp4netns is being upgraded; each try gives back what it took."""
    monkeypatch.setattr(module, "AGAIN_S", 0.01)
    assert held.network.slirp is not None
    program, away = tmp_path / "slirp4netns", tmp_path / "away"
    program.symlink_to(held.network.slirp)
    async with aclosing(Uplink("c1", replace(held.network, slirp=str(program)), held_pid)) as uplink:
        await uplink.attach()
        before = len(list(Path("/proc/self/fd").iterdir()))
        program.rename(away)
        tries = 0
        start = uplink._start

        async def counted() -> None:
            nonlocal tries
            tries += 1
            await start()

        monkeypatch.setattr(uplink, "_start", counted)
        os.kill(uplink.pid, signal.SIGKILL)
        await until(lambda: tries >= 20)
        assert uplink.pid == 0 and "tap0" not in devices(held_pid)
        away.rename(program)
        await until(lambda: uplink.pid != 0 and "tap0" in devices(held_pid))
        await until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before)


async def test_nothing_comes_out_of_a_pipe_that_is_silent_or_closed() -> None:
    read, write = os.pipe()
    assert await first_bytes(read, 0.01) == b""
    os.close(write)
    assert await first_bytes(read, GONE_TIMEOUT_S) == b""
    os.close(read)
