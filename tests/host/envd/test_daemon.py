import asyncio
import signal
import time
from pathlib import Path

from tests.host.envd.driver import PATIENCE_S, Driver, eventually, next_data, running_daemon, tell

_TREE = "trap '' TERM; (setsid sleep 1000 & echo $!) ; (sleep 1001 & echo $!) ; echo $$; exec sleep 1002"


async def _tree(daemon: Driver) -> list[int]:
    """A process, a child, and one that made its own session and lost its parent."""
    async with daemon.start(_TREE) as events:
        heard = b""
        while heard.count(b"\n") < 3:
            heard += await next_data(events)
    pids = [int(line) for line in heard.split()]
    assert all(_lives(pid) for pid in pids)
    return pids


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_end_of_lifeline_kills_everything(tmp_path: Path) -> None:
    async with running_daemon(tmp_path) as daemon:
        pids = await _tree(daemon)
        assert await daemon.end() == 0
        assert not [pid for pid in pids if _lives(pid)]


async def test_sigterm_kills_everything(tmp_path: Path) -> None:
    async with running_daemon(tmp_path) as daemon:
        pids = await _tree(daemon)
        daemon.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(PATIENCE_S):
            assert await daemon.process.wait() == 0
        assert not [pid for pid in pids if _lives(pid)]


async def test_shutdown_with_an_open_stream(tmp_path: Path) -> None:
    async with running_daemon(tmp_path) as daemon, daemon.start("sleep 1000") as events:
        pid = (await anext(events))["event"]["start"]["pid"]
        assert await daemon.end() == 0
        assert not _lives(pid)


async def test_start_is_quick_and_memory_small(tmp_path: Path) -> None:
    begun = time.perf_counter()
    async with running_daemon(tmp_path) as daemon:
        took = time.perf_counter() - begun
        resident, own = daemon.memory()
        tell(f"ready in {took * 1000:.0f} ms, resident {resident // 1024} KiB, own {own // 1024} KiB")
        assert resident < 28 * 1024 * 1024  # the aim is 25 MB; the rest is for other interpreters


async def test_orphans_are_reaped(daemon: Driver) -> None:
    ran = await daemon.run("(sleep 0.1 & echo $!) > pid")
    assert ran.end is not None
    pid = int((daemon.home / "pid").read_text())
    await eventually(lambda: not _lives(pid), "no zombie is left")


async def test_memory_is_hidden_and_descriptors_are_its_own(daemon: Driver) -> None:
    ran = await daemon.run(f"cat /proc/{daemon.process.pid}/status | grep -c . ; id -u")
    if ran.stdout.split()[-1] != b"0":  # root may look everywhere
        assert b"denied" in (await daemon.run(f"cat /proc/{daemon.process.pid}/environ")).stderr
