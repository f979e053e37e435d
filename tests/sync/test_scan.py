import contextlib
import os
import shutil
import socket
import subprocess
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import pytest

from craft_desktop.model.errors import ProjectError
from craft_desktop.sync.load import read_file
from craft_desktop.sync.scan import check_root, look, scan
from craft_desktop.sync.snapshot import DIRECTORY, RACY_NS, Entry, Kind

NAMES = ["with space", "it's", 'dou"ble', "new\nline", "-rf", "$HOME", "é", "日本語", "tab\t", "*", "a" * 255]


def known_of(root: Path) -> dict[str, Entry]:
    known = dict(scan(root, {}).snapshot)
    for relpath, entry in known.items():
        if entry.kind is Kind.FILE:
            found = read_file(root / relpath, lambda: time.time_ns() + RACY_NS)
            assert found is not None
            known[relpath] = found[0]
    return known


def test_files_folders_links(folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "link").symlink_to("app")
    (folder / "run.sh").touch(0o755)
    found = scan(folder, {})
    assert {relpath: entry.kind for relpath, entry in found.snapshot.items()} == {
        "package.json": Kind.FILE,
        "app": Kind.DIRECTORY,
        "app/page.tsx": Kind.FILE,
        "app/layout.tsx": Kind.FILE,
        "empty": Kind.DIRECTORY,
        "link": Kind.LINK,
        "run.sh": Kind.FILE,
    }
    assert found.snapshot["link"].target == "app"
    assert found.snapshot["run.sh"].executable
    assert not found.snapshot["package.json"].executable
    assert not found.problems


@pytest.mark.parametrize("name", NAMES)
def test_names_of_every_kind(folder: Path, name: str) -> None:
    (folder / name).write_text("x")
    assert scan(folder, {}).snapshot[name].size == 1


def test_a_name_that_is_no_utf8(folder: Path) -> None:
    (folder / "app" / os.fsdecode(b"caf\xe9")).touch()
    found = scan(folder, {})
    assert len(found.snapshot) == 4
    (problem,) = found.problems.values()
    assert "caf\\xe9" in problem.detail
    again = look(folder, found.snapshot, found.rules, ["app/" + os.fsdecode(b"caf\xe9")])
    assert again.problems == found.problems


def test_links_that_leave_are_told_and_not_sent(folder: Path) -> None:
    (folder / "app/passwd").symlink_to("/etc/passwd")
    (folder / "up").symlink_to("..")
    found = scan(folder, {})
    assert found.problems.keys() == {"app/passwd", "up"}
    assert not found.snapshot.keys() & found.problems.keys()
    assert found.problems["up"].title == "A link leaves the folder"


