"""The ledger of sandboxes: written before a sandbox is asked for, so that none is ever forgotten.

A row's nonce goes into the sandbox's metadata. A row without an end is a sandbox that may still run: the next start
asks the provider for that nonce and takes the sandbox over or ends it. What a living copy of the program holds is told
by a file of its own as well (`claims`): no other copy touches it, whatever the rows say.
"""

import contextlib
import os
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from craft_desktop.model.project import Provider
from craft_desktop.store.claims import FOLDER, Claims, Holder
from craft_desktop.store.clerk import Clerk, by_clerk
from craft_desktop.store.database import Database, unimportant, unwritable
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
# What the rows of a lost file spoke of may still run, and only the providers can tell: a row for each, of nobody,
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

    To make one blocks; close it with `aclose`, and what it holds is nobody's. Every method raises SandboxError where a
    file cannot be written (a full disk), but for `end` and `disown`: a sandbox that is given back is given back, and
    what cannot be written then is before the next is asked for or looked for. Who is cancelled while it waits does not
    know whether it was written; it is, before what is asked for later.
    """

    def __init__(self, folder: Path) -> None:
        # The claims come second: where their folder is, there was a table.
        self._database = Database(folder, TABLE, COLUMNS, _AFTER_LOSS, witness=FOLDER)
        self._folder = folder
        with self._told():
            self._claims = Claims(folder)
        self._owed: deque[Callable[[], object]] = deque()
        self._clerk = Clerk("ledger")

    async def aclose(self) -> None:
        """Write what is still to be written, and let go of all. May be called twice."""
        await self._clerk.aclose()
        self._claims.close()

    @by_clerk
    def ask(self, nonce: str, project_id: str, provider: Provider, now: float, variables: Collection[str] = ()) -> None:
        """Write that this process is about to ask for a sandbox, made with variables of these names."""
        self._pay()
        with self._claimed(nonce):
            self._database.change(
                f"INSERT INTO {TABLE} (nonce, project_id, provider, owner_pid, owner_mark, asked_at, variables) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (nonce, project_id, provider.value, *_mine(), now, " ".join(sorted(variables))),
            )

    @by_clerk
    def take_over(self, row: Row) -> bool:
        """Write that the sandbox is this process's from now on; False when another copy was faster, or holds it."""
        self._pay()
        if row.nonce in self._held():
            return False
        with self._claimed(row.nonce):
            changed = self._database.change(
                f"UPDATE {TABLE} SET owner_pid = ?, owner_mark = ? "
                "WHERE nonce = ? AND owner_pid = ? AND owner_mark = ? AND ended_at IS NULL",
                (*_mine(), row.nonce, row.owner_pid, row.owner_mark),
            )
        if changed != 1:
            self._owed.append(lambda: self._let_go(row.nonce))
            self._pay()
        return changed == 1

    @by_clerk
    def disown(self, nonce: str) -> None:
        """Write that a sandbox of this process may still run and is nobody's: the next look takes it over or ends it.

        One that is another's, or nobody's already, stays so.
        """
        self._owe(
            f"UPDATE {TABLE} SET owner_pid = 0 WHERE nonce = ? AND owner_pid = ? AND owner_mark = ?", nonce, *_mine()
        )
        self._owed.append(lambda: self._let_go(nonce))
        self._pay()

    @by_clerk
    def assign(self, nonce: str, project_id: str) -> None:
        """Write that a sandbox without a project is this project's now."""
        self._database.change(f"UPDATE {TABLE} SET project_id = ? WHERE nonce = ?", (project_id, nonce))

    @by_clerk
    def made(self, nonce: str, sandbox_id: str) -> None:
        """Write the id that the provider gave."""
        self._database.change(f"UPDATE {TABLE} SET sandbox_id = ? WHERE nonce = ?", (sandbox_id, nonce))

    @by_clerk
    def holds(self, nonce: str, key: str | None) -> None:
        """Write which dependency key the `node_modules` are whole for; None while an install is under way."""
        self._database.change(f"UPDATE {TABLE} SET holds = ? WHERE nonce = ?", (key, nonce))

    @by_clerk
    def end(self, nonce: str, now: float) -> None:
        """Write that the sandbox is gone, and forget those that have been gone for long."""
        self._owe(f"UPDATE {TABLE} SET ended_at = ? WHERE nonce = ?", now, nonce)
        self._owe(f"DELETE FROM {TABLE} WHERE ended_at < ?", now - KEPT_S)
        self._owed.append(lambda: self._let_go(nonce))
        self._pay()

    @by_clerk
    def open_rows(self, provider: Provider) -> tuple[Row, ...]:
        """Give the sandboxes at `provider` without an end, of every copy of the program, newest first."""
        return self._open_rows(provider)

    @by_clerk
    def left_behind(self, provider: Provider) -> tuple[Row, ...]:
        """Give those of them whose process is no more, and that no living copy holds, newest first."""
        held = self._held()
        return tuple(row for row in self._open_rows(provider) if row.is_left and row.nonce not in held)

    @by_clerk
    def held(self) -> Mapping[str, Holder]:
        """Give every nonce that a living copy holds, this one or another, with who holds it."""
        self._pay()
        return self._held()

    @by_clerk
    def restore(self, nonce: str, project_id: str, provider: Provider, sandbox_id: str, holder: Holder) -> None:
        """Write anew the row, lost with a broken file, of a sandbox that a living copy holds."""
        self._database.change(
            f"INSERT OR IGNORE INTO {TABLE} "
            "(nonce, project_id, provider, sandbox_id, owner_pid, owner_mark, asked_at) VALUES (?, ?, ?, ?, ?, ?, 0)",
            (nonce, project_id, provider.value, sandbox_id, holder.pid, holder.mark),
        )

    @by_clerk
    def providers(self) -> frozenset[Provider]:
        """Give the providers that have rows without an end."""
        found = self._database.read(f"SELECT DISTINCT provider FROM {TABLE} WHERE ended_at IS NULL")
        return frozenset(Provider(provider) for (provider,) in found)

    def _open_rows(self, provider: Provider) -> tuple[Row, ...]:
        self._pay()
        found = self._database.read(
            f"SELECT {_FIELDS} FROM {TABLE} WHERE ended_at IS NULL AND provider = ? ORDER BY asked_at DESC",
            (provider.value,),
        )
        return tuple(
            Row(nonce, project_id, sandbox_id, pid, mark, holds, tuple(names.split()))
            for nonce, project_id, sandbox_id, pid, mark, holds, names in found
        )

    def _held(self) -> Mapping[str, Holder]:
        with self._told():
            return self._claims.held()

    @contextlib.contextmanager
    def _claimed(self, nonce: str) -> Iterator[None]:
        """Claim it before its row is written; where that cannot be, it is not this copy's."""
        with self._told():
            self._claims.claim(nonce)
        try:
            yield
        except BaseException:
            self._owed.append(lambda: self._let_go(nonce))
            raise

    def _let_go(self, nonce: str) -> None:
        with self._told():
            self._claims.let_go(nonce)

    def _owe(self, statement: str, *values: object) -> None:
        self._owed.append(lambda: self._database.change(statement, values))

    def _pay(self) -> None:
        with unimportant():
            while self._owed:
                self._owed[0]()
                self._owed.popleft()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise unwritable(self._folder, error) from error


def _mine() -> tuple[int, str]:
    return os.getpid(), mark_of(os.getpid())
