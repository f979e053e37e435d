import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, suppress
from pathlib import Path

import pytest

from craft_desktop.host import guest
from craft_desktop.host.bodies import Creation
from craft_desktop.host.failures import CannotStart, NotFound, NotNow
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.registry import PauseMode, Sandbox
from craft_desktop.host.sandboxes import Sandboxes
from craft_desktop.host.snapshotting import Snapshotting
from craft_desktop.tasks import Owner

PLAIN = Creation("base", metadata={"isolation": "none"}, env={"A": "1"})


@pytest.fixture
async def sandboxes(plain_machine: Machine, ground: Ground) -> AsyncIterator[Sandboxes]:
    async with aclosing(Sandboxes(plain_machine, ground)) as opened:
        await opened.start()
        yield opened
    assert not opened.snapshots.folder.exists() or opened.snapshots.all()


async def test_a_fork_fails_by_itself(sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch) -> None:
    made = await sandboxes.create(PLAIN)
    real = sandboxes.create
    calls = 0

    async def sometimes(creation: Creation, upon: object = None) -> Sandbox:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise CannotStart("no room")
        return await real(creation, upon)  # type: ignore[arg-type]

    monkeypatch.setattr(sandboxes, "create", sometimes)
    outcomes = await Snapshotting(sandboxes).fork(made.sandbox_id, 2, 60)
    assert [type(each) for each in outcomes] == [CannotStart, Sandbox]
    assert sandboxes.snapshots.all() == []


async def test_what_cannot_be_copied_is_told_and_leaves_nothing(sandboxes: Sandboxes) -> None:
    made = await sandboxes.create(PLAIN)
    snapshotting = Snapshotting(sandboxes)
    sandboxes.cell(made.sandbox_id).plot.parts[1].rmdir()
    with pytest.raises(CannotStart, match="cannot be copied"):
        await snapshotting.take(made.sandbox_id)
    assert not sandboxes.snapshots.folder.exists()
    for call in (snapshotting.take("x"), snapshotting.fork("x", 1, 1)):
        with pytest.raises(NotFound):
            await call
    await sandboxes.pause(made.sandbox_id)
    with pytest.raises(NotNow, match="resume it first"):
        await snapshotting.fork(made.sandbox_id, 1, 1)


async def test_what_was_begun_is_finished_though_the_caller_goes(sandboxes: Sandboxes) -> None:
    made = await sandboxes.create(PLAIN)
    async with aclosing(Snapshotting(sandboxes)) as snapshotting:
        for number in range(5):
            with suppress(TimeoutError):
                async with asyncio.timeout(0.004 * number):  # not a wait: it moves the end through the taking
                    await snapshotting.take(made.sandbox_id)
        async with asyncio.timeout(20):
            while len(sandboxes.snapshots.all()) < 5:
                await asyncio.sleep(0.01)
    assert await guest.answers(sandboxes.session, made.sandbox_id)  # nor does it stand still for ever
    for taken in sandboxes.snapshots.all():
        sandboxes.snapshots.delete(taken)
    assert not sandboxes.snapshots.folder.exists()


async def test_a_sandbox_that_starts_anew_meanwhile_is_taken_in_its_new_cell(sandboxes: Sandboxes) -> None:
    made = await sandboxes.create(PLAIN)
    former = sandboxes.cell(made.sandbox_id)
    (former.plot.parts[0] / "kept").write_text("kept")
    async with aclosing(Snapshotting(sandboxes)) as snapshotting, aclosing(Owner("test")) as owner:
        async with former.turn:
            # each waits for its turn behind the one before
            pausing = owner.start(sandboxes.pause(made.sandbox_id, PauseMode.FILESYSTEM), name="pause", awaited=True)
            await asyncio.sleep(0)
            resuming = owner.start(sandboxes.resume(made.sandbox_id, 60), name="resume", awaited=True)
            await asyncio.sleep(0)
            taking = owner.start(snapshotting.take(made.sandbox_id), name="take", awaited=True)
            async with asyncio.timeout(20):
                while len(getattr(former.turn, "_waiters", None) or ()) < 3:
                    await asyncio.sleep(0.01)
        await asyncio.gather(pausing, resuming, taking)
    assert sandboxes.cell(made.sandbox_id) is not former
    (taken,) = sandboxes.snapshots.all()
    assert (sandboxes.snapshots.folder / taken.template_id / "home" / "kept").read_text() == "kept"
    sandboxes.snapshots.delete(taken)


async def test_a_taking_keeps_what_its_sandbox_stands_upon(
    sandboxes: Sandboxes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sandbox may be killed, and its own hold with it, before the snapshot upon the lower one is listed."""
    made = await sandboxes.create(PLAIN)
    cell = sandboxes.cell(made.sandbox_id)
    snapshotting = Snapshotting(sandboxes)
    lower = await snapshotting.take(made.sandbox_id)
    cell.plot.layers = lower.layers

    async def copied(_: Path) -> tuple[str, ...]:
        sandboxes.snapshots.delete(lower)
        await sandboxes.kill(made.sandbox_id)
        return lower.layers

    monkeypatch.setattr(cell, "copy_out", copied)
    upper = await snapshotting.take(made.sandbox_id)
    with sandboxes.snapshots.hold(upper.layers):
        assert upper.layers == (upper.template_id, lower.template_id)
    sandboxes.snapshots.delete(upper)
    cell.plot.layers = lower.layers  # gone by now
    with pytest.raises(NotFound):
        await snapshotting.take(made.sandbox_id)