def test_what_is_no_file_is_told_and_not_sent(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    # A socket's path is at most 108 bytes.
    with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
    found = scan(folder, {})
    assert found.problems.keys() == {"pipe", "socket"}
    assert len(found.snapshot) == 4


def test_a_folder_that_cannot_be_listed_hides_nothing(open_folder: Path, as_ordinary_user: Callable[[], None]) -> None:
    (open_folder / "secret").mkdir(mode=0)
    (open_folder / "x").touch()
    as_ordinary_user()
    found = scan(open_folder, {})
    assert found.unread == {"secret"}
    assert "secret: Permission denied" in found.problems["secret"].detail
    assert found.snapshot.keys() == {"secret", "x"}
    if os.geteuid() != 0:
        (open_folder / "secret").chmod(0o700)  # so that who ran the tests can clear them away; root can anyhow


def test_hashes_are_carried_over_while_the_stat_is_the_same(folder: Path) -> None:
    known = known_of(folder)
    (folder / "app/page.tsx").write_text("new")
    found = scan(folder, known).snapshot
    assert found["package.json"] is known["package.json"]
    assert found["app/page.tsx"].sha256 is None


def test_ignored_folders_are_not_entered(folder: Path) -> None:
    (folder / ".gitignore").write_text("out/\n")
    for name in ("out", "node_modules"):
        (folder / name).mkdir()
        os.mkfifo(folder / name / "pipe")
    assert not scan(folder, {}).problems


def test_an_ignore_file_that_is_a_link_counts_as_none(folder: Path) -> None:
    (folder / "rules").write_text("app\n")
    (folder / ".gitignore").symlink_to("rules")
    assert "app/page.tsx" in scan(folder, {}).snapshot


def test_a_look_sees_what_a_scan_sees(folder: Path) -> None:
    (folder / ".gitignore").write_text("*.log\n/private\n")
    first = scan(folder, {})
    (folder / "app/new/deep").mkdir(parents=True)
    (folder / "app/new/.gitignore").write_text("x\n")
    (folder / "app/new/x").touch()
    (folder / "app/new/deep/y").touch()
    (folder / "app/a.log").touch()
    (folder / "private").mkdir()
    (folder / "private/z").touch()
    (folder / "package.json").unlink()
    told = ["app/new/deep/y", "app/a.log", "private/z", "package.json"]
    found = look(folder, first.snapshot, first.rules, told)
    assert set(found.asked or ()) == {"app/new", "app/a.log", "private", "package.json"}
    whole = scan(folder, {})
    assert dict(found.snapshot) == {
        relpath: entry for relpath, entry in whole.snapshot.items() if relpath.startswith("app/new")
    }
    assert found.rules == whole.rules


def test_a_look_does_not_go_through_a_link(folder: Path) -> None:
    first = scan(folder, {})
    (folder / "elsewhere").symlink_to("/etc")
    found = look(folder, first.snapshot, first.rules, ["elsewhere/passwd"])
    assert set(found.asked or ()) == {"elsewhere"}
    assert not found.snapshot
    assert found.problems.keys() == {"elsewhere"}


def test_a_folder_that_became_a_file(folder: Path) -> None:
    first = scan(folder, {})
    (folder / "app/page.tsx").unlink()
    (folder / "app/page.tsx").mkdir()
    (folder / "app/page.tsx/x").touch()
    found = look(folder, first.snapshot, first.rules, ["app/page.tsx/x"])
    assert set(found.asked or ()) == {"app/page.tsx"}
    assert found.snapshot["app/page.tsx"] is DIRECTORY
    assert found.snapshot["app/page.tsx/x"].kind is Kind.FILE


@pytest.mark.parametrize("kind", ["absent", "file"])
def test_a_root_that_is_gone(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "gone"
    if kind == "file":
        root.touch()
    for act in (
        lambda: check_root(root),
        lambda: scan(root, {}),
        lambda: look(root, {}, scan(tmp_path, {}).rules, ["x"]),
    ):
        with pytest.raises(ProjectError, match="folder is gone"):
            act()


class Vanishing(dict[str, Entry]):
    """What is known; asking for it takes the folder away."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root

    def get(self, relpath: str, default: object = None) -> None:  # type: ignore[override]
        shutil.rmtree(self.root, ignore_errors=True)


def test_a_root_that_vanishes_during_the_look_is_no_empty_folder(folder: Path) -> None:
    rules = scan(folder, {}).rules
    with pytest.raises(ProjectError, match="folder is gone"):
        look(folder, Vanishing(folder), rules, ["app/page.tsx"])


def test_a_root_that_vanishes_during_the_scan_is_no_empty_folder(folder: Path) -> None:
    with pytest.raises(ProjectError, match="folder is gone"):
        scan(folder, Vanishing(folder))


@pytest.mark.bench
def test_10_000_files_beside_git_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(100):
        (tmp_path / f"src/{number}").mkdir(parents=True)
        for page in range(100):
            (tmp_path / f"src/{number}/page{page}.tsx").write_text(f"{number} {page}\n" * 20)
    (tmp_path / ".gitignore").write_text("node_modules\n/.next/\n/out/\n*.log\n.env*\n")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", tmp_path, *arguments], check=True, capture_output=True, env=environment)

    git("init", "-q")
    git("add", ".")
    known, rules = known_of(tmp_path), scan(tmp_path, {}).rules
    git_ms = min(timeit.repeat(lambda: git("status", "--porcelain"), number=1)) * 1000
    first_ms = min(timeit.repeat(lambda: scan(tmp_path, {}), number=1)) * 1000
    again_ms = min(timeit.repeat(lambda: scan(tmp_path, known, rules), number=1)) * 1000
    with capsys.disabled():
        print(f"\ngit status {git_ms:.0f} ms, first scan {first_ms:.0f} ms, scan {again_ms:.0f} ms")  # noqa: T201
