import asyncio
import os
import signal
import socket
from contextlib import suppress
from dataclasses import replace

import pytest

from craft_desktop.host.cell import Cell
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Bubblewrap, Machine
from craft_desktop.host.namespaces import Holder
from craft_desktop.host.processes import Seen, descendants, jails_of, look
from craft_desktop.host.upstream import ENVD_PORT, open_session
from craft_desktop.tasks import Owner

ANSWER_TIMEOUT_S = 20


async def health(cell: Cell) -> int:
    """The status of envd's health call; waits until it is up."""

    async def connect(_: str, __: int) -> socket.socket:
        return await cell.reach_envd()

    async with (
        asyncio.timeout(ANSWER_TIMEOUT_S),
        open_session(connect) as session,
        session.get(f"http://x:{ENVD_PORT}/health") as answer,
    ):
        return answer.status


def still(family: set[Seen]) -> set[Seen]:
    return {each for each in family if (now := look(each.pid)) and now.started == each.started and now.state != "Z"}


async def until_gone(family: set[Seen]) -> None:
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        while still(family):
            await asyncio.sleep(0.01)


async def test_a_cell_answers_and_leaves_nothing(machine: Machine, ground: Ground) -> None:
    cell = await Cell.launch("c1", machine, ground, isolated=True)
    assert cell.is_alive and cell.homes.user == "/home/user"
    assert await health(cell) == 204
    family = descendants(os.getpid())
    await asyncio.gather(cell.stop(), cell.kill(), cell.stop())
    assert not cell.is_alive
    assert not still(family & descendants(cell.pid))
    assert list((ground.folder / "b").iterdir()) == []


async def test_a_jail_that_still_builds_is_ended_as_well(machine: Machine, ground: Ground) -> None:
    """bubblewrap killed before its child was told to go on would leave the child waiting for ever (seen twice)."""
    for number in range(24):
        cell = await Cell.launch(f"c{number}", machine, ground, isolated=True)
        await asyncio.sleep(0.0005 * number)  # not a wait: it moves the kill through the building of the jail
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await cell.stop()
    await until_gone(jails_of(ground.folder))
    assert jails_of(ground.folder) == set()


async def test_a_jail_whose_builder_was_killed_leaves_nobody_waiting(machine: Machine, ground: Ground) -> None:
    for number in range(16):
        cell = await Cell.launch(f"c{number}", machine, ground, isolated=True)
        await asyncio.sleep(0.0005 * number)  # not a wait: it moves the kill through the building of the jail
        os.kill(cell.pid, signal.SIGKILL)
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            await cell.ended()
            await cell.stop()
    await until_gone(jails_of(ground.folder))
    assert jails_of(ground.folder) == set()


async def test_a_launch_that_is_cancelled_leaves_nothing(machine: Machine, ground: Ground) -> None:
    async with Owner("test") as owner:
        for number in range(16):
            launching = owner.start(
                Cell.launch(f"c{number}", machine, ground, isolated=True), name="launch", awaited=True
            )
            await asyncio.sleep(0.0005 * number)  # not a wait: it moves the cancel through the launch
            launching.cancel()
            with suppress(asyncio.CancelledError):
                await (await launching).stop()
    await until_gone(jails_of(ground.folder))
    assert not (ground.folder / "b").exists() or list((ground.folder / "b").iterdir()) == []


async def test_a_jail_ends_when_bubblewrap_is_killed(machine: Machine, ground: Ground) -> None:
    cell = await Cell.launch("c1", machine, ground, isolated=True)
    assert await health(cell) == 204
    family = descendants(cell.pid)
    assert family
    os.kill(cell.pid, signal.SIGKILL)
    async with asyncio.timeout(ANSWER_TIMEOUT_S):
        await cell.ended()
    await cell.kill()
    assert still(family) == set()  # at once: the end of bubblewrap is not taken for the end of what is inside
    await cell.stop()


async def test_a_jail_that_was_stopped_ends_too(machine: Machine, ground: Ground) -> None:
    cell = await Cell.launch("c1", machine, ground, isolated=True)
    assert await health(cell) == 204
    family = descendants(cell.pid)
    for each in (*family, look(cell.pid)):
        assert each is not None
        os.kill(each.pid, signal.SIGSTOP)
    await cell.kill()
    assert still(family) == set() and not cell.is_alive
    await cell.stop()


async def test_a_cell_without_walls_has_a_folder_as_home(plain_machine: Machine, ground: Ground) -> None:
    cell = await Cell.launch("c1", plain_machine, ground, isolated=False)
    assert cell.homes.user == str(ground.folder / "b" / "c1" / "home")
    assert await health(cell) == 204
    await cell.stop()
    assert not cell.is_alive


async def test_what_cannot_be_started_leaves_nothing(machine: Machine, ground: Ground) -> None:
    nowhere = Bubblewrap("/nowhere/bwrap", True)
    broken = [
        replace(machine, bubblewrap=nowhere, holder=None),
        replace(machine, holder=Holder("/nowhere/unshare", "", "")),
        replace(machine, holder=Holder("/bin/false", "", "")),
        replace(machine, network=replace(machine.network, slirp="/bin/false")),
    ]
    before = descendants(os.getpid())
    for number, each in enumerate(broken[: 4 if machine.private else 3]):
        with pytest.raises(OSError):
            await Cell.launch(f"c{number}", each, ground, isolated=True)
    assert list((ground.folder / "b").iterdir()) == []
    await until_gone(descendants(os.getpid()) - before)
