"""Folders watched through the SDK: the asynchronous one streams changes, the synchronous one asks for them."""

import asyncio
import time
from collections.abc import Callable

import pytest
from e2b import (
    AsyncSandbox,
    FileNotFoundException,
    FilesystemEvent,
    FilesystemEventType,
    InvalidArgumentException,
    Sandbox,
    SandboxException,
)

DEADLINE_S = 20
Kind = FilesystemEventType


class Seen:
    """The events of one watch, and the wait for one of them."""

    def __init__(self) -> None:
        self.events: list[FilesystemEvent] = []
        self._came = asyncio.Event()

    def __call__(self, event: FilesystemEvent) -> None:
        self.events.append(event)
        self._came.set()

    async def until(self, kind: Kind, name: str) -> FilesystemEvent:
        async with asyncio.timeout(DEADLINE_S):
            while True:
                for event in self.events:
                    if (event.type, event.name) == (kind, name):
                        return event
                self._came.clear()
                await self._came.wait()


async def test_each_kind_of_change_is_told(sandbox: AsyncSandbox) -> None:
    await sandbox.files.make_dir("seen")
    seen = Seen()
    watch = await sandbox.files.watch_dir("seen", seen, timeout=0)
    await sandbox.files.write("seen/new", "x")
    await seen.until(Kind.CREATE, "new")
    await seen.until(Kind.WRITE, "new")
    await sandbox.files.write("seen/new", "y")
    await sandbox.commands.run("chmod 600 seen/new")
    await seen.until(Kind.CHMOD, "new")
    await sandbox.files.rename("seen/new", "seen/other")
    await seen.until(Kind.RENAME, "new")
    await sandbox.files.remove("seen/other")
    await seen.until(Kind.REMOVE, "other")
    await watch.stop()  # type: ignore[no-untyped-call]


async def test_folders_below_are_told_only_when_asked_for(sandbox: AsyncSandbox) -> None:
    await sandbox.files.make_dir("seen/below")
    flat, deep = Seen(), Seen()
    flat_watch = await sandbox.files.watch_dir("seen", flat, timeout=0)
    deep_watch = await sandbox.files.watch_dir("seen", deep, timeout=0, recursive=True, include_entry=True)
    await sandbox.files.write("seen/below/file", "x")
    told = await deep.until(Kind.WRITE, "below/file")
    assert told.entry is not None and told.entry.path == "/home/user/seen/below/file"
    # a folder that comes later, and what is put into it at once
    await sandbox.commands.run("mkdir -p seen/late/er && echo x > seen/late/er/file")
    await deep.until(Kind.CREATE, "late/er/file")
    await sandbox.files.write("seen/last", "x")
    await flat.until(Kind.CREATE, "last")
    assert not [event for event in flat.events if "/" in event.name]
    assert all(event.entry is None for event in flat.events)
    await flat_watch.stop()  # type: ignore[no-untyped-call]
    await deep_watch.stop()  # type: ignore[no-untyped-call]


async def test_the_end_of_a_watch_is_told_once(sandbox: AsyncSandbox) -> None:
    ends: list[Exception | None] = []
    seen = Seen()
    watch = await sandbox.files.watch_dir("", seen, timeout=0, on_exit=ends.append)
    await sandbox.files.write("x", "x")
    await seen.until(Kind.WRITE, "x")  # a watch stopped before its first turn tells no end at all
    await watch.stop()  # type: ignore[no-untyped-call]
    assert ends == [None]
    ended = asyncio.Event()

    def end(error: Exception | None) -> None:
        ends.append(error)
        ended.set()

    await sandbox.files.watch_dir("", Seen(), timeout=0, on_exit=end)
    await sandbox.kill()
    async with asyncio.timeout(DEADLINE_S):
        await ended.wait()
    assert len(ends) == 2


async def test_what_is_no_folder_is_not_watched(sandbox: AsyncSandbox) -> None:
    await sandbox.files.write("file", "x")
    with pytest.raises(FileNotFoundException):
        await sandbox.files.watch_dir("nowhere", Seen(), timeout=0)
    with pytest.raises(InvalidArgumentException):
        await sandbox.files.watch_dir("file", Seen(), timeout=0)


def asked_until(ask: Callable[[], list[FilesystemEvent]], kind: Kind, name: str) -> list[FilesystemEvent]:
    found: list[FilesystemEvent] = []
    deadline = time.monotonic() + DEADLINE_S
    while (kind, name) not in [(event.type, event.name) for event in found]:
        assert time.monotonic() < deadline, found
        found += ask()
    return found


def test_a_watcher_that_is_asked_tells_what_was_done_before(sync_sandbox: Sandbox) -> None:
    files = sync_sandbox.files
    files.make_dir("seen/below")
    watch = files.watch_dir("seen", include_entry=True)
    deep = files.watch_dir("seen", recursive=True)
    assert watch.get_new_events() == []
    files.write("seen/new", "x")
    # nothing is waited for: what was done before the question is in the answer
    events = watch.get_new_events()
    assert [(event.type, event.name) for event in events] == [
        (Kind.CREATE, "new"),
        (Kind.CHMOD, "new"),
        (Kind.WRITE, "new"),
    ]
    assert events[0].entry is not None and events[0].entry.size == 1
    assert watch.get_new_events() == []
    sync_sandbox.commands.run("echo x > seen/below/file; mv seen/below/file seen/below/other; rm seen/below/other")
    asked_until(deep.get_new_events, Kind.REMOVE, "below/other")
    assert watch.get_new_events() == []
    watch.stop()
    with pytest.raises(SandboxException, match="already stopped"):
        watch.get_new_events()
    deep.stop()
    with pytest.raises(FileNotFoundException):
        files.watch_dir("nowhere")
    with pytest.raises(InvalidArgumentException):
        files.watch_dir("seen/new")
