"""Real file systems for tests: small enough to be filled, and able to go away under what uses them."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

needs_mounts = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a file system")


def mount(folder: Path, size: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "craft-test", str(folder)], check=True)


def unmount(folder: Path) -> None:
    """Take it away at once, whatever has it open; nothing where nothing is mounted."""
    if folder.is_mount() or _is_bound(folder):
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _is_bound(folder: Path) -> bool:
    return f" {folder} " in Path("/proc/self/mountinfo").read_text(encoding="utf-8")


@contextlib.contextmanager
def mounted(folder: Path, size: str) -> Iterator[Path]:
    mount(folder, size)
    try:
        yield folder
    finally:
        unmount(folder)


def fill(folder: Path) -> Path:
    """Leave no room in the file system of `folder`; give the file that takes it."""
    file = folder / "filler"
    with contextlib.suppress(OSError), file.open("wb", buffering=0) as filler:
        for size in (1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while filler.write(b"x" * size) == size:
                    pass
    return file
