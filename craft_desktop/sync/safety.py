"""When a difference must not be believed; pure.

A folder that was deleted, unmounted or emptied looks like one whose every file was removed on purpose. The copy is
never wiped on such evidence: the sync halts and asks.
"""

from collections.abc import Collection, Mapping

from craft_desktop.model.errors import SyncError
from craft_desktop.sync.diff import is_below
from craft_desktop.sync.snapshot import Entry, Kind

# Fewer files than these are deleted by hand every day.
DOUBTFUL_FILES = 5


class EmptiedError(SyncError):
    """The folder is there, and none of the project's files is in it any more; nothing was sent."""


def is_emptied(known: Mapping[str, Entry], deletes: Collection[str]) -> bool:
    """Say whether deleting these leaves no file at all where there was one."""
    gone = frozenset(deletes)
    return any(entry.kind is Kind.FILE for entry in known.values()) and all(
        relpath in gone for relpath, entry in known.items() if entry.kind is Kind.FILE
    )


def is_doubtful(known: Mapping[str, Entry], deletes: Collection[str]) -> bool:
    """Say whether at least half of the files would go: a folder on its way to being emptied shows as that."""
    if len(deletes) < DOUBTFUL_FILES or 2 * len(deletes) < len(known) / 2:
        return False
    files = sum(entry.kind is Kind.FILE for entry in known.values())
    gone = sum(known[relpath].kind is Kind.FILE for relpath in deletes if relpath in known)
    return gone >= DOUBTFUL_FILES and 2 * gone >= files


def restrict(known: Mapping[str, Entry], asked: frozenset[str], unread: frozenset[str]) -> dict[str, Entry]:
    """Give the known entries a look has something to say about: those asked for and below, minus the unread."""
    if not asked:
        return {}
    found = {relpath: entry for relpath in asked if (entry := known.get(relpath)) is not None}
    if any(entry.kind is not Kind.FILE for entry in found.values()):
        found = {relpath: entry for relpath, entry in known.items() if is_below(relpath, asked)}
    return {relpath: entry for relpath, entry in found.items() if not is_below(relpath, unread)}
