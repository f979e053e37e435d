import asyncio
import multiprocessing
import os
import resource
import sqlite3
import stat
from collections.abc import Callable, Coroutine, Iterator
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from craft_desktop.model.errors import SandboxError
from craft_desktop.model.project import Provider
from craft_desktop.store import database as module
from craft_desktop.store.ledger import Ledger, Row

SPAWN = multiprocessing.get_context("spawn")
DEADLINE_S = 30.0


async def ask_and_die(folder: Path) -> None:
    ledger = Ledger(folder)
    await ledger.ask("first", "p1", Provider.LOCAL, 1.0)
    await ledger.made("first", "i1")
    await ledger.ask("second", "p2", Provider.LOCAL, 2.0)
    await ledger.ask("ended", "p1", Provider.LOCAL, 3.0)
    await ledger.end("ended", 4.0)
    await ledger.ask("elsewhere", "p1", Provider.E2B, 5.0)
    os._exit(0)  # as a crash would: nothing is closed, nothing is flushed


async def ask_and_stay(folder: Path, told: Connection) -> None:
    await Ledger(folder).ask("theirs", "p1", Provider.LOCAL, 1.0)
    told.send(os.getpid())
    told.recv()


async def ask_often(folder: Path, who: str) -> None:
    ledger = Ledger(folder)
    for number in range(20):
        await ledger.ask(f"{who}-{number}", "p1", Provider.LOCAL, float(number))
        await ledger.made(f"{who}-{number}", f"i{number}")


