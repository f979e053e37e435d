"""Where a symbolic link may point: within its folder, by a relative path."""

import os
from pathlib import Path, PurePosixPath


def inside_target(root: Path, relpath: str) -> str | None:
    """Give the target that a link has in the copy; None if it leaves the folder.

    A relative target stays as it was written. One that is absolute, or names the folder from outside, is rewritten:
    the copy lies elsewhere. What it points to need not exist.

    :param root: the folder, itself without links on its path.
    :raises OSError: it is no link, or cannot be read.
    """
    path = root / relpath
    target = os.readlink(path)  # noqa: PTH115 - a Path would not keep it as it was written
    real = os.path.realpath(path)
    if not Path(real).is_relative_to(root):
        return None
    if PurePosixPath(target).is_absolute() or _climbs_out(relpath, target):
        return os.path.relpath(real, path.parent)
    return target


def _climbs_out(relpath: str, target: str) -> bool:
    """Say whether a relative target leaves the folder on its way, even if it comes back."""
    depth = relpath.count("/")
    for part in target.split("/"):
        depth += -1 if part == ".." else 0 if part in ("", ".") else 1
        if depth < 0:
            return True
    return False
