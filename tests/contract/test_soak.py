"""Sandboxes made, used, mishandled and ended by the dozen: afterwards nothing of them is left.

The short run belongs to every change; `pytest -m soak -s tests/contract/test_soak.py` is the long one.
"""

import asyncio
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from urllib.parse import urlsplit

import psutil
import pytest
from e2b import AsyncSandbox
from e2b.connection_config import ApiParams
from e2b.sandbox.filesystem.filesystem import WriteEntry

from craft_desktop.host.cgroups import PREFIX, find_roots
from craft_desktop.host.handshake import Ready
from craft_desktop.tasks import Owner

WORKERS = 4  # at once; two cores are busy with less
SETTLE_S = 30  # folders go and the spare comes in well under a second; a loaded machine takes longer
LOST_S = 20  # until the loss of a daemon is told
# The interpreter keeps freed memory for itself, and how much varies by some MB from run to run; a leak of 50 kB a
# sandbox would show in the long run.
GROWTH_MB = 12.0
StartHost = Callable[..., AbstractContextManager[tuple[Ready, "Popen[bytes]"]]]


@dataclass(frozen=True)
class Left:
    """What a host holds."""

    processes: int
    descriptors: int
    mounts: int
    files: int
    groups: int
    memory_mb: float

    @classmethod
    def of(cls, process: psutil.Process, state: Path) -> "Left":
        connections = len([each for each in process.net_connections("tcp") if each.status != psutil.CONN_LISTEN])
        return cls(
            processes=len([each for each in process.children(recursive=True) if each.is_running()]),
            # clients keep their connections open as long as they like: those are theirs
            descriptors=process.num_fds() - connections,
            # of its own: it lives among the mounts of the whole computer, where other tests mount and unmount
            mounts=sum(str(state) in line for line in Path(f"/proc/{process.pid}/mountinfo").read_text().splitlines()),
            files=sum(1 for _ in state.rglob("*")),
            groups=len(groups_of(state)),
            memory_mb=process.memory_full_info().uss / 1e6,
        )

    @property
    def countable(self) -> tuple[int, ...]:
        return self.processes, self.descriptors, self.mounts, self.files, self.groups


def groups_of(state: Path) -> list[Path]:
    """The control groups of the host whose state this is; none on a machine that makes none."""
    runs = {each.name for each in state.glob("run-*")}
    folders = [folder for root in find_roots().folders for folder in root.glob(f"{PREFIX}run-*")]
    return [each for each in folders if any(each.name.startswith(f"{PREFIX}{run}-") for run in runs)]


