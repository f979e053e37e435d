"""Looks at a folder on disk: all of it, or only where something was told to have happened.

Blocks; run it in a thread. It reads names, stats, link targets and ignore files, never the content of a project's
files, and never goes through a link.
"""

import errno
import os
import stat as modes
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model.errors import Action, Problem, ProjectError
from craft_desktop.sync.ignore import CRAFT_FILE, GIT_FILE, IgnoreRules, Scope
from craft_desktop.sync.links import inside_target
from craft_desktop.sync.pattern import Patterns
from craft_desktop.sync.repository import outer_rules, read_patterns
from craft_desktop.sync.snapshot import DIRECTORY, Entry, Kind, Snapshot, file_entry

_GONE = (errno.ENOENT, errno.ENOTDIR)
_Chain = tuple[Scope, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look found.

    `asked` are the relpaths that were looked at with all below them; None means the whole folder.
    `unread` are folders that could not be listed: nothing is known about what lies below them.
    """

    snapshot: Snapshot
    problems: Mapping[str, Problem]
    unread: frozenset[str]
    rules: IgnoreRules
    asked: frozenset[str] | None


def scan(
    root: Path,
    known: Mapping[str, Entry],
    rules_of_known: IgnoreRules | None = None,
    excludes_file: Path | None = None,
) -> Scan:
    """Look at the whole folder.

    :param root: itself without links on its path.
    :param known: entries whose hashes are carried over where the signature is the same.
    :param rules_of_known: the rules by which all of `known` is sent; where they still hold it is not asked again,
        which halves the time.
    :param excludes_file: the person's own git ignore file.
    :raises ProjectError: the folder is gone or cannot be listed.
    """
    check_root(root)
    rules = IgnoreRules(outer=outer_rules(root, excludes_file), craft=read_patterns(root / CRAFT_FILE))
    walk = _Walk(root, known, rules, {}, rules_of_known)
    walk.descend("", rules.chain(""))
    # A root that vanished meanwhile looks like an empty one.
    check_root(root)
    return walk.result(None)


def look(root: Path, known: Mapping[str, Entry], rules: IgnoreRules, relpaths: Collection[str]) -> Scan:
    """Look at some paths and all that lies below them, by the rules of the last scan.

    :raises ProjectError: the folder is gone or cannot be listed.
    """
    check_root(root)
    walk = _Walk(root, known, rules, dict(rules.git))
    asked = {_topmost_new(relpath, known) for relpath in relpaths}
    for relpath in asked:
        walk.visit(relpath)
    check_root(root)
    return walk.result(frozenset(asked))


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


class _Walk:
    def __init__(
        self,
        root: Path,
        known: Mapping[str, Entry],
        rules: IgnoreRules,
        git: dict[str, Patterns],
        before: IgnoreRules | None = None,
    ) -> None:
        self._path = root
        self._root = str(root)
        self._known = known
        self._git = git
        self._rules = IgnoreRules(git, rules.outer, rules.craft)
        self._before = before if before is not None and before.craft == rules.craft else None
        self._entries: dict[str, Entry] = {}
        self._problems: dict[str, Problem] = {}
        self._unread: set[str] = set()

    def result(self, asked: frozenset[str] | None) -> Scan:
        return Scan(Snapshot(self._entries), self._problems, frozenset(self._unread), self._rules, asked)

    def visit(self, relpath: str) -> None:
        """Look at one path and below."""
        if not _is_utf8(relpath):
            self._problems[relpath] = _unnameable(relpath)
            return
        try:
            stat = os.lstat(f"{self._root}/{relpath}")
        except OSError as error:
            if error.errno not in _GONE:
                self._unread.add(relpath)
                self._problems[relpath] = unreadable(relpath, error)
            return
        chain = self._rules.chain(relpath.rpartition("/")[0])
        is_directory = modes.S_ISDIR(stat.st_mode)
        if self._rules.is_ignored(relpath, is_directory):
            return
        self._add(relpath, stat)
        if is_directory:
            self.descend(relpath, chain)

    def descend(self, folder: str, chain: _Chain) -> None:
        """Look at all that lies below a folder; `chain` is the rules' chain of what holds it."""
        stack = [(folder, chain)]
        while stack:
            at, chain = stack.pop()
            prefix = f"{at}/" if at else ""
            try:
                with os.scandir(f"{self._root}/{at}") as listing:
                    found = list(listing)
            except OSError as error:
                self._unlisted(at, error)
                continue
            self._git.pop(at, None)
            if any(item.name == GIT_FILE for item in found):
                patterns = read_patterns(Path(f"{self._root}/{prefix}{GIT_FILE}"))
                if patterns is not None:
                    self._git[at] = patterns
                    chain = (Scope(patterns, len(prefix.encode())), *chain)
            stack.extend((below, chain) for below in self._list(at, found, chain))

    def _list(self, folder: str, found: Iterable[os.DirEntry[str]], chain: _Chain) -> list[str]:
        """Add a folder's entries; give its folders."""
        prefix = f"{folder}/" if folder else ""
        known: Mapping[str, Entry] = {}
        if self._before is not None and self._before.chain(folder) == chain:
            known = self._known
        folders: list[str] = []
        for item in found:
            relpath = prefix + item.name
            entry = known.get(relpath)
            if entry is not None and entry.kind is Kind.FILE and self._is_unchanged(item, entry):
                # Nearly every file of nearly every scan: nothing else is asked of it.
                self._entries[relpath] = entry
                continue
            is_directory = item.is_dir(follow_symlinks=False)
            if entry is None or (entry.kind is Kind.DIRECTORY) != is_directory:
                if not _is_utf8(item.name):
                    self._problems[relpath] = _unnameable(relpath)
                    continue
                if self._rules.is_ignored_below(chain, relpath, is_directory):
                    continue
            try:
                stat = item.stat(follow_symlinks=False)
            except OSError as error:
                if error.errno not in _GONE:
                    self._unread.add(relpath)
                    self._problems[relpath] = unreadable(relpath, error)
                continue
            self._add(relpath, stat)
            if is_directory:
                folders.append(relpath)
        return folders

    @staticmethod
    def _is_unchanged(item: os.DirEntry[str], entry: Entry) -> bool:
        try:
            stat = item.stat(follow_symlinks=False)
        except OSError:
            # Whoever asks again says why.
            return False
        return (
            entry.ctime_ns == stat.st_ctime_ns
            and entry.inode == stat.st_ino
            and entry.size == stat.st_size
            and entry.mtime_ns == stat.st_mtime_ns
        )

    def _add(self, relpath: str, stat: os.stat_result) -> None:
        kind = modes.S_IFMT(stat.st_mode)
        if kind == modes.S_IFREG:
            known = self._known.get(relpath)
            same = known is not None and known.kind is Kind.FILE and known.has_signature(stat)
            self._entries[relpath] = known if same and known else file_entry(stat)
        elif kind == modes.S_IFDIR:
            self._entries[relpath] = DIRECTORY
        elif kind == modes.S_IFLNK:
            self._add_link(relpath)
        else:
            self._problems[relpath] = Problem(
                "Something in the folder is not a file",
                f"{relpath} is a socket, a pipe or a device; it was not sent.",
                f"Nothing to do if the page does not need it. A line in {CRAFT_FILE} hides this notice.",
            )

    def _add_link(self, relpath: str) -> None:
        try:
            target = inside_target(self._path, relpath)
        except OSError as error:
            if error.errno not in (*_GONE, errno.EINVAL):
                self._unread.add(relpath)
                self._problems[relpath] = unreadable(relpath, error)
            return
        if target is None:
            self._problems[relpath] = Problem(
                "A link leaves the folder",
                f"{relpath} points outside; it was not sent.",
                "Copy what it points to into the folder, if the page needs it.",
            )
        elif not _is_utf8(target):
            self._problems[relpath] = _unnameable(relpath)
        else:
            self._entries[relpath] = Entry(Kind.LINK, target=target)

    def _unlisted(self, folder: str, error: OSError) -> None:
        if error.errno in _GONE:
            # Removed, or replaced, since it was found: the event of that, or the next scan, tells the rest.
            self._entries.pop(folder, None)
            return
        self._unread.add(folder)
        self._problems[folder] = unreadable(folder, error)


def unreadable(relpath: str, error: OSError) -> Problem:
    """Tell that something could not be read, and why."""
    return Problem(
        "A file cannot be read",
        f"{relpath or 'The folder'}: {error.strerror or error}. It was not sent.",
        "Give yourself the right to read it, or name it in .craftignore.",
    )


def _unnameable(relpath: str) -> Problem:
    return Problem(
        "A file name is not valid UTF-8",
        f"{os.fsencode(relpath)!r} was not sent.",
        "Rename it, if the page needs it.",
    )


def _is_utf8(name: str) -> bool:
    if name.isascii():
        return True
    try:
        name.encode()
    except UnicodeEncodeError:
        # How Python carries bytes that are no UTF-8 (PEP 383).
        return False
    return True
