import asyncio
from pathlib import Path

import pytest

from craft_desktop.control import stream as module
from craft_desktop.control.endpoint import Kind
from craft_desktop.control.server import served
from craft_desktop.model.events import LogLine, Stream
from tests.conftest import tiny_project
from tests.control.serving import Api, api_of


def say(api: Api, project_id: str, *texts: str) -> None:
    for text in texts:
        api.workbench._announce(LogLine(project_id, Stream.SERVER, text, 1.0))


async def test_a_run_is_told_as_it_happens(api: Api, tmp_path: Path) -> None:
    project = await api.workbench.add(tiny_project(tmp_path / "told"))
    async with api.events() as events:
        await api.workbench.open(project.id)
        live = await events.until("session", phase="live")
        assert live["data"]["project"] == project.id
        (project.path / "new.txt").write_text("1")
        assert (await events.until("pushed"))["data"]["files"] == 1


async def test_a_reader_cut_off_goes_on_where_it_was_and_hears_its_project_alone(api: Api, tmp_path: Path) -> None:
    one = await api.workbench.add(tiny_project(tmp_path / "one"))
    two = await api.workbench.add(tiny_project(tmp_path / "two"))
    async with api.events(project="one") as events:
        say(api, one.id, "first", "second")
        first = await events.next()
    assert first["data"]["text"] == "first"
    say(api, two.id, "of another")
    say(api, one.id, "while it was away\nid: forged\ndata: x")
    async with api.events(first["id"], project=one.id) as events:
        texts = [(await events.next())["data"]["text"] for _ in range(2)]
        assert texts == ["second", "while it was away\nid: forged\ndata: x"]
        await api.workbench.remove(two.id)
        assert (await events.next())["event"] == "projects"  # of the program as a whole


@pytest.mark.parametrize("last_id", ["00000000-3", "nonsense", ""])
async def test_a_reader_of_another_run_is_told_of_the_gap(api: Api, tmp_path: Path, last_id: str) -> None:
    project = await api.workbench.add(tiny_project(tmp_path / "gap"))
    say(api, project.id, "kept")
    async with api.events(last_id) as events:
        assert (await events.next())["event"] == "gap"
        assert (await events.until("log"))["data"]["text"] == "kept"


async def test_the_logs_and_the_stream_meet_without_a_gap(api: Api, tmp_path: Path) -> None:
    project = await api.workbench.add(tiny_project(tmp_path / "meet"))
    say(api, project.id, "before")
    logs = (await api.ask("GET", "/api/sandbox/meet/logs"))[1]
    say(api, project.id, "between")
    async with api.events(logs["lastEventId"]) as events:
        assert (await events.next())["data"]["text"] == "between"


async def test_a_quiet_stream_says_that_it_is_there(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = module.EventStream.__init__.__defaults__
    assert stream == (module.KEEP_ALIVE_S,)
    monkeypatch.setattr(module.EventStream.__init__, "__defaults__", (0.05,))
    async with (
        api_of(api.workbench, api.workbench._paths) as quick,
        quick.events() as events,
    ):
        assert await events.line() == "\n"
        assert await events.line() == ": still here\n"


async def test_readers_are_bounded_and_those_that_go_make_room(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_READERS", 1)
    async with api.events():
        status, told = await api.ask("GET", "/api/events")
        assert status == 503 and told["title"] == "Too many listen to the events"
    async with asyncio.timeout(10):
        while True:
            async with api.http.get(f"{api.base}/api/events", headers=api.headers) as response:
                if response.status == 200:
                    break


async def test_a_reader_that_does_not_read_costs_no_memory_and_learns_of_it(api: Api, tmp_path: Path) -> None:
    project = await api.workbench.add(tiny_project(tmp_path / "slow"))
    async with api.events() as events:
        # more than the line between us and the buffer hold together
        for _ in range(200):
            say(api, project.id, *["x" * 20_000] * 10)
            await asyncio.sleep(0)
        assert await events.until("gap")
        say(api, project.id, "the last")
        await events.until("log", text="the last")


async def test_the_programs_end_is_the_streams_end_and_all_before_it_is_told(api: Api, tmp_path: Path) -> None:
    project = await api.workbench.add(tiny_project(tmp_path / "ends"))
    async with served(api.workbench, tmp_path, Kind.PREVIEW) as endpoint:
        headers = {"Authorization": f"Bearer {endpoint.token}"}
        response = await api.http.get(f"http://127.0.0.1:{endpoint.port}/api/events", headers=headers)
        assert await response.content.readline() == b": events follow\n"
        say(api, project.id, "the last words")
    async with asyncio.timeout(10):
        assert "the last words" in await response.text()  # to its proper end: a torn one would raise
