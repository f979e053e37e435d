import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from craft_desktop.host.control import Control, is_loopback_name
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.sandboxes import Sandboxes

KEY = "e2b_" + "a" * 40
Client = TestClient[Request, Application]


@pytest.fixture
async def client(plain_machine: Machine, ground: Ground) -> AsyncIterator[Client]:
    async with aclosing(Sandboxes(plain_machine, ground)) as sandboxes:
        await sandboxes.start()
        control = Control(sandboxes, KEY, "sbx.example:1")
        async with TestClient(TestServer(control.application()), headers={"X-API-KEY": KEY}) as opened:
            yield opened


async def call(client: Client, method: str, path: str, **options: Any) -> tuple[int, Any]:
    async with client.request(method, path, **options) as answer:
        return answer.status, (await answer.json() if answer.content_type == "application/json" else None)


async def test_each_call_needs_the_key(client: Client) -> None:
    for path in ("/v2/sandboxes", "/sandboxes/x", "/craft/machine", "/nowhere"):
        for key in ("", KEY[:-1], KEY + "a", "é"):
            status, body = await call(client, "GET", path, headers={"X-API-KEY": key})
            assert (status, body["code"]) == (401, 401)
    assert (await call(client, "GET", "/health", headers={"X-API-KEY": ""}))[0] == 200


async def test_a_name_made_to_point_here_is_not_answered(client: Client) -> None:
    status, body = await call(client, "GET", "/v2/sandboxes", headers={"Host": "evil.example"})
    assert (status, body["code"]) == (421, 421)
    assert (await call(client, "GET", "/v2/sandboxes", headers={"Host": "localhost:9"}))[0] == 200


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("LocalHost:80", True),
        ("[::1]:80", True),
        ("[::1]", True),
        ("", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example:80", False),
        ("localhost:80@evil", False),
    ],
)
def test_which_names_are_this_computer(host: str, expected: bool) -> None:
    assert is_loopback_name(host) is expected


async def test_errors_have_one_form(client: Client) -> None:
    for method, path, body, code in (
        ("POST", "/v2/sandboxes", "{", 400),
        ("POST", "/v2/sandboxes", "{}", 400),
        ("POST", "/v2/sandboxes", '{"templateID":"base"}', 400),  # no walls, not agreed
        ("POST", "/v2/sandboxes", '{"templateID":"no"}', 404),
        ("GET", "/v2/sandboxes?nextToken=x", None, 400),
        ("GET", "/sandboxes/x", None, 404),
        ("DELETE", "/sandboxes/x", None, 404),
        ("POST", "/sandboxes/x/timeout", '{"timeout":1}', 404),
        ("POST", "/sandboxes/x/timeout", "{}", 400),
        ("POST", "/v2/sandboxes/x/connect", "{}", 404),
        ("GET", "/nowhere", None, 404),
        ("PUT", "/v2/sandboxes", None, 405),
    ):
        status, told = await call(client, method, path, data=body)
        assert (status, told["code"]) == (code, code), (method, path)
        assert told["message"]


async def test_both_generations_create_connect_and_list(client: Client) -> None:
    body = {"templateID": "base", "timeout": 60, "metadata": {"isolation": "none"}}
    status, old = await call(client, "POST", "/sandboxes", json=body)
    assert (status, old["domain"]) == (201, "sbx.example:1")
    assert "envdAccessToken" not in old
    status, new = await call(client, "POST", "/v2/sandboxes", json=body)
    assert new["envdAccessToken"]
    for path in ("/sandboxes", "/v2/sandboxes"):
        status, same = await call(client, "POST", f"{path}/{new['sandboxID']}/connect", json={"timeout": 10})
        assert (status, same) == (200, new)
        assert len((await call(client, "GET", path))[1]) == 2
    path = f"/sandboxes/{new['sandboxID']}"
    assert (await call(client, "POST", f"{path}/refreshes", json={"duration": 120}))[0] == 204
    assert (await call(client, "POST", f"{path}/refreshes", json={"duration": 9999}))[0] == 400
    assert (await call(client, "POST", f"{path}/pause"))[0] == 204
    assert (await call(client, "POST", f"{path}/pause"))[0] == 409
    assert (await call(client, "GET", f"{path}/metrics")) == (200, [])
    assert [each["state"] for each in (await call(client, "GET", "/sandboxes"))[1]] == ["running"]
    assert (await call(client, "POST", f"{path}/resume"))[0] == 201
    assert (await call(client, "DELETE", path))[0] == 204
    status, told = await call(client, "GET", f"/sandboxes/metrics?sandbox_ids={old['sandboxID']},x")
    assert list(told["sandboxes"]) == [old["sandboxID"]]


async def test_what_the_machine_offers_is_told(client: Client) -> None:
    status, told = await call(client, "GET", "/craft/machine")
    assert (status, told["isolation"]) == (200, "none")
    assert told["bubblewrap"]["remedy"] == "Build some."


async def test_pages_are_announced_in_a_header(client: Client) -> None:
    body = {"templateID": "base", "metadata": {"isolation": "none"}}
    await asyncio.gather(*(call(client, "POST", "/v2/sandboxes", json=body) for _ in range(2)))
    async with client.get("/v2/sandboxes?limit=1") as answer:
        assert answer.headers["X-Total-Running"] == "2"
        token = answer.headers["X-Next-Token"]
    async with client.get("/v2/sandboxes", params={"limit": "1", "nextToken": token}) as answer:
        assert len(await answer.json()) == 1
        assert "X-Next-Token" not in answer.headers
