"""A disk that is full, for real: a small file system of its own, in a mount namespace of its own."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, tiny_project

SMALL = 'mount -t tmpfs -o size=24m none "$CRAFT_DESKTOP_HOME" && '
# What the mounted file system holds when the program is done.
LISTED = '; code=$?; find "$CRAFT_DESKTOP_HOME"/state/host -type f | head -n 3 >&2; exit $code'


def preview(tmp_path: Path, folder: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    home = tmp_path / "home"
    home.mkdir()
    program = shlex.join([sys.executable, str(REPOSITORY / "main.py"), "preview", str(folder), "--json"])
    command = f"{SMALL}{before}{program}{LISTED}"
    return subprocess.run(
        ["unshare", "--map-root-user", "--mount", "bash", "-c", command],
        env={**os.environ, "CRAFT_DESKTOP_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("size_mb", [1, 8])
def test_a_copy_that_does_not_fit_is_told_and_leaves_nothing(tmp_path: Path, size_mb: int) -> None:
    folder = tiny_project(tmp_path / "large")
    for number in range(32 // size_mb):  # small files go in batches, large ones as streams
        (folder / f"{number}.bin").write_bytes(os.urandom(size_mb * 1024 * 1024))
    ended = preview(tmp_path, folder)
    assert ended.returncode == 1
    last = json.loads(ended.stdout.splitlines()[-1])
    assert (last["event"], last["title"]) == ("failed", "The disk is full")
    assert ended.stderr == ""


def test_a_disk_that_is_full_before_the_start_is_told(tmp_path: Path) -> None:
    fill = 'head -c 30m /dev/zero > "$CRAFT_DESKTOP_HOME/fill" 2>/dev/null; '
    ended = preview(tmp_path, tiny_project(tmp_path / "small"), fill)
    assert ended.returncode == 1
    last = json.loads(ended.stdout.splitlines()[-1])
    assert last["event"] == "failed"
    assert "disk" in last["detail"] + last["remedy"]


def test_an_install_that_fills_the_disk_is_told(tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "grows", scripts={"preinstall": "head -c 40m /dev/zero > node_modules.bin"})
    ended = preview(tmp_path, folder)
    assert ended.returncode == 1
    last = json.loads(ended.stdout.splitlines()[-1])
    assert last["title"] == "The dependencies could not be installed"
    assert "No space left on device" in last["detail"]
    assert ended.stderr == ""
