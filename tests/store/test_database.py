"""The file that several stores share: older versions, breaking meanwhile, two copies."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from craft_desktop.model.errors import SandboxError
from craft_desktop.store.database import Database, unimportant

COLUMNS = {"name": "TEXT PRIMARY KEY", "age": "INTEGER NOT NULL DEFAULT 7"}


def test_a_file_of_an_older_version_gains_what_it_lacks(tmp_path: Path) -> None:
    Database(tmp_path, "people", {"name": "TEXT PRIMARY KEY"}).change("INSERT INTO people VALUES ('old')")
    assert Database(tmp_path, "people", COLUMNS).read("SELECT * FROM people") == [("old", 7)]


def test_a_newer_versions_columns_stay(tmp_path: Path) -> None:
    Database(tmp_path, "people", COLUMNS | {"height": "REAL"}).change("INSERT INTO people VALUES ('a', 1, 1.8)")
    older = Database(tmp_path, "people", COLUMNS)
    older.change("UPDATE people SET age = 2")
    assert older.read("SELECT height FROM people") == [(1.8,)]


@pytest.mark.parametrize("fate", ["broken", "removed", "emptied"])
def test_a_file_that_goes_while_the_program_runs_is_made_again(tmp_path: Path, fate: str) -> None:
    people, places = Database(tmp_path, "people", COLUMNS), Database(tmp_path, "places", {"name": "TEXT"})
    people.change("INSERT INTO people (name) VALUES ('lost')")
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for path in tmp_path.glob("ledger.sqlite*"):
        if fate == "removed":
            path.unlink()
        else:
            path.write_bytes(b"rubbish " * 2000 if fate == "broken" else b"")
    places.change("INSERT INTO places VALUES ('here')")
    people.change("INSERT INTO people (name) VALUES ('new')")
    assert people.read("SELECT name FROM people") == [("new",)]
    assert places.read("SELECT name FROM places") == [("here",)]


def test_a_mistake_of_ours_is_no_broken_file(tmp_path: Path) -> None:
    people = Database(tmp_path, "people", COLUMNS)
    people.change("INSERT INTO people (name) VALUES ('a')")
    with pytest.raises(sqlite3.IntegrityError):
        people.change("INSERT INTO people (name) VALUES ('a')")
    assert people.read("SELECT name FROM people") == [("a",)]
    assert list(tmp_path.glob("*.broken-*")) == []


def test_what_is_unimportant_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with unimportant():
        raise SandboxError("No", "full", "room")
    assert "No: full" in caplog.text
    with pytest.raises(ValueError, match="ours"), unimportant():
        raise ValueError("ours")
