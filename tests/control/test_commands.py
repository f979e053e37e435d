"""The commands against a real program's API, in words and in JSON."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from craft_desktop.control.commands import (
    EXIT_FAILED,
    EXIT_INACTIVE,
    EXIT_NOBODY,
    EXIT_OK,
    close_project,
    examine_project,
    exit_code_of,
    keep_awake,
    list_projects,
    open_project,
    restart_project,
    show_health,
    show_logs,
    show_status,
)
from craft_desktop.control.console import Lines, Printer
from craft_desktop.model.errors import ControlError, NotRunningError
from craft_desktop.model.events import LogLine, Stream
from craft_desktop.paths import Paths
from tests.conftest import tiny_project
from tests.control.serving import Api

Command = Callable[[Printer], Awaitable[int]]


def never() -> None:
    raise AssertionError("somebody reads")


async def words(command: Command) -> tuple[int, list[str]]:
    out = io.StringIO()
    code = await command(Printer(Lines(never, out), as_json=False))
    return code, out.getvalue().splitlines()


async def values(command: Command) -> tuple[int, list[dict[str, Any]]]:
    out = io.StringIO()
    code = await command(Printer(Lines(never, out), as_json=True))
    return code, [json.loads(line) for line in out.getvalue().splitlines()]


async def test_a_projects_day(api: Api, paths: Paths, tmp_path: Path) -> None:
    state = paths.state
    assert await words(lambda printer: list_projects(state, printer)) == (EXIT_OK, ["The list is empty."])
    folder = str(tiny_project(tmp_path / "shop"))

    code, told = await words(lambda printer: open_project(state, printer, folder, None))
    assert code == EXIT_OK and told[-1].startswith("● shop is live: http://shop.localhost:")
    assert any("Getting a sandbox" in line for line in told)
    code, [opened] = await values(lambda printer: open_project(state, printer, "shop", None))
    assert code == EXIT_OK and opened["status"] == "running"

    code, told = await words(lambda printer: list_projects(state, printer))
    assert code == EXIT_OK and "live" in told[0] and folder in told[0]
    code, [listed] = await values(lambda printer: list_projects(state, printer))
    assert [project["slug"] for project in listed["projects"]] == ["shop"]

    code, told = await words(lambda printer: show_status(state, printer, "shop"))
    assert code == EXIT_OK and opened["sandboxId"] in told[1]
    code, told = await words(lambda printer: show_health(state, printer, folder))
    assert code == EXIT_OK and "its page answers" in told[0] and "until it goes to rest" in told[1]
    code, told = await words(lambda printer: restart_project(state, printer, "shop"))
    assert code == EXIT_OK and "live again" in told[0]

    for how in ("restart-clean", "reinstall"):
        code, told = await words(lambda printer, how=how: restart_project(state, printer, "shop", how))  # type: ignore[misc]
        assert code == EXIT_OK and "live again" in told[0]
    code, told = await words(lambda printer: keep_awake(state, printer, "shop", on=True))
    assert (code, told) == (EXIT_OK, ["shop stays awake, used or not."])
    code, told = await words(lambda printer: show_health(state, printer, "shop"))
    assert code == EXIT_OK and "no limit" in told[1]
    code, [awake] = await values(lambda printer: keep_awake(state, printer, "shop", on=False))
    assert awake == {"keepAwake": False}

    code, told = await words(lambda printer: show_logs(state, printer, "shop", ["activity"], 1, follow=False))
    assert code == EXIT_OK and len(told) == 1 and "Live at" in told[0]

    assert await words(lambda printer: close_project(state, printer, "shop")) == (EXIT_OK, ["shop is stopped."])
    assert (await words(lambda printer: show_status(state, printer, "shop")))[0] == EXIT_INACTIVE
    code, [health] = await values(lambda printer: show_health(state, printer, "shop"))
    assert code == EXIT_INACTIVE and health["healthy"] is False


async def test_a_failed_open_and_what_status_says_of_it(api: Api, paths: Paths, tmp_path: Path) -> None:
    folder = str(tiny_project(tmp_path / "fails", scripts={"dev": "exit 3"}))
    with pytest.raises(ControlError, match="The dev server ended"):
        await words(lambda printer: open_project(paths.state, printer, folder, "local"))
    code, told = await words(lambda printer: show_status(paths.state, printer, "fails"))
    assert code == EXIT_INACTIVE and "▲ The dev server ended" in told


async def test_logs_are_followed_and_command_no_terminal(api: Api, paths: Paths, tmp_path: Path) -> None:
    project = await api.workbench.add(tiny_project(tmp_path / "shop"))

    def say(stream: Stream, text: str) -> None:
        api.workbench._announce(LogLine(project.id, stream, text, 1.0))

    say(Stream.SERVER, "before \x1b]0;owned\x07")
    out = io.StringIO()
    printer = Printer(Lines(never, out), as_json=False)
    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        following = group.create_task(show_logs(paths.state, printer, "shop", ["server"], None, follow=True))
        while "before" not in out.getvalue():
            await asyncio.sleep(0.01)
        say(Stream.INSTALL, "not asked for")
        say(Stream.SERVER, "while \x1b[2Jit was followed")
        while "followed" not in out.getvalue():
            await asyncio.sleep(0.01)
        following.cancel()
    assert "not asked for" not in out.getvalue() and "\x1b" not in out.getvalue()


async def test_unknown_projects_and_folders_that_are_none(api: Api, paths: Paths, tmp_path: Path) -> None:
    for command in (show_status, close_project, show_health, restart_project):
        with pytest.raises(ControlError, match="not on the list") as caught:
            await words(lambda printer, command=command: command(paths.state, printer, "shop"))  # type: ignore[misc]
        assert exit_code_of(caught.value) == EXIT_FAILED
    with pytest.raises(ControlError, match="not there"):
        await words(lambda printer: open_project(paths.state, printer, str(tmp_path / "none"), None))


def test_nobody_to_ask_has_a_code_of_its_own() -> None:
    assert exit_code_of(NotRunningError("a", "b", "c")) == EXIT_NOBODY


async def test_a_preview_is_examined(api: Api, paths: Paths, tmp_path: Path) -> None:
    state, folder = paths.state, tiny_project(tmp_path / "shop")
    await words(lambda printer: open_project(state, printer, str(folder), None))
    code, told = await words(lambda printer: examine_project(state, printer, "shop"))
    assert code == EXIT_OK and "Listening:" in told and any("server.js" in line for line in told)
    await words(lambda printer: close_project(state, printer, "shop"))
    code, told = await words(lambda printer: examine_project(state, printer, "shop"))
    assert code == EXIT_FAILED and told[:2] == ["BAD      The run: Nothing runs.", "         Start the project."]
    code, [answer] = await values(lambda printer: examine_project(state, printer, "shop"))
    assert code == EXIT_FAILED and answer["checks"][0]["id"] == "run"
