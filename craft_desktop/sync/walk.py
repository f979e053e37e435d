"""Walks a folder by its rules and collects what is there; the steps of a scan and of a look.

An unchanged folder that is remembered (`memory.py`) is not listed: its files are asked for their signatures alone, all
at once.
"""

import errno
import os
import stat as modes
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from craft_desktop.model.errors import Problem
from craft_desktop.sync.ignore import CLOSED, CRAFT_FILE, GIT_FILE, IgnoreRules, Scope
from craft_desktop.sync.links import inside_target
from craft_desktop.sync.memory import Folder, Memory, Stamp
from craft_desktop.sync.pattern import Patterns
from craft_desktop.sync.repository import read_patterns
from craft_desktop.sync.signatures import Signatures
from craft_desktop.sync.snapshot import DIRECTORY, Entry, Kind, file_entry

_GONE = (errno.ENOENT, errno.ENOTDIR)
_Chain = tuple[Scope, ...]
# Never through a link, should one take the folder's place after it was found.
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class _Step(NamedTuple):
    """A folder to be looked at, and the rules' chain of what holds it; `is_told`: nothing below is passed over."""

    folder: str
    chain: _Chain
    is_told: bool


class Walk:
    """One walk.

    :param git: the folders' own ignore rules by what is known so far; brought up to date on the way.
    :param before: the rules by which all of `known` is sent.
    :param signatures: None: no folder is remembered.
    :param loose: the paths of `known` that may differ from what is remembered.
    """

    def __init__(
        self,
        root: Path,
        known: Mapping[str, Entry],
        rules: IgnoreRules,
        git: dict[str, Patterns],
        before: IgnoreRules | None = None,
        memory: Memory | None = None,
        signatures: Signatures | None = None,
        now_ns: Callable[[], int] = time.time_ns,
        loose: Collection[str] = (),
    ) -> None:
        self._path = root
        self._root = str(root)
        self._device = _device_of(root)
        self._known = known
        self._git = git
        self.rules = IgnoreRules(git, rules.outer, rules.craft, rules.tracked)
        same = before is not None and before.craft == rules.craft and before.tracked.is_as(rules.tracked)
        self._before = before if same else None
        self.entries: dict[str, Entry] = {}
        self.problems: dict[str, Problem] = {}
        self.unread: set[str] = set()
        self._folders: list[str] = []
        self._memory = memory or Memory()
        self.seen: dict[str, Folder] = {}
        self._signatures = signatures
        self._now_ns = now_ns
        self._loose = {relpath.rpartition("/")[0] for relpath in loose}
        self.settled: set[str] = set()
        self._gone: set[str] = set()

    @property
    def folders(self) -> tuple[str, ...]:
        """Give the folders that were found and are still there."""
        return tuple(folder for folder in dict.fromkeys(self._folders) if folder not in self._gone)

    def visit(self, relpath: str) -> None:
        """Look at one path and below."""
        if not _is_utf8(relpath):
            self.problems[relpath] = _unnameable(relpath)
            return
        try:
            stat = os.lstat(f"{self._root}/{relpath}")
        except OSError as error:
            if error.errno not in _GONE:
                self.unread.add(relpath)
                self.problems[relpath] = unreadable(relpath, error)
            return
        chain = self.rules.chain_within(relpath.rpartition("/")[0])
        is_directory = modes.S_ISDIR(stat.st_mode)
        if chain is None or self.rules.is_ignored_below(chain, relpath, is_directory):
            return
        self._add(relpath, stat)
        if is_directory:
            self.descend(relpath, CLOSED if self.rules.is_closed(chain, relpath) else chain)

    def descend(self, folder: str, chain: _Chain) -> None:
        """Look at all that lies below a folder; `chain` is the rules' chain of what holds it."""
        stack = [_Step(folder, chain, False)]
        while stack:
            step = stack.pop()
            try:
                descriptor = os.open(f"{self._root}/{step.folder}", _OPEN)
                try:
                    below = self._recall(descriptor, step)
                    stack += self._list(descriptor, step) if below is None else below
                finally:
                    os.close(descriptor)
            except OSError as error:
                self._unlisted(step.folder, error)

    def _recall(self, descriptor: int, step: _Step) -> list[_Step] | None:
        """Pass over a folder in which nothing changed, or add its files as they are known; give its folders.

        None: it must be listed.
        """
        at = step.folder
        folder = self._memory.folders.get(at)
        if self._signatures is None or folder is None or folder.above is not step.chain:
            return None
        if folder.stamp != Stamp.of(os.fstat(descriptor)):
            return None
        if folder.has_rules and read_patterns(Path(f"{self._root}/{at}/{GIT_FILE}")) != folder.patterns:
            return None
        is_settled = folder.signature is not None and not step.is_told and at not in self._loose
        files: list[Entry] = []
        if not is_settled:
            files = self._known_files(folder.files)
            if len(files) < len(folder.files):
                return None
            folder = folder._replace(signature=self._signatures.of_entries(files))
        if self._signatures.of_files(descriptor, folder.names) != folder.signature:
            return None
        if is_settled:
            self.settled.add(at)
            below = [
                _Step(relpath, CLOSED if relpath in folder.closed else folder.chain, step.is_told)
                for relpath in folder.folders
            ]
        else:
            self.entries.update(zip(folder.files, files, strict=True))
            self.entries.update(dict.fromkeys(folder.folders, DIRECTORY))
            below = self._below(folder.folders, folder.chain, folder.closed, step)
            if any(self._known.get(relpath) != DIRECTORY for relpath in folder.folders):
                folder = folder._replace(signature=None)
        for relpath in folder.links:
            # What it points to may have changed where the link did not.
            self._add_link(relpath)
        self._folders += folder.folders
        self.seen[at] = folder
        if folder.patterns is not None:
            self._git[at] = folder.patterns
        return below

    def _known_files(self, relpaths: tuple[str, ...]) -> list[Entry]:
        """Give the entries of those that are known as files and not in doubt."""
        entries = map(self._known.get, relpaths)
        return [entry for entry in entries if entry is not None and entry.kind is Kind.FILE and entry.sha256]

    def _below(self, folders: Iterable[str], chain: _Chain, closed: Collection[str], step: _Step) -> list[_Step]:
        """Give the steps into folders; what is no folder in the copy yet is told with all below it."""
        steps: list[_Step] = []
        for relpath in folders:
            entry = self._known.get(relpath)
            is_new = entry is None or entry.kind is not Kind.DIRECTORY
            steps.append(_Step(relpath, CLOSED if relpath in closed else chain, step.is_told or is_new))
        return steps

    def _list(self, descriptor: int, step: _Step) -> list[_Step]:
        """List a folder and add its entries; give its folders.

        :raises OSError: it cannot be listed.
        """
        # Before the look: what changes during it must show as a change after it.
        now_ns = self._now_ns()
        stamp = Stamp.of(os.fstat(descriptor))
        with os.scandir(descriptor) as listing:
            found = list(listing)
        at, above, _ = step
        prefix = f"{at}/" if at else ""
        patterns = None
        # Nothing re-includes what lies below an ignored folder.
        has_rules = above is not CLOSED and any(item.name == GIT_FILE for item in found)
        self._git.pop(at, None)
        if has_rules and (patterns := read_patterns(Path(f"{self._root}/{prefix}{GIT_FILE}"))) is not None:
            self._git[at] = patterns
        cut = len(prefix.encode())
        chain = above if patterns is None else (Scope(patterns, cut), *above)
        before = self._memory.folders.get(at)
        if before is not None and before.above is above and before.patterns == patterns:
            # What is remembered of the folders below goes by this very object.
            chain = before.chain
        problems = len(self.problems)
        files: list[str] = []
        folders: list[str] = []
        links: list[str] = []
        known = self._known_by_same_rules(at, chain)
        for item in found:
            relpath = prefix + item.name
            kind = self._add_item(item, relpath, known.get(relpath), chain)
            if kind is Kind.FILE:
                files.append(relpath)
            elif kind is Kind.DIRECTORY:
                folders.append(relpath)
            elif kind is Kind.LINK:
                links.append(relpath)
        closed = tuple(relpath for relpath in folders if self.rules.is_closed(chain, relpath))
        # What is mounted below the root may be of a kind whose times tell nothing: it is listed every time.
        is_own = stamp.device == self._device
        if self._signatures is not None and is_own and len(self.problems) == problems and stamp.is_telling(now_ns):
            self.seen[at] = Folder(
                *(stamp, above, chain, has_rules, patterns),
                names=tuple(relpath.encode()[cut:] for relpath in files),
                files=tuple(files),
                folders=tuple(folders),
                links=tuple(links),
                closed=closed,
            )
        return self._below(folders, chain, closed, step)

    def _known_by_same_rules(self, folder: str, chain: _Chain) -> Mapping[str, Entry]:
        if self._before is not None and chain is not CLOSED and self._before.chain(folder) == chain:
            return self._known
        return {}

    def _add_item(self, item: os.DirEntry[str], relpath: str, entry: Entry | None, chain: _Chain) -> Kind | None:
        """Add one thing, known by the same rules or not; give what it is, if it is sent."""
        if entry is not None and entry.kind is Kind.FILE and self._is_unchanged(item, entry):
            # Nearly every file of nearly every folder that is listed: nothing else is asked of it.
            self.entries[relpath] = entry
            return Kind.FILE
        is_directory = item.is_dir(follow_symlinks=False)
        if entry is None or (entry.kind is Kind.DIRECTORY) != is_directory:
            if not _is_utf8(item.name):
                self.problems[relpath] = _unnameable(relpath)
                return None
            if self.rules.is_ignored_below(chain, relpath, is_directory):
                return None
        try:
            stat = item.stat(follow_symlinks=False)
        except OSError as error:
            if error.errno not in _GONE:
                self.unread.add(relpath)
                self.problems[relpath] = unreadable(relpath, error)
            return None
        return self._add(relpath, stat)

    @staticmethod
    def _is_unchanged(item: os.DirEntry[str], entry: Entry) -> bool:
        if entry.sha256 is None:
            # In doubt, however it looks.
            return False
        try:
            return entry.has_signature(item.stat(follow_symlinks=False))
        except OSError:
            # Whoever asks again says why.
            return False

    def _add(self, relpath: str, stat: os.stat_result) -> Kind | None:
        """Add one thing; give what it is, if it can be sent."""
        kind = modes.S_IFMT(stat.st_mode)
        if kind == modes.S_IFREG:
            known = self._known.get(relpath)
            same = known is not None and known.kind is Kind.FILE and known.sha256 and known.has_signature(stat)
            self.entries[relpath] = known if same and known else file_entry(stat)
            return Kind.FILE
        if kind == modes.S_IFDIR:
            self.entries[relpath] = DIRECTORY
            self._folders.append(relpath)
            return Kind.DIRECTORY
        if kind == modes.S_IFLNK:
            self._add_link(relpath)
            return Kind.LINK
        self.problems[relpath] = Problem(
            "Something in the folder is not a file",
            f"{relpath} is a socket, a pipe or a device; it was not sent.",
            f"Nothing to do if the page does not need it. A line in {CRAFT_FILE} hides this notice.",
        )
        return None

    def _add_link(self, relpath: str) -> None:
        try:
            target = inside_target(self._path, relpath)
        except OSError as error:
            if error.errno not in (*_GONE, errno.EINVAL):
                self.unread.add(relpath)
                self.problems[relpath] = unreadable(relpath, error)
            return
        if target is None:
            self.problems[relpath] = Problem(
                "A link leaves the folder",
                f"{relpath} points outside; it was not sent.",
                "Copy what it points to into the folder, if the page needs it.",
            )
        elif not _is_utf8(target):
            self.problems[relpath] = _unnameable(relpath)
        else:
            self.entries[relpath] = Entry(Kind.LINK, target=target)

    def _unlisted(self, folder: str, error: OSError) -> None:
        if error.errno in _GONE:
            # Removed, or replaced, since it was found: the event of that, or the next scan, tells the rest.
            self.entries.pop(folder, None)
            self._gone.add(folder)
            return
        self.unread.add(folder)
        self.problems[folder] = unreadable(folder, error)


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


def _device_of(root: Path) -> int | None:
    try:
        return root.stat().st_dev
    except OSError:
        return None  # the first look at it says why
