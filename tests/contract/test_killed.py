"""A host that is killed by force, whatever it is doing: what it leaves is cleared by the next one's start."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from subprocess import Popen

import psutil
import pytest
from e2b import AsyncSandbox
from e2b.connection_config import ApiParams

from craft_desktop.host.cgroups import find_roots
from craft_desktop.host.handshake import Ready

GONE_TIMEOUT_S = 15
# From the request to well after its end: a snapshot takes 60 ms, a sandbox with a spare 20 ms, one without 300 ms.
MOMENTS_S = (0.0, 0.015, 0.09)
StartHost = Callable[..., AbstractContextManager[tuple[Ready, "Popen[bytes]"]]]


def options_of(ready: Ready) -> ApiParams:
    return ApiParams(api_key=ready.api_key, api_url=ready.api_url, sandbox_url=ready.sandbox_url)


async def create(_: AsyncSandbox, ready: Ready) -> object:
    return await asyncio.gather(*(AsyncSandbox.create(**options_of(ready)) for _ in range(2)))


async def take(sandbox: AsyncSandbox, _: Ready) -> object:
    return await sandbox.create_snapshot()


async def begin_with_a_snapshot(sandbox: AsyncSandbox, ready: Ready) -> object:
    taken = await sandbox.create_snapshot()
    return await AsyncSandbox.create(template=taken.snapshot_id, **options_of(ready))


async def pause(sandbox: AsyncSandbox, _: Ready) -> object:
    return await sandbox.pause()


async def kill(sandbox: AsyncSandbox, _: Ready) -> object:
    return await sandbox.kill()


def mentions(state: Path) -> list[list[str]]:
    """The command lines that name something of `state`."""
    found = []
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            line = each.cmdline()
            if each.status() != psutil.STATUS_ZOMBIE and any(word.startswith(str(state)) for word in line[1:]):
                found.append(line)
    return found


def leftovers(state: Path, host: int, runs: set[str]) -> list[str]:
    """What is there of `runs`, whose hosts are dead, beside the host that lives now."""
    found = [str(each) for each in state.glob("run-*") if each.name in runs]
    found += [" ".join(line)[:200] for line in mentions(state) if any(run in word for word in line for run in runs)]
    mounts = Path(f"/proc/{host}/mountinfo").read_text() + Path("/proc/self/mountinfo").read_text()
    found += [f"a mount of {run}" for run in runs if run in mounts]
    groups = [group for root in find_roots().folders for group in root.glob("craft-run-*")]
    found += [str(group) for group in groups for run in runs if run in group.name]
    # a snapshot is listed, or it is not there
    found += [str(each) for each in state.glob("snapshots/*") if not (each / "snapshot.json").exists()]
    return found


@asynccontextmanager
async def killed_soon(process: "Popen[bytes]", moment_s: float) -> AsyncIterator[None]:
    """The host is killed so long after what is begun inside, and all that it had made goes."""
    family = psutil.Process(process.pid).children(recursive=True)
    async with asyncio.TaskGroup() as group:

        async def strike() -> None:
            await asyncio.sleep(moment_s)  # not a wait: it moves the stroke through what goes on
            family.extend(psutil.Process(process.pid).children(recursive=True))
            process.kill()

        group.create_task(strike())
        with contextlib.suppress(Exception):  # whatever a client says whose host is gone
            yield
    await asyncio.to_thread(process.wait, GONE_TIMEOUT_S)
    async with asyncio.timeout(GONE_TIMEOUT_S):
        while [each for each in family if each.is_running() and is_alive(each)]:
            await asyncio.sleep(0.02)


def is_alive(process: psutil.Process) -> bool:
    try:
        # one that bubblewrap had just made waits for a word which nobody will give: the next start is to clear it
        return process.status() != psutil.STATUS_ZOMBIE and "bwrap" not in process.name()
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("act", [create, take, begin_with_a_snapshot, pause, kill])
async def test_nothing_is_left_for_long(
    start_host: StartHost, tmp_path: Path, act: Callable[[AsyncSandbox, Ready], Awaitable[object]]
) -> None:
    state = tmp_path / "state"
    runs: set[str] = set()
    for moment_s in MOMENTS_S:
        with start_host(state) as (ready, process):
            assert leftovers(state, process.pid, runs) == []
            runs |= {each.name for each in state.glob("run-*")}
            sandbox = await AsyncSandbox.create(**options_of(ready))
            await sandbox.commands.run("seq 20000 | split -l 100 - part; setsid sleep 995 >/dev/null 2>&1 & true")
            async with killed_soon(process, moment_s):
                await act(sandbox, ready)
    with start_host(state) as (_, process):
        assert leftovers(state, process.pid, runs) == []
