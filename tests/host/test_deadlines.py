import asyncio

from craft_desktop.host.deadlines import Deadlines

TIMEOUT_S = 10


async def test_the_last_deadline_counts_and_is_told_once() -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    deadlines = Deadlines(told.put_nowait)
    deadlines.put("later", 3600)
    deadlines.put("now", 3600)
    deadlines.put("gone", 0)
    deadlines.forget("gone")
    deadlines.forget("never there")
    deadlines.put("now", 0)
    async with asyncio.timeout(TIMEOUT_S):
        assert await told.get() == "now"
    await asyncio.sleep(0)
    assert told.empty()
    deadlines.forget("now")
    deadlines.forget("later")
