import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from craft_desktop.host import cgroups
from craft_desktop.host.cgroups import Group, Roots, find_roots, sweep
from tests.conftest import REPOSITORY
from tests.lacking import can_group, skip_unless

GONE_TIMEOUT_S = 10
WAITS = "import sys; sys.stdin.readline(); "


@pytest.fixture
def roots() -> Roots:
    found = find_roots()
    if not found.folders:
        skip_unless(can_group, "groups of processes cannot be made here")
    return found


@pytest.fixture
def grouped(roots: Roots, tmp_path: Path) -> Iterator[tuple[Group, "subprocess.Popen[bytes]"]]:
    """A program that waits for a line, in a group that may have 64 MB."""
    group = Group(roots, tmp_path.name, 64 * 2**20)
    script = WAITS + "exec(sys.stdin.readline())"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        group.take_in(process.pid)
        yield group, process
        process.kill()
    deadline = time.monotonic() + GONE_TIMEOUT_S
    while not group.remove():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_memory_beyond_the_bound_ends_the_program(
    roots: Roots, grouped: tuple[Group, "subprocess.Popen[bytes]"]
) -> None:
    if roots.memory is None:
        skip_unless(can_group, "memory cannot be bounded here")
    _, process = grouped
    process.communicate(b"\nx = bytearray(300_000_000); print(len(x))\n", timeout=GONE_TIMEOUT_S)
    assert process.returncode == -9


def test_processes_beyond_the_bound_are_refused_and_told(
    roots: Roots, grouped: tuple[Group, "subprocess.Popen[bytes]"], monkeypatch: pytest.MonkeyPatch
) -> None:
    if roots.pids is None:
        skip_unless(can_group, "processes cannot be bounded here")
    group, process = grouped
    monkeypatch.setattr(cgroups, "MOST_PROCESSES", 5)
    group.take_in(process.pid)
    assert not group.is_full()
    assert process.stdin is not None and process.stdout is not None
    fork = "import os, time; [os.fork() or time.sleep(60) for _ in range(9)]"
    process.stdin.write(f"\nexec({fork.replace('; ', chr(10))!r})\n".encode())
    process.stdin.flush()
    deadline = time.monotonic() + GONE_TIMEOUT_S
    while not group.is_full() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert group.is_full()
    members = (roots.pids / group._name / "cgroup.procs").read_text()
    for pid in members.split():
        subprocess.run(["kill", "-9", pid], check=False)


def test_a_group_is_held_still_and_goes_on(roots: Roots, grouped: tuple[Group, "subprocess.Popen[bytes]"]) -> None:
    group, process = grouped
    if not group.can_freeze:
        pytest.skip("groups cannot be frozen here")
    group.freeze(True)
    deadline = time.monotonic() + GONE_TIMEOUT_S
    while not group.is_frozen():
        assert time.monotonic() < deadline
    assert not group.remove()
    group.freeze(False)
    told, _ = process.communicate(b"\nprint(1)\n", timeout=GONE_TIMEOUT_S)
    assert told == b"1\n"


def test_what_is_left_empty_goes(roots: Roots) -> None:
    for root in roots.folders:
        (root / "craft-left-over").mkdir()
    sweep(roots)
    assert not any((root / "craft-left-over").exists() for root in roots.folders)


@contextlib.contextmanager
def once_made(monkeypatch: pytest.MonkeyPatch, then: Callable[[Path], object]) -> Iterator[None]:
    """Do something right after each tree's first new folder was made, as another process would."""
    real, seen = Path.mkdir, set[Path]()

    def mkdir(self: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        real(self, mode, parents, exist_ok)
        if self.parent not in seen:
            seen.add(self.parent)
            then(self)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", mkdir)
        yield
    assert seen


def test_two_hosts_that_try_at_once_find_the_same(roots: Roots, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from craft_desktop.host.cgroups import find_roots; print(find_roots())"
    with once_made(monkeypatch, lambda _: subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)):
        assert find_roots() == roots


def test_a_trial_that_another_host_sweeps_away_is_made_again(roots: Roots, monkeypatch: pytest.MonkeyPatch) -> None:
    with once_made(monkeypatch, lambda _: sweep(roots)):
        assert find_roots() == roots


def test_a_group_that_another_host_sweeps_away_is_made_again(
    roots: Roots, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = Group(roots, tmp_path.name, 64 * 2**20)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        with once_made(monkeypatch, lambda _: sweep(roots)):
            group.take_in(process.pid)
        assert not group.remove()  # the process is in it
        process.kill()
    deadline = time.monotonic() + GONE_TIMEOUT_S
    while not group.remove():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_group_that_cannot_be_filled_is_told(tmp_path: Path) -> None:
    (tmp_path / "craft-a").mkdir()
    (tmp_path / "craft-a" / "cgroup.procs").mkdir()
    with pytest.raises(IsADirectoryError):
        Group(Roots(pids=tmp_path), "a", 1).take_in(1)


def fake(tmp_path: Path, cgroup: str, mountinfo: str) -> Path:
    folder = tmp_path / "self"
    folder.mkdir()
    (folder / "cgroup").write_text(cgroup)
    (folder / "mountinfo").write_text(mountinfo.replace("ROOT", str(tmp_path)))
    return folder


def test_a_desktops_slice_is_found_beside_our_own_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slice_ = tmp_path / "app.slice"
    told = fake(tmp_path, "0::/app.slice/ours.scope\n", "1 2 0:1 / ROOT rw - cgroup2 cgroup rw\n")
    (slice_ / "ours.scope").mkdir(parents=True)
    assert find_roots(told) == Roots()  # plain folders are no groups
    assert list(slice_.rglob("craft-*")) == []
    # a group with processes in it, like ours, hands no controllers on; it can still freeze
    offers = {slice_ / "ours.scope": ["freezer"], slice_: ["memory", "pids", "freezer"]}
    monkeypatch.setattr(cgroups, "_offered", lambda root: offers.get(root, []))
    assert find_roots(told) == Roots(slice_, slice_, slice_ / "ours.scope")


@pytest.mark.parametrize(
    ("cgroup", "mountinfo"),
    [
        ("", ""),
        ("broken", "broken"),
        ("0::/\n", ""),
        ("4:memory:/\n", "1 2 0:1 / ROOT/nowhere rw - cgroup cgroup rw,memory\n"),
    ],
)
def test_a_machine_without_has_none(tmp_path: Path, cgroup: str, mountinfo: str) -> None:
    assert find_roots(fake(tmp_path, cgroup, mountinfo)) == Roots()
    assert find_roots(tmp_path / "nothing") == Roots()
