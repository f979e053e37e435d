import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from craft_desktop.host.removal import remove_tree

DEEP = 1500  # beyond Python's recursion, a process's descriptors (1024) and the length of a path (4096)


def deepen(folder: Path, depth: int) -> None:
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("deep", dir_fd=here)
        inner = os.open("deep", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)


def test_a_tree_goes_though_it_resists(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    tree = tmp_path / "tree"
    (tree / "a" / "b" / "c").mkdir(parents=True)
    (tree / "a" / "file").touch()
    (tree / "link").symlink_to(outside)
    (tree / "a" / "link").symlink_to(outside)
    os.mkfifo(tree / "a" / "pipe")
    for each in ("a/b/c", "a/b", "a", ""):
        (tree / each).chmod(0)
    before = outside.stat().st_mode
    remove_tree(tree)
    assert not tree.exists()
    assert (outside / "kept").exists() and outside.stat().st_mode == before
    remove_tree(tree)


def test_no_depth_is_too_deep(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    deepen(tree, DEEP)
    remove_tree(tree)
    assert not tree.exists()


def test_a_link_in_the_place_of_the_folder_is_not_followed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").touch()
    (tmp_path / "tree").symlink_to(tmp_path / "outside")
    remove_tree(tmp_path / "tree")
    assert (tmp_path / "outside" / "kept").exists()
    assert "could not be removed" in caplog.text
    caplog.clear()


def test_a_folder_that_becomes_a_link_beneath_it_is_not_followed(tmp_path: Path) -> None:
    """A program swaps folders for links while they are removed, a thousand times."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    swap = (
        "import contextlib, os, shutil, sys\n"
        "os.chdir(sys.argv[1]); print(flush=True)\n"
        "while True:\n"
        "    with contextlib.suppress(OSError):\n"
        "        os.makedirs('x/y'); open('x/y/kept', 'w').close(); os.rename('x/y', 'x/z')\n"
        "        os.symlink(sys.argv[2], 'x/y')\n"
        "    with contextlib.suppress(OSError):\n"
        "        os.rename('x', 'w'); os.symlink(sys.argv[2], 'x')\n"
        "    with contextlib.suppress(OSError):\n"
        "        os.unlink('x')\n"
    )
    tree = tmp_path / "tree"
    tree.mkdir()
    argv = [sys.executable, "-c", swap, str(tree), str(outside)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as swapping:
        assert swapping.stdout is not None
        swapping.stdout.readline()
        for _ in range(300):
            for part in list(tree.iterdir()):
                remove_tree(part)
        swapping.kill()
    assert (outside / "kept").exists()
    shutil.rmtree(tree)


def test_what_cannot_go_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").touch()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("immutable")

    monkeypatch.setattr(os, "unlink", refuse)
    remove_tree(tmp_path / "tree")
    assert "immutable" in caplog.text
    caplog.clear()
