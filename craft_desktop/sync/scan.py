"""Looks at a folder on disk: all of it, or only where something was told to have happened.

Blocks; run it in a thread. It reads names, stats, link targets and ignore files, never the content of a project's
files, and never goes through a link.

A whole scan hands on what it saw of each folder (`memory.py`): the next one asks an unchanged folder's files for their
signatures alone, all at once, and only a folder in which something differs is listed again.
"""

import stat as modes
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from craft_desktop.model.errors import Action, Problem, ProjectError
from craft_desktop.sync.diff import is_below
from craft_desktop.sync.ignore import CRAFT_FILE, IgnoreRules
from craft_desktop.sync.index import read_tracked
from craft_desktop.sync.memory import Memory, is_timely
from craft_desktop.sync.repository import outer_rules, read_patterns
from craft_desktop.sync.safety import restrict
from craft_desktop.sync.signatures import Signatures, find_signatures
from craft_desktop.sync.snapshot import Entry, Kind, Snapshot
from craft_desktop.sync.tracked import Tracked
from craft_desktop.sync.walk import Walk


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look found.

    `asked` are the relpaths that were looked at with all below them; None means the whole folder.
    `unread` are folders that could not be listed: nothing is known about what lies below them. `folders` are all
    that were found. A scan with a memory leaves out of the snapshot what is as it is known; `before` is what is known
    of the places that the snapshot tells about. `memory` makes the next scan of the whole folder quick.
    """

    snapshot: Snapshot
    before: Mapping[str, Entry]
    folders: tuple[str, ...]
    problems: Mapping[str, Problem]
    unread: frozenset[str]
    rules: IgnoreRules
    asked: frozenset[str] | None
    memory: Memory


def scan(
    root: Path,
    known: Mapping[str, Entry],
    rules_of_known: IgnoreRules | None = None,
    excludes_file: Path | None = None,
    memory: Memory | None = None,
    touched: Collection[str] = (),
    signatures: Signatures | None = None,
    now_ns: Callable[[], int] = time.time_ns,
) -> Scan:
    """Look at the whole folder.

    :param root: itself without links on its path.
    :param known: entries whose hashes are carried over where the signature is the same.
    :param rules_of_known: the rules by which all of `known` is sent; where they still hold it is not asked again,
        which halves the time of a folder that is listed.
    :param excludes_file: the person's own git ignore file.
    :param memory: what the last scan of this root handed on.
    :param touched: every path of `known` that was set or removed since then.
    :param signatures: how signatures are taken; by default the fastest way there is here.
    :param now_ns: the wall clock that folders' times are compared with.
    :raises ProjectError: the folder is gone or cannot be listed.
    """
    check_root(root)
    outer, craft = outer_rules(root, excludes_file), read_patterns(root / CRAFT_FILE)
    tracked = read_tracked(root, memory.tracked if memory else Tracked())
    if memory is None or (memory.outer, memory.craft) != (outer, craft) or not tracked.is_as(memory.tracked):
        memory = Memory({}, outer, craft)
    if memory.loose is None:
        memory = replace(memory, folders={})
    loose = {*(memory.loose or ()), *touched}
    taken = (signatures or find_signatures()) if is_timely(root) else None
    # The memory's own objects, for its folders' chains are told by identity.
    rules = IgnoreRules(outer=memory.outer, craft=memory.craft, tracked=tracked)
    walk = Walk(root, known, rules, {}, rules_of_known, memory, taken, now_ns, loose)
    walk.descend("", memory.outer)
    # A root that vanished meanwhile looks like an empty one.
    check_root(root)
    before = known if memory.loose is None else _tell_before(known, memory, walk.settled, loose)
    passed = Memory(walk.seen, memory.outer, memory.craft, _find_loose(before, walk) if taken else None, tracked)
    if walk.unread:
        before = {relpath: entry for relpath, entry in before.items() if not is_below(relpath, walk.unread)}
    return _sum_up(walk, before, None, passed)


def look(root: Path, known: Mapping[str, Entry], rules: IgnoreRules, relpaths: Collection[str]) -> Scan:
    """Look at some paths and all that lies below them, by the rules of the last scan.

    :raises ProjectError: the folder is gone or cannot be listed.
    """
    check_root(root)
    walk = Walk(root, known, rules, dict(rules.git))
    asked = {_topmost_new(relpath, known) for relpath in relpaths}
    for relpath in asked:
        walk.visit(relpath)
    check_root(root)
    before = restrict(known, frozenset(asked), frozenset(walk.unread))
    return _sum_up(walk, before, frozenset(asked), Memory())


def check_root(root: Path) -> None:
    """Check that the folder is there.

    :raises ProjectError: it is not, or it is no folder.
    """
    try:
        if modes.S_ISDIR(root.stat().st_mode):
            return
        detail = f"{root} is no folder any more."
    except OSError as error:
        detail = f"{root}: {error.strerror}."
    raise ProjectError(
        "The project’s folder is gone",
        detail,
        "Put it back, or add it again where it is now. What the sandbox holds was not touched.",
        Action.REMOVE_PROJECT,
    )


def _topmost_new(relpath: str, known: Mapping[str, Entry]) -> str:
    """Give the highest folder above a path that nothing is known of, or the path itself."""
    parts = relpath.split("/")
    for depth in range(1, len(parts)):
        above = "/".join(parts[:depth])
        entry = known.get(above)
        if entry is None or entry.kind is not Kind.DIRECTORY:
            return above
    return relpath


def _tell_before(
    known: Mapping[str, Entry], memory: Memory, settled: Collection[str], loose: Iterable[str]
) -> Mapping[str, Entry]:
    """Give what is known of all that was not passed over."""
    told = set(loose)
    for relpath, folder in memory.folders.items():
        told.update(folder.links if relpath in settled else folder.relpaths)
    return {relpath: known[relpath] for relpath in told if relpath in known}


def _find_loose(before: Iterable[str], walk: Walk) -> frozenset[str]:
    """Give the known paths that no folder accounts for; one that was passed over accounts for its own."""
    held: set[str] = set()
    for relpath, folder in walk.seen.items():
        held.update(folder.links if relpath in walk.settled else folder.relpaths)
    return frozenset(relpath for relpath in before if relpath not in held)


def _sum_up(walk: Walk, before: Mapping[str, Entry], asked: frozenset[str] | None, memory: Memory) -> Scan:
    return Scan(
        snapshot=MappingProxyType(walk.entries),
        before=before,
        folders=walk.folders,
        problems=walk.problems,
        unread=frozenset(walk.unread),
        rules=walk.rules,
        asked=asked,
        memory=memory,
    )
