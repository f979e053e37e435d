import asyncio

import pytest

from craft_desktop.model.errors import ServerError
from craft_desktop.workbench.guarded import guarded


async def test_the_first_failure_comes_out_as_itself_and_ends_the_others() -> None:
    error = ServerError("It ended", "by itself", "Start it.")
    others: list[asyncio.Task[bool]] = []

    async def fail() -> None:
        raise error

    async def inner() -> None:
        async with guarded() as group:
            others.append(group.create_task(asyncio.Event().wait()))
            group.create_task(fail())

    with pytest.raises(ServerError) as caught:
        async with guarded() as group:
            group.create_task(inner())
    assert caught.value is error
    assert others[0].cancelled()


async def test_without_a_failure_all_come_to_their_end() -> None:
    async with guarded() as group:
        task = group.create_task(asyncio.sleep(0, "done"))
    assert task.result() == "done"
