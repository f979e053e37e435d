import asyncio

import pytest

from craft_desktop.host.envd.subscription import Output, Subscription


async def test_order_bound_and_room() -> None:
    told: list[Subscription] = []
    subscription = Subscription(told.append)
    chunk = Output("stdout", b"x" * 32768)
    while not subscription.is_full:
        subscription.push(chunk)
    assert not told
    assert await subscription.next(1) == chunk
    assert told == [subscription]
    assert not subscription.is_full


async def test_silence_and_close() -> None:
    told: list[Subscription] = []
    subscription = Subscription(told.append)
    with pytest.raises(TimeoutError):
        await subscription.next(0.01)
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(subscription.next(60))
        await asyncio.sleep(0)
        subscription.close()
    assert waiting.result() is None
    subscription.push(Output("stdout", b"late"))
    assert await subscription.next(60) is None
    subscription.close()
    assert told == [subscription]
