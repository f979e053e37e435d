"""What a program in a sandbox can see and do, and what is left of it afterwards."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

import psutil
import pytest
from e2b import AsyncSandbox, SandboxException
from e2b.connection_config import ApiParams

from craft_desktop.host.cgroups import find_roots
from craft_desktop.host.handshake import Ready
from tests.lacking import can_group, can_wall, skip_unless

GONE_TIMEOUT_S = 15
StartHost = Callable[..., AbstractContextManager[tuple[Ready, "Popen[bytes]"]]]


def options_of(ready: Ready) -> ApiParams:
    return ApiParams(api_key=ready.api_key, api_url=ready.api_url, sandbox_url=ready.sandbox_url)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what no event tells: the end of processes that are not our children."""
    async with asyncio.timeout(GONE_TIMEOUT_S):
        while not condition():
            await asyncio.sleep(0.02)


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two
        return False


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if is_alive(each)]


@pytest.fixture
async def walled(sandbox: AsyncSandbox) -> AsyncIterator[AsyncSandbox]:
    if (await sandbox.commands.run("echo $HOME")).stdout != "/home/user\n":
        skip_unless(can_wall, "bubblewrap cannot run here")
    yield sandbox


async def out(sandbox: AsyncSandbox, command: str) -> str:
    return (await sandbox.commands.run(command)).stdout


async def test_the_persons_home_is_not_there(walled: AsyncSandbox) -> None:
    mine = Path.home()
    (mine / ".craft-wall-test").write_text("secret")
    try:
        assert not await walled.files.exists(str(mine / ".craft-wall-test"))
        shown = await out(walled, f"find {mine} /home -xdev -type f 2>/dev/null | head -3")
        assert shown == ""
    finally:
        (mine / ".craft-wall-test").unlink()


async def test_the_environment_is_cleared(walled: AsyncSandbox) -> None:
    names = {line.partition("=")[0] for line in (await out(walled, "env")).splitlines()}
    shell = {"PWD", "SHLVL", "_", "OLDPWD"}
    passed = {
        name
        for name in names
        if "proxy" in name.lower() or name.startswith("npm_config_") or "CERT" in name or "CA" in name
    }
    own = {"HOME", "USER", "LOGNAME", "PATH", "LANG", "PORT", "E2B_SANDBOX", "E2B_SANDBOX_ID", "E2B_TEMPLATE_ID"}
    assert names <= own | shell | passed


async def test_only_its_own_processes_are_seen(walled: AsyncSandbox) -> None:
    pids = (await out(walled, "ls /proc | grep -E '^[0-9]+$'")).split()
    assert len(pids) < 10
    assert str(os.getpid()) not in pids or os.getpid() < 10
    # the daemon is PID 1: it cannot be signalled, read or robbed of its sockets
    result = await walled.commands.run("kill -9 1; cat /proc/1/environ /proc/1/mem 2>&1; ls -l /proc/1/fd/0 2>&1; true")
    assert result.stdout.count("ermission denied") == 3
    assert await walled.is_running()


async def test_nothing_but_its_own_folders_can_be_written(walled: AsyncSandbox) -> None:
    script = "for d in / /usr /usr/bin /etc /opt /run /var /home; do touch $d/x 2>/dev/null && echo $d; done; true"
    assert (await out(walled, script)).split() == ["/run"]
    await out(walled, "touch ~/x /tmp/x /var/tmp/x /dev/shm/x")
    assert (await out(walled, "unshare -Ur true 2>/dev/null || echo no")).strip() == "no"


async def test_two_sandboxes_do_not_meet(walled: AsyncSandbox, options: ApiParams) -> None:
    other = await AsyncSandbox.create(**options)
    try:
        await walled.files.write("/tmp/mine", "x")
        await walled.files.write("mine", "x")
        assert not await other.files.exists("/tmp/mine")
        assert not await other.files.exists("mine")
    finally:
        await other.kill()


def is_sleep(process: psutil.Process) -> bool:
    try:
        return process.name() == "sleep"
    except psutil.NoSuchProcess:
        return False


def sleepers(process: "Popen[bytes]") -> list[psutil.Process]:
    return [each for each in psutil.Process(process.pid).children(recursive=True) if is_sleep(each)]


