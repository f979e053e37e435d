import asyncio
import contextlib
import os
from pathlib import Path

import aiohttp
import pytest

from craft_desktop.control import client as module
from craft_desktop.control.client import Client, Reach, folder_of
from craft_desktop.control.endpoint import FOLDER, Endpoint, Kind, announced
from craft_desktop.model.errors import ControlError, NotRunningError
from craft_desktop.paths import Paths
from craft_desktop.workbench.assemble import open_workbench
from tests.conftest import tiny_project
from tests.control.serving import Api, api_of


async def test_nobody_to_ask_is_told(tmp_path: Path) -> None:
    async with Reach(tmp_path) as reach:
        assert reach.clients == []
        with pytest.raises(NotRunningError) as caught:
            await reach.find("shop")
        assert "craft-desktop preview" in caught.value.problem.remedy


async def test_a_project_is_found_by_name_id_and_folder(
    api: Api, paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = await api.workbench.add(tiny_project(tmp_path / "shop"))
    (tmp_path / "link").symlink_to(tmp_path / "shop")
    monkeypatch.chdir(tmp_path)
    async with Reach(paths.state) as reach:
        names = ("shop", project.id, "./shop", str(tmp_path / "shop"), "shop/package.json", "link", "shop/../shop/")
        for name in names:
            found = await reach.find(name)
            assert found is not None and found[1]["id"] == project.id, name
        for name in ("", "shop2", "./elsewhere", "shop/server.js", "."):
            assert await reach.find(name) is None, name


async def test_of_two_programs_the_one_that_runs_it_is_asked(paths: Paths, tmp_path: Path) -> None:
    async with (
        open_workbench(paths) as one,
        open_workbench(paths) as two,
        api_of(one, paths, Kind.WINDOW) as window,
        api_of(two, paths, Kind.PREVIEW) as preview,
    ):
        idle = await one.add(tiny_project(tmp_path / "idle"))
        ours = await two.add(tiny_project(tmp_path / "ours"))
        await one.add(tmp_path / "ours")
        await two.open(ours.id)
        async with Reach(paths.state) as reach:
            found = await reach.find("ours")
            assert found is not None and found[0].endpoint == preview.endpoint and found[1]["status"] == "running"
            found = await reach.find("idle")
            assert found is not None and found[0].endpoint == window.endpoint
            assert {project["id"] for _, project in await reach.projects()} == {idle.id, ours.id}
            assert reach.require().endpoint == window.endpoint


async def test_a_refusal_comes_in_the_programs_own_words(api: Api, paths: Paths) -> None:
    async with Reach(paths.state) as reach:
        with pytest.raises(ControlError, match="No such project"):
            await reach.clients[0].ask("GET", "/api/sandbox/nothing")
        with pytest.raises(ControlError, match="No such project"):
            async for _ in reach.clients[0].events("nothing", ""):
                pass


async def test_a_program_that_hangs_or_speaks_another_language_is_told(tmp_path: Path) -> None:
    open_: list[asyncio.StreamWriter] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_.append(writer)
        line = await reader.readline()
        if b"/odd" in line:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nodd!")
            await writer.drain()
        if b"/cut" in line:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
            await writer.drain()
            writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        open_.remove(writer)

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, aiohttp.ClientSession() as http:
        client = Client(Endpoint(os.getpid(), port, Kind.WINDOW, 1.0, "token"), http)
        for path, limit_s in (("/hang", 0.2), ("/odd", 1.0), ("/cut", 1.0)):
            with pytest.raises(ControlError, match="does not answer") as caught:
                await client.ask("GET", path, limit_s=limit_s)
            assert f"process {os.getpid()}" in caught.value.problem.detail
            assert "token" not in str(caught.value)
        await http.close()
        async with asyncio.timeout(5):
            while open_:
                await asyncio.sleep(0.01)


async def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "1-a.json").symlink_to(tmp_path)
    with pytest.raises(ControlError, match="could not be looked up"):
        async with Reach(tmp_path):
            pass


async def test_one_that_ended_meanwhile_is_told(paths: Paths) -> None:
    paths.prepare()
    with announced(paths.state, Endpoint(os.getpid(), 9, Kind.WINDOW, 1.0, "token")):
        async with Reach(paths.state) as reach:
            with pytest.raises(ControlError, match="does not answer"):
                await reach.projects()


def test_a_package_json_stands_for_its_folder(tmp_path: Path) -> None:
    tiny_project(tmp_path / "shop")
    assert folder_of(str(tmp_path / "shop" / "package.json")) == tmp_path / "shop"
    assert folder_of(str(tmp_path / "shop")) == tmp_path / "shop"


def test_a_keyrings_prompt_has_its_time() -> None:
    assert module.KEYRING_LIMIT_S > 120
