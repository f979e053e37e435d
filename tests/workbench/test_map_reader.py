import asyncio
import time
from collections.abc import AsyncIterator

import psutil
import pytest

from craft_desktop.model.source_map import MapError, Origin
from craft_desktop.tasks import Owner
from craft_desktop.workbench import map_reader
from craft_desktop.workbench.map_reader import AT_ONCE, MapReader, Reading

MAP = b'{"version": 3, "sources": ["a.ts"], "mappings": "AAAA;AAEE"}'


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def without_end() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


async def broken() -> AsyncIterator[bytes]:
    yield b"let a;"
    raise LookupError("it broke off")


def children() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if "map_child" in " ".join(each.cmdline())]


async def test_a_document_in_pieces() -> None:
    reader = MapReader()
    told = await reader.read(pieces(MAP[:9], MAP[9:]), [(2, 0), (1, 4), (7, 1)], is_map=True)
    assert told == Reading({(2, 0): Origin("a.ts", 3, 3), (1, 4): Origin("a.ts", 1, 1)})
    told = await reader.read(pieces(b"let a;\n//# sourceMappingURL=a.map"), [(1, 1)])
    assert told == Reading(map_address="a.map")
    assert not (await reader.read(pieces(b"let a;"), [(1, 1)])).is_known
    assert not (await reader.read(pieces(b"let a;"), [(1, 1)], module="webpack-internal:///./a.js")).is_known
    assert children() == []


async def test_what_cannot_be_read_is_said_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = MapReader()
    with pytest.raises(MapError, match="no JSON"):
        await reader.read(pieces(b"<!doctype html>"), [(1, 1)], is_map=True)
    with pytest.raises(LookupError):
        await reader.read(broken(), [(1, 1)])
    monkeypatch.setattr(map_reader, "READ_LIMIT_S", 0.3)
    with pytest.raises(MapError, match="not read within"):
        await reader.read(without_end(), [(1, 1)])
    monkeypatch.setattr(map_reader, "COMMAND", ("/nowhere/at/all",))
    with pytest.raises(MapError):
        await reader.read(pieces(MAP), [(1, 1)])
    assert children() == []


async def test_a_process_that_ends_early_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = MapReader()
    for command in (
        ("true",),
        ("head", "-c", "10"),
        ("sh", "-c", "cat > /dev/null; exec yes"),
        ("sh", "-c", "echo half | tr -d '\\n'"),
    ):
        monkeypatch.setattr(map_reader, "COMMAND", command)
        with pytest.raises(MapError, match="ended early"):
            await reader.read(pieces(*[b"x" * 65536] * 64), [(1, 1)], is_map=True)


async def test_who_gives_up_leaves_nothing() -> None:
    reader = MapReader()
    async with Owner("test") as owner:
        for _ in range(AT_ONCE + 2):
            owner.start(reader.read(without_end(), [(1, 1)]), name="read")
        async with asyncio.timeout(20):
            while len(children()) < AT_ONCE:
                await asyncio.sleep(0.01)
        assert len(children()) == AT_ONCE
    assert children() == []
    assert (await reader.read(pieces(MAP), [(1, 1)], is_map=True)).origins


async def test_the_loop_goes_on_meanwhile() -> None:
    """30 MB of what costs the JSON reader most: in a thread of this process it would hold the loop up for a second."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            before = time.thread_time()
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    part = b'{"a":"' + b"\\n" * 30_000 + b'"},'
    async with Owner("test") as owner:
        owner.start(tick(), name="tick")
        with pytest.raises(MapError):
            await MapReader().read(pieces(b"[", *[part] * 500, b"1]"), [(1, 1)], is_map=True)
    # Processor time of this thread, so that a busy machine is not taken for ours; measured 2 ms.
    assert longest < 0.016
