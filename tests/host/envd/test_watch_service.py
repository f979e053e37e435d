import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.host.envd.driver import PATIENCE_S, Driver

WATCH = "filesystem.Filesystem/WatchDir"


async def _until(events: AsyncIterator[dict[str, Any]], *wanted: tuple[str, str]) -> list[tuple[str, str]]:
    """Read changes until each of `wanted` came; all that came."""
    heard: list[tuple[str, str]] = []
    async with asyncio.timeout(PATIENCE_S):
        async for message in events:
            change = message["filesystem"]
            heard.append((change["name"], change["type"].removeprefix("EVENT_TYPE_")))
            if set(wanted) <= set(heard):
                return heard
    raise AssertionError(heard)


async def test_each_kind_of_change(daemon: Driver) -> None:
    async with daemon.stream(WATCH, {"path": ""}) as events:
        assert await anext(events) == {"start": {}}
        file = daemon.home / "f"
        file.touch()
        await _until(events, ("f", "CREATE"))
        file.write_text("x")
        await _until(events, ("f", "WRITE"))
        file.chmod(0o600)
        await _until(events, ("f", "CHMOD"))
        file.rename(daemon.home / "g")
        await _until(events, ("f", "RENAME"), ("g", "CREATE"))
        (daemon.home / "g").unlink()
        await _until(events, ("g", "REMOVE"))


async def test_an_upload_is_told_as_e2b_brings_it_about(daemon: Driver) -> None:
    (daemon.home / "d").mkdir()
    (daemon.home / "d" / "f").write_text("old")
    async with daemon.stream(WATCH, {"path": "d", "includeEntry": True}) as events:
        await anext(events)
        await daemon.upload({"d/f": b"new!"})
        assert await _until(events, ("f", "WRITE")) == [("f", "CHMOD"), ("f", "WRITE")]
        await daemon.upload({"d/g": b"12345"})
        message = await anext(events)
        assert message["filesystem"]["entry"]["size"] == "5"
        assert await _until(events, ("g", "WRITE")) == [("g", "CHMOD"), ("g", "WRITE")]
        # what is moved there otherwise only came to be
        (daemon.home / "x").write_text("x")
        (daemon.home / "x").rename(daemon.home / "d" / "h")
        (daemon.home / "d" / "last").touch()
        assert await _until(events, ("last", "CREATE")) == [("h", "CREATE"), ("last", "CREATE")]


async def test_what_stages_an_upload_is_not_told(daemon: Driver, tmp_path: Path) -> None:
    """Neither the folder in the home nor the file beside a target elsewhere."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (daemon.home / ".cache").mkdir()
    _, at_home = await daemon.fs("CreateWatcher", path="", recursive=True)
    _, elsewhere = await daemon.fs("CreateWatcher", path=str(outside))
    await daemon.upload({"f": b"1", str(outside / "g"): b"2"})
    for answer, name in ((at_home, "f"), (elsewhere, "g")):
        _, told = await daemon.fs("GetWatcherEvents", watcherId=answer["watcherId"])
        assert [(event["name"], event["type"]) for event in told["events"]] == [
            (name, "EVENT_TYPE_CREATE"),
            (name, "EVENT_TYPE_CHMOD"),
            (name, "EVENT_TYPE_WRITE"),
        ]


async def test_an_upload_into_a_folder_that_comes_with_it_is_told_whole(daemon: Driver) -> None:
    _, answer = await daemon.fs("CreateWatcher", path="", recursive=True)
    await daemon.upload({"new/er/f": b"1"})
    _, told = await daemon.fs("GetWatcherEvents", watcherId=answer["watcherId"])
    kinds = [event["type"] for event in told["events"] if event["name"] == "new/er/f"]
    assert kinds == ["EVENT_TYPE_CREATE", "EVENT_TYPE_CHMOD", "EVENT_TYPE_WRITE"]


async def test_recursive_follows_new_and_moved_folders(daemon: Driver) -> None:
    (daemon.home / "w" / "old").mkdir(parents=True)
    async with daemon.stream(WATCH, {"path": "w", "recursive": True}) as events:
        await anext(events)
        root = daemon.home / "w"
        (root / "old" / "x").touch()
        await _until(events, ("old/x", "CREATE"))
        (root / "a" / "b" / "c").mkdir(parents=True)
        (root / "a" / "b" / "c" / "f").touch()
        await _until(events, ("a", "CREATE"), ("a/b/c/f", "CREATE"))
        (root / "a" / "b").rename(root / "moved")
        await _until(events, ("a/b", "RENAME"), ("moved", "CREATE"))
        (root / "moved" / "c" / "f").write_text("1")
        await _until(events, ("moved/c/f", "WRITE"))


async def test_not_recursive_unless_asked(daemon: Driver) -> None:
    (daemon.home / "w" / "sub").mkdir(parents=True)
    async with daemon.stream(WATCH, {"path": "w"}) as events:
        await anext(events)
        (daemon.home / "w" / "sub" / "f").touch()
        (daemon.home / "w" / "last").touch()
        assert await _until(events, ("last", "CREATE")) == [("last", "CREATE")]


async def test_keepalive(daemon: Driver) -> None:
    async with daemon.stream(WATCH, {"path": ""}, {"Keepalive-Ping-Interval": "1"}) as events:
        assert [await anext(events), await anext(events)] == [{"start": {}}, {"keepalive": {}}]


async def test_deadline(daemon: Driver) -> None:
    async with daemon.stream(WATCH, {"path": ""}, {"Connect-Timeout-Ms": "100"}) as events:
        messages = [message async for message in events]
    assert messages[-1]["__end__"]["error"]["code"] == "deadline_exceeded"


async def test_polled_watcher(daemon: Driver) -> None:
    status, answer = await daemon.fs("CreateWatcher", path="", recursive=True)
    assert status == 200
    watcher = answer["watcherId"]
    (daemon.home / "f").write_text("1")
    changes: list[tuple[str, str]] = []
    async with asyncio.timeout(PATIENCE_S):
        while ("f", "EVENT_TYPE_WRITE") not in changes:
            _, answer = await daemon.fs("GetWatcherEvents", watcherId=watcher)
            changes += [(event["name"], event["type"]) for event in answer["events"]]
    assert changes[0] == ("f", "EVENT_TYPE_CREATE")
    assert await daemon.fs("RemoveWatcher", watcherId=watcher) == (200, {})
    for method in ("GetWatcherEvents", "RemoveWatcher"):
        status, answer = await daemon.fs(method, watcherId=watcher)
        assert (status, answer["code"]) == (404, "not_found")


async def test_missing_and_file(daemon: Driver) -> None:
    (daemon.home / "f").touch()
    for path, code in (("gone", "not_found"), ("f", "invalid_argument")):
        _, answer = await daemon.fs("CreateWatcher", path=path)
        assert answer["code"] == code
        async with daemon.stream(WATCH, {"path": path}) as events:
            assert (await anext(events))["__end__"]["error"]["code"] == code


async def test_a_watcher_left_behind_does_not_hold_the_daemon(daemon: Driver) -> None:
    assert (await daemon.fs("CreateWatcher", path=""))[0] == 200
