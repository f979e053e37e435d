"""Input and output of commands through the SDK, in the ways that go wrong: streams, joins, deadlines, odd bytes."""

import asyncio
import re
import threading

import pytest
from e2b import (
    AsyncSandbox,
    CommandExitException,
    InvalidArgumentException,
    NotFoundException,
    Sandbox,
    SandboxException,
    TimeoutException,
)
from e2b.sandbox.commands.command_handle import PtySize

DEADLINE_S = 20


async def test_input_is_streamed_in_order_and_closed(sandbox: AsyncSandbox) -> None:
    handle = await sandbox.commands.run("cat | sha256sum; echo done", background=True, stdin=True, timeout=0)
    async with sandbox.commands.stream_input(handle.pid) as stream:
        for number in range(200):
            await stream.send(f"{number}\n" * 100)
    await sandbox.commands.close_stdin(handle.pid)
    result = await asyncio.wait_for(handle.wait(), DEADLINE_S)
    expected = await sandbox.commands.run("for i in $(seq 0 199); do yes $i | head -100; done | sha256sum")
    assert result.stdout == expected.stdout + "done\n"


def test_the_sync_sdk_streams_input_too(sync_sandbox: Sandbox) -> None:
    handle = sync_sandbox.commands.run("cat", background=True, stdin=True, timeout=0)
    sync_sandbox.commands.stream_input(handle.pid, (f"{number}\n" for number in range(5)))
    sync_sandbox.commands.send_stdin(handle.pid, b"")
    sync_sandbox.commands.close_stdin(handle.pid)
    assert handle.wait().stdout == "0\n1\n2\n3\n4\n"
    with pytest.raises(NotFoundException):
        sync_sandbox.commands.close_stdin(handle.pid)


async def test_input_that_was_not_asked_for_is_refused(sandbox: AsyncSandbox) -> None:
    handle = await sandbox.commands.run("sleep 60", background=True, timeout=0)
    with pytest.raises(SandboxException, match="standard input"):
        await sandbox.commands.send_stdin(handle.pid, "x")
    assert await handle.kill()
    # /dev/null stands where no input is: a reader sees its end at once
    assert (await sandbox.commands.run("cat; echo end")).stdout == "end\n"


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'it\'s "quoted" `tick` $HOME \\ back',
        "two\nlines\n",
        "tab\tand ünïcödé 🙂",
        "-n",
        "%s %d",
        "*?[a]",
    ],
)
async def test_text_passes_as_it_is(sandbox: AsyncSandbox, text: str) -> None:
    assert (await sandbox.commands.run('printf %s "$TEXT"', envs={"TEXT": text})).stdout == text
    script = f"cat <<'END_OF_TEXT'\n{text}\nEND_OF_TEXT"
    assert (await sandbox.commands.run(script)).stdout == text + "\n"


async def test_letters_cut_in_two_are_put_together(sandbox: AsyncSandbox) -> None:
    result = await sandbox.commands.run("printf '\\xe6\\x97'; sleep 0.1; printf '\\xa5\\xff'")
    assert result.stdout == "日\N{REPLACEMENT CHARACTER}"


async def test_a_command_that_prints_nothing_or_all_at_once(sandbox: AsyncSandbox) -> None:
    assert (await sandbox.commands.run("true")).stdout == ""
    both = await sandbox.commands.run("head -c 5000000 /dev/zero | tee /dev/stderr | tr '\\0' a; wait")
    assert (len(both.stdout), len(both.stderr)) == (5_000_000, 5_000_000)


async def test_a_client_that_leaves_ends_nothing(sandbox: AsyncSandbox) -> None:
    seen: list[str] = []
    handle = await sandbox.commands.run(
        "while read line; do echo got $line; done; echo end", background=True, stdin=True, timeout=0
    )
    await handle.disconnect()
    # more than every buffer on the way: nobody reads it, and the command does not hang on it
    flood = await sandbox.commands.run("head -c 20000000 /dev/zero; sleep 60", background=True, timeout=0)
    await flood.disconnect()
    assert {handle.pid, flood.pid} <= {each.pid for each in await sandbox.commands.list()}
    joined = await sandbox.commands.connect(handle.pid, timeout=0, on_stdout=seen.append)
    await sandbox.commands.send_stdin(handle.pid, "one\n")
    await sandbox.commands.close_stdin(handle.pid)
    result = await asyncio.wait_for(joined.wait(), DEADLINE_S)
    assert "".join(seen) == result.stdout == "got one\nend\n"
    assert await sandbox.commands.kill(flood.pid)


