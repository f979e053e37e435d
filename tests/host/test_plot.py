import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Layering, Machine
from craft_desktop.host.namespaces import hold_argv
from craft_desktop.host.plot import MOST_LAYERS, CannotCopy, Plot


@asynccontextmanager
async def still() -> AsyncIterator[None]:
    yield


def snapshot(ground: Ground, name: str) -> Path:
    folder = ground.state / "snapshots" / name
    for part in ("home", "tmp"):
        (folder / part).mkdir(parents=True)
    (folder / "home" / name).write_text(name)
    return folder


@pytest.mark.parametrize("layering", [Layering.OVERLAY, Layering.COPY])
async def test_files_come_from_below_and_go_out_again(held: Machine, ground: Ground, layering: Layering) -> None:
    if layering is Layering.OVERLAY and held.layering is not layering:
        pytest.skip(held.layering_reason)
    machine = replace(held, layering=layering)
    for name in ("one", "two"):
        snapshot(ground, name)
    plot = Plot(ground.plot("c1"), machine)
    assert machine.holder is not None
    script = 'cd "$1" && cat one two && echo 3 > three && rm one'
    argv = hold_argv(machine.holder, plot.parts, ["/bin/sh", "-c", script, "sh", str(plot.parts[0])], private=False)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    await process.stdout.readline()
    await plot.build_upon(("two", "one"), ground.state, process.pid)
    _, complaint = await process.communicate(b"\n")
    assert (process.returncode, complaint) == (0, b"")
    assert (plot.layers == ("two", "one")) is (layering is Layering.OVERLAY)
    target = ground.state / "target"
    target.mkdir()
    beneath = await plot.copy_out(target, 0, still)
    kept = {each.name for each in (target / "home").iterdir()}
    if layering is Layering.OVERLAY:
        assert beneath == ("two", "one") and kept == {"one", "three"}
        assert (target / "home" / "one").is_char_device()  # the mark of what was removed
    else:
        assert beneath == () and kept == {"two", "three"}
    assert (ground.state / "snapshots" / "one" / "home" / "one").read_text() == "one"


async def test_what_cannot_be_laid_or_copied_is_told(held: Machine, ground: Ground) -> None:
    plot = Plot(ground.plot("c1"), replace(held, layering=Layering.COPY))
    with pytest.raises(CannotCopy, match="nothing"):
        await plot.build_upon(("nothing",), ground.state, 0)
    with pytest.raises(CannotCopy, match="No such file"):
        await plot.copy_out(ground.state / "no" / "where", 0, still)
    assert MOST_LAYERS * len("x" * 20 + "/home:") < 256


async def test_nobody_stands_still_for_a_copy_that_failed_before(held: Machine, ground: Ground) -> None:
    @asynccontextmanager
    async def never() -> AsyncIterator[None]:
        raise AssertionError
        yield

    plot = Plot(ground.plot("c1"), held)
    plot.parts[0].rmdir()
    (ground.state / "target").mkdir()
    with pytest.raises(CannotCopy):
        await plot.copy_out(ground.state / "target", 0, never)
