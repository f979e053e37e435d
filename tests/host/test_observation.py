import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from craft_desktop.host.bodies import Creation
from craft_desktop.host.control import Control
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.observation import Observation
from craft_desktop.host.registry import Sandbox
from craft_desktop.host.sandboxes import Sandboxes

KEY = "e2b_" + "a" * 40
DEADLINE_S = 20


@pytest.fixture
async def sandboxes(plain_machine: Machine, ground: Ground) -> AsyncIterator[Sandboxes]:
    async with aclosing(Sandboxes(plain_machine, ground)) as sandboxes:
        await sandboxes.start()
        yield sandboxes


@pytest.fixture
async def client(sandboxes: Sandboxes) -> AsyncIterator[TestClient[Request, Application]]:
    control = Control(sandboxes, KEY, "sbx.example:1")
    async with TestClient(TestServer(control.application()), headers={"X-API-KEY": KEY}) as opened:
        yield opened


async def make(sandboxes: Sandboxes) -> Sandbox:
    return await sandboxes.create(Creation("base", metadata={"isolation": "none"}))


async def get(client: TestClient[Request, Application], path: str, **query: str) -> tuple[int, Any]:
    async with client.get(path, params=query) as answer:
        return answer.status, await answer.json()


async def run(sandboxes: Sandboxes, sandbox: Sandbox, command: str) -> None:
    """One command, by the daemon's own wire; what it says is not looked at."""
    frame = f'{{"process":{{"cmd":"/bin/sh","args":["-c","{command}"]}}}}'.encode()
    headers: Mapping[str, str] = {
        "X-Access-Token": sandbox.envd_token or "",
        "Content-Type": "application/connect+json",
    }
    url = f"http://{sandbox.sandbox_id}:49983/process.Process/Start"
    body = b"\0" + len(frame).to_bytes(4, "big") + frame
    async with sandboxes.session.post(url, data=body, headers=headers) as answer:
        assert answer.status == 200
        await answer.read()


async def test_metrics_are_taken_while_nobody_asks(sandboxes: Sandboxes) -> None:
    sandbox = await make(sandboxes)
    observation = Observation(sandboxes, period_s=0.01)
    await observation.start()
    try:
        async with asyncio.timeout(DEADLINE_S):
            while len(observation._history.between(sandbox.sandbox_id, None, None)) < 3:
                await asyncio.sleep(0.01)
            await sandboxes.kill(sandbox.sandbox_id)
            while observation._history.latest(sandbox.sandbox_id) is not None:
                await asyncio.sleep(0.01)
    finally:
        await observation.aclose()


async def test_metrics_are_told_by_span(client: TestClient[Request, Application], sandboxes: Sandboxes) -> None:
    sandbox = await make(sandboxes)
    path = f"/sandboxes/{sandbox.sandbox_id}/metrics"
    status, told = await get(client, path)
    assert (status, len(told)) == (200, 1)
    assert told[0]["memUsed"] > 0
    assert await get(client, path, start="1", end="2") == (200, [])
    assert (await get(client, path, start="soon"))[0] == 400
    assert (await get(client, "/sandboxes/ix/metrics"))[0] == 404
    other = await make(sandboxes)
    wanted = f"{sandbox.sandbox_id},{other.sandbox_id},{other.sandbox_id}x"
    _, together = await get(client, "/sandboxes/metrics", sandbox_ids=wanted)
    assert set(together["sandboxes"]) == {sandbox.sandbox_id, other.sandbox_id}


async def test_logs_tell_what_ran(client: TestClient[Request, Application], sandboxes: Sandboxes) -> None:
    sandbox = await make(sandboxes)
    await run(sandboxes, sandbox, "echo said; exit 3")
    path = f"/v2/sandboxes/{sandbox.sandbox_id}/logs"
    _, told = await get(client, path)
    messages = [entry["message"] for entry in told["logs"]]
    assert [each for each in messages if "said" in each or "process" in each] == [
        "process started",
        "said",
        "process ended: exit status 3",
    ]
    _, backward = await get(client, path, direction="backward", limit="1")
    assert [entry["message"] for entry in backward["logs"]] == messages[-1:]
    _, found = await get(client, path, search="said", level="info")
    assert [entry["fields"]["event_type"] for entry in found["logs"]] == ["stdout"]
    for wrong in ({"level": "loud"}, {"direction": "up"}, {"limit": "x"}):
        assert (await get(client, path, **wrong))[0] == 400
    _, late = await get(client, path, cursor="99999999999999")
    assert late == {"logs": []}
    _, old = await get(client, f"/sandboxes/{sandbox.sandbox_id}/logs", start="0")
    assert '"message": "said"' in "".join(each["line"] for each in old["logs"])
    assert old["logEntries"] == told["logs"]
    await sandboxes.kill(sandbox.sandbox_id)
    assert await get(client, path) == (200, {"logs": []})


async def test_templates_are_found_by_alias(client: TestClient[Request, Application]) -> None:
    assert (await get(client, "/templates/aliases/base"))[0] == 200
    assert (await get(client, "/templates/aliases/other"))[0] == 404
