import os
import subprocess
from pathlib import Path

import pytest

from craft_desktop.store.owners import is_alive, mark_of


def test_this_process_is_alive_by_its_mark() -> None:
    assert is_alive(os.getpid(), mark_of(os.getpid()))
    assert is_alive(os.getpid(), "")  # written where no mark could be told


def test_a_later_process_with_the_same_pid_is_another() -> None:
    assert not is_alive(os.getpid(), "12345@00000000-0000-0000-0000-000000000000")


def test_an_ended_process_is_not_alive() -> None:
    with subprocess.Popen(["true"]) as process:
        pid = process.pid
        mark = mark_of(pid)
    assert not is_alive(pid, mark)
    assert mark_of(pid) == ""


def test_a_mark_is_the_same_each_time_and_another_for_another_process() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        assert mark_of(process.pid) == mark_of(process.pid) != mark_of(os.getpid())
        assert is_alive(process.pid, mark_of(process.pid))


def test_a_name_with_brackets_and_spaces_does_not_mislead() -> None:
    began = mark_of(os.getpid())
    name = Path("/proc/self/comm").read_text()
    try:
        Path("/proc/self/comm").write_text("a) R 1 (b")
        assert mark_of(os.getpid()) == began
    finally:
        Path("/proc/self/comm").write_text(name)


@pytest.mark.parametrize("pid", [0, -1])
def test_nobodys_is_not_alive(pid: int) -> None:
    assert not is_alive(pid, "")
