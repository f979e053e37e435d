"""The template's build, against a stand-in for E2B's builder: what is asked of it, and what is told of it.

E2B's cloud is not reached by tests; that its builder takes what is sent here is shown by E2B's own client, which
sends it.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from craft_desktop.model.errors import SandboxError, SandboxRefusedError, SettingError
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.profile import Profile
from craft_desktop.sandbox.template import build, describe

pytestmark = pytest.mark.timeout(30)
KEY = "e2b_" + "0" * 40
AT = "2026-01-01T00:00:00Z"


class Builder:
    """E2B's build routes (`spec/openapi.yml`): keeps what is asked, and answers as it is told to."""

    def __init__(self) -> None:
        self.asked: dict[str, Any] = {}
        self.steps: dict[str, Any] = {}
        self.states = ["building", "ready"]
        self.lines: list[dict[str, str]] = []
        self.url = ""

    async def request(self, request: web.Request) -> web.Response:
        if request.headers.get("X-API-KEY") != KEY:
            return web.json_response({"code": 401, "message": "unauthorized"}, status=401)
        self.asked = await request.json()
        told = {"templateID": "tpl1", "buildID": "b1", "public": False, "names": [], "tags": [], "aliases": []}
        return web.json_response(told, status=202)

    async def start(self, request: web.Request) -> web.Response:
        self.steps = await request.json()
        return web.json_response({}, status=202)

    async def status(self, request: web.Request) -> web.Response:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if not self.lines or self.lines[-1]["message"] != f"it is {state}\n":
            self.lines.append({"timestamp": AT, "level": "info", "message": f"it is {state}\n"})
        lines = self.lines[int(request.query.get("logsOffset", "0")) :]
        told: dict[str, Any] = {"templateID": "tpl1", "buildID": "b1", "status": state, "logs": [], "logEntries": lines}
        if state == "error":
            told["reason"] = {"message": "npm ERR! no such version", "logEntries": []}
        return web.json_response(told)

    @property
    def profile(self) -> Profile:
        return Profile(Provider.E2B, KEY, domain="example.com", api_url=self.url)


@pytest.fixture
async def builder() -> AsyncIterator[Builder]:
    found = Builder()
    application = web.Application()
    application.add_routes(
        [
            web.post("/v3/templates", found.request),
            web.post("/v2/templates/tpl1/builds/b1", found.start),
            web.get("/templates/tpl1/builds/b1/status", found.status),
        ]
    )
    async with TestServer(application) as server:
        found.url = str(server.make_url("")).rstrip("/")
        yield found


async def test_node_and_next_are_asked_for_and_the_build_is_told(builder: Builder) -> None:
    lines: list[str] = []
    assert await build(builder.profile, "mine:v2", describe("22", "15.5.0"), lines.append) == "tpl1"
    assert (builder.asked["name"], builder.asked["memoryMB"]) == ("mine:v2", 2048)
    assert builder.steps["fromImage"] == "node:22-slim"
    commands = " ; ".join(step["args"][0] for step in builder.steps["steps"] if step["type"] == "RUN")
    assert '"next": "15.5.0"' in commands
    assert "npm install" in commands
    assert "rm -f package.json package-lock.json" in commands
    assert "require('next/package.json')" in builder.steps["readyCmd"]
    assert "it is building" in lines and "it is ready" in lines


async def test_a_failed_build_is_told_with_its_reason(builder: Builder) -> None:
    builder.states = ["error"]
    with pytest.raises(SandboxError, match="no such version"):
        await build(builder.profile, "mine", describe(), lambda _: None)


async def test_a_wrong_key_is_told(builder: Builder) -> None:
    profile = Profile(Provider.E2B, "e2b_" + "1" * 40, domain="example.com", api_url=builder.url)
    with pytest.raises(SandboxRefusedError):
        await build(profile, "mine", describe(), lambda _: None)


@pytest.mark.parametrize("name", ["", "Mine", "a b", "../x", "a:", "a" * 64])
async def test_a_name_that_is_none_is_not_asked_for(builder: Builder, name: str) -> None:
    with pytest.raises(SettingError, match="not a template's name"):
        await build(builder.profile, name, describe(), lambda _: None)
    assert builder.asked == {}


@pytest.mark.parametrize("version", ["latest; rm -rf /", "", "v24", "24.1.2.3", "$(id)"])
def test_what_is_no_version_reaches_no_shell(version: str) -> None:
    with pytest.raises(SettingError, match="not a version"):
        describe(version)
    with pytest.raises(SettingError, match="not a version"):
        describe("24", version)
