import asyncio
import errno
import sys
from pathlib import Path

import pytest

from craft_desktop.host.envd import watch as watch_module
from craft_desktop.host.envd.watch import Change, LostChangesError, Watch, is_on_network
from craft_desktop.host.removal import remove_tree

MOUNTS = r"""22 1 254:0 / / rw - ext4 /dev/vda rw
30 22 0:40 / /mnt/with\040space rw shared:1 - nfs4 server:/x rw
31 22 0:41 / /mnt/with\040space/local rw - ext4 /dev/vdb rw
32 22 0:42 / /media/remote rw master:1 - fuse.sshfs host: rw
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/home", False),
        ("/mnt/with space", True),
        ("/mnt/with space/deep", True),
        ("/mnt/with space/local/x", False),
        ("/mnt/with spaces", False),
        ("/media/remote/x", True),
    ],
)
def test_network_mounts(path: str, expected: bool) -> None:
    assert is_on_network(Path(path), MOUNTS) is expected


async def test_more_than_can_be_held_waits_in_the_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "_MAX_WAITING", 10)
    watch = await Watch.open(tmp_path, is_recursive=False)
    try:
        names = {f"f{number}" for number in range(500)}
        for name in names:
            (tmp_path / name).touch()
        seen: set[str] = set()
        while seen != names:
            changes = await watch.next(10)
            assert changes is not None
            seen |= {change.name for change in changes if change.kind == "CREATE"}
    finally:
        watch.close()


async def test_a_watcher_that_nobody_asks_holds_a_bounded_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch_module, "_MAX_WAITING", 10)
    watch = await Watch.open(tmp_path, is_recursive=False)
    try:
        for _ in range(50):
            watch.announce(f"{tmp_path}/f", True)
            watch.announce(f"{tmp_path}/below/f", True)
            watch.announce(f"{tmp_path.parent}/other/f", True)
        assert [len(kinds) for kinds in watch._uploads.values()] == [20]
        watch._note(-1, 0x4000, "")  # IN_Q_OVERFLOW
        assert not watch._uploads
    finally:
        watch.close()


async def test_lost_changes_are_told(tmp_path: Path) -> None:
    watch = await Watch.open(tmp_path, is_recursive=False)
    try:
        watch._note(-1, 0x4000, "")  # IN_Q_OVERFLOW, which would take 16384 real events
        with pytest.raises(LostChangesError):
            watch.take()
        assert watch.take() == []
    finally:
        watch.close()


async def test_end_of_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "w"
    (root / "sub").mkdir(parents=True)
    watch = await Watch.open(root, is_recursive=True)
    (root / "sub").rmdir()
    root.rmdir()
    changes: list[Change] = []
    while Change(".", "REMOVE") not in changes:
        changes += await watch.next(10) or []
    assert changes == [Change("sub", "REMOVE"), Change(".", "REMOVE")]
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(watch.next(60))
        await asyncio.sleep(0)
        watch.close()
    assert waiting.result() is None
    watch.close()


async def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await Watch.open(tmp_path / "gone", is_recursive=True)


async def test_a_link_that_takes_the_place_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    """The swap a hostile program would try: between the coming of a folder and the look into it."""
    root, outside = tmp_path / "w", tmp_path / "outside"
    (outside / "inner").mkdir(parents=True)
    root.mkdir()
    watch = await Watch.open(root, is_recursive=True)
    try:
        for target in (outside, root):  # to what is not watched, and round in a circle
            (root / "d").mkdir()
            (root / "d").rmdir()
            (root / "d").symlink_to(target)
            (root / "d").unlink()
            (root / "d").symlink_to(target)
            changes = watch.take()
            assert {each.name for each in changes} == {"d"}
            assert changes[-1] == Change("d", "CREATE")
            (root / "d").unlink()
        (outside / "inner" / "new").touch()
        assert watch.take() == [Change("d", "REMOVE")]
        assert list(watch._folders.values()) == [""]
    finally:
        watch.close()


async def test_a_tree_deeper_than_the_interpreters_stack_is_watched(tmp_path: Path) -> None:
    root = deepest = tmp_path / "w"
    root.mkdir()
    try:
        for _ in range(sys.getrecursionlimit() + 100):
            deepest /= "d"
            deepest.mkdir()
        watch = await Watch.open(root, is_recursive=True)
        try:
            (deepest / "new").touch()
            assert watch.take() == [Change((deepest / "new").relative_to(root).as_posix(), "CREATE")]
            root.joinpath("d").rename(root / "moved")
            changes = watch.take()
            assert Change(f"moved{'/d' * (sys.getrecursionlimit() + 99)}/new", "CREATE") in changes
        finally:
            watch.close()
    finally:
        remove_tree(root)  # pytest's own remover is not up to it


async def test_where_no_watch_is_left_the_changes_are_lost_and_not_the_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = await Watch.open(tmp_path, is_recursive=True)
    try:

        def refuse(*_: object) -> int:
            raise OSError(errno.ENOSPC, "no watches left")

        monkeypatch.setattr(watch_module, "inotify_watch", refuse)
        (tmp_path / "d").mkdir()
        with pytest.raises(LostChangesError):
            watch.take()
        with pytest.raises(OSError, match="no watches left"):
            await Watch.open(tmp_path, is_recursive=True)
    finally:
        watch.close()