async def ask_on_a_full_disk(folder: Path) -> None:
    ledger = Ledger(folder)
    await ledger.ask("before", "p1", Provider.LOCAL, 1.0)
    size = max(path.stat().st_size for path in folder.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        for number in range(1000):
            await ledger.ask(f"{number}", "p1", Provider.LOCAL, 1.0)
    except SandboxError as error:
        os._exit(0 if "Make room on the disk" in error.problem.remedy else 1)
    os._exit(2)


def carry_out(work: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> None:
    asyncio.run(work(*arguments))


def child_of(work: Callable[..., Coroutine[Any, Any, None]], *arguments: object) -> int | None:
    child = SPAWN.Process(target=carry_out, args=(work, *arguments))
    child.start()
    child.join(DEADLINE_S)
    return child.exitcode


@pytest.fixture
def dead(tmp_path: Path) -> Iterator[Path]:
    """A folder whose ledger was left by a process that is no more."""
    assert child_of(ask_and_die, tmp_path) == 0
    yield tmp_path


async def test_a_living_process_leaves_nothing_behind(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    await ledger.ask("mine", "p1", Provider.LOCAL, 1.0)
    await ledger.made("mine", "i1")
    assert await ledger.left_behind(Provider.LOCAL) == ()
    assert await Ledger(tmp_path).left_behind(Provider.LOCAL) == ()


async def test_what_a_dead_process_left_is_found_newest_first(dead: Path) -> None:
    rows = await Ledger(dead).left_behind(Provider.LOCAL)
    (pid,) = {row.owner_pid for row in rows}
    (mark,) = {row.owner_mark for row in rows}
    assert rows == (Row("second", "p2", None, pid, mark), Row("first", "p1", "i1", pid, mark))
    assert [row.nonce for row in await Ledger(dead).left_behind(Provider.E2B)] == ["elsewhere"]


async def test_what_was_taken_over_or_ended_is_left_behind_no_more(dead: Path) -> None:
    ledger = Ledger(dead)
    second, first = await ledger.left_behind(Provider.LOCAL)
    assert await ledger.take_over(first)
    assert not await ledger.take_over(first)  # as another copy would, that saw it left behind as well
    assert [row.nonce for row in await ledger.left_behind(Provider.LOCAL)] == ["second"]
    await ledger.end(second.nonce, 9.0)
    assert not await ledger.take_over(second)
    assert await ledger.left_behind(Provider.LOCAL) == ()


async def test_what_nobody_knows_of_is_left_for_the_next_look(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    await ledger.ask("lost", "p1", Provider.LOCAL, 1.0)
    assert await ledger.left_behind(Provider.LOCAL) == ()
    await ledger.disown("lost")
    (row,) = await ledger.left_behind(Provider.LOCAL)
    assert row.nonce == "lost" and await ledger.take_over(row)
    assert await ledger.left_behind(Provider.LOCAL) == ()


async def test_another_living_copys_sandboxes_are_its_own(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ours, theirs = SPAWN.Pipe()
    child = SPAWN.Process(target=carry_out, args=(ask_and_stay, tmp_path, theirs))
    child.start()
    assert ours.poll(DEADLINE_S)
    pid = ours.recv()
    assert await ledger.left_behind(Provider.LOCAL) == ()
    child.kill()
    child.join(DEADLINE_S)
    (row,) = await ledger.left_behind(Provider.LOCAL)
    assert (row.nonce, row.owner_pid) == ("theirs", pid)


async def test_a_process_of_another_person_is_alive(dead: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, signal: int) -> None:
        assert signal == 0
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "kill", refuse)
    assert await Ledger(dead).left_behind(Provider.LOCAL) == ()


async def test_two_copies_write_one_after_the_other(tmp_path: Path) -> None:
    children = [SPAWN.Process(target=carry_out, args=(ask_often, tmp_path, who)) for who in ("a", "b")]
    for child in children:
        child.start()
    for child in children:
        child.join(DEADLINE_S)
    assert [child.exitcode for child in children] == [0, 0]
    rows = await Ledger(tmp_path).left_behind(Provider.LOCAL)
    assert {row.nonce for row in rows} == {f"{who}-{number}" for who in "ab" for number in range(20)}
    assert all(row.sandbox_id for row in rows)


async def test_a_nonce_is_asked_for_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    await ledger.ask("same", "p1", Provider.LOCAL, 1.0)
    with pytest.raises(sqlite3.IntegrityError):
        await ledger.ask("same", "p2", Provider.LOCAL, 2.0)


async def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    await Ledger(tmp_path).ask("mine", "p1", Provider.LOCAL, 1.0)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*") if path.is_file()} == {0o600}
    assert stat.S_IMODE((tmp_path / "held").stat().st_mode) == 0o700


async def test_a_full_disk_is_told(tmp_path: Path) -> None:
    assert child_of(ask_on_a_full_disk, tmp_path) == 0
    # What was written before is still there, and with room again the ledger serves.
    ledger = Ledger(tmp_path)
    assert "before" in {row.nonce for row in await ledger.left_behind(Provider.LOCAL)}
    await ledger.ask("after", "p1", Provider.LOCAL, 1.0)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="cannot be written"):
        Ledger(tmp_path / "gone")


async def test_a_ledger_that_another_copy_holds_too_long_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_LIMIT_S", 0.0)
    ledger = Ledger(tmp_path)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(SandboxError, match="locked"):
            await ledger.ask("mine", "p1", Provider.LOCAL, 1.0)
    await ledger.ask("mine", "p1", Provider.LOCAL, 1.0)


def torn(content: bytes) -> bytes:
    """Give a database whose table's page is rubbish, behind a good header."""
    return content[:4096] + b"\xff" * (len(content) - 4096)


@pytest.mark.parametrize("kind", ["text", "header", "torn"])
async def test_a_broken_ledger_is_set_aside_and_a_new_one_serves(
    dead: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    file = dead / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = file.read_bytes()
    broken = {"text": b"this is no database, " * 100, "header": b"\0" * 100 + whole[100:], "torn": torn(whole)}[kind]
    file.write_bytes(broken)
    ledger = Ledger(dead)
    (aside,) = dead.glob("ledger.sqlite.broken-*")
    assert aside.read_bytes() == broken
    assert aside.name in caplog.text
    # what it spoke of may still run: every place is worth a look
    assert await ledger.providers() == set(Provider)
    assert [(row.project_id, row.sandbox_id) for row in await ledger.left_behind(Provider.E2B)] == [("", None)]
    await ledger.ask("mine", "p1", Provider.LOCAL, 1.0)
    await ledger.end("mine", 2.0)


@pytest.mark.parametrize("fate", ["removed", "emptied"])
async def test_a_ledger_that_is_gone_leaves_every_place_worth_a_look(tmp_path: Path, fate: str) -> None:
    first = Ledger(tmp_path)
    assert await first.providers() == frozenset()  # nothing was lost: there never was one
    await first.ask("forgotten", "p1", Provider.LOCAL, 1.0)
    await first.aclose()
    for path in tmp_path.glob("ledger.sqlite*"):
        if fate == "removed":
            path.unlink()
        else:
            path.write_bytes(b"")
    again = Ledger(tmp_path)
    assert await again.providers() == set(Provider)
    assert await Ledger(tmp_path).providers() == set(Provider)  # and no more than once
    assert len(await again.open_rows(Provider.E2B)) == 1


async def test_an_end_that_cannot_be_written_is_before_the_next_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BUSY_LIMIT_S", 0.0)
    ledger = Ledger(tmp_path)
    for nonce in ("gone", "lost"):
        await ledger.ask(nonce, "p1", Provider.LOCAL, 1.0)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as other:
        other.execute("BEGIN IMMEDIATE")
        await ledger.end("gone", 2.0)
        await ledger.disown("lost")
        assert {row.nonce for row in await ledger.open_rows(Provider.LOCAL)} == {"gone", "lost"}
    await ledger.ask("next", "p1", Provider.LOCAL, 3.0)
    assert {row.nonce: row.is_left for row in await Ledger(tmp_path).open_rows(Provider.LOCAL)} == {
        "next": False,
        "lost": True,
    }


async def test_the_names_of_variables_are_kept_and_no_value(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    await ledger.ask("n", "p", Provider.E2B, 1.0, {"TOKEN": "s3cret-value", "API_URL": "x"})
    (row,) = await ledger.open_rows(Provider.E2B)
    assert row.variables == ("API_URL", "TOKEN")
    assert all(b"s3cret-value" not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
