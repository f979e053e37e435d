"""The ledger of sandboxes (SQLite, WAL): written before a sandbox is asked for, so that none is ever forgotten.

A row's nonce goes into the sandbox's metadata. A row without an end is a sandbox that may still run: the next start
asks the provider for that nonce and takes the sandbox over or ends it.
"""

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model.errors import Action, SandboxError
from craft_desktop.model.project import Provider
from craft_desktop.store.atomic import locked

SCHEMA = """
CREATE TABLE IF NOT EXISTS sandboxes (
    nonce TEXT PRIMARY KEY,
    project_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    sandbox_id TEXT,
    owner_pid INTEGER NOT NULL,
    asked_at REAL NOT NULL,
    ended_at REAL
)
"""
# Another copy of the program holds the file for milliseconds at most.
BUSY_LIMIT_S = 5.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """A sandbox that was asked for by process `owner_pid`; `sandbox_id` is None until the provider answered."""

    nonce: str
    project_id: str
    sandbox_id: str | None
    owner_pid: int


class Ledger:
    """Rows of sandboxes in `ledger.sqlite` in `folder`, which must exist. A broken file is set aside.

    Every method raises SandboxError where the file cannot be written (a full disk).
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ledger.sqlite"
        try:
            # SQLite's own waiting does not cover the switch to WAL: of two copies that start at once one would fail.
            with locked(folder / ".ledger.lock"):
                self._prepare()
        except OSError as error:
            raise self._unwritable(error) from error

    def ask(self, nonce: str, project_id: str, provider: Provider, now: float) -> None:
        """Write that this process is about to ask for a sandbox."""
        with self._open() as connection:
            connection.execute(
                "INSERT INTO sandboxes (nonce, project_id, provider, owner_pid, asked_at) VALUES (?, ?, ?, ?, ?)",
                (nonce, project_id, provider.value, os.getpid(), now),
            )

    def take_over(self, nonce: str) -> None:
        """Write that the sandbox is this process's from now on."""
        with self._open() as connection:
            connection.execute("UPDATE sandboxes SET owner_pid = ? WHERE nonce = ?", (os.getpid(), nonce))

    def made(self, nonce: str, sandbox_id: str) -> None:
        """Write the id that the provider gave."""
        with self._open() as connection:
            connection.execute("UPDATE sandboxes SET sandbox_id = ? WHERE nonce = ?", (sandbox_id, nonce))

    def end(self, nonce: str, now: float) -> None:
        """Write that the sandbox is gone."""
        with self._open() as connection:
            connection.execute("UPDATE sandboxes SET ended_at = ? WHERE nonce = ?", (now, nonce))

    def left_behind(self, provider: Provider) -> tuple[Row, ...]:
        """Give the sandboxes at `provider` without an end whose process is no more, newest first."""
        with self._open() as connection:
            found = connection.execute(
                "SELECT nonce, project_id, sandbox_id, owner_pid FROM sandboxes "
                "WHERE ended_at IS NULL AND provider = ? ORDER BY asked_at DESC",
                (provider.value,),
            ).fetchall()
        rows = (Row(*columns) for columns in found)
        return tuple(row for row in rows if not _is_alive(row.owner_pid))

    def _prepare(self) -> None:
        try:
            self._create()
        except sqlite3.DatabaseError as error:
            aside = self._file.with_name(f"{self._file.name}.broken-{int(time.time())}")
            self._file.replace(aside)
            _log.warning("the ledger was not readable (%s) and lies beside it as %s", error, aside.name)
            self._create()

    def _create(self) -> None:
        with self._open() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(SCHEMA)
            # A torn page shows here, while the file can still be set aside, and not at the first question.
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        self._file.chmod(0o600)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            with contextlib.closing(sqlite3.connect(self._file, timeout=BUSY_LIMIT_S)) as connection, connection:
                yield connection
        except sqlite3.OperationalError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: Exception) -> SandboxError:
        return SandboxError(
            "The list of running sandboxes cannot be written",
            f"{self._file}: {error}",
            "Make room on the disk or make the file writable, then start again.",
            Action.START,
        )


def _is_alive(pid: int) -> bool:
    # A pid taken again by another program only means that the sandbox ends by its own timeout instead of by us.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
