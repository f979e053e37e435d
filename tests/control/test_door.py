import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from craft_desktop.control.door import ControlDoor
from craft_desktop.control.endpoint import Endpoint, Kind, find
from craft_desktop.control.server import open_served
from craft_desktop.model.errors import GatewayError
from craft_desktop.paths import Paths
from craft_desktop.workbench.door import Access


class Serving:
    """Stands for the server: counts who came and who went."""

    def __init__(self) -> None:
        self.opened = self.closed = 0
        self.refusal: Exception | None = None

    @contextlib.asynccontextmanager
    async def serve(self) -> AsyncIterator[Endpoint]:
        if self.refusal is not None:
            raise self.refusal
        self.opened += 1
        await asyncio.sleep(0)
        yield Endpoint(1, 4000 + self.opened, Kind.WINDOW, 1.0, f"token-{self.opened:04}")
        await asyncio.sleep(0)
        self.closed += 1


@pytest.fixture
def serving() -> Serving:
    return Serving()


@pytest.fixture
def door(serving: Serving) -> ControlDoor:
    return ControlDoor(serving.serve)


async def test_it_opens_and_closes_once_however_often_it_is_asked(serving: Serving, door: ControlDoor) -> None:
    told: list[Access | None] = []
    stop = door.subscribe(lambda: told.append(door.access))
    await asyncio.gather(*(door.switch(True) for _ in range(3)))
    assert (serving.opened, serving.closed) == (1, 0)
    assert door.access == Access("http://127.0.0.1:4001", "token-0001")
    assert door.access.masked == "•••• 0001" and "token" not in repr(door.access).replace("token=", "")
    await asyncio.gather(door.switch(False), door.switch(True), door.switch(False))
    assert (serving.opened, serving.closed) == (2, 2)
    assert [access is None for access in told] == [False, True, False, True]
    stop()
    await door.switch(True)
    assert len(told) == 4


async def test_a_new_token_ends_the_old_one(serving: Serving, door: ControlDoor) -> None:
    await door.renew()
    assert door.access is None and serving.opened == 0
    await door.switch(True)
    before = door.access
    await door.renew()
    assert (serving.opened, serving.closed) == (2, 1) and door.access not in (None, before)


@pytest.mark.parametrize("refusal", [OSError("disk full"), GatewayError("No port", "none is free", "Close something.")])
async def test_one_that_cannot_be_opened_stays_closed(
    serving: Serving, door: ControlDoor, refusal: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    serving.refusal = refusal
    await door.switch(True)
    assert door.access is None and "no control API" in caplog.text
    assert door.problem is not None and door.problem.detail in ("disk full", "none is free") and door.problem.remedy
    caplog.clear()
    serving.refusal = None
    await door.switch(True)
    assert door.access is not None and door.problem is None


async def test_the_setting_opens_and_closes_it_at_once(paths: Paths) -> None:
    async with open_served(paths) as workbench:
        assert workbench.door is not None and workbench.door.access is not None
        (before,) = find(paths.state)
        assert (workbench.door.access.url, workbench.door.access.token) == (
            f"http://127.0.0.1:{before.port}",
            before.token,
        )
        await workbench.door.renew()
        (renewed,) = find(paths.state)
        assert renewed.token not in ("", before.token)
        moved = asyncio.Event()
        workbench.door.subscribe(moved.set)
        await workbench.change_setting("control_api", False)
        await asyncio.wait_for(moved.wait(), 10)
        await until_closed(paths)
    async with open_served(paths) as workbench:
        assert workbench.door is not None and workbench.door.access is None and find(paths.state) == []
        await workbench.change_setting("control_api", True)
    assert find(paths.state) == []


async def until_closed(paths: Paths) -> None:
    async with asyncio.timeout(10):
        while find(paths.state):
            await asyncio.sleep(0.02)