async def test_killing_a_sandbox_ends_what_it_left_in_the_background(start_host: StartHost, tmp_path: Path) -> None:
    with start_host(tmp_path / "state") as (ready, process):
        sandbox = await AsyncSandbox.create(**options_of(ready))
        await sandbox.commands.run("setsid sleep 991 >/dev/null 2>&1 & setsid sleep 991 >/dev/null 2>&1 & true")
        await until(lambda: len(sleepers(process)) == 2)
        everything = psutil.Process(process.pid).children(recursive=True)
        asleep = sleepers(process)
        await sandbox.kill()
        assert [each for each in asleep if each.is_running()] == []  # not even as zombies
    assert process.returncode == 0
    assert alive(everything) == []
    assert list((tmp_path / "state").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
async def test_when_the_host_ends_everything_ends(
    start_host: StartHost, tmp_path: Path, number: signal.Signals
) -> None:
    with start_host(tmp_path / "state") as (ready, process):
        sandbox = await AsyncSandbox.create(**options_of(ready))
        await sandbox.commands.run("setsid sleep 992 >/dev/null 2>&1 & true")
        paused = await AsyncSandbox.create(**options_of(ready))
        await paused.pause()
        await until(lambda: sleepers(process) != [])
        everything = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)
        await until(lambda: alive(everything) == [] and process.poll() is not None)
    assert process.returncode == (-9 if number is signal.SIGKILL else 0)
    # a killed host leaves its folder to the next one
    left = list((tmp_path / "state").iterdir())
    assert len(left) == (number is signal.SIGKILL)
    with start_host(tmp_path / "state") as (_, process):
        assert left == [] or left[0] not in (tmp_path / "state").iterdir()


@pytest.fixture
def plain_host(start_host: StartHost, tmp_path: Path) -> Iterator[tuple[Ready, "Popen[bytes]"]]:
    with start_host(tmp_path / "state", "--isolation", "none") as started:
        yield started


async def test_without_walls_a_sandbox_is_only_made_when_asked_for(plain_host: tuple[Ready, "Popen[bytes]"]) -> None:
    ready, process = plain_host
    options = options_of(ready)
    with pytest.raises(SandboxException, match=r"400: .*isolation=none"):
        await AsyncSandbox.create(**options)
    sandbox = await AsyncSandbox.create(metadata={"isolation": "none"}, envs={"GIVEN": "1"}, **options)
    await sandbox.files.write("a/b.txt", "x")
    assert await sandbox.files.read("a/b.txt") == "x"
    assert await out(sandbox, "cat a/b.txt; echo $GIVEN") == "x1\n"
    assert "/b/" in await out(sandbox, "pwd")
    await sandbox.commands.run("setsid sleep 993 >/dev/null 2>&1 & setsid -f sleep 993 >/dev/null 2>&1; true")
    await until(lambda: len(sleepers(process)) == 2)
    everything = psutil.Process(process.pid).children(recursive=True)
    await sandbox.kill()
    assert alive(everything) == []


async def test_without_walls_a_killed_host_takes_all_with_it(plain_host: tuple[Ready, "Popen[bytes]"]) -> None:
    ready, process = plain_host
    sandbox = await AsyncSandbox.create(metadata={"isolation": "none"}, **options_of(ready))
    await sandbox.commands.run("setsid -f sleep 994 >/dev/null 2>&1; true")
    await until(lambda: sleepers(process) != [])
    everything = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    await until(lambda: alive(everything) == [])


async def test_a_fork_bomb_ends_its_own_sandbox_and_no_other(start_host: StartHost, tmp_path: Path) -> None:
    if find_roots().pids is None:
        skip_unless(can_group, "groups of processes cannot be made here")
    with start_host(tmp_path / "state") as (ready, process):
        other, bomb = [await AsyncSandbox.create(**options_of(ready)) for _ in range(2)]
        await bomb.commands.run("b() { b | b & }; b", background=True, timeout=0)
        async with asyncio.timeout(60):
            while await bomb.is_running():
                assert (await other.commands.run("echo well")).stdout == "well\n"
        assert await other.is_running()
        # it is no sandbox from the moment its end is decided; its processes are gone when the host says so
        await until(lambda: f"the processes of {bomb.sandbox_id} are gone" in (tmp_path / "state.log").read_text())
        assert len(psutil.Process(process.pid).children(recursive=True)) < 40
    log = (tmp_path / "state.log").read_text()
    assert f"sandbox {bomb.sandbox_id} has 2048 processes" in log


async def test_each_sandbox_has_a_group_of_its_own_that_goes_with_it(start_host: StartHost, tmp_path: Path) -> None:
    roots = find_roots()
    if roots.memory is None:
        skip_unless(can_group, "groups of processes cannot be made here")
    with start_host(tmp_path / "state") as (ready, process):
        await AsyncSandbox.create(**options_of(ready))
        (run,) = [each.name for each in (tmp_path / "state").iterdir()]
        own = [root / f"craft-{run}-c1" for root in roots.folders]
        inside = {each.pid for each in psutil.Process(process.pid).children(recursive=True)}
        for folder in own:
            held = {int(pid) for pid in (folder / "cgroup.procs").read_text().split()}
            assert held and held < inside
    assert [each for each in own if each.exists()] == []


async def test_what_a_killed_host_left_of_groups_goes_at_the_next_start(start_host: StartHost, tmp_path: Path) -> None:
    roots = find_roots()
    with start_host(tmp_path / "state") as (ready, process):
        await AsyncSandbox.create(**options_of(ready))
        (run,) = [each.name for each in (tmp_path / "state").iterdir()]
        everything = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        await until(lambda: alive(everything) == [])
    with start_host(tmp_path / "state"):
        assert [each for root in roots.folders for each in root.glob(f"craft-{run}-*")] == []
