"""The ledger of sandboxes: written before a sandbox is asked for, so that none is ever forgotten.

A row's nonce goes into the sandbox's metadata. A row without an end is a sandbox that may still run: the next start
asks the provider for that nonce and takes the sandbox over or ends it.
"""

import os
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model.project import Provider
from craft_desktop.store.database import Database, unimportant
from craft_desktop.store.owners import is_alive, mark_of

TABLE = "sandboxes"
COLUMNS = {
    "nonce": "TEXT PRIMARY KEY",
    "project_id": "TEXT NOT NULL",
    "provider": "TEXT NOT NULL",
    "sandbox_id": "TEXT",
    "owner_pid": "INTEGER NOT NULL",
    "asked_at": "REAL NOT NULL",
    "ended_at": "REAL",
    "owner_mark": "TEXT NOT NULL DEFAULT ''",
    "holds": "TEXT",
    "variables": "TEXT NOT NULL DEFAULT ''",
}
# Ended rows tell nothing any more; a week of them is there for whoever looks into a fault.
KEPT_S = 7 * 86400.0
# What the rows of a broken file spoke of may still run, and only the providers can tell: a row for each, of nobody,
# stands open until the next look there ends what no row speaks of, and these rows with it.
_AFTER_LOSS = tuple(
    f"INSERT INTO {TABLE} (nonce, project_id, provider, owner_pid, asked_at) "
    f"VALUES ('lost with a file, {provider.value}', '', '{provider.value}', 0, 0)"
    for provider in Provider
)
_FIELDS = "nonce, project_id, sandbox_id, owner_pid, owner_mark, holds, variables"


@dataclass(frozen=True, slots=True)
class Row:
    """A sandbox that was asked for by process `owner_pid`.

    `project_id` is empty for one that belongs to no project (the pool's, or one that only installs); `sandbox_id` is
    None until the provider answered; `holds` is the dependency key that its `node_modules` are whole for;
    `variables` names the environment variables that it was made with, never their values.
    """

    nonce: str
    project_id: str
    sandbox_id: str | None
    owner_pid: int
    owner_mark: str = ""
    holds: str | None = None
    variables: tuple[str, ...] = ()

    @property
    def is_left(self) -> bool:
        """Is the process that asked for it no more?"""
        return not is_alive(self.owner_pid, self.owner_mark)


class Ledger:
    """Rows of sandboxes in `ledger.sqlite` in `folder`, which must exist. A broken file is set aside.

    Every method raises SandboxError where the file cannot be written (a full disk), but for `end` and `disown`: a
    sandbox that is given back is given back, and what cannot be written then is before the next is asked for or looked
    for.
    """

    def __init__(self, folder: Path) -> None:
        self._database = Database(folder, TABLE, COLUMNS, _AFTER_LOSS)
        self._owed: deque[tuple[str, tuple[object, ...]]] = deque()

    def ask(self, nonce: str, project_id: str, provider: Provider, now: float, variables: Collection[str] = ()) -> None:
        """Write that this process is about to ask for a sandbox, made with variables of these names."""
        self._pay()
        self._database.change(
            f"INSERT INTO {TABLE} (nonce, project_id, provider, owner_pid, owner_mark, asked_at, variables) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (nonce, project_id, provider.value, os.getpid(), mark_of(os.getpid()), now, " ".join(sorted(variables))),
        )

    def take_over(self, row: Row) -> bool:
        """Write that the sandbox is this process's from now on; False when another copy was faster."""
        mine = (os.getpid(), mark_of(os.getpid()))
        changed = self._database.change(
            f"UPDATE {TABLE} SET owner_pid = ?, owner_mark = ? "
            "WHERE nonce = ? AND owner_pid = ? AND owner_mark = ? AND ended_at IS NULL",
            (*mine, row.nonce, row.owner_pid, row.owner_mark),
        )
        return changed == 1

    def disown(self, nonce: str) -> None:
        """Write that the sandbox may still run and is nobody's: the next look takes it over or ends it."""
        self._owed.append((f"UPDATE {TABLE} SET owner_pid = 0 WHERE nonce = ?", (nonce,)))
        self._pay()

    def assign(self, nonce: str, project_id: str) -> None:
        """Write that a sandbox without a project is this project's now."""
        self._database.change(f"UPDATE {TABLE} SET project_id = ? WHERE nonce = ?", (project_id, nonce))

    def made(self, nonce: str, sandbox_id: str) -> None:
        """Write the id that the provider gave."""
        self._database.change(f"UPDATE {TABLE} SET sandbox_id = ? WHERE nonce = ?", (sandbox_id, nonce))

    def holds(self, nonce: str, key: str | None) -> None:
        """Write which dependency key the `node_modules` are whole for; None while an install is under way."""
        self._database.change(f"UPDATE {TABLE} SET holds = ? WHERE nonce = ?", (key, nonce))

    def end(self, nonce: str, now: float) -> None:
        """Write that the sandbox is gone, and forget those that have been gone for long."""
        self._owed.append((f"UPDATE {TABLE} SET ended_at = ? WHERE nonce = ?", (now, nonce)))
        self._owed.append((f"DELETE FROM {TABLE} WHERE ended_at < ?", (now - KEPT_S,)))
        self._pay()

    def open_rows(self, provider: Provider) -> tuple[Row, ...]:
        """Give the sandboxes at `provider` without an end, of every copy of the program, newest first."""
        self._pay()
        found = self._database.read(
            f"SELECT {_FIELDS} FROM {TABLE} WHERE ended_at IS NULL AND provider = ? ORDER BY asked_at DESC",
            (provider.value,),
        )
        return tuple(
            Row(nonce, project_id, sandbox_id, pid, mark, holds, tuple(names.split()))
            for nonce, project_id, sandbox_id, pid, mark, holds, names in found
        )

    def left_behind(self, provider: Provider) -> tuple[Row, ...]:
        """Give those of them whose process is no more, newest first."""
        return tuple(row for row in self.open_rows(provider) if row.is_left)

    def providers(self) -> frozenset[Provider]:
        """Give the providers that have rows without an end."""
        found = self._database.read(f"SELECT DISTINCT provider FROM {TABLE} WHERE ended_at IS NULL")
        return frozenset(Provider(provider) for (provider,) in found)

    def _pay(self) -> None:
        with unimportant():
            while self._owed:
                self._database.change(*self._owed[0])
                self._owed.popleft()
