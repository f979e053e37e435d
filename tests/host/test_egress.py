from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from aiohttp.web import Application, Request

from craft_desktop.host.bodies import Creation
from craft_desktop.host.control import Control
from craft_desktop.host.egress import CannotHold, Egress
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.reach import OPEN, read_rules
from craft_desktop.host.sandboxes import Sandboxes

KEY = "e2b_" + "a" * 40
NOTHING = read_rules({}, False)


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


def lacking(machine: Machine, ground: Ground, **network: Any) -> Egress:
    return Egress(Sandboxes(replace(machine, network=replace(machine.network, **network)), ground))


def test_what_cannot_be_held_is_refused_with_the_reason(held: Machine, ground: Ground) -> None:
    shared = lacking(held, ground, usable=False, reason="No slirp.", remedy="Get it.")
    with pytest.raises(CannotHold, match=r"No slirp\. Get it\.$"):
        shared.check(NOTHING)
    shared.check(OPEN)
    shared.check(read_rules({"allowOut": ["1.1.1.1"]}, True))
    bare = lacking(held, ground, usable=True, reason="", unfiltered="No nftables.")
    with pytest.raises(CannotHold, match=r"No nftables\.$"):
        bare.check(NOTHING)
    lacking(held, ground, usable=True, unfiltered="").check(NOTHING)


async def test_an_update_is_refused_or_told(client: TestClient[Request, Application], sandboxes: Sandboxes) -> None:
    sandbox = await sandboxes.create(Creation("base", metadata={"isolation": "none"}))
    path = f"/sandboxes/{sandbox.sandbox_id}"
    for body in ({"denyOut": ["10.0.0.0/8"]}, {"allow_internet_access": False}, {"egressProxy": {"address": "a:1"}}):
        async with client.put(f"{path}/network", json=body) as answer:
            assert answer.status == 400
    assert sandboxes.find(sandbox.sandbox_id).rules == OPEN
    async with client.put(f"{path}/network", json={"allowOut": ["1.1.1.1"]}) as answer:
        assert answer.status == 204
    async with client.get(path) as answer:
        assert (await answer.json())["network"] == {"allowPublicTraffic": True, "allowOut": ["1.1.1.1"]}
    async with client.put(f"{path}/network") as answer:
        assert answer.status == 204
    async with client.get(path) as answer:
        assert (await answer.json())["network"] == {"allowPublicTraffic": True}
    for text in ("[", "[]"):
        async with client.put(f"{path}/network", data=text) as answer:
            assert answer.status == 400
    async with client.put("/sandboxes/ix/network", json={}) as answer:
        assert answer.status == 404


async def test_a_create_that_cannot_be_held_makes_nothing(
    client: TestClient[Request, Application], sandboxes: Sandboxes
) -> None:
    body = {"templateID": "base", "metadata": {"isolation": "none"}, "allow_internet_access": False}
    async with client.post("/v2/sandboxes", json=body) as answer:
        assert answer.status == 400
        assert "can hold a sandbox to network rules" in (await answer.json())["message"]
    assert len(sandboxes.registry) == 0
