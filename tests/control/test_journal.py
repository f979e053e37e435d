import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.control.journal import Journal


def filled(count: int, **limits: int) -> Journal:
    journal = Journal("run", **limits)
    for number in range(1, count + 1):
        journal.add("log", "p1", {"number": number})
    return journal


def test_a_reader_goes_on_where_it_was() -> None:
    journal = filled(5)
    reading = journal.read(3)
    assert [entry.number for entry in reading.entries] == [4, 5]
    assert (reading.is_gap, reading.position) == (False, 5)
    assert journal.read(5).entries == ()


def test_a_reader_that_fell_behind_is_told() -> None:
    journal = filled(10, most_events=4)
    assert [entry.number for entry in journal.read(2).entries] == [7, 8, 9, 10] and journal.read(2).is_gap
    assert not journal.read(6).is_gap
    assert journal.read(None).is_gap and len(journal.read(None).entries) == 4


def test_the_buffer_is_bounded_in_size_too() -> None:
    journal = Journal("run", most_bytes=1000)
    for _ in range(50):
        journal.add("log", "p1", {"text": "x" * 90})
    kept = journal.read(None).entries
    assert len(kept) > 5 and sum(len(entry.data) for entry in kept) <= 1000
    journal.add("log", "p1", {"text": "x" * 5000})
    assert journal.read(None).entries == () and journal.last == 51


def test_ids_stand_for_positions_of_this_run() -> None:
    journal = filled(12)
    assert journal.position_of(journal.id_of(7)) == 7
    for strange in ("", "run", "run-", "other-7", "run-13", "run--1", "run-x", "run-²", "run-9999", "7"):
        assert journal.position_of(strange) is None, strange


@given(st.text(max_size=30))
def test_any_id_is_read(event_id: str) -> None:
    position = filled(3).position_of(event_id)
    assert position is None or 0 <= position <= 3


async def test_a_reader_waits_for_more() -> None:
    journal = filled(1)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        waits = [group.create_task(journal.wait(1)) for _ in range(3)]
        await asyncio.sleep(0)
        assert not any(wait.done() for wait in waits)
        journal.add("log", None, {})
    await journal.wait(1)


def test_a_text_of_any_kind_is_one_line() -> None:
    journal = Journal("run")
    journal.add("log", "p1", {"text": "a\nb\r\u2028\x00é"})
    [entry] = journal.read(0).entries
    assert entry.data.isascii() and len(entry.data.splitlines()) == 1


@pytest.mark.parametrize("position", [0, 3, None])
def test_an_empty_journal_reads_empty(position: int | None) -> None:
    assert Journal("run").read(position).entries == ()


async def test_a_reader_learns_of_the_end() -> None:
    journal = filled(1)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(journal.wait(1))
        await asyncio.sleep(0)
        journal.close()
    await journal.wait(1)
    assert journal.is_closed
