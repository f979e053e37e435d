"""A folder that changes in every way while it is scanned, read and sent; afterwards all is equal."""

import asyncio
import os
import random
import shutil
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from tests.sync import edits
from tests.sync.folder_remote import Running, tree

NAMES = ["a", "b", "-rf", "new\nline", "d", "d/x", "d/e", "d/e/y", "many", "many/7", "é", ".gitignore", ".env.local"]
EDITS = 1500


def storm(root: Path, seed: int) -> None:
    """Do many things as fast as they go; what another of them stands in the way of is passed over."""
    drawn = random.Random(seed)
    for _ in range(EDITS):
        name, other = drawn.choice(NAMES), drawn.choice(NAMES)
        with suppress(OSError):
            act = drawn.randrange(9)
            if act == 0:
                edits.write(root, name, drawn.randbytes(drawn.choice([0, 10, 70_000])))
            elif act == 1:
                edits.write_beside(root, name, drawn.randbytes(30))
            elif act == 2:
                edits.make(root, name)
            elif act == 3:
                edits.remove(root, name)
            elif act == 4:
                edits.move(root, name, other)
            elif act == 5:
                edits.execute(root, name)
            elif act == 6:
                edits.link(root, name, drawn.choice(["a", "d", "d/e/y", "/etc/passwd", "../outside", "many"]))
            elif act == 7:
                # No UTF-8: told, not sent, and nothing else is harmed by it.
                (root / os.fsdecode(b"\xff" + str(drawn.randrange(3)).encode())).write_bytes(b"x")
            else:
                edits.make(root, "many")
                for number in range(80):
                    (root / f"many/{number}").write_bytes(drawn.randbytes(9))


def sent(root: Path) -> dict[str, tuple[object, ...]]:
    """What of the folder has a name and a place to be sent."""
    return {
        at: what
        for at, what in tree(root).items()
        if at.isprintable() or "\n" in at
        if what[0] != "link" or Path(os.path.realpath(root / at)).is_relative_to(root)
    }


@pytest.mark.parametrize("seed", range(4))
async def test_after_a_storm_all_is_equal(running: Running, seed: int) -> None:
    raging = threading.Thread(target=storm, args=(running.root, seed))
    raging.start()
    await asyncio.to_thread(raging.join)
    # The rules that the storm left would hide what is to be compared.
    with suppress(OSError):
        edits.remove(running.root, ".gitignore")
    await running.until(lambda: sent(running.root) == tree(running.remote.root))
    verification = await running.engine.verify()
    assert verification.is_equal
    assert not verification.drifted


@pytest.mark.parametrize("seed", range(2))
async def test_a_folder_that_is_replaced_by_a_file_and_back(running: Running, seed: int) -> None:
    drawn = random.Random(seed)
    place = running.root / "app"
    for turn in range(12):
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        if turn % 2:
            place.mkdir()
            for number in range(drawn.randrange(1, 60)):
                (place / str(number)).write_text(str(turn))
        else:
            place.write_text(str(turn))
        if drawn.random() < 0.5:
            await running.until(lambda: tree(running.root) == tree(running.remote.root))
        await asyncio.sleep(0)
    await running.until(lambda: tree(running.root) == tree(running.remote.root))
