import asyncio
from pathlib import Path

import aiohttp
import pytest

from craft_desktop.host.handshake import Ready
from craft_desktop.host.machine import Machine
from craft_desktop.host.server import Wishes, listen, new_key, serve
from craft_desktop.tasks import Owner

TIMEOUT_S = 20


def test_a_key_has_e2bs_form_and_is_new_each_time() -> None:
    key = new_key()
    assert key.startswith("e2b_") and len(key) == 44 and set(key[4:]) <= set("0123456789abcdef")
    assert new_key() != key


async def test_both_listeners_stand_when_ready_is_told(tmp_path: Path, this_machine: Machine) -> None:
    stop = asyncio.Event()
    told: asyncio.Queue[Ready] = asyncio.Queue()
    wishes = Wishes(tmp_path / "state", domain="sbx.example")
    async with Owner("test") as owner, asyncio.timeout(TIMEOUT_S):
        run = owner.start(serve(wishes, this_machine, stop, told.put_nowait), name="host", awaited=True)
        ready = await told.get()
        assert ready.domain == "sbx.example"
        assert ready.sandbox_url == ready.traffic_url != ready.api_url
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{ready.api_url}/health") as answer:
                assert answer.status == 200
            async with session.get(ready.traffic_url) as answer:
                assert answer.status == 502
        stop.set()
        await run
    assert list((tmp_path / "state").iterdir()) == []


async def test_the_domain_is_the_listeners_own_unless_given(tmp_path: Path, this_machine: Machine) -> None:
    stop = asyncio.Event()
    stop.set()
    told: list[Ready] = []
    await serve(Wishes(tmp_path), this_machine, stop, told.append)
    assert told[0].domain == "localhost:" + told[0].traffic_url.rpartition(":")[2]


async def test_a_port_that_is_taken_is_told(tmp_path: Path, this_machine: Machine) -> None:
    with listen(0) as taken:
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            await serve(Wishes(tmp_path, port), this_machine, asyncio.Event(), lambda _: None)
    assert list(tmp_path.iterdir()) == []
