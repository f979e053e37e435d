"""Each typed exception of the SDK is brought about by what it stands for, on a real host."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

import aiohttp
import pytest
from e2b import (
    AsyncSandbox,
    AuthenticationException,
    InvalidArgumentException,
    NotEnoughSpaceException,
    RateLimitException,
    Sandbox,
    SandboxException,
    SandboxState,
    ServiceBusyException,
)
from e2b.connection_config import ApiParams
from e2b.exceptions import (
    FileNotFoundException,
    GuestUnresponsiveException,
    SandboxNotFoundException,
    SandboxNotRunningException,
    SandboxUnreachableException,
)

from craft_desktop.host.handshake import Ready
from craft_desktop.host.processes import descendants

BASE = {"templateID": "base"}
StartHost = Callable[..., AbstractContextManager[tuple[Ready, "Popen[bytes]"]]]


def options_of(ready: Ready) -> ApiParams:
    return ApiParams(api_key=ready.api_key, api_url=ready.api_url, sandbox_url=ready.sandbox_url)


async def silence(host: Ready, sandbox: AsyncSandbox) -> Callable[[], None]:
    """Stop the daemon of a sandbox where it stands; what lets it go on."""
    await sandbox.commands.run("exec -a a-mark-to-know-it-by sleep 3999", background=True, timeout=0)
    for each in descendants(host.pid):
        if b"a-mark-to-know-it-by" in Path(f"/proc/{each.pid}/cmdline").read_bytes():
            os.kill(each.parent, signal.SIGSTOP)
            return lambda: os.kill(each.parent, signal.SIGCONT)
    raise AssertionError("its process is nowhere")


async def test_as_many_as_there_may_be(start_host: StartHost, tmp_path: Path) -> None:
    with start_host(tmp_path / "state", "--sandboxes", "3") as (ready, _):
        options = options_of(ready)
        first, second = [await AsyncSandbox.create(timeout=120, **options) for _ in range(2)]
        forks = await first.fork(count=3, timeout=60)
        # each fork succeeds or fails by itself
        assert sorted(type(each).__name__ for each in forks) == [
            "AsyncSandbox",
            "RateLimitException",
            "RateLimitException",
        ]
        for create in (AsyncSandbox.create, lambda **given: asyncio.to_thread(lambda: Sandbox.create(**given))):
            with pytest.raises(RateLimitException, match=r"429.*3 sandboxes at once") as told:
                await create(**options)
            assert told.value.status_code == 429
        # told to clients that would ask again by themselves
        call = aiohttp.request("POST", f"{ready.api_url}/v2/sandboxes", json=BASE, headers={"X-API-KEY": ready.api_key})
        async with call as answer:
            assert (answer.status, answer.headers["Should-Retry"]) == (429, "false")
        # without processes it takes no place, and has to be given one to start anew
        await first.pause(keep_memory=False)
        third = await AsyncSandbox.create(timeout=60, **options)
        with pytest.raises(RateLimitException):
            await first.connect()
        assert (await first.get_info()).state is SandboxState.PAUSED
        # with memory it keeps its place
        await second.pause()
        await second.connect()
        await third.kill()
        await first.connect()
        assert await first.is_running()


@pytest.fixture
async def lone(start_host: StartHost, tmp_path: Path) -> AsyncIterator[tuple[Ready, AsyncSandbox]]:
    """A host, and the one sandbox in it."""
    with start_host(tmp_path / "state") as (ready, _):
        yield ready, await AsyncSandbox.create(timeout=300, **options_of(ready))


async def test_a_silent_daemon(lone: tuple[Ready, AsyncSandbox]) -> None:
    host, sandbox = lone
    await sandbox.files.write("kept", "kept")
    go_on = await silence(host, sandbox)
    with pytest.raises(ServiceBusyException, match="keeps running"):
        await sandbox.pause(strict=True)
    assert (await sandbox.get_info()).state is SandboxState.RUNNING
    assert await sandbox.pause()
    assert (await sandbox.get_info()).envd_unresponsive_at_pause
    with pytest.raises(GuestUnresponsiveException, match="reboot"):
        await sandbox.connect()
    with pytest.raises(GuestUnresponsiveException):
        await asyncio.to_thread(lambda: Sandbox.connect(sandbox.sandbox_id, **options_of(host)))
    assert (await sandbox.get_info()).state is SandboxState.PAUSED
    # one that was only too busy then is as good as any
    go_on()
    await sandbox.connect()
    assert await sandbox.files.read("kept") == "kept"
    assert not (await sandbox.get_info()).envd_unresponsive_at_pause
    await silence(host, sandbox)
    await sandbox.pause()
    await sandbox.connect(on_resume="reboot")
    assert await sandbox.files.read("kept") == "kept"
    assert await sandbox.pause(strict=True)


async def test_a_sandbox_that_is_gone_and_a_host_that_is_gone(start_host: StartHost, tmp_path: Path) -> None:
    with start_host(tmp_path / "state") as (ready, process):
        options = options_of(ready)
        gone, orphan = [await AsyncSandbox.create(timeout=60, **options) for _ in range(2)]
        await gone.kill()
        for call in (gone.files.read("x"), gone.commands.run("true"), gone.pty.kill(1)):
            with pytest.raises(SandboxNotRunningException, match="killed or reached its timeout"):
                await call
        missing = (gone.get_info(), gone.set_timeout(1), gone.pause(), gone.connect(), gone.get_metrics(), gone.fork())
        for lost in (*missing, gone.create_snapshot(), gone.update_network({})):
            with pytest.raises(SandboxNotFoundException):
                await lost
        process.kill()
        process.wait()
        for cut in (orphan.files.read("x"), orphan.commands.run("true")):
            with pytest.raises(SandboxUnreachableException):
                await cut


async def test_what_a_sandbox_refuses(sandbox: AsyncSandbox, sync_sandbox: Sandbox) -> None:
    with pytest.raises(NotEnoughSpaceException):
        await sandbox.files.write("/dev/full", "x")
    with pytest.raises(NotEnoughSpaceException):
        sync_sandbox.files.write("/dev/full", "x")
    with pytest.raises(FileNotFoundException):
        await sandbox.files.read("nothing")
    with pytest.raises(InvalidArgumentException):
        await sandbox.files.read("/tmp")
    with pytest.raises(AuthenticationException):
        await sandbox.files.read("x", user="nobody-here")


async def test_a_wrong_key_is_told_by_every_call(sandbox: AsyncSandbox, options: ApiParams) -> None:
    wrong = ApiParams(api_key="e2b_" + "0" * 40, api_url=options["api_url"])
    for call in (
        AsyncSandbox.connect(sandbox.sandbox_id, **wrong),
        AsyncSandbox.kill(sandbox.sandbox_id, **wrong),
        AsyncSandbox.pause(sandbox.sandbox_id, **wrong),
        AsyncSandbox.create_snapshot(sandbox.sandbox_id, **wrong),
        AsyncSandbox.list_snapshots(**wrong).next_items(),
        AsyncSandbox.list(**wrong).next_items(),
    ):
        with pytest.raises(AuthenticationException):
            await call
    assert await sandbox.is_running()


async def test_a_deadline_that_no_host_gives(options: ApiParams) -> None:
    with pytest.raises(SandboxException, match=r"400.*at most") as told:
        await AsyncSandbox.create(timeout=10**9, **options)
    assert told.value.status_code == 400
