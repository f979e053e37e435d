"""Commands and processes through the SDK. Background commands take `timeout=0`: the SDK's own deadline is unsound."""

import asyncio

import pytest
from aiohttp import ClientSession
from e2b import (
    AsyncSandbox,
    AuthenticationException,
    CommandExitException,
    InvalidArgumentException,
    NotFoundException,
    Sandbox,
    TimeoutException,
)
from e2b.connection_config import ApiParams
from e2b.sandbox.commands.command_handle import PtySize

from craft_desktop.host.handshake import Ready

DEADLINE_S = 20


async def test_a_command_tells_its_output_and_exit_code(sandbox: AsyncSandbox) -> None:
    result = await sandbox.commands.run("echo out; echo err >&2")
    assert (result.stdout, result.stderr, result.exit_code) == ("out\n", "err\n", 0)
    with pytest.raises(CommandExitException) as caught:
        await sandbox.commands.run("echo half; echo why >&2; exit 7")
    assert (caught.value.exit_code, caught.value.stdout, caught.value.stderr) == (7, "half\n", "why\n")


async def test_output_comes_while_it_is_written(sandbox: AsyncSandbox) -> None:
    seen: list[str] = []
    result = await sandbox.commands.run("for i in 1 2 3; do echo $i; done", on_stdout=seen.append)
    assert "".join(seen) == result.stdout == "1\n2\n3\n"
    big = await sandbox.commands.run("head -c 3000000 /dev/zero | tr '\\0' x")
    assert len(big.stdout) == 3_000_000
    assert (await sandbox.commands.run("printf 'é日\\n'")).stdout == "é日\n"


async def test_environment_folder_and_user_are_as_asked(options: ApiParams) -> None:
    sandbox = await AsyncSandbox.create(envs={"FROM_CREATE": "c", "BOTH": "create"}, **options)
    try:
        run = sandbox.commands.run
        told = await run(
            'echo "$FROM_CREATE $BOTH $ONLY $PWD $HOME $USER"', envs={"BOTH": "run", "ONLY": "o"}, cwd="/tmp"
        )
        assert told.stdout == "c run o /tmp /home/user user\n"
        assert (await run("pwd")).stdout == "/home/user\n"
        assert (await run("echo ${PORT:-3000}")).stdout.strip().isdecimal()
        with pytest.raises(InvalidArgumentException, match="nowhere"):
            await run("pwd", cwd="/nowhere")
        with pytest.raises(AuthenticationException):
            await run("pwd", user="nobody-here")
    finally:
        await sandbox.kill()


async def test_callers_port_wins(options: ApiParams) -> None:
    sandbox = await AsyncSandbox.create(envs={"PORT": "4321"}, **options)
    try:
        assert (await sandbox.commands.run("echo $PORT")).stdout == "4321\n"
    finally:
        await sandbox.kill()


async def test_a_command_that_takes_too_long_is_killed(sandbox: AsyncSandbox) -> None:
    with pytest.raises(TimeoutException):
        await sandbox.commands.run("sleep 30", timeout=1)
    async with asyncio.timeout(DEADLINE_S):
        while any("sleep 30" in " ".join(each.args) for each in await sandbox.commands.list()):
            await asyncio.sleep(0.05)


def test_the_sync_sdk_is_told_of_the_deadline_too(sync_sandbox: Sandbox) -> None:
    with pytest.raises(TimeoutException):
        sync_sandbox.commands.run("sleep 30", timeout=1)
    with pytest.raises(CommandExitException) as caught:
        sync_sandbox.commands.run("exit 3")
    assert caught.value.exit_code == 3


async def test_a_background_command_is_listed_fed_and_killed(sandbox: AsyncSandbox) -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()
    handle = await sandbox.commands.run("cat", background=True, stdin=True, timeout=0, on_stdout=seen.put)
    assert handle.pid in [each.pid for each in await sandbox.commands.list()]
    await sandbox.commands.send_stdin(handle.pid, "hello\n")
    assert await asyncio.wait_for(seen.get(), DEADLINE_S) == "hello\n"
    assert await sandbox.commands.kill(handle.pid)
    with pytest.raises(CommandExitException):
        await handle.wait()
    assert handle.pid not in [each.pid for each in await sandbox.commands.list()]
    assert not await sandbox.commands.kill(handle.pid)
    with pytest.raises(NotFoundException):
        await sandbox.commands.send_stdin(handle.pid, "x")


async def test_a_running_command_can_be_joined(sandbox: AsyncSandbox) -> None:
    handle = await sandbox.commands.run("read line; echo got $line", background=True, stdin=True, timeout=0)
    joined = await sandbox.commands.connect(handle.pid, timeout=0)
    await sandbox.commands.send_stdin(handle.pid, "it\n")
    assert (await joined.wait()).stdout == "got it\n"
    assert (await handle.wait()).stdout == "got it\n"


async def test_killing_the_sandbox_ends_a_running_command(options: ApiParams) -> None:
    sandbox = await AsyncSandbox.create(**options)
    handle = await sandbox.commands.run("sleep 100", background=True, timeout=0)
    await sandbox.kill()
    with pytest.raises(Exception):  # noqa: B017 - which one is the SDK's matter; that it does not wait on is ours
        await asyncio.wait_for(handle.wait(), DEADLINE_S)


async def test_a_terminal_is_one(sandbox: AsyncSandbox) -> None:
    seen: list[bytes] = []
    handle = await sandbox.pty.create(size=PtySize(rows=24, cols=80), on_data=seen.append, timeout=0)
    await sandbox.pty.send_stdin(handle.pid, b"tput cols; exit\n")
    await asyncio.wait_for(handle.wait(), DEADLINE_S)
    assert b"80" in b"".join(seen)


async def test_the_user_root_is_root(sandbox: AsyncSandbox, host: Ready) -> None:
    """The name and the id 0 where the machine allows it, and not one capability; owners are changed in name only."""
    async with (
        ClientSession(headers={"X-API-KEY": host.api_key}) as session,
        session.get(f"{host.api_url}/craft/machine") as told,
    ):
        if not (await told.json())["root_is_root"]:
            pytest.skip("there is no filter or no namespace for it here")
    ran = await sandbox.commands.run("whoami; id -u; echo $HOME $USER; grep CapEff /proc/self/status", user="root")
    name, number, home, capabilities = ran.stdout.splitlines()
    assert (name, number, home) == ("root", "0", "/root root")
    assert capabilities.split()[1] == "0" * 16
    await sandbox.files.write("mine", "x", user="root")
    script = "cat /root/mine; touch /home/user/theirs; stat -c %u /home/user/theirs; chown user /home/user/theirs"
    assert (await sandbox.commands.run(script, user="root")).stdout.split() == ["x0"]
    # an archive with owners of its own is unpacked
    archive = "cd /tmp; touch f; tar --owner=501 --group=501 -cf a.tar f; rm f; tar -xf a.tar && stat -c %u f"
    assert (await sandbox.commands.run(archive, user="root")).stdout == "0\n"
    assert (await sandbox.commands.run("whoami; echo more > theirs; rm theirs; id -u")).stdout == "user\n1000\n"
    seen: list[bytes] = []
    size = PtySize(rows=24, cols=80)
    handle = await sandbox.pty.create(size=size, on_data=seen.append, user="root", timeout=0)
    await sandbox.pty.send_stdin(handle.pid, b"echo i am $(id -u); exit\n")
    await asyncio.wait_for(handle.wait(), DEADLINE_S)
    assert b"i am 0" in b"".join(seen)
