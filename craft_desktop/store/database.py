"""One SQLite file (WAL) for what the program remembers of sandboxes, images and runs; several stores share it.

It blocks, so a `Clerk` does what is asked of it. Two copies of the program may use it at once. A file that is broken,
at the start or later, is set aside, and a new one serves; what was lost with it is found again at the provider
(`workbench.reconcile`).
"""

import contextlib
import logging
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from craft_desktop.model.errors import Action, SandboxError
from craft_desktop.store.atomic import locked

# Another copy of the program holds the file for milliseconds at most.
BUSY_LIMIT_S = 5.0
# Between the file's name and the moment when it was set aside.
_ASIDE = ".broken-"

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Database:
    """One table in `ledger.sqlite` in `folder`, which must exist.

    :param columns: name and declaration of each; those that a file of an older version lacks are added, so all but
        the first of them may be empty or have a default.
    :param after_loss: run, once, in a table that takes the place of one that was lost with its file.
    :param witness: a name in `folder` that is there only once the table has been.
    :raises SandboxError: the file cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        table: str,
        columns: Mapping[str, str],
        after_loss: Sequence[str] = (),
        witness: str | None = None,
    ) -> None:
        self._file = folder / "ledger.sqlite"
        self._lock = folder / ".ledger.lock"
        self._table = table
        self._columns = columns
        self._after_loss = after_loss
        self._witness = witness
        self._prepare()

    def change(self, statement: str, values: Sequence[object] = ()) -> int:
        """Run a statement that writes; give the number of rows it changed.

        :raises SandboxError: the file cannot be written (a full disk), or another copy holds it too long.
        """
        return self._try(lambda connection: connection.execute(statement, values).rowcount)

    def read(self, statement: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run a statement that reads; give its rows.

        :raises SandboxError: as `change`.
        """
        return self._try(lambda connection: connection.execute(statement, values).fetchall())

    def _try(self, work: Callable[[sqlite3.Connection], T]) -> T:
        # Where the file broke meanwhile, the work is done again with a new one.
        try:
            return self._do(work)
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            if not _is_broken(error):
                raise unwritable(self._file, error) from error
        self._prepare()
        try:
            return self._do(work)
        except sqlite3.OperationalError as error:
            raise unwritable(self._file, error) from error

    def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with contextlib.closing(sqlite3.connect(self._file, timeout=BUSY_LIMIT_S)) as connection, connection:
            return work(connection)

    def _prepare(self) -> None:
        try:
            # SQLite's own waiting does not cover the switch to WAL: of two copies that start at once one would fail.
            with locked(self._lock):
                try:
                    self._do(self._create)
                except sqlite3.DatabaseError as error:
                    if not _is_broken(error):
                        raise unwritable(self._file, error) from error
                    self._set_aside(error)
                    self._do(self._create)
                self._file.chmod(0o600)
        except (OSError, sqlite3.OperationalError) as error:
            raise unwritable(self._file, error) from error

    def _create(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        declared = ", ".join(f"{name} {kind}" for name, kind in self._columns.items())
        before = self._columns_of(connection)
        connection.execute(f"CREATE TABLE IF NOT EXISTS {self._table} ({declared})")
        if not before and self._was_there():
            for statement in self._after_loss:
                connection.execute(statement)
        there = self._columns_of(connection)
        for name, kind in self._columns.items():
            if name not in there:
                connection.execute(f"ALTER TABLE {self._table} ADD COLUMN {name} {kind}")
        # A torn page shows here, while the file can still be set aside, and not at the first question.
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)

    def _was_there(self) -> bool:
        folder = self._file.parent
        is_told = self._witness is not None and (folder / self._witness).exists()
        return is_told or any(folder.glob(f"{self._file.name}{_ASIDE}*"))

    def _columns_of(self, connection: sqlite3.Connection) -> set[str]:
        return {row[1] for row in connection.execute(f"PRAGMA table_info({self._table})")}

    def _set_aside(self, error: Exception) -> None:
        aside = self._file.with_name(f"{self._file.name}{_ASIDE}{int(time.time())}")
        self._file.replace(aside)
        for kind in ("-wal", "-shm"):  # they belong to the broken file, and would be read into the new one
            with contextlib.suppress(FileNotFoundError):
                self._file.with_name(self._file.name + kind).replace(aside.with_name(aside.name + kind))
        _log.warning("the ledger was not readable (%s) and lies beside it as %s", error, aside.name)


def unwritable(file: Path, error: Exception) -> SandboxError:
    """Give what a person is told where `file`, of the ledger, cannot be written."""
    return SandboxError(
        "The list of running sandboxes cannot be written",
        f"{file}: {error}",
        "Make room on the disk or make the file writable, then start again.",
        Action.START,
    )


def _is_broken(error: sqlite3.DatabaseError) -> bool:
    # OperationalError is a full disk, a lock, or a table that went with a file that another copy set aside.
    return not isinstance(error, sqlite3.OperationalError) or "no such table" in str(error)


@contextlib.contextmanager
def unimportant() -> Iterator[None]:
    """Let a list that cannot be written (a full disk) end nothing: it is made right when the provider is reconciled."""
    try:
        yield
    except SandboxError as error:
        _log.warning("%s", error)
