import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from craft_desktop.host import guest
from craft_desktop.host.bodies import Creation
from craft_desktop.host.ground import Ground
from craft_desktop.host.guard import Guard
from craft_desktop.host.machine import Machine
from craft_desktop.host.processes import descendants
from craft_desktop.host.registry import Sandbox
from craft_desktop.host.sandboxes import Sandboxes

DEADLINE_S = 20


@pytest.fixture
async def sandboxes(machine: Machine, ground: Ground) -> AsyncIterator[Sandboxes]:
    async with aclosing(Sandboxes(machine, ground)) as sandboxes:
        await sandboxes.start()
        yield sandboxes


@pytest.fixture
async def watched(sandboxes: Sandboxes) -> AsyncIterator[Sandboxes]:
    async with aclosing(Guard(sandboxes, health_pause_s=0.05, health_timeout_s=0.5)) as guard:
        guard.start()
        yield sandboxes


async def until_gone(sandboxes: Sandboxes, sandbox: Sandbox) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while sandboxes.registry.find(sandbox.sandbox_id) is not None:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
async def test_a_lost_daemon_is_told_for_its_own_sandbox_alone(
    watched: Sandboxes, caplog: pytest.LogCaptureFixture, number: signal.Signals
) -> None:
    lost, other = [await watched.create(Creation("base")) for _ in range(2)]
    cell = watched.cell(lost.sandbox_id)
    family = descendants(cell.pid)
    (daemon,) = [each.pid for each in family if each.parent == cell.pid]
    os.kill(daemon, number)
    await until_gone(watched, lost)
    await cell.stop()
    assert not family & descendants(os.getpid())
    (told,) = [
        each.getMessage() for each in caplog.records if lost.sandbox_id in each.getMessage() and each.levelno > 20
    ]
    assert "lost" in told or "ended by itself" in told
    assert await guest.answers(watched.session, other.sandbox_id)
    assert other.sandbox_id not in caplog.text


async def test_one_that_stands_still_on_purpose_owes_no_answer(watched: Sandboxes) -> None:
    sandbox = await watched.create(Creation("base"))
    await watched.pause(sandbox.sandbox_id)
    await asyncio.sleep(1.5)  # the span in which it would be given up: nothing tells that nothing happens
    await watched.resume(sandbox.sandbox_id, 60)
    assert await guest.answers(watched.session, sandbox.sandbox_id)


async def test_one_that_was_killed_since_is_left_alone(sandboxes: Sandboxes, caplog: pytest.LogCaptureFixture) -> None:
    await Guard(sandboxes)._end("nobody", "is lost")
    assert caplog.text == ""
