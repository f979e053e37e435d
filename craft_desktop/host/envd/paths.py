"""How a path in a request becomes a path on disk, for which user (rules of E2B's envd)."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class User:
    """A user name that a request may bear, and its home."""

    name: str
    home: str


def expand(path: str, user: User, workdir: str | None = None) -> Path:
    """The absolute path meant by `path`; see `expand_text`.

    :raises ValueError: the path holds a NUL, or names the home of another user (`~name`).
    """
    return Path(expand_text(path, user, workdir))


def expand_text(path: str, user: User, workdir: str | None = None) -> str:
    """The absolute path meant by `path`, with `.` and `..` worked out on the text alone.

    Text, for a request may bring thousands of paths, and to make a `Path` of each is most of their cost.

    Empty means `workdir`, or the home; `~` and `~/x` are in the home; a relative path is under the home, not under the
    working directory.

    :raises ValueError: the path holds a NUL, or names the home of another user (`~name`).
    """
    if "\0" in path:
        raise ValueError("path holds a NUL byte")
    if not path:
        return expand_text(workdir, user) if workdir else os.path.normpath(user.home)
    if path == "~" or path.startswith("~/"):
        path = user.home + path[1:]
    elif path.startswith("~"):
        raise ValueError(f"cannot expand the home of another user: '{path}'")
    elif not path.startswith("/"):
        path = f"{user.home}/{path}"
    clean = os.path.normpath(path)
    # POSIX lets two leading slashes stand; here they mean nothing.
    return clean[1:] if clean.startswith("//") else clean
