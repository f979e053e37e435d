"""The operations over HTTP, against a real workbench."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from craft_desktop.model.session import Phase
from craft_desktop.store.secrets import SERVICE
from tests.conftest import fetch, tiny_project
from tests.control.serving import Api
from tests.store.keyrings import SystemKeyring
from tests.workbench.watching import Watcher

SECRET = "tok_5up3r-s3cret-value"


async def added(api: Api, folder: Path) -> dict[str, Any]:
    status, project = await api.ask("POST", "/api/projects", json={"path": str(folder)})
    assert status == 201
    return project


async def test_which_program_this_is(api: Api) -> None:
    status, about = await api.ask("GET", "/api")
    assert status == 200 and about["program"] == "craft-desktop" and about["pid"] == api.endpoint.pid
    assert api.endpoint.token not in str(about)


async def test_from_the_folder_to_the_page_and_back(api: Api, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "shop")
    project = await added(api, folder)
    assert await added(api, folder) == project
    assert (await api.ask("GET", "/api/projects"))[1] == {"projects": [project]}
    at = f"/api/sandbox/{project['id']}"

    status, before = await api.ask("GET", at)
    assert (status, before["status"], before["sandboxId"]) == (200, "inactive", None)
    assert (await api.ask("PATCH", at))[1] == {
        "healthy": False, "status": "inactive", "sandboxId": None, "idleTime": pytest.approx(0, abs=60),
        "timeoutIn": None,
    }  # fmt: skip

    status, opened = await api.ask("POST", at)
    assert (status, opened["status"], opened["filesUpdated"], opened["url"]) == (200, "created", 0, project["url"])
    assert opened["sandboxId"] and (await fetch(opened["url"]))[0] == 200
    (folder / "more.txt").write_text("1")
    status, again = await api.ask("POST", f"/api/sandbox/{project['slug']}", json={})
    assert (again["status"], again["sandboxId"]) == ("running", opened["sandboxId"])
    assert again["filesUpdated"] in (0, 1)  # the sync may have been quicker

    running = (await api.ask("GET", at))[1]
    assert (running["status"], running["session"]["phase"]) == ("running", "live")
    health = (await api.ask("PATCH", at))[1]
    assert health["healthy"] is True and health["sandboxId"] == opened["sandboxId"]
    assert 0 <= health["idleTime"] < 60 and 800 < health["timeoutIn"] <= 900

    status, restarted = await api.ask("POST", f"{at}/restart")
    assert (status, restarted["status"]) == (200, "running")
    assert restarted["session"]["pid"] != running["session"]["pid"]

    status, logs = await api.ask("GET", f"{at}/logs")
    assert {line["stream"] for line in logs["lines"]} == {"install", "server", "activity"}
    assert [line["text"] for line in logs["lines"] if line["text"] == "Restarting"] == ["Restarting"]
    only = (await api.ask("GET", f"{at}/logs?stream=server&stream=install&last=2"))[1]["lines"]
    assert len(only) == 2 and all(line["stream"] != "activity" for line in only)
    middle = logs["lines"][len(logs["lines"]) // 2]["at"]
    later = (await api.ask("GET", f"{at}/logs", params={"since": repr(middle)}))[1]["lines"]
    assert later == [line for line in logs["lines"] if line["at"] > middle]
    assert (await api.ask("GET", f"{at}/logs?last=0"))[1]["lines"] == []

    assert await api.ask("DELETE", at) == (200, {"status": "closed", "sandboxId": opened["sandboxId"]})
    assert (await api.ask("GET", at))[1]["status"] == "inactive"
    assert await api.ask("DELETE", at) == (200, {"status": "closed", "sandboxId": None})


async def test_a_run_that_fails_is_told_with_its_remedy(api: Api, tmp_path: Path) -> None:
    project = await added(api, tiny_project(tmp_path / "fails", scripts={"dev": "echo it is broken; exit 3"}))
    status, told = await api.ask("POST", f"/api/sandbox/{project['id']}")
    assert status == 502
    assert told["title"] == "The dev server ended" and "it is broken" in told["detail"] and told["remedy"]
    assert (await api.ask("GET", f"/api/sandbox/{project['id']}"))[1]["session"]["problem"] == told


async def test_a_close_ends_an_open_at_once_and_a_caller_that_goes_ends_nothing(api: Api, tmp_path: Path) -> None:
    project = await added(
        api, tiny_project(tmp_path / "slow", scripts={"preinstall": "until test -e go; do sleep 0.05; done"})
    )
    at = f"/api/sandbox/{project['id']}"
    watcher = Watcher(api.workbench)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3), asyncio.TaskGroup() as group:
            group.create_task(api.ask("POST", at))
            await watcher.phase(Phase.INSTALLING)
            await asyncio.Event().wait()
    assert api.workbench.session(project["id"]).phase is Phase.INSTALLING
    await api.ask("DELETE", at)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        opening = group.create_task(api.ask("POST", at))
        while not api.workbench.session(project["id"]).is_active:
            await asyncio.sleep(0)
        await api.ask("DELETE", at)
    status, told = opening.result()
    assert status == 422 and "stopped before" in told["title"]


async def test_clean_restarts_and_keeping_awake(api: Api, tmp_path: Path) -> None:
    dev = "ls -A node_modules .next; mkdir -p .next; node server.js"
    install = "mkdir -p node_modules && touch node_modules/it"
    project = await added(api, tiny_project(tmp_path / "clean", scripts={"dev": dev, "postinstall": install}))
    at = f"/api/sandbox/{project['id']}"
    assert project["keepAwake"] is False
    for how in ("restart-clean", "reinstall"):
        status, told = await api.ask("POST", f"{at}/{how}")
        assert status == 200 and told["session"]["phase"] == "live"
    assert await api.ask("PATCH", f"{at}/awake", json={"on": True}) == (200, {"keepAwake": True})
    assert (await api.ask("PATCH", at))[1]["timeoutIn"] is None
    assert (await api.ask("GET", "/api/projects"))[1]["projects"][0]["keepAwake"] is True
    status, told = await api.ask("PATCH", f"{at}/share", json={"on": True})
    assert status == 422 and "no public address" in told["title"]
    assert await api.ask("PATCH", f"{at}/share", json={"on": False}) == (200, {"shared": False, "publicUrl": None})


async def test_variables_are_set_listed_and_shown_to_who_asks(api: Api, system: SystemKeyring, tmp_path: Path) -> None:
    project = await added(api, tiny_project(tmp_path / "vars"))
    at = f"/api/sandbox/{project['slug']}/environment"
    assert await api.ask("GET", at) == (200, {"names": []})
    change = {"set": {"API_TOKEN": SECRET}, "dotenv": "PORT=3000\nA='b c'\nAPI_TOKEN=lower", "unset": ["GONE"]}
    status, told = await api.ask("PATCH", at, json=change)
    assert status == 200 and told["names"] == ["A", "API_TOKEN"] and told["kept"] == "keyring"
    assert list(told["leftOut"]) == ["PORT"] and SECRET not in str(told)
    assert await api.ask("GET", at) == (200, {"names": ["A", "API_TOKEN"]})
    for word in ("", "1", "false", "TRUE"):
        assert "values" not in (await api.ask("GET", f"{at}?reveal={word}"))[1]
    assert (await api.ask("GET", f"{at}?reveal=true"))[1]["values"] == {"A": "b c", "API_TOKEN": SECRET}
    assert (SERVICE, f"environment-{project['id']}") in system.kept

    status, told = await api.ask("PATCH", at, json={"set": {"CRAFT_DESKTOP_X": SECRET}})
    assert status == 422 and told["remedy"] and SECRET not in str(told)
    system.failure = RuntimeError(f"the bus said {SECRET}")
    status, told = await api.ask("PATCH", at, json={"set": {"B": "1"}})
    assert status == 503 and "•••" in told["detail"] and SECRET not in str(told)


@pytest.mark.parametrize(
    ("method", "path", "body", "wanted"),
    [
        ("POST", "/api/projects", b"", 400),
        ("POST", "/api/projects", b"{", 400),
        ("POST", "/api/projects", b"[]", 400),
        ("POST", "/api/projects", b"\xff\xfe", 400),
        ("POST", "/api/projects", b"[" * 100_000, 400),
        ("POST", "/api/projects", b'{"path": 3}', 400),
        ("POST", "/api/projects", b'{"path": "relative"}', 400),
        ("POST", "/api/projects", b'{"path": "/a", "more": 1}', 400),
        ("POST", "/api/projects", b'{"path": "/no/such/folder"}', 422),
        ("POST", "/api/projects", b'{"path": "/a\\u0000b"}', 422),
        ("POST", "/api/sandbox/known", b'{"provider": "moon"}', 400),
        ("POST", "/api/sandbox/known", b'{"files": {}}', 400),
        ("POST", "/api/sandbox/unknown/restart-clean", b"", 404),
        ("POST", "/api/sandbox/unknown/reinstall", b"", 404),
        ("PATCH", "/api/sandbox/known/awake", b"", 400),
        ("PATCH", "/api/sandbox/known/awake", b'{"on": "yes"}', 400),
        ("PATCH", "/api/sandbox/known/share", b"{}", 400),
        ("PATCH", "/api/sandbox/known/environment", b'{"set": {"A": 1}}', 400),
        ("PATCH", "/api/sandbox/known/environment", b'{"set": []}', 400),
        ("PATCH", "/api/sandbox/known/environment", b'{"unset": "A"}', 400),
        ("PATCH", "/api/sandbox/known/environment", b'{"dotenv": null}', 400),
        ("GET", "/api/sandbox/known/logs?since=nan", b"", 400),
        ("GET", "/api/sandbox/known/logs?since=-1", b"", 400),
        ("GET", "/api/sandbox/known/logs?last=x", b"", 400),
        ("GET", "/api/sandbox/known/logs?stream=kernel", b"", 400),
        ("GET", "/api/sandbox/unknown", b"", 404),
        ("POST", "/api/sandbox/unknown", b"", 404),
        ("DELETE", "/api/sandbox/unknown", b"", 404),
        ("PATCH", "/api/sandbox/unknown", b"", 404),
        ("GET", "/api/events?project=unknown", b"", 404),
        ("GET", "/api/sandbox/%2e%2e%2fknown", b"", 404),
        ("GET", "/api/sandbox/known%00", b"", 404),
        ("GET", "/api/nothing", b"", 404),
        ("GET", "/", b"", 404),
        ("PUT", "/api/projects", b"", 405),
        ("OPTIONS", "/api/projects", b"", 405),
    ],
)
async def test_what_cannot_be_done_is_told_in_json(
    api: Api, tmp_path: Path, method: str, path: str, body: bytes, wanted: int
) -> None:
    await added(api, tiny_project(tmp_path / "known"))
    status, told = await api.ask(method, path, data=body)
    assert status == wanted, told
    assert set(told) == {"title", "detail", "remedy"} and told["title"]
    assert api.workbench.session(api.workbench.projects[0].id).phase is Phase.STOPPED


async def test_a_preview_is_examined(api: Api, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "shop")
    (folder / "server.js").write_text("require('nowhere-at-all');")
    await api.ask("POST", "/api/projects", json={"path": str(folder)})
    await api.ask("POST", "/api/sandbox/shop")
    status, told = await api.ask("POST", "/api/sandbox/shop/doctor")
    assert status == 200 and set(told) == {"checks", "listeners", "processes", "tail", "seconds"}
    assert told["checks"][0]["grade"] == "bad" and told["checks"][-1]["grade"] == "ok"
    by_id = {check["id"]: check for check in told["checks"]}
    assert set(by_id["modules"]) == {"id", "name", "grade", "detail", "remedy", "action", "place"}
    assert by_id["modules"]["action"] == "reinstall" and "nowhere-at-all" in by_id["modules"]["detail"]
    assert (await api.ask("POST", "/api/sandbox/nobody/doctor"))[0] == 404
