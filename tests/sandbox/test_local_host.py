"""The embedded host as a child: started when needed, again when it died, never left behind."""

import asyncio
import os
from pathlib import Path

import psutil
import pytest

from craft_desktop.model.errors import SandboxError
from craft_desktop.sandbox import local_host as module
from craft_desktop.sandbox.connection import Connection
from craft_desktop.sandbox.local_host import LocalHost, check_machine, parse_machine


def children(state: Path) -> list[psutil.Process]:
    """Give the hosts that keep their files there; other tests have hosts of their own."""
    return [child for child in psutil.Process().children() if str(state) in child.cmdline()]


async def test_one_host_serves_and_ends_with_its_owner(tmp_path: Path) -> None:
    host = LocalHost(tmp_path / "host")
    one, two = await asyncio.gather(host.profile(), host.profile())
    assert one == two
    assert one.api_key not in repr(one)
    assert (await host.machine()).isolated
    [process] = children(tmp_path / "host")
    tree = process.children(recursive=True)
    await Connection(one).create(metadata={}, envs={}, timeout_s=60)
    await host.aclose()
    await host.aclose()
    assert not process.is_running()
    _, alive = psutil.wait_procs(tree, 5)
    assert alive == []
    assert [path for path in (tmp_path / "host").rglob("*") if path.is_dir()] == []


async def test_a_host_that_died_is_started_again(tmp_path: Path) -> None:
    host = LocalHost(tmp_path / "host")
    before = await host.profile()
    [process] = children(tmp_path / "host")
    process.kill()
    async with asyncio.timeout(10):
        while (after := await host.profile()) == before:
            await asyncio.sleep(0.01)
    assert await Connection(after).list({}) == []
    await host.aclose()


async def test_a_host_whose_death_is_not_known_yet_is_started_again(tmp_path: Path) -> None:
    """It was killed in this very turn of the event loop: its port refuses before the news of its end is read."""
    host = LocalHost(tmp_path / "host")
    before = await host.profile()
    [process] = children(tmp_path / "host")
    process.kill()
    process.wait(10)
    assert (await host.machine()).isolated
    assert await host.profile() != before
    await host.aclose()


async def test_a_host_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    complaint = "import sys; print('the reason', file=sys.stderr); sys.exit(3)"
    monkeypatch.setattr(module, "HOST_COMMAND", (module.HOST_COMMAND[0], "-c", complaint))
    host = LocalHost(tmp_path / "host")
    with pytest.raises(SandboxError) as caught:
        await host.profile()
    assert "the reason" in caught.value.problem.detail
    assert "doctor" in caught.value.problem.remedy
    await host.aclose()


async def test_the_machine_is_told_without_a_host() -> None:
    before = psutil.Process().children()
    machine = await check_machine()
    assert machine.node and machine.npm and machine.network
    assert os.path.isabs(machine.node_path)  # noqa: PTH117 -- the value is a text
    assert [child for child in psutil.Process().children() if child not in before] == []


def test_a_shared_network_is_told_with_its_reason() -> None:
    found = {
        "bubblewrap": {"usable": True, "reason": "", "remedy": "", "version": "0.8.0"},
        "node": None,
        "network": "shared",
        "network_reason": "slirp4netns is not installed.",
        "network_remedy": "Install it.",
    }
    machine = parse_machine(found)
    assert (machine.network_reason, machine.network_remedy) == ("slirp4netns is not installed.", "Install it.")
    # an older host tells no reason
    del found["network_reason"], found["network_remedy"]
    assert parse_machine(found).network_reason == ""
    assert parse_machine(found).network_rules
    machine = parse_machine({**found, "network_rules": False, "network_rules_reason": "No nftables."})
    assert (machine.network_rules, machine.network_rules_reason) == (False, "No nftables.")


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    host = LocalHost(tmp_path / "file" / "host")
    with pytest.raises(SandboxError) as caught:
        await host.profile()
    assert str(tmp_path / "file") in caught.value.problem.detail
    await host.aclose()


async def test_a_start_that_is_cancelled_leaves_no_host(tmp_path: Path) -> None:
    host = LocalHost(tmp_path / "host")
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        starting = group.create_task(host.profile())
        while not children(tmp_path / "host"):
            await asyncio.sleep(0)
        starting.cancel()
    assert children(tmp_path / "host") == []
    assert await Connection(await host.profile()).list({}) == []
    assert len(children(tmp_path / "host")) == 1
    await host.aclose()
