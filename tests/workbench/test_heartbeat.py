import asyncio
from typing import cast

import pytest

from craft_desktop.model.errors import Problem, SandboxGoneError, SandboxRefusedError, SandboxUnreachableError
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.workbench import heartbeat as module
from craft_desktop.workbench.guarded import guarded
from craft_desktop.workbench.heartbeat import Heartbeat


class Remote:
    """A sandbox that answers heartbeats as it is told."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.beats: list[int] = []
        self.done = asyncio.Event()

    async def keep(self, timeout_s: int) -> None:
        self.beats.append(timeout_s)
        answer = self.answers.pop(0) if self.answers else None
        if not self.answers:
            self.done.set()
        if answer is not None:
            raise answer


GONE = SandboxGoneError("The sandbox is gone", "It ended.", "Start it.")
REFUSED = SandboxRefusedError("The key is refused", "It was revoked.", "Put in another.")
AWAY = SandboxUnreachableError("It does not answer", "No network.", "Wait.")


async def test_it_beats_goes_on_after_a_broken_network_and_ends_with_the_sandbox() -> None:
    remote = Remote(None, AWAY, AWAY, GONE)
    with pytest.raises(SandboxGoneError):
        async with asyncio.timeout(10):
            await Heartbeat(cast(Sandbox, remote), lambda: True, every_s=0.001).run()
    assert remote.beats == [600] * 4


async def test_it_does_not_beat_for_what_nobody_uses() -> None:
    remote = Remote(None)
    used = False
    asked = 0

    def is_wanted() -> bool:
        nonlocal asked
        asked += 1
        return used

    heartbeat = Heartbeat(cast(Sandbox, remote), is_wanted, every_s=0.001)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        beating = group.create_task(heartbeat.run())
        while asked < 3:
            await asyncio.sleep(0.001)
        assert remote.beats == []
        used = True
        await remote.done.wait()
        beating.cancel()


async def test_it_beats_at_once_when_asked() -> None:
    remote = Remote(None)
    heartbeat = Heartbeat(cast(Sandbox, remote), lambda: True)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        beating = group.create_task(heartbeat.run())
        heartbeat.beat_now()
        await remote.done.wait()
        beating.cancel()
    assert remote.beats == [600]


async def test_what_stands_in_the_way_is_told_once_and_tried_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.001)
    remote = Remote(AWAY, AWAY, REFUSED, REFUSED, None, REFUSED, GONE)
    told: list[Problem] = []
    heartbeat = Heartbeat(cast(Sandbox, remote), lambda: True, every_s=60.0, on_problem=told.append)
    with pytest.raises(SandboxGoneError):
        async with asyncio.timeout(10), guarded() as group:
            group.create_task(one_after_the_other(heartbeat, remote))
            await heartbeat.run()
    assert [problem.title for problem in told] == ["It does not answer", "The key is refused", "The key is refused"]
    assert "10 minutes" in told[0].detail and told[0].remedy == "Wait."


async def one_after_the_other(heartbeat: Heartbeat, remote: Remote) -> None:
    """Ask for the beats that would else come minutes later: the first, and the one after a good one."""
    heartbeat.beat_now()
    while len(remote.beats) < 5:
        await asyncio.sleep(0.001)
    heartbeat.beat_now()
