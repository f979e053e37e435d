"""Edits of a small folder, and accidents of its copy, as hypothesis draws them."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import strategies as st

# Few names, so that things take each other's place; some that a shell, a form or a list would trip over.
NAMES = st.sampled_from(["a", "A", "b", "-rf", "new\nline", 'quo"te', "d/x", "d/e/y", "d", "é"])
CONTENTS = st.sampled_from([b"", b"1", b"2", b"\0\xff", b"long" * 3000])
TARGETS = st.sampled_from(["a", "d", "d/x", "none", "../outside"])


def write(root: Path, name: str, content: bytes) -> None:
    """Write in place, whatever stood there."""
    path = root / name
    _make_room(root, name)
    if path.is_symlink() or path.is_dir():
        remove(root, name)
    path.write_bytes(content)


def write_beside(root: Path, name: str, content: bytes) -> None:
    """Save as careful editors do: a temporary file, then a rename."""
    _make_room(root, name)
    if (root / name).is_dir() and not (root / name).is_symlink():
        remove(root, name)
    descriptor, temporary = tempfile.mkstemp(dir=(root / name).parent, prefix=".subl", suffix=".tmp")
    os.write(descriptor, content)
    os.close(descriptor)
    Path(temporary).replace(root / name)


def make(root: Path, name: str) -> None:
    """Make a folder, whatever stood there."""
    _make_room(root, name)
    if not (root / name).is_dir() or (root / name).is_symlink():
        remove(root, name)
        (root / name).mkdir()


def remove(root: Path, name: str) -> None:
    """Remove a file, a link or a whole folder."""
    path = root / name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    elif _is_inside(root, name):
        path.unlink(missing_ok=True)


def move(root: Path, name: str, other: str) -> None:
    """Rename one thing over another."""
    path, target = root / name, root / other
    if not (path.exists() or path.is_symlink()) or f"{other}/".startswith(f"{name}/") or name.startswith(f"{other}/"):
        return
    if not _is_inside(root, name):
        return
    _make_room(root, other)
    remove(root, other)
    if path.exists() or path.is_symlink():
        path.rename(target)


def execute(root: Path, name: str) -> None:
    """Turn the execute bit."""
    path = root / name
    if path.is_file() and not path.is_symlink() and _is_inside(root, name):
        path.chmod(path.stat().st_mode ^ 0o111)


def link(root: Path, name: str, target: str) -> None:
    """Make a link, whatever stood there."""
    _make_room(root, name)
    remove(root, name)
    (root / name).symlink_to(target)


def _is_inside(root: Path, name: str) -> bool:
    """Say whether no link stands on the way to a name."""
    above = [(root / name).parents[depth] for depth in range(name.count("/"))]
    return all(folder.is_dir() and not folder.is_symlink() for folder in above)


def _make_room(root: Path, name: str) -> None:
    """Make the folders on the way to a name, in the place of what is none."""
    parts = name.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        above = root.joinpath(*parts[:depth])
        if above.is_symlink() or (above.exists() and not above.is_dir()):
            above.unlink()
        above.mkdir(exist_ok=True)
