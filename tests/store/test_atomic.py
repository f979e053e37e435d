import errno
import json
import multiprocessing
import os
import resource
import signal
import stat
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from craft_desktop.store import atomic
from craft_desktop.store.atomic import locked, read_json, write_json

# `spawn`: a child without this process's threads and open files.
SPAWN = multiprocessing.get_context("spawn")
DEADLINE_S = 30.0


def in_child(work: Callable[..., None], *arguments: object) -> int:
    """Run `work` in a process of its own; give its exit code."""
    child = SPAWN.Process(target=work, args=arguments)
    child.start()
    child.join(DEADLINE_S)
    code = child.exitcode
    if code is None:
        child.kill()
        child.join()
        raise TimeoutError("the child did not end")
    return code


def write_on_a_full_disk(path: Path) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    try:
        write_json(path, ["x" * 10_000])
    except OSError as error:
        os._exit(0 if error.errno == errno.EFBIG else 1)
    os._exit(2)


def die_before_the_rename(path: Path) -> None:
    setattr(os, "fsync", lambda _: os.kill(os.getpid(), signal.SIGKILL))  # noqa: B010 -- mypy refuses the plain form
    write_json(path, {"new": True})


def count_up(path: Path, times: int) -> None:
    for _ in range(times):
        with locked(path.with_name(".lock")):
            write_json(path, read_json(path, 0) + 1)


def hold_lock(path: Path, told: Connection) -> None:
    with locked(path):
        told.send("held")
        told.recv()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.dictionaries(st.text(), JSON))
def test_what_was_written_is_read_again(tmp_path: Path, value: dict[str, object]) -> None:
    write_json(tmp_path / "a.json", value)
    assert read_json(tmp_path / "a.json", {}) == value
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_path_whose_bytes_are_no_text_is_kept(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9")
    write_json(tmp_path / "a.json", [name])
    assert os.fsencode(read_json(tmp_path / "a.json", [])[0]) == b"caf\xe9"


def test_a_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}")
    path.chmod(0o644)
    write_json(path, {"a": 1})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_value_that_is_no_json_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": True})
    with pytest.raises(TypeError):
        write_json(path, {"new": object()})
    assert read_json(path, {}) == {"old": True}
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": True})
    assert in_child(write_on_a_full_disk, path) == 0
    assert read_json(path, {}) == {"old": True}
    assert list(tmp_path.iterdir()) == [path]


def test_a_death_before_the_rename_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": True})
    assert in_child(die_before_the_rename, path) == -signal.SIGKILL
    assert read_json(path, {}) == {"old": True}
    # The half-made file is never read, and is written over by the next process of that number.
    (rubbish,) = (other for other in tmp_path.iterdir() if other != path)
    assert rubbish.name.startswith(".a.json.")


def test_a_missing_file_gives_the_default(tmp_path: Path) -> None:
    default: list[str] = []
    assert read_json(tmp_path / "a.json", default) is default
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b'{"a": 1', b"\xff\xfe", b"[1]", b"null", b"\0" * 512, b"[" * 200_000, b'{"a": ' + b"9" * 5000 + b"}"],
    ids=["empty", "open", "cut", "no text", "list", "null", "zeroes", "deep", "long number"],
)
def test_a_broken_file_is_set_aside_whole(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(content)
    assert read_json(path, {}) == {}
    (aside,) = tmp_path.iterdir()
    assert aside.name.startswith("a.json.broken-")
    assert aside.read_bytes() == content
    assert aside.name in caplog.text
    write_json(path, {"a": 1})
    assert read_json(path, {}) == {"a": 1}


def test_a_file_that_cannot_be_read_is_told_and_stays(tmp_path: Path) -> None:
    (tmp_path / "a.json").mkdir()
    with pytest.raises(IsADirectoryError):
        read_json(tmp_path / "a.json", {})
    assert (tmp_path / "a.json").is_dir()


def test_two_processes_change_a_file_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "count.json"
    write_json(path, 0)
    children = [SPAWN.Process(target=count_up, args=(path, 50)) for _ in range(2)]
    for child in children:
        child.start()
    for child in children:
        child.join(DEADLINE_S)
    assert [child.exitcode for child in children] == [0, 0]
    assert json.loads(path.read_text()) == 100


def test_a_lock_is_waited_for(tmp_path: Path) -> None:
    ours, theirs = SPAWN.Pipe()
    child = SPAWN.Process(target=hold_lock, args=(tmp_path / ".lock", theirs))
    child.start()
    assert ours.poll(DEADLINE_S)
    assert ours.recv() == "held"
    took = threading.Event()

    def take() -> None:
        with locked(tmp_path / ".lock"):
            took.set()

    waiting = threading.Thread(target=take)
    waiting.start()
    assert not took.is_set()
    ours.send("let go")
    assert took.wait(DEADLINE_S)
    waiting.join()
    child.join(DEADLINE_S)
    assert child.exitcode == 0


def test_a_lock_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "LOCK_LIMIT_S", 0.0)
    path = tmp_path / ".lock"
    with locked(path), pytest.raises(TimeoutError, match="another copy of the program"), locked(path):
        pytest.fail("two hold the lock")
    with locked(path):
        pass


def test_a_lock_is_let_go_by_a_failure_and_by_a_death(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "LOCK_LIMIT_S", 0.0)
    path = tmp_path / ".lock"
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    ours, theirs = SPAWN.Pipe()
    child = SPAWN.Process(target=hold_lock, args=(path, theirs))
    child.start()
    assert ours.poll(DEADLINE_S)
    child.kill()
    child.join(DEADLINE_S)
    with locked(path):
        pass
