import asyncio
import multiprocessing
import os
from dataclasses import replace
from pathlib import Path

import pytest

from craft_desktop.store import images as module
from craft_desktop.store.images import Image, ImageStore, superfluous

SPAWN = multiprocessing.get_context("spawn")
DAY = 86400.0


def image(
    name: str, project_id: str = "p1", key: str = "k", at: float = 0.0, size: int = 1, made: bool = True
) -> Image:
    return Image(name, "local base", key, project_id, "20.1.0", 3.0, at, at, f"{name}:id" if made else None, size)


async def kept(store: ImageStore, *images: Image) -> None:
    for each in images:
        await store.ask(each)
        if each.snapshot_id:
            await store.made(each.name, each.snapshot_id, each.size_bytes)


def ask_and_die(folder: Path) -> None:
    asyncio.run(ImageStore(folder).ask(image("theirs")))
    os._exit(0)


@pytest.fixture
def store(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path)


async def test_what_was_kept_is_found(store: ImageStore) -> None:
    await kept(store, image("a"))
    assert await store.find("local base", "k", "p1") == (image("a"),)
    assert await store.all("local base") == (image("a"),)
    assert await store.places() == {"local base"}
    assert await store.find("local base", "other key", "p1") == ()
    assert await store.find("elsewhere", "k", "p1") == ()
    await store.forget("a")
    assert await store.places() == frozenset()


async def test_a_projects_own_comes_before_the_one_for_all_and_the_newest_first(store: ImageStore) -> None:
    await kept(store, image("own", at=1), image("newer", at=2), image("all", "", at=3), image("foreign", "p2", at=4))
    assert [each.name for each in await store.find("local base", "k", "p1")] == ["newer", "own", "all"]
    assert [each.name for each in await store.find("local base", "k", "p3")] == ["all"]


async def test_one_that_is_being_taken_is_not_given(store: ImageStore) -> None:
    await kept(store, image("a", made=False))
    assert await store.find("local base", "k", "p1") == ()
    assert await store.unfinished() == frozenset()  # this process still takes it
    await store.made("a", "a:id", 1)
    assert await store.find("local base", "k", "p1") == (image("a"),)


async def test_what_a_dead_process_was_taking_is_unfinished(tmp_path: Path) -> None:
    child = SPAWN.Process(target=ask_and_die, args=(tmp_path,))
    child.start()
    child.join(30)
    assert await ImageStore(tmp_path).unfinished() == {"theirs"}


async def test_use_moves_an_image_ahead(store: ImageStore) -> None:
    await kept(store, image("a", at=1), image("b", "p2", at=2))
    await store.used("a", 3.0)
    assert [each.name for each in await store.all("local base")] == ["a", "b"]


@pytest.mark.parametrize(
    ("images", "dropped"),
    [
        ([image("a")], []),
        ([image("a"), image("b", at=5)], ["a"]),  # the same dependencies of the same project
        ([image("a"), image("b", key="other")], []),
        ([image("a"), image("b", "")], []),
        ([image("a", "removed"), image("b", "")], ["a"]),
        ([image("a", at=-31 * DAY)], ["a"]),
        ([image("a", "", at=-29 * DAY)], []),
        ([image("a", size=60, at=1), image("b", "p2", size=60, at=2)], ["a"]),
        ([image("a", size=60, at=1), image("b", "p2", size=60, at=2), image("c", "", size=40, at=0)], ["a"]),
        ([image("a", size=101)], ["a"]),
        ([image("a", at=-31 * DAY, made=False)], []),  # being taken by another copy
    ],
)
def test_what_is_not_worth_its_room_goes(images: list[Image], dropped: list[str]) -> None:
    found = superfluous(images, ["p1", "p2"], 100, now=10.0)
    assert sorted(each.name for each in found) == dropped


def test_without_room_all_go() -> None:
    unknown_size = replace(image("a"), size_bytes=0)
    assert superfluous([unknown_size], ["p1"], 0, now=1.0) == [unknown_size]


def test_a_number_bounds_those_whose_size_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_IMAGES", 2)
    images = [image(name, size=0, key=name, at=float(number)) for number, name in enumerate("abc")]
    assert [each.name for each in superfluous(images, ["p1"], 100, now=10.0)] == ["a"]
