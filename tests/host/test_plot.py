import asyncio
import os
import stat
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Layering, Machine, Python
from craft_desktop.host.namespaces import hold_argv
from craft_desktop.host.plot import MOST_LAYERS, CannotCopy, Plot
from craft_desktop.host.processes import look
from craft_desktop.tasks import Owner


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
    beneath = await plot.copy_out(target, ground.state, 0, still)
    kept = {each.name for each in (target / "home").iterdir()}
    if layering is Layering.OVERLAY:
        assert beneath == ("two", "one") and kept == {"one", "three"}
        assert (target / "home" / "one").is_char_device()  # the mark of what was removed
    else:
        assert beneath == () and kept == {"two", "three"}
    assert (ground.state / "snapshots" / "one" / "home" / "one").read_text() == "one"


async def test_layers_whose_overlay_has_gone_are_made_whole(held: Machine, ground: Ground) -> None:
    """Nothing runs in the sandbox any more, so nothing is mounted, and there are too many to stand on one another."""
    names = tuple(f"layer{number}" for number in range(MOST_LAYERS))
    for name in names:
        snapshot(ground, name)
        (ground.state / "snapshots" / name / "home" / "same").write_text(name)
    plot = Plot(ground.plot("c1"), held)
    plot.layers = names
    for part in ("home", "tmp"):
        (plot.folder / "upper" / part).mkdir(parents=True)
    (plot.folder / "upper" / "home" / "mine").write_text("mine")
    (plot.folder / "upper" / "home" / "mine").chmod(0)  # which an ordinary person cannot read either
    os.mknod(plot.folder / "upper" / "home" / "layer3", stat.S_IFCHR, 0)
    target = ground.state / "target"
    target.mkdir()
    assert await plot.copy_out(target, ground.state, 0, still) == ()
    found = {each.name for each in (target / "home").iterdir()}
    assert found == {"mine", "same", *names} - {"layer3"}
    assert (target / "home" / "same").read_text() == "layer0"
    assert (target / "tmp").is_dir()


async def test_the_folder_itself_has_the_rights_it_had(held: Machine, ground: Ground) -> None:
    if held.layering is not Layering.OVERLAY:
        pytest.skip(held.layering_reason)
    (snapshot(ground, "one") / "home").chmod(0o700)
    plot = Plot(ground.plot("c1"), held)
    assert held.holder is not None
    argv = hold_argv(held.holder, plot.parts, ["/bin/stat", "-c", "%a", str(plot.parts[0])], private=False)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe)
    assert process.stdout is not None
    await process.stdout.readline()
    await plot.build_upon(("one",), ground.state, process.pid)
    await process.communicate(b"\n")
    assert stat.S_IMODE((plot.folder / "upper" / "home").stat().st_mode) == 0o700


async def test_an_overlay_is_laid_again_upon_what_was_never_flushed(held: Machine, ground: Ground) -> None:
    """As a sandbox does that starts anew: `volatile` leaves a mark over which the kernel refuses to mount."""
    if held.layering is not Layering.OVERLAY:
        pytest.skip(held.layering_reason)
    snapshot(ground, "one")
    plot = Plot(ground.plot("c1"), held)
    assert held.holder is not None
    for number in range(2):
        script = 'cd "$1" && cat one $(ls mine* 2>/dev/null) >&2; echo $2 > mine$2'
        command = ["/bin/sh", "-c", script, "sh", str(plot.parts[0]), str(number)]
        argv = hold_argv(held.holder, plot.parts, command, private=False)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*argv, stdin=pipe, stdout=pipe, stderr=pipe)
        assert process.stdout is not None
        await process.stdout.readline()
        await plot.build_upon(("one",), ground.state, process.pid)
        _, said = await process.communicate(b"\n")
    assert said == b"one0\n" and process.returncode == 0
    assert list((plot.folder / "work").rglob("volatile"))


async def test_a_copying_that_is_given_up_is_ended(held: Machine, ground: Ground, tmp_path: Path) -> None:
    """Else it goes on filling a folder that its sandbox leaves behind."""
    snapshot(ground, "one")
    # in place of the interpreter a program that never comes to its end
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\necho $$ > " + str(tmp_path / "pid") + "\nexec sleep 600\n")
    slow.chmod(0o755)
    machine = replace(held, layering=Layering.COPY, python=Python(slow))
    plot = Plot(ground.plot("c1"), machine)
    async with aclosing(Owner("test")) as owner:
        owner.start(plot.build_upon(("one",), ground.state, 0), name="building", awaited=True)
        async with asyncio.timeout(20):
            while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
                await asyncio.sleep(0.01)
    pid = int((tmp_path / "pid").read_text())
    async with asyncio.timeout(10):
        while look(pid) is not None:
            await asyncio.sleep(0.01)


async def test_what_cannot_be_laid_or_copied_is_told(held: Machine, ground: Ground) -> None:
    plot = Plot(ground.plot("c1"), replace(held, layering=Layering.COPY))
    with pytest.raises(CannotCopy, match="nothing"):
        await plot.build_upon(("nothing",), ground.state, 0)
    with pytest.raises(CannotCopy, match="No such file"):
        await plot.copy_out(ground.state / "no" / "where", ground.state, 0, still)
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
        await plot.copy_out(ground.state / "target", ground.state, 0, never)
