"""What git's rules say from outside the folder: `.gitignore` files above it in the same repository, the repository's
`info/exclude`, and the person's own `core.excludesFile`.

A folder that its repository ignores was chosen for a preview all the same (an ignored playground, a home folder kept in
git): then the repository says nothing about what is in it.
"""

import os
import stat as modes
import subprocess
from pathlib import Path

from craft_desktop.sync.ignore import EXCLUDE_FILE, GIT_FILE, IgnoreRules, Scope
from craft_desktop.sync.pattern import Patterns

# git answers from two small files; one that hangs (a home folder on a network that is away) is done without.
_GIT_LIMIT_S = 5.0


def outer_rules(root: Path, excludes_file: Path | None) -> tuple[Scope, ...]:
    """Read the rules from outside a folder, the strongest first.

    :param root: itself without links on its path.
    :param excludes_file: the person's own rules; see `find_excludes_file`.
    """
    mine = read_patterns(excludes_file, follow=True) if excludes_file else None
    everywhere = (Scope(mine, 0, b""),) if mine else ()
    top = find_top(root)
    if top is None:
        return everywhere
    prefix = "" if root == top else root.relative_to(top).as_posix()
    above: dict[str, Patterns] = {}
    at = prefix
    while at:
        at = at.rpartition("/")[0]
        if patterns := read_patterns(top / at / GIT_FILE):
            above[at] = patterns
    excluded = read_patterns(_common_folder(top / ".git") / EXCLUDE_FILE, follow=True)
    exclude = (Scope(excluded, 0, b""),) if excluded else ()
    if prefix and IgnoreRules(above, (*exclude, *everywhere)).is_named_by_git(prefix):
        return everywhere
    head = f"{prefix}/".encode() if prefix else b""
    scopes = [Scope(above[folder], 0, head[len(folder.encode()) + bool(folder) :]) for folder in above]
    return (*scopes, *(Scope(scope.patterns, 0, head) for scope in exclude), *everywhere)


def find_excludes_file(root: Path) -> Path | None:
    """Find the person's own ignore file, as git does: `core.excludesFile`, or git's default. Blocks.

    Without git, or where it refuses, its default counts.
    """
    try:
        asked = subprocess.run(
            ["git", "-C", root, "config", "--type=path", "--null", "--get", "core.excludesFile"],
            capture_output=True,
            timeout=_GIT_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        # No git here, or none that answers.
        return _default_file()
    if asked.returncode != 0:
        return _default_file()
    name = os.fsdecode(asked.stdout.removesuffix(b"\0"))
    return root / name if name else None


def read_patterns(path: Path, *, follow: bool = False) -> Patterns | None:
    """Read an ignore file; one that is no regular file counts as none, and so does an unreadable one.

    :param follow: go through links, as git does for files outside the work tree only.
    """
    try:
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            return Patterns.parse(file.read()) if modes.S_ISREG(os.fstat(descriptor).st_mode) else None
    except OSError:
        # Unreadable: one inside the folder is told as a problem when its own turn to be sent comes.
        return None


def _default_file() -> Path | None:
    config = os.environ.get("XDG_CONFIG_HOME")
    try:
        return (Path(config) if config else Path.home() / ".config") / "git/ignore"
    except RuntimeError:
        # A user without a home.
        return None


def find_top(root: Path) -> Path | None:
    """Find the work tree that a folder is in; not across a mount, as git."""
    try:
        device = root.stat().st_dev
        for folder in (root, *root.parents):
            if folder.stat().st_dev != device:
                return None
            if (git_folder(folder / ".git") / "HEAD").exists():
                return folder
    except OSError:
        # A folder above may be closed to the person: git stops there as well.
        return None
    return None


def git_folder(path: Path) -> Path:
    """Follow the file that stands for `.git` in a linked work tree or a submodule."""
    if not path.is_file():
        return path
    told = path.read_bytes()
    if not told.startswith(b"gitdir: "):
        return path
    return path.parent / os.fsdecode(told.removeprefix(b"gitdir: ").rstrip(b"\r\n"))


def _common_folder(path: Path) -> Path:
    """Give what all work trees of a repository share."""
    folder = git_folder(path)
    told = folder / "commondir"
    try:
        # Only linked work trees have one; a pipe of that name would be waited for without end.
        return folder / os.fsdecode(told.read_bytes().rstrip(b"\r\n")) if told.is_file() else folder
    except OSError:
        return folder
