import asyncio
import signal
from pathlib import Path

import pytest

from craft_desktop.host import ending, processes
from craft_desktop.host.ending import end_jail, end_plain
from craft_desktop.host.first import First
from craft_desktop.host.processes import descendants, look

STUBBORN = "trap '' TERM; sleep 60 & echo ready; wait; wait"


async def started(script: str) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec("sh", "-c", script, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    await process.stdout.readline()
    return process


async def gone(family: set[processes.Seen]) -> None:
    """A kill is carried out a moment later."""
    async with asyncio.timeout(10):
        while [each for each in family if (now := look(each.pid)) and now.state not in "ZX"]:
            await asyncio.sleep(0.01)


async def test_a_daemon_without_walls_is_asked_first(monkeypatch: pytest.MonkeyPatch) -> None:
    willing = await started("echo ready; exec sleep 60")
    await end_plain(willing)
    assert await willing.wait() == -signal.SIGTERM
    monkeypatch.setattr(ending, "TERM_TIMEOUT_S", 0.05)
    stubborn = await started(STUBBORN)
    family = descendants(stubborn.pid)
    await end_plain(stubborn)
    assert await stubborn.wait() == -signal.SIGKILL and family
    await gone(family)


async def test_a_jail_that_was_never_told_of_is_ended_by_descent(tmp_path: Path) -> None:
    builder = await started(STUBBORN)
    family = descendants(builder.pid)
    await end_jail(builder, First(), tmp_path)
    assert await builder.wait() == -signal.SIGKILL and family
    await gone(family)


async def test_one_that_does_not_end_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Undying(First):
        """Deep in the kernel."""

        @property
        def is_known(self) -> bool:
            return True

        async def ended(self, timeout_s: float) -> bool:
            return False

    monkeypatch.setattr(processes, "HALT_TIMEOUT_S", 0.05)
    builder = await started(STUBBORN)
    family = descendants(builder.pid)
    await end_jail(builder, Undying(), tmp_path)
    assert "still has processes after" in caplog.text
    processes.kill(family)  # else it holds the pipe, whose end asyncio waits for
    assert await builder.wait() == -signal.SIGKILL
