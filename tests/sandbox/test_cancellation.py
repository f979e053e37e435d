import asyncio
import gc
from typing import Any

import pytest
from connectrpc.code import Code
from connectrpc.errors import ConnectError

from craft_desktop.sandbox.cancellation import keep_cancellations_quiet
from craft_desktop.tasks import Owner


async def fail(error: Exception) -> None:
    raise error


@pytest.fixture
def told() -> list[dict[str, Any]]:
    return []


async def complain(told: list[dict[str, Any]], error: Exception) -> None:
    """Let a task end with `error`, uncollected."""
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: told.append(context))
    keep_cancellations_quiet(loop)
    async with Owner("test") as owner:
        task = owner.start(fail(error), name="work", awaited=True)
        await asyncio.wait({task})
        del task
    gc.collect()


async def test_a_cancelled_stream_is_passed_over(told: list[dict[str, Any]]) -> None:
    await complain(told, ConnectError(Code.CANCELED, "Request was cancelled"))
    assert told == []


@pytest.mark.parametrize("error", [ConnectError(Code.UNAVAILABLE, "no answer"), ValueError("Request was cancelled")])
async def test_everything_else_is_told(told: list[dict[str, Any]], error: Exception) -> None:
    await complain(told, error)
    assert [context["exception"] for context in told] == [error]
