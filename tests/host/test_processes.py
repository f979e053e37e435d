import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from craft_desktop.host.processes import Seen, descendants, freeze, halt, jails_of, kill, look, send, thaw


@pytest.fixture
def family() -> Iterator["subprocess.Popen[bytes]"]:
    """A shell with a child and a grandchild, ready when it says so."""
    script = "sh -c 'sleep 60 & echo ready; wait' & wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as shell:
        assert shell.stdout is not None
        shell.stdout.readline()
        yield shell
        os.killpg(shell.pid, signal.SIGKILL)


def stat(folder: Path, pid: int, name: str, parent: int, started: int) -> None:
    (folder / str(pid)).mkdir()
    rest = " ".join(["0"] * 17)
    (folder / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} {rest} {started} 0 0\n")


def test_descent_is_read_though_names_are_odd(tmp_path: Path) -> None:
    stat(tmp_path, 10, "root", 1, 100)
    stat(tmp_path, 11, "a) R 99 (b", 10, 101)
    stat(tmp_path, 12, "x", 11, 102)
    stat(tmp_path, 13, "other", 1, 103)
    (tmp_path / "14").mkdir()
    (tmp_path / "self").mkdir()
    assert {each.pid for each in descendants(10, tmp_path)} == {11, 12}
    assert look(11, tmp_path) == Seen(11, 10, 101, "S")
    assert look(14, tmp_path) is None


def test_an_id_given_to_another_is_left_alone(family: "subprocess.Popen[bytes]") -> None:
    real = look(family.pid)
    assert real is not None
    kill({Seen(real.pid, real.parent, real.started - 1, "S")})
    assert family.poll() is None
    send({real}, signal.SIGTERM)
    assert family.wait(10) == -signal.SIGTERM


def test_the_older_are_killed_first(family: "subprocess.Popen[bytes]", monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon must not live to see its children's end: it would tell of it."""
    shell = look(family.pid)
    assert shell is not None
    everyone = descendants(family.pid) | {shell}
    killed: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: killed.append(pid))
    kill(everyone)
    assert killed == [each.pid for each in sorted(everyone, key=lambda each: (each.started, each.pid))]
    assert killed[0] == family.pid and len(killed) == 3


def test_all_stand_still_and_run_on(family: "subprocess.Popen[bytes]") -> None:
    below = descendants(family.pid)
    assert len(below) == 2
    [own, *_] = below
    halt(own.pid)  # by its own will
    stopped = freeze(family.pid)
    assert own not in {replace(each, state=own.state) for each in stopped}
    states = {now.state for each in below if (now := look(each.pid))}
    assert states == {"T"}
    thaw(stopped)
    still = {now.pid for each in below if (now := look(each.pid)) and now.state == "T"}
    assert still == {own.pid}


def test_one_is_halted_and_its_children_are_not(family: "subprocess.Popen[bytes]") -> None:
    below = descendants(family.pid)
    halt(family.pid)
    here = look(family.pid)
    assert here is not None and here.state == "T"
    assert "T" not in {now.state for each in below if (now := look(each.pid))}


def test_the_jails_of_a_folder_are_known_by_their_arguments(tmp_path: Path) -> None:
    for pid, argv in ((10, "/usr/bin/bwrap --bind /state/run-1/b/x /tmp"), (11, "bwrap --bind /state/run-11/b /tmp")):
        stat(tmp_path, pid, "bwrap", 1, 5)
        (tmp_path / str(pid) / "cmdline").write_bytes(argv.replace(" ", "\0").encode() + b"\0")
    stat(tmp_path, 12, "ls", 1, 5)
    (tmp_path / "12" / "cmdline").write_bytes(b"ls\0/state/run-1/b\0")
    stat(tmp_path, 13, "sh", 1, 5)
    (tmp_path / "13" / "cmdline").write_bytes(
        b"/bin/sh\0-c\0script\0hold\0/usr/bin/mount\0/state/run-1/b/x\0--\0bwrap\0"
    )
    assert {each.pid for each in jails_of(Path("/state/run-1"), tmp_path)} == {10, 13}
