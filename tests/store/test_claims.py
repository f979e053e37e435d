"""What living copies hold: by a lock that goes with the process, and lines that only its owner writes."""

import errno
import multiprocessing
import os
import resource
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from craft_desktop.store.claims import FOLDER, Claims, Holder
from craft_desktop.store.owners import mark_of

SPAWN = multiprocessing.get_context("spawn")
DEADLINE_S = 30.0


def hold(folder: Path, told: Connection) -> None:
    """Be another copy, until killed."""
    claims = Claims(folder)
    claims.claim("theirs")
    told.send(os.getpid())
    told.recv()


def claim_on_a_full_disk(folder: Path) -> None:
    claims = Claims(folder)
    claims.claim("before")
    (file,) = (folder / FOLDER).iterdir()
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 3, file.stat().st_size + 3))
    try:
        claims.claim("no-room")
    except OSError as error:
        os._exit(0 if error.errno == errno.ENOSPC and set(claims.held()) == {"before"} else 1)
    os._exit(2)


def test_what_is_held_is_known_until_it_is_let_go_of(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    assert claims.held() == {}
    for nonce in ("a", "b"):
        claims.claim(nonce)
    claims.let_go("a")
    claims.let_go("never held")
    me = Holder(os.getpid(), mark_of(os.getpid()))
    assert claims.held() == {"b": me}
    claims.claim("a")
    other = Claims(tmp_path)
    other.let_go("b")  # not its own
    assert other.held() == {"a": me, "b": me}
    claims.close()
    claims.close()
    assert other.held() == {}
    other.close()
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_a_killed_copy_holds_nothing(tmp_path: Path) -> None:
    ours, theirs = SPAWN.Pipe()
    child = SPAWN.Process(target=hold, args=(tmp_path, theirs))
    child.start()
    assert ours.poll(DEADLINE_S)
    pid = ours.recv()
    claims = Claims(tmp_path)
    assert {nonce: holder.pid for nonce, holder in claims.held().items()} == {"theirs": pid}
    child.kill()
    child.join(DEADLINE_S)
    assert claims.held() == {}
    assert len(list((tmp_path / FOLDER).iterdir())) == 1  # what it left is gone
    claims.close()


def test_a_line_that_is_being_written_and_rubbish_claim_nothing(tmp_path: Path) -> None:
    claims, other = Claims(tmp_path), Claims(tmp_path)
    (path,) = [path for path in (tmp_path / FOLDER).iterdir() if path != other._path]
    with path.open("ab") as file:
        file.write(b"+whole\n\xff\xfe\n\n+ha")
    assert set(other.held()) == {"whole"}
    claims.close()
    other.close()


def test_without_room_nothing_is_claimed_by_half(tmp_path: Path) -> None:
    child = SPAWN.Process(target=claim_on_a_full_disk, args=(tmp_path,))
    child.start()
    child.join(DEADLINE_S)
    assert child.exitcode == 0


def test_a_folder_that_goes_tells_of_nothing(tmp_path: Path) -> None:
    claims = Claims(tmp_path)
    (path,) = (tmp_path / FOLDER).iterdir()
    path.unlink()
    (tmp_path / FOLDER).rmdir()
    assert claims.held() == {}
    claims.let_go("a")
    claims.close()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in its place")
    with pytest.raises(OSError):
        Claims(tmp_path)
