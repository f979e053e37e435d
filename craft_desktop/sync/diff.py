"""What must be done to a copy so that it equals a folder; pure.

`compare` finds the paths, `load.py` reads them, a `Batch` carries them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.sync.snapshot import Entry, Kind


@dataclass(frozen=True, slots=True)
class FileWrite:
    """A file to be written whole: its bytes, or the path to stream it from; `size` in bytes, as it was found."""

    relpath: str
    source: bytes | Path
    size: int
    executable: bool


@dataclass(frozen=True, slots=True)
class LinkWrite:
    """A symbolic link to be made; its target is relative and stays within the folder."""

    relpath: str
    target: str


@dataclass(frozen=True, slots=True)
class Batch:
    """One order to a copy, to be done in the order of the fields.

    `clears` are removed whole, with all below them: another kind of thing takes their place. `directories` are
    made where missing, parents first. `writes` and `links` find their folders there (those of this batch, those
    of an earlier one). `deletes` come last, deepest first: a file or link is unlinked, a directory is removed if it
    is empty and left alone if the sandbox put something of its own into it. What is already gone is no failure.
    """

    clears: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    writes: tuple[FileWrite, ...] = ()
    links: tuple[LinkWrite, ...] = ()
    deletes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.clears or self.directories or self.writes or self.links or self.deletes)

    @property
    def size_bytes(self) -> int:
        """Give the bytes of all files."""
        return sum(write.size for write in self.writes)

    @property
    def relpaths(self) -> frozenset[str]:
        """Give every path that is changed."""
        return frozenset(
            (
                *self.clears,
                *self.directories,
                *(write.relpath for write in self.writes),
                *(link.relpath for link in self.links),
                *self.deletes,
            )
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """A batch whose files are not read yet: `writes` may turn out to hold what they held before."""

    clears: tuple[str, ...] = ()
    directories: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    links: tuple[LinkWrite, ...] = ()
    deletes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.clears or self.directories or self.writes or self.links or self.deletes)


def compare(old: Mapping[str, Entry], new: Mapping[str, Entry]) -> Difference:
    """Find what turns `old` into `new`."""
    clears: set[str] = set()
    changed: list[str] = []
    added = 0
    for relpath, entry in new.items():
        before = old.get(relpath)
        if before is entry:
            continue
        if before is None:
            added += 1
            changed.append(relpath)
            continue
        if _must_go_first(before, entry):
            clears.add(relpath)
        if not _is_same(before, entry):
            changed.append(relpath)
    if clears:
        changed = [
            relpath for relpath in new if is_below(relpath, clears) or not _is_same(old.get(relpath), new[relpath])
        ]
    changed.sort()
    # Nearly always nothing is gone: to count them costs less than to look for them.
    gone: list[str] = []
    if len(old) > len(new) - added:
        gone = [relpath for relpath in old if relpath not in new and not is_below(relpath, clears)]
    return Difference(
        clears=tuple(sorted(clears)),
        directories=tuple(relpath for relpath in changed if new[relpath].kind is Kind.DIRECTORY),
        writes=tuple(relpath for relpath in changed if new[relpath].kind is Kind.FILE),
        links=tuple(
            LinkWrite(relpath, new[relpath].target or "") for relpath in changed if new[relpath].kind is Kind.LINK
        ),
        deletes=tuple(sorted(gone, reverse=True)),
    )


def is_below(relpath: str, tops: Iterable[str]) -> bool:
    """Say whether a path is one of `tops` or lies below one."""
    if not tops:
        return False
    tops = tops if isinstance(tops, (set, frozenset)) else frozenset(tops)
    while relpath:
        if relpath in tops:
            return True
        relpath = relpath.rpartition("/")[0]
    return False


def _must_go_first(before: Entry, entry: Entry) -> bool:
    if before.kind is not entry.kind:
        return True
    return entry.kind is Kind.LINK and before.target != entry.target


def _is_same(before: Entry | None, entry: Entry) -> bool:
    if before is None or before.kind is not entry.kind:
        return False
    if entry.kind is Kind.FILE:
        return entry.sha256 is not None and before.sha256 == entry.sha256 and before.executable == entry.executable
    return before == entry
