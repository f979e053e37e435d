"""What of a folder stays at home: git's ignore rules, `.craftignore`, and what is never sent.

A path is asked for from the top down, for nothing below an ignored directory can be re-included. In order, the
first that has an opinion decides:

1. `NEVER_SENT`: rebuilt inside the sandbox, or an editor's own traces.
2. `.craftignore` at the root, in git's syntax. Its `!` sends what git ignores.
3. Files (not folders) named `.env` or `.env.*` are sent whatever `.gitignore` says: a project needs its
   `.env.local` to run.
4. `.gitignore` of the deepest folder first, up to the root's; then what git says from outside (`repository.py`):
   `.gitignore` files above the folder, `.git/info/exclude`, the person's own excludes file. None of them speaks about
   what git tracks (`tracked.py`): an ignored folder that holds a tracked file is closed, nothing else of it is sent.

Matching is bytewise, as in git; the laws of one pattern stand in `pattern.py`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from craft_desktop.sync.pattern import Patterns
from craft_desktop.sync.tracked import Tracked

GIT_FILE = ".gitignore"
CRAFT_FILE = ".craftignore"
# In the folder that `.git` stands for.
EXCLUDE_FILE = "info/exclude"

# Installed, built or kept by tools, at any depth and of any kind (`.git` is a file in a worktree).
_TOOLS = frozenset({"node_modules", ".next", ".git"})
# Written beside the work by a desktop or an editor, read by no dev server.
_TRACES = frozenset({".DS_Store", "Thumbs.db"})
# vim's swap files, Emacs's locks and autosaves, JetBrains' and Sublime's and GIO's half-saved files. What has a
# plainer name (vim's `4913`, `page.tsx~`) is left to the timing in `coalesce.py`.
_HALF_SAVED = Patterns.parse(
    b".*.sw[opx]\n.#*\n\\#*#\n*___jb_tmp___\n*___jb_old___\n.subl*.tmp\n.goutputstream-??????\n"
)
NEVER_SENT = _TOOLS | _TRACES


class Scope(NamedTuple):
    """One ignore file, and how a relpath looks from its folder: `cut` bytes less in front, then `head` before it."""

    patterns: Patterns
    cut: int
    head: bytes = b""


# The chain of a closed folder: told by identity, and whatever lies below has the same.
CLOSED = (Scope(Patterns.parse(b"*\n"), 0),)


@dataclass(frozen=True, slots=True)
class IgnoreRules:
    """The rules of one folder.

    `git` maps a folder's relpath ("" for the root) to its `.gitignore`; folders without one are absent. `outer` are
    git's rules from outside the folder, the strongest first.
    """

    git: Mapping[str, Patterns] = field(default_factory=dict)
    outer: tuple[Scope, ...] = ()
    craft: Patterns | None = None
    tracked: Tracked = field(default_factory=Tracked)

    def chain(self, folder: str) -> tuple[Scope, ...]:
        """Give the ignore files that speak about a folder's entries, the strongest first; the folder is not closed."""
        found: list[Scope] = []
        at = folder
        while True:
            if patterns := self.git.get(at):
                found.append(Scope(patterns, len(at.encode()) + 1 if at else 0))
            if not at:
                break
            at = at.rpartition("/")[0]
        return (*found, *self.outer)

    def is_ignored_below(self, chain: Iterable[Scope], relpath: str, is_directory: bool) -> bool:
        """Say whether an entry of a folder that is itself sent stays at home; `chain` is that folder's."""
        name = relpath.rpartition("/")[2]
        if name in NEVER_SENT:
            return True
        name_bytes = name.encode()
        if not is_directory and _HALF_SAVED.verdict(name_bytes, name_bytes, False):
            return True
        path_bytes = relpath.encode()
        if self.craft is not None:
            verdict = self.craft.verdict(path_bytes, name_bytes, is_directory)
            if verdict is not None:
                return verdict
        if not is_directory and chain is not CLOSED and (name == ".env" or name.startswith(".env.")):
            return False
        return _git_says(chain, path_bytes, name_bytes, is_directory) and not self.tracked.holds(relpath, is_directory)

    def is_closed(self, chain: Iterable[Scope], folder: str) -> bool:
        """Say whether of a folder that is sent, in one whose chain is given, only what is tracked is."""
        if chain is CLOSED:
            return True
        if folder not in self.tracked.folders:
            return False
        path, name = folder.encode(), folder.rpartition("/")[2].encode()
        if self.craft is not None and self.craft.verdict(path, name, True) is not None:
            return False
        return _git_says(chain, path, name, True)

    def is_named_by_git(self, folder: str) -> bool:
        """Say whether git's rules alone ignore a folder, or one above it."""
        parts = folder.encode().split(b"/")
        above = ["/".join(folder.split("/")[:depth]) for depth in range(len(parts))]
        return any(
            _git_says(self.chain(above[depth]), b"/".join(parts[: depth + 1]), parts[depth], True)
            for depth in range(len(parts))
        )

    def chain_within(self, folder: str) -> tuple[Scope, ...] | None:
        """Give the chain of a folder's entries; None if the folder stays at home, by its own name or one above it."""
        chain = self.chain("")
        parts = folder.split("/") if folder else []
        for depth in range(1, len(parts) + 1):
            at = "/".join(parts[:depth])
            if self.is_ignored_below(chain, at, True):
                return None
            chain = CLOSED if self.is_closed(chain, at) else self.chain(at)
        return chain

    def is_ignored(self, relpath: str, is_directory: bool) -> bool:
        """Say whether a path stays at home, by its own name or by a folder above it."""
        chain = self.chain_within(relpath.rpartition("/")[0])
        return chain is None or self.is_ignored_below(chain, relpath, is_directory)


def _git_says(chain: Iterable[Scope], path: bytes, name: bytes, is_directory: bool) -> bool:
    for patterns, cut, head in chain:
        verdict = patterns.verdict(head + path[cut:], name, is_directory)
        if verdict is not None:
            return verdict
    return False


def is_rule_file(relpath: str) -> bool:
    """Say whether a change of this file changes the rules."""
    return relpath == CRAFT_FILE or relpath.rpartition("/")[2] == GIT_FILE
