import asyncio
import os
import signal

import pytest

from craft_desktop.host.envd import processes as processes_module
from craft_desktop.host.envd.journal import Journal
from craft_desktop.host.envd.process import Command, Process
from craft_desktop.host.envd.processes import ProcessTable
from craft_desktop.host.envd.subscription import Ending


async def _ended(table: ProcessTable, process: Process) -> Ending:
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCHLD, table.reap)
    try:
        table.reap()
        with process.attach() as subscription:
            while True:
                event = await subscription.next(10)
                if isinstance(event, Ending):
                    return event
    finally:
        loop.remove_signal_handler(signal.SIGCHLD)


def _command(script: str, tag: str | None = None) -> Command:
    return Command("/bin/sh", ("-c", script), {}, None, tag, False, None)


async def test_table_follows_a_process() -> None:
    table = ProcessTable(Journal())
    process = table.start(_command("exit 5", "t"), {}, "/")
    assert table.find(process.pid, None) is process
    assert table.find(None, "t") is process
    assert table.find(None, "u") is None
    assert (await _ended(table, process)).exit_code == 5
    assert table.running() == []
    assert table.find(process.pid, None) is None
    assert table.find(process.pid, None, ended_too=True) is process
    assert table.find(None, "t", ended_too=True) is process
    await table.aclose()


async def test_an_end_is_forgotten_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert processes_module._RETENTION_S == 30
    monkeypatch.setattr(processes_module, "_RETENTION_S", 0.2)
    table = ProcessTable(Journal())
    process = table.start(_command("exit 5", "t"), {}, "/")
    await _ended(table, process)
    assert table.find(process.pid, None, ended_too=True) is process
    async with asyncio.timeout(10):
        while table.find(process.pid, None, ended_too=True) or table.find(None, "t", ended_too=True):
            await asyncio.sleep(0.01)
    await table.aclose()


async def test_newest_of_a_tag() -> None:
    table = ProcessTable(Journal())
    first, second = (table.start(_command("exit", "t"), {}, "/") for _ in range(2))
    assert table.find(None, "t") is second
    for process in (first, second):
        await _ended(table, process)
    await table.aclose()


async def test_close_kills_and_refuses() -> None:
    table = ProcessTable(Journal())
    process = table.start(_command("exec sleep 1000"), {}, "/")
    await table.aclose()
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    with pytest.raises(OSError, match="shutting down"):
        table.start(_command("true"), {}, "/")
