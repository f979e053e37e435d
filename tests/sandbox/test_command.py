"""A long command in a sandbox of the embedded host; its broken connections are in tests/faults/test_stream.py."""

import asyncio

import pytest

from craft_desktop.model.errors import SandboxGoneError
from craft_desktop.sandbox.command import LAST_END, Breaks, Command, begin
from craft_desktop.sandbox.connection import KILLED, Sandbox


async def begun(sandbox: Sandbox, script: str, told: list[str], folder: str = ".") -> Command:
    return await begin(
        sandbox, script, folder=folder, run_id="run", envs={"OF": "mine"}, hear=told.append, breaks=Breaks(), quiet_s=9
    )


@pytest.mark.parametrize(
    ("script", "exit_code"), [("true", 0), ("exit 3", 3), ("kill -KILL $BASHPID", KILLED), ("true # told", 0)]
)
async def test_its_exit_code_is_told_and_written_down(sandbox: Sandbox, script: str, exit_code: int) -> None:
    assert await (await begun(sandbox, script, [])).wait() == exit_code
    assert (await sandbox.read(LAST_END, 100)).decode() == f"run {exit_code}\n"


async def test_it_runs_in_its_folder_with_its_environment(sandbox: Sandbox) -> None:
    await sandbox.run('mkdir -p "some folder/it\'s"')
    told: list[str] = []
    assert await (await begun(sandbox, 'echo "$OF ${PWD##*/}"; printf rest', told, "some folder/it's")).wait() == 0
    assert told == ["mine it's", "rest"]


async def test_a_folder_that_is_not_there_fails_it(sandbox: Sandbox) -> None:
    told: list[str] = []
    assert await (await begun(sandbox, "echo never", told, "nowhere")).wait() == 1
    assert "never" not in told and "nowhere" in told[0]


async def test_where_nothing_can_be_written_it_ends_as_it_does(sandbox: Sandbox) -> None:
    await sandbox.run(f"mkdir {LAST_END}")
    told: list[str] = []
    assert await (await begun(sandbox, "echo said; exit 4", told)).wait() == 4
    assert told == ["said"]


@pytest.mark.parametrize("text", ["", "other 0", "run", "run x", "run " + "1" * 5000])
async def test_what_is_not_ours_tells_no_exit_code(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    async def runs_no_more(*_: object) -> None:
        """As the daemon answers a while after the end."""

    command = await begun(sandbox, "exit 0", [])
    await command.wait()
    await sandbox.write([(LAST_END, text.encode())])
    monkeypatch.setattr(sandbox, "rejoin", runs_no_more)
    await command.rejoin()
    assert await command.wait() is None


async def test_on_this_computer_a_lost_connection_is_a_lost_sandbox(sandbox: Sandbox) -> None:
    command = await begun(sandbox, "sleep 100", [])
    waiting = asyncio.gather(command.wait())
    await sandbox.kill()
    with pytest.raises(SandboxGoneError):
        await waiting
