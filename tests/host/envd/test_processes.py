"""The table reaps every child of its process, and kills every one at its end: each test has a process of its own."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path

from craft_desktop.host.envd import processes as processes_module
from craft_desktop.host.envd.journal import Journal
from craft_desktop.host.envd.process import Command, Process
from craft_desktop.host.envd.processes import ProcessTable
from craft_desktop.host.envd.subscription import Ending

ROOT = Path(__file__).parents[3]
LIMIT_S = 30.0


def alone(work: Callable[[], Coroutine[None, None, None]]) -> None:
    """Run one of the coroutines below in another process; what it asserts there is told here."""
    told = subprocess.run(
        [sys.executable, "-W", "error", __file__, work.__name__],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert told.returncode == 0 and told.stdout == f"{work.__name__}\n", told.stderr


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


async def follow() -> None:
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


async def forget() -> None:
    assert processes_module._RETENTION_S == 30
    processes_module._RETENTION_S = 0.2
    table = ProcessTable(Journal())
    process = table.start(_command("exit 5", "t"), {}, "/")
    await _ended(table, process)
    assert table.find(process.pid, None, ended_too=True) is process
    async with asyncio.timeout(10):
        while table.find(process.pid, None, ended_too=True) or table.find(None, "t", ended_too=True):
            await asyncio.sleep(0.01)
    await table.aclose()


async def find_newest() -> None:
    table = ProcessTable(Journal())
    first, second = (table.start(_command("exit", "t"), {}, "/") for _ in range(2))
    assert table.find(None, "t") is second
    for process in (first, second):
        await _ended(table, process)
    await table.aclose()


async def close() -> None:
    table = ProcessTable(Journal())
    process = table.start(_command("exec sleep 1000"), {}, "/")
    await table.aclose()
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        pass
    else:
        raise AssertionError("it still runs")
    try:
        table.start(_command("true"), {}, "/")
    except OSError as error:
        assert "shutting down" in str(error)
    else:
        raise AssertionError("a closed table started something")


def test_table_follows_a_process() -> None:
    alone(follow)


def test_an_end_is_forgotten_in_time() -> None:
    alone(forget)


def test_newest_of_a_tag() -> None:
    alone(find_newest)


def test_close_kills_and_refuses() -> None:
    alone(close)


if __name__ == "__main__":
    asyncio.run(globals()[sys.argv[1]]())
    sys.stdout.write(f"{sys.argv[1]}\n")
