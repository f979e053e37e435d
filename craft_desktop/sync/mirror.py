"""What a sandbox is known to hold, and the pushes that make it equal to the folder.

Before an order goes out, all it touches is put in doubt; only the sandbox's answer settles it. So an order that
failed, was cut off half-way or cancelled is found again by the next comparison, and nothing is believed that was not
answered.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from craft_desktop.model.errors import Action, Problem, ProjectError, SyncError
from craft_desktop.sync.archive import Archive
from craft_desktop.sync.diff import Batch, Difference, compare, is_below
from craft_desktop.sync.drift import Rewrites, adoptable, correct, find_drift, is_held
from craft_desktop.sync.ignore import IgnoreRules
from craft_desktop.sync.known import Known
from craft_desktop.sync.load import INLINE_BYTES, Loader, Portion
from craft_desktop.sync.memory import Memory
from craft_desktop.sync.problems import sum_up
from craft_desktop.sync.repository import find_excludes_file
from craft_desktop.sync.safety import EmptiedError, is_doubtful, is_emptied
from craft_desktop.sync.scan import Scan, look, scan
from craft_desktop.sync.snapshot import Entry, Kind
from craft_desktop.sync.state import HaltReason
from craft_desktop.sync.threads import change_in_thread, look_in_thread

# `rm -rf` of a large project takes about as long; a branch switch that removes half of a project may wait for it.
DOUBT_S = 0.5
# A first push of so many files goes as one stream, fewer go as one form. Beside the form it took, on this computer, 1.9
# of the time for 100 files, 1.2 for 300 (0.9 on the disk), 0.8 for 600, 0.9 for 1,000 (medians on a busy machine); over
# a line it is a round trip more, and a third of the bytes.
ARCHIVE_FILES = 200
# The sandbox holds a stream and what comes out of it side by side.
ARCHIVE_BYTES = 1024**3
# A file may be replaced in the middle of being streamed; three times in a row is something else.
LOST_SOURCES = 3


class Remote(Protocol):
    """The sandbox as the sync sees it.

    `apply` carries out a batch in the order its fields say and returns when all of it is done; `apply_archive` brings
    what an archive holds, all of it or nothing. One call of these two runs at a time; `manifest` may run beside it.
    After an error or a cancellation any part of a batch may have been done. A `Path` source is read during the call
    and may have gone or changed by then: an `OSError` from opening or reading it may come through.

    :raises CraftError: it was not done, or not wholly.
    """

    async def apply(self, batch: Batch) -> None:
        """Carry out a batch."""

    async def apply_archive(self, archive: Archive) -> None:
        """Bring everything an archive holds; nothing in there is of another kind at the same name."""

    async def manifest(self) -> Mapping[str, Entry]:
        """Tell all that is there, but for what is never sent, with hashes taken there."""


@dataclass(frozen=True, slots=True)
class PushResult:
    """What a push did: files and links written, files and links removed, bytes of the files written.

    `duration_ms` runs from when the first change was noticed to the sandbox's last answer; `changed` names every
    path touched, folders too; `revision` counts the pushes that changed something. `saved_at` is the newest time of
    change that a file written bears (Unix seconds; None: none was written).
    """

    files: int
    deleted: int
    size_bytes: int
    duration_ms: float
    revision: int
    changed: frozenset[str]
    saved_at: float | None = None


@dataclass(frozen=True, slots=True)
class Pushed:
    """A push, and what follows from it: folders that were seen, paths that must be looked at again."""

    result: PushResult
    folders: tuple[str, ...]
    unstable: tuple[str, ...]


class Mirror:
    """Pushes; one at a time, which the caller sees to.

    :param clock: seconds that never go back.
    :param pause: waits for so many seconds.
    """

    def __init__(
        self,
        root: Path,
        remote: Remote,
        on_problem: Callable[[Problem], None],
        clock: Callable[[], float],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._root = root
        self._remote = remote
        self._on_problem = on_problem
        self._clock = clock
        self._pause = pause
        self._known = Known({})
        self._rules = IgnoreRules()
        self._excludes_file: Path | None = None
        self._has_excludes_file = False
        self._problems: dict[str, Problem] = {}
        self._lost_sources = 0
        self._is_behind = True
        self._memory = Memory()
        self._rewrites = Rewrites()
        self.revision = 0

    def holds_file(self, relpath: str) -> bool:
        """Say whether the sandbox holds a file of that name."""
        entry = self._known.get(relpath)
        return entry is not None and entry.kind is Kind.FILE

    async def push(self, relpaths: frozenset[str] | None, since: float) -> Pushed:
        """Make the sandbox equal to the folder, at these paths and below, or (None) everywhere.

        :param since: when the first change was noticed, by the clock.
        :raises ProjectError: the folder is gone.
        :raises SyncError: the folder was emptied; nothing was sent.
        :raises CraftError: what the remote raised; what it may have done is in doubt.
        """
        # Paths told tell all only if nothing is left over from a push that failed.
        found, difference, is_large = await self._compare(None if self._is_behind else relpaths)
        self._is_behind = True
        # A warm sandbox may hold much that is another folder's; a first push has nothing of this one to lose.
        if self.revision and is_doubtful(self._known.entries, difference.deletes):
            await self._pause(DOUBT_S)
            found, difference, is_large = await self._compare(None)
        if not difference.writes and is_emptied(self._known.entries, difference.deletes):
            raise _emptied(self._root)
        tally = _Tally(deleted=sum(self._known[at].kind is not Kind.DIRECTORY for at in difference.deletes))
        self._known.doubt_clears(difference.clears)
        if not self.revision and is_large:
            await self._push_archive(difference, tally)
        else:
            await self._push_batches(difference, tally)
        self._tell({**found.problems, **tally.problems}, found.asked)
        self._is_behind = False
        pushed = Pushed(self._sum_up(tally, since), found.folders, tuple(tally.unstable))
        if is_large:
            # To let go of 100,000 entries takes 20 ms as well.
            held: list[object] = [found, difference]
            del found, difference
            await change_in_thread(held.clear)
        return pushed

    async def wipe(self, since: float) -> PushResult:
        """Delete all that was sent: the folder was emptied or deleted, and the person said that this is meant.

        :raises CraftError: what the remote raised.
        """
        self._is_behind = True
        tally = _Tally(deleted=sum(entry.kind is not Kind.DIRECTORY for entry in self._known.values()))
        await self._send(Batch(deletes=tuple(sorted(self._known, reverse=True))), Portion(), tally)
        return self._sum_up(tally, since)

    def adopt(self, manifest: Mapping[str, Entry]) -> None:
        """Begin with a sandbox that holds something already; what the folder does not hold of it will go."""
        self._known = Known(adoptable(manifest))
        self._memory = Memory()
        self._is_behind = True

    def held(self) -> dict[str, Entry]:
        """Give what the sandbox is known to hold, as it is now."""
        return dict(self._known.entries)

    async def correct(
        self, held: Mapping[str, Entry], manifest: Mapping[str, Entry]
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Take the sandbox's word where it differs from `held`, but for what was sent since.

        :return: those paths; and the files that are left, from now on, as tools in the sandbox rewrote them.
        """
        found = await look_in_thread(lambda: find_drift(held, manifest))
        drifted = tuple(at for at in found if is_held(held[at], self._known.get(at)))
        left, newly_left = self._rewrites.leave(drifted, held, manifest)
        drifted = tuple(at for at in drifted if at not in left)
        correct(self._known, drifted, manifest)
        if drifted:
            self._is_behind = True
        return drifted, newly_left

    def standing(self) -> HaltReason | None:
        """Look why the folder cannot be believed; None if it can. Blocks."""
        try:
            found = self._scan(None, Memory(tracked=self._memory.tracked))
        except ProjectError:
            return HaltReason.GONE
        is_empty = not any(entry.kind is Kind.FILE for entry in found.snapshot.values())
        return HaltReason.EMPTIED if is_empty and is_emptied(self._known.entries, self._known) else None

    async def _push_batches(self, difference: Difference, tally: "_Tally") -> None:
        loader = Loader(self._root, difference.writes, self._known.entries)
        is_first, is_last = True, False
        while not is_last:
            portion = await look_in_thread(loader.read) if difference.writes else Portion()
            is_last = portion.is_last
            tally.problems.update(portion.problems)
            tally.unstable += portion.unstable
            batch = _make_batch(difference, portion, is_first, is_last)
            is_first = False
            await self._send(batch, portion, tally)

    async def _push_archive(self, difference: Difference, tally: "_Tally") -> None:
        if difference.clears:
            await self._send(Batch(clears=difference.clears), Portion(), tally)
        archive = await change_in_thread(lambda: self._begin_archive(difference))
        await self._remote.apply_archive(archive)
        await change_in_thread(lambda: self._end_archive(difference, archive, tally))
        if difference.deletes:
            await self._send(Batch(deletes=difference.deletes), Portion(), tally)

    def _begin_archive(self, difference: Difference) -> Archive:
        # As it is now: in doubt, nothing of it would count as there.
        archive = Archive(self._root, difference, dict(self._known.entries))
        self._known.doubt_all(difference)
        return archive

    def _end_archive(self, difference: Difference, archive: Archive, tally: "_Tally") -> None:
        self._known.bring(difference.directories, difference.links, archive.read)
        streamed = [relpath for relpath, size in archive.sent.items() if size > INLINE_BYTES]
        tally.problems.update(archive.problems)
        tally.unstable += [*archive.unstable, *self._doubt_changed(streamed, archive.read)]
        tally.add(len(archive.sent) + len(difference.links), sum(archive.sent.values()))
        tally.changed.update(difference.directories, archive.sent, (link.relpath for link in difference.links))
        archive.release()

    def _scan(self, rules_of_known: IgnoreRules | None, memory: Memory) -> Scan:
        if not self._has_excludes_file:
            self._excludes_file = find_excludes_file(self._root)
            self._has_excludes_file = True
        known, touched = self._known.entries, self._known.touched
        return scan(self._root, known, rules_of_known, self._excludes_file, memory, touched)

    async def _compare(self, relpaths: frozenset[str] | None) -> tuple[Scan, Difference, bool]:
        """Give what was found, what differs, and whether that would go as a stream."""
        found, difference, is_large = await look_in_thread(lambda: self._look_and_compare(relpaths))
        self._rules = found.rules
        if relpaths is None:
            self._memory = found.memory
            self._known.touched.clear()
        return found, difference, is_large

    def _look_and_compare(self, relpaths: frozenset[str] | None) -> tuple[Scan, Difference, bool]:
        if relpaths is None:
            # What was left over may be there by older rules.
            found = self._scan(None if self._is_behind else self._rules, self._memory)
        else:
            found = look(self._root, self._known.entries, self._rules, relpaths)
        difference = compare(found.before, found.snapshot)
        return found, difference, _is_for_archive(difference, found)

    async def _send(self, batch: Batch, portion: Portion, tally: "_Tally") -> None:
        """Send one batch."""
        if not batch:
            self._known.put(portion.read)
            return
        self._known.doubt(batch)
        try:
            await self._remote.apply(batch)
        except OSError as error:
            self._lost_sources += 1
            if self._lost_sources == LOST_SOURCES:
                raise SyncError(
                    "A file could not be read while it was sent",
                    str(error),
                    "Close what is writing to it, then start again.",
                    Action.START,
                ) from error
            tally.unstable += sorted(batch.relpaths)
        else:
            self._lost_sources = 0
            self._known.settle(batch, portion.read)
            streamed = [write.relpath for write in batch.writes if isinstance(write.source, Path)]
            tally.unstable += self._doubt_changed(streamed, portion.read)
        tally.add(len(batch.writes) + len(batch.links), batch.size_bytes)
        tally.saved_ns = max([tally.saved_ns, *(portion.read[write.relpath].mtime_ns for write in batch.writes)])
        tally.changed |= batch.relpaths

    def _doubt_changed(self, streamed: list[str], read: Mapping[str, Entry]) -> list[str]:
        """Put in doubt, and give, what changed between being hashed and being sent."""
        changed = [at for at in streamed if at in read and not _is_still(self._root, at, read[at])]
        for relpath in changed:
            self._known[relpath] = self._known[relpath].in_doubt()
        return changed

    def _tell(self, problems: dict[str, Problem], asked: frozenset[str] | None) -> None:
        """Tell problems that are new; one that went away is told again when it comes back."""
        before = self._problems
        kept = {} if asked is None else {at: told for at, told in before.items() if not is_below(at, asked)}
        self._problems = {**kept, **problems}
        new = sorted(relpath for relpath, problem in problems.items() if before.get(relpath) != problem)
        for problem in sum_up(problems[relpath] for relpath in new):
            self._on_problem(problem)

    def _sum_up(self, tally: "_Tally", since: float) -> PushResult:
        if tally.changed:
            self.revision += 1
        return PushResult(
            files=tally.files,
            deleted=tally.deleted,
            size_bytes=tally.size_bytes,
            duration_ms=(self._clock() - since) * 1000,
            revision=self.revision,
            changed=frozenset(tally.changed),
            saved_at=tally.saved_ns / 1e9 if tally.saved_ns else None,
        )