async def test_the_end_can_be_asked_for_afterwards(sandbox: AsyncSandbox) -> None:
    handle = await sandbox.commands.run("exit 5", background=True, timeout=0)
    with pytest.raises(CommandExitException):
        await handle.wait()
    late = await sandbox.commands.connect(handle.pid, timeout=0)
    with pytest.raises(CommandExitException) as caught:
        await late.wait()
    assert caught.value.exit_code == 5
    with pytest.raises(NotFoundException):
        await sandbox.commands.connect(999_999)


def test_the_sync_sdk_joins_lists_and_kills(sync_sandbox: Sandbox) -> None:
    commands = sync_sandbox.commands
    handle = commands.run("echo first; sleep 600", background=True, timeout=0, envs={"A": "1"}, cwd="/tmp")
    listed = next(each for each in commands.list() if each.pid == handle.pid)
    assert (listed.cmd, listed.args[-1], listed.envs, listed.cwd) == (
        "/bin/bash",
        "echo first; sleep 600",
        {"A": "1"},
        "/tmp",
    )
    for stdout, _, _ in handle:
        assert stdout == "first\n"
        break
    handle.disconnect()
    joined = commands.connect(handle.pid, timeout=0)
    assert commands.kill(handle.pid)
    with pytest.raises(CommandExitException) as caught:
        joined.wait()
    assert caught.value.exit_code == -1
    with pytest.raises(CommandExitException):
        commands.run(f"kill -0 {handle.pid}")  # neither a zombie nor alive
    assert not commands.kill(handle.pid)
    with pytest.raises(InvalidArgumentException):
        commands.run("true", cwd="/nowhere")


def test_a_deadline_is_the_commands_own(sync_sandbox: Sandbox) -> None:
    """A background command that outlives its deadline is killed, whether its client looks or not."""
    handle = sync_sandbox.commands.run("sleep 600", background=True, timeout=1)
    ended = threading.Event()
    with pytest.raises(TimeoutException):
        handle.wait()
    while handle.pid in [each.pid for each in sync_sandbox.commands.list()]:
        assert not ended.wait(0.05)


async def test_a_signal_is_told_as_such(sandbox: AsyncSandbox) -> None:
    with pytest.raises(CommandExitException) as caught:
        await sandbox.commands.run("kill -KILL $$")
    assert caught.value.exit_code == -1
    assert caught.value.error == "signal: killed"


async def test_a_terminal_is_resized_joined_and_killed(sandbox: AsyncSandbox) -> None:
    seen: list[bytes] = []
    came = asyncio.Event()

    def hear(data: bytes) -> None:
        seen.append(data)
        came.set()

    async def until(pattern: bytes) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not re.search(pattern, b"".join(seen)):
                came.clear()
                await came.wait()

    terminal = await sandbox.pty.create(PtySize(rows=24, cols=80), hear, timeout=0, envs={"OWN": "mine"}, cwd="/tmp")
    await sandbox.pty.send_stdin(terminal.pid, b"echo $OWN:$PWD:$TERM; tty\n")
    await until(rb"mine:/tmp:xterm-256color\r\n/dev/pts/\d+")
    await sandbox.pty.resize(terminal.pid, PtySize(rows=31, cols=101))
    await sandbox.pty.send_stdin(terminal.pid, b"stty size\n")
    await until(rb"31 101")
    await terminal.disconnect()
    joined = await sandbox.pty.connect(terminal.pid, hear, timeout=0)
    async with sandbox.pty.stream_input(terminal.pid) as stream:
        await stream.send(b"echo jo")
        await stream.send(b"ined\n")
    await until(rb"joined\r\n")
    # Ctrl-C ends the command in front, not the shell
    await sandbox.pty.send_stdin(terminal.pid, b"sh -c 'echo in fr''ont; exec sleep 600'\n")
    await until(rb"in front\r\n")  # before it is there, Ctrl-C would go to nobody
    await sandbox.pty.send_stdin(terminal.pid, b"\x03")
    await sandbox.pty.send_stdin(terminal.pid, b"echo st''ill\n")
    await until(rb"still\r\n")
    assert await sandbox.pty.kill(terminal.pid)
    with pytest.raises(CommandExitException):
        await asyncio.wait_for(joined.wait(), DEADLINE_S)
    assert not await sandbox.pty.kill(terminal.pid)
    with pytest.raises(NotFoundException):
        await sandbox.pty.resize(terminal.pid, PtySize(rows=1, cols=1))