class Soak:
    """Ways to use and misuse a sandbox, chosen by chance that can be repeated."""

    def __init__(self, ready: Ready, host: psutil.Process, seed: int) -> None:
        self._options = ApiParams(api_key=ready.api_key, api_url=ready.api_url, sandbox_url=ready.sandbox_url)
        self._host = host
        self._chance = random.Random(seed)
        self._marks = iter(range(700_000, 800_000))
        self.count = 0

    async def work(self, is_over: Callable[[int], bool]) -> None:
        """Sandboxes one after the other, until it is over."""
        ways = [self._use, self._leave_a_command, self._leave_a_download, self._leave_an_upload, self._lose_the_daemon]
        ways += [self._pause, self._snapshot, self._fork, self._leave_a_snapshot]
        while not is_over(self.count):
            self.count += 1
            sandbox = await AsyncSandbox.create(timeout=300, **self._options)
            for way in self._chance.sample(ways, 2):
                await way(sandbox)
                if not await sandbox.is_running():
                    break
            await sandbox.kill()

    async def _use(self, sandbox: AsyncSandbox) -> None:
        await sandbox.files.write_files([WriteEntry(path=f"many/{n}", data=str(n)) for n in range(50)])
        assert (await sandbox.commands.run("ls many | wc -l")).stdout.strip() == "50"
        watch = await sandbox.files.watch_dir("many", lambda _: None, timeout=0)
        handle = await sandbox.commands.run("cat", background=True, stdin=True, timeout=0)
        await sandbox.commands.send_stdin(handle.pid, "x" * 1000)
        if self._chance.random() < 0.5:
            await watch.stop()  # type: ignore[no-untyped-call]
            await handle.kill()

    async def _pause(self, sandbox: AsyncSandbox) -> None:
        await sandbox.pause(keep_memory=self._chance.random() < 0.5)
        if self._chance.random() < 0.5:
            await sandbox.connect()

    async def _snapshot(self, sandbox: AsyncSandbox) -> None:
        """One upon the other, the lower deleted while the upper stands on it."""
        taken = await sandbox.create_snapshot()
        upon = await AsyncSandbox.create(taken.snapshot_id, timeout=300, **self._options)
        await upon.files.write("above", "x")
        second = await upon.create_snapshot()
        await AsyncSandbox.delete_snapshot(taken.snapshot_id, **self._options)
        await self._pause(upon)
        last = await AsyncSandbox.create(second.snapshot_id, timeout=300, **self._options)
        assert await last.files.read("above") == "x"
        await AsyncSandbox.delete_snapshot(second.snapshot_id, **self._options)
        await asyncio.gather(upon.kill(), last.kill())

    async def _fork(self, sandbox: AsyncSandbox) -> None:
        for fork in await sandbox.fork(count=2):
            assert isinstance(fork, AsyncSandbox), fork
            await fork.kill()

    async def _leave_a_snapshot(self, sandbox: AsyncSandbox) -> None:
        """A client that is gone before its snapshot is taken, and a sandbox that is killed over it."""
        async with aclosing(Owner("leaving")) as owner:
            owner.start(sandbox.create_snapshot(), name="take")
            await asyncio.sleep(self._chance.random() * 0.1)  # anywhere in it

    async def drop_snapshots(self) -> None:
        """Delete those whose takers went away: a taking is finished all the same."""
        paginator = AsyncSandbox.list_snapshots(**self._options)
        while paginator.has_next:
            for each in await paginator.next_items():
                await AsyncSandbox.delete_snapshot(each.snapshot_id, **self._options)

    async def _leave_a_command(self, sandbox: AsyncSandbox) -> None:
        """A client that is gone in the middle of its output."""
        handle = await sandbox.commands.run("yes; sleep 600", background=True, timeout=0)
        await asyncio.sleep(self._chance.random() * 0.3)  # anywhere in it
        await handle.disconnect()

    async def _leave_a_download(self, sandbox: AsyncSandbox) -> None:
        await sandbox.commands.run("head -c 20000000 /dev/zero > large")
        await self._break_off("GET", sandbox.download_url("large"), b"")

    async def _leave_an_upload(self, sandbox: AsyncSandbox) -> None:
        part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="half"\r\n\r\n' + b"x" * 200_000
        await self._break_off("POST", sandbox.upload_url("half"), part)

    async def _break_off(self, method: str, url: str, body: bytes) -> None:
        there = urlsplit(url)
        reader, writer = await asyncio.open_connection(there.hostname, there.port)
        head = f"{method} {there.path}?{there.query} HTTP/1.1\r\nHost: {there.netloc}\r\n"
        head += "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n" if body else "\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        if not body:
            await reader.read(1000)
        writer.transport.abort()

    async def _lose_the_daemon(self, sandbox: AsyncSandbox) -> None:
        """kill -9 for envd, found as what is above a process with a mark of its own."""
        mark = str(next(self._marks))
        await sandbox.commands.run(f"sleep {mark}", background=True, timeout=0)
        async with asyncio.timeout(LOST_S):
            while (marked := self._marked(mark)) is None:
                await asyncio.sleep(0.02)
        daemon = next(each for each in marked.parents() if "craft_desktop.host.envd" in arguments(each))
        daemon.kill()
        async with asyncio.timeout(LOST_S):
            while await sandbox.is_running():
                await asyncio.sleep(0.02)

    def _marked(self, mark: str) -> psutil.Process | None:
        return next((each for each in self._host.children(recursive=True) if mark in arguments(each)), None)


def arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []  # it ended meanwhile


def is_no_more(now: Left, then: Left) -> bool:
    return all(few <= many for few, many in zip(now.countable, then.countable, strict=True))


async def settled(soak: Soak, process: psutil.Process, state: Path, is_settled: Callable[[Left], bool]) -> Left:
    """What is left once it is no more than it should be; at the latest after the deadline, whatever it is."""
    deadline = time.monotonic() + SETTLE_S
    while True:
        await soak.drop_snapshots()  # one whose taker went away may still come
        left = Left.of(process, state)
        if is_settled(left) or time.monotonic() > deadline:
            return left
        await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("sandboxes", "longest_s"),
    [
        pytest.param(40, 12.0, id="short"),
        pytest.param(200, 900.0, id="long", marks=[pytest.mark.soak, pytest.mark.timeout(1200)]),
    ],
)
async def test_nothing_is_left(start_host: StartHost, tmp_path: Path, sandboxes: int, longest_s: float) -> None:
    state = tmp_path / "state"
    with start_host(state) as (ready, popen):
        host = psutil.Process(popen.pid)
        soak = Soak(ready, host, seed=sandboxes)

        async def crowd(until: Callable[[int], bool]) -> None:
            work: list[Awaitable[None]] = [soak.work(until) for _ in range(WORKERS)]
            await asyncio.gather(*work)

        # what every way of use costs once (modules, pools, buffers) is no leak
        await crowd(lambda count: count >= 12)
        first: list[Left] = []

        def is_still(left: Left) -> bool:
            first.append(left)
            return len(first) > 10 and len({each.countable for each in first[-10:]}) == 1

        before = await settled(soak, host, state, is_still)
        soak.count, end = 0, time.monotonic() + longest_s
        await crowd(lambda count: count >= sandboxes or time.monotonic() > end)
        after = await settled(soak, host, state, lambda left: is_no_more(left, before))
        sys.stdout.write(f"\n{soak.count} sandboxes; before {before}; after {after}\n")
        assert is_no_more(after, before), (before, after)
        assert after.memory_mb - before.memory_mb < GROWTH_MB
        assert soak.count >= WORKERS
        runs = groups_of(state)
    assert popen.returncode == 0
    assert list(state.iterdir()) == []
    assert not [each for each in runs if each.exists()]