@dataclass(slots=True)
class _Tally:
    """What one push has done so far."""

    deleted: int = 0
    files: int = 0
    size_bytes: int = 0
    saved_ns: int = 0
    changed: set[str] = field(default_factory=set)
    unstable: list[str] = field(default_factory=list)
    problems: dict[str, Problem] = field(default_factory=dict)

    def add(self, files: int, size_bytes: int) -> None:
        """Count what was sent."""
        self.files += files
        self.size_bytes += size_bytes


def _make_batch(difference: Difference, portion: Portion, is_first: bool, is_last: bool) -> Batch:
    """Cut one batch: what prepares the ground goes with the first, what takes away with the last."""
    return Batch(
        clears=difference.clears if is_first else (),
        directories=difference.directories if is_first else (),
        writes=tuple(portion.writes),
        links=difference.links if is_last else (),
        deletes=difference.deletes if is_last else (),
    )


def _is_for_archive(difference: Difference, found: Scan) -> bool:
    if len(difference.writes) < ARCHIVE_FILES:
        return False
    return sum(found.snapshot[relpath].size for relpath in difference.writes) <= ARCHIVE_BYTES


def _is_still(root: Path, relpath: str, entry: Entry) -> bool:
    try:
        stat = os.lstat(root / relpath)
    except OSError:
        # Gone or out of reach: the next look says which.
        return False
    # A young file's ctime is not in its entry.
    return entry.mtime_ns == stat.st_mtime_ns and entry.size == stat.st_size and entry.inode == stat.st_ino


def _emptied(root: Path) -> EmptiedError:
    return EmptiedError(
        "The folder was emptied",
        f"{root} holds no file of the project any more. What the sandbox holds was not touched.",
        "Put the files back, and it goes on by itself; or empty the sandbox too.",
        Action.SEND_EMPTINESS,
    )
