from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from craft_desktop.host.control import Control
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.sandboxes import Sandboxes
from craft_desktop.host.snapshots import Snapshot

KEY = "e2b_" + "a" * 40
ID = "abc"


@pytest.fixture
async def client(plain_machine: Machine, ground: Ground) -> AsyncIterator[TestClient[Request, Application]]:
    """Of a host that has one snapshot, called `local/mine:v1`."""
    async with aclosing(Sandboxes(plain_machine, ground)) as sandboxes:
        await sandboxes.start()
        with sandboxes.snapshots.prepare(ID):
            sandboxes.snapshots.enter(Snapshot(ID, "i", sandboxes.sources.now(), (ID,), "mine", "v1"))
        control = Control(sandboxes, KEY, "sbx.example:1")
        async with TestClient(TestServer(control.application()), headers={"X-API-KEY": KEY}) as opened:
            yield opened


async def get(client: TestClient[Request, Application], path: str) -> tuple[int, Any]:
    async with client.get(path) as answer:
        return answer.status, await answer.json()


async def test_base_and_snapshots_are_templates(client: TestClient[Request, Application]) -> None:
    for path in ("/templates", "/v2/templates"):
        _, told = await get(client, path)
        assert [(each["templateID"], each["names"]) for each in told] == [("base", ["base"]), (ID, ["local/mine"])]
        assert told[1]["aliases"] == ["mine"] and told[0]["buildStatus"] == "ready"


@pytest.mark.parametrize(
    ("name", "means"), [("base", "base"), ("mine", ID), ("local%2Fmine%3Av1", ID), (ID, ID), ("other", None)]
)
async def test_names_are_looked_up(client: TestClient[Request, Application], name: str, means: str | None) -> None:
    code, told = await get(client, f"/templates/aliases/{name}")
    assert (code, told.get("templateID")) == (200 if means else 404, means)
    code, tags = await get(client, f"/templates/{name}/tags")
    expected = [("default" if means == "base" else "v1", means)]
    assert code == (200 if means else 404) and (not means or [(t["tag"], t["buildID"]) for t in tags] == expected)
