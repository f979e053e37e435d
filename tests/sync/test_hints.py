import asyncio
import errno
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from craft_desktop.model.errors import Problem, ProjectError
from craft_desktop.sync import hints as module
from craft_desktop.sync.coalesce import Due
from craft_desktop.sync.hints import POLL_S, Hints
from tests.sync.folder_remote import PATIENCE_S


class Clock:
    """Stands still until it is set."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def problems() -> list[Problem]:
    return []


@pytest.fixture
async def hints(folder: Path, problems: list[Problem]) -> AsyncIterator[Hints]:
    hints = Hints(folder, lambda relpath: relpath == "package.json", problems.append, asyncio.get_running_loop().time)
    hints.open()
    yield hints
    hints.close()


async def due(hints: Hints) -> Due | None:
    return await asyncio.wait_for(hints.next_due(), PATIENCE_S)


async def test_a_save_of_what_is_held_comes_first(folder: Path, hints: Hints) -> None:
    (folder / "new").touch()
    (folder / "package.json").write_text("{}")
    first = await due(hints)
    assert first is not None and first.relpaths == {"package.json"}
    second = await due(hints)
    assert second is not None and "new" in second.relpaths
    assert hints.count() == 0


async def test_told_again(hints: Hints) -> None:
    hints.tell_again(["a", "b"])
    assert hints.count() == 2
    told = await due(hints)
    assert told is not None and told.relpaths == {"a", "b"}


async def test_a_folder_replaced_spends_the_watch(folder: Path, hints: Hints) -> None:
    folder.rename(folder.with_name("old"))
    folder.mkdir()
    while await due(hints) is not None:
        pass
    hints.close()
    hints.open()
    (folder / "x").touch()
    told = await due(hints)
    assert told is not None and told.relpaths == {"x"}


async def test_a_folder_that_is_gone(tmp_path: Path, problems: list[Problem]) -> None:
    with pytest.raises(ProjectError):
        Hints(tmp_path / "none", lambda _: False, problems.append, Clock()).open()


async def test_a_wait_ends(hints: Hints) -> None:
    waiting = asyncio.get_running_loop().call_later(0.01, hints.wake)
    await asyncio.wait_for(hints.wait(None), PATIENCE_S)
    assert waiting.when()
    await asyncio.wait_for(hints.wait(0.01), PATIENCE_S)


def refuse(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_without_a_watch_it_looks_every_second_and_says_so_once(
    folder: Path, problems: list[Problem], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: Callable[..., object] = refuse
    monkeypatch.setattr(module, "watch_folder", refused)
    clock = Clock()
    hints = Hints(folder, lambda _: False, problems.append, clock)
    for _ in range(2):
        hints.open()
        hints.close()
    assert hints.is_polling
    assert [problem.title for problem in problems] == ["Changes are noticed more slowly"]
    clock.now += POLL_S
    assert await due(hints) == Due(frozenset(), True, clock.now)
    # A look that takes long leaves most of the time to others.
    hints.looked(2.0)
    clock.now += 7.9
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(hints.next_due(), 0.01)
    clock.now += 0.1
    assert await due(hints) is not None
    assert await hints.cover(("app",)) == frozenset()
