"""The projects' environment variables: values in the keyring, one entry a project; names in a file.

The file says which projects have any, so that a project without variables never waits for a locked keyring. It is
written before the keyring, so that no value is ever in force whose name nobody sees. A name whose value the keyring has
lost stays, and a start says so, until it is set again or dropped.
"""

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path

from craft_desktop.model.environment import changed, pack, unpack
from craft_desktop.model.errors import Action, SecretError
from craft_desktop.store.atomic import locked, read_json, write_json
from craft_desktop.store.secrets import KeySource, SecretStore, keyring_told

_ACCOUNT = "environment-"


class EnvironmentStore:
    """Keeps the variables of every project. `folder` must exist.

    Where there is no keyring, they are kept for this run only, and nothing of them is written.
    """

    def __init__(self, folder: Path, secrets: SecretStore) -> None:
        self._file = folder / "environment.json"
        self._lock = folder / ".environment.lock"
        self._secrets = secrets
        self._memory: dict[str, tuple[str, ...]] = {}
        self._turn = asyncio.Lock()

    def names(self, project_id: str) -> tuple[str, ...]:
        """Give the names of a project's variables; the keyring is not asked.

        :raises SecretError: the file of names cannot be read.
        """
        return self._memory.get(project_id) or self._written(project_id)

    async def values(self, project_id: str) -> dict[str, str]:
        """Give a project's variables.

        :raises SecretError: the keyring is locked, does not answer, or has lost them.
        """
        found, lost = await self.found(project_id)
        if lost:
            raise SecretError(
                "Environment variables of the project are not in the keyring any more",
                f"It had {', '.join(lost)}.",
                "Set them again, or remove them; without a window with “craft-desktop env PROJECT unset NAME”.",
                Action.OPEN_ENVIRONMENT,
            )
        return found

    async def found(self, project_id: str) -> tuple[dict[str, str], tuple[str, ...]]:
        """Give those of a project's variables that the keyring still has, and the names of those it has lost.

        :raises SecretError: the keyring is locked or does not answer.
        """
        names = await asyncio.to_thread(self.names, project_id)
        if not names:
            return {}, ()
        kept = await self._read(project_id) or {}
        found = {name: kept[name] for name in names if name in kept}
        return found, tuple(name for name in names if name not in kept)

    async def place(self, project_id: str) -> KeySource:
        """Say where a project's variables are kept, or would be.

        :raises SecretError: the keyring does not answer.
        """
        is_for_now = project_id in self._memory or await keyring_told() is None
        return KeySource.MEMORY if is_for_now else KeySource.KEYRING

    async def change(self, project_id: str, put: Mapping[str, str], drop: Collection[str]) -> KeySource:
        """Set some variables and drop others; the answer says where they are kept.

        :raises VariableError: a name or a value is refused; nothing is changed.
        :raises SecretError: the keyring refuses, or the names cannot be written; nothing is changed.
        """
        async with self._turn:
            names = await asyncio.to_thread(self.names, project_id)
            before, lost = await self.found(project_id)
            after = changed(before, put, drop)
            named = {*after, *lost}.difference(set(drop).difference(put))
            if not named:
                await self._forget(project_id)
                return KeySource.NONE
            if await keyring_told() is None:
                self._memory[project_id] = tuple(sorted(named))
                return await self._secrets.keep_entry(_ACCOUNT + project_id, pack(after))
            await asyncio.to_thread(self._write, project_id, {*names, *named})
            try:
                source = await self._secrets.keep_entry(_ACCOUNT + project_id, pack(after))
            except (SecretError, asyncio.CancelledError):
                await asyncio.to_thread(self._write, project_id, names)
                raise
            self._memory.pop(project_id, None)
            await asyncio.to_thread(self._write, project_id, named)
            return source

    async def forget(self, project_id: str) -> None:
        """Forget a project's variables.

        :raises SecretError: the keyring is locked or does not answer.
        """
        async with self._turn:
            await self._forget(project_id)

    async def _forget(self, project_id: str) -> None:
        if await asyncio.to_thread(self.names, project_id):
            await self._secrets.drop_entry(_ACCOUNT + project_id)
            self._memory.pop(project_id, None)
            await asyncio.to_thread(self._write, project_id, ())

    async def _read(self, project_id: str) -> dict[str, str] | None:
        text = await self._secrets.entry(_ACCOUNT + project_id)
        try:
            return None if text is None else unpack(text)
        except ValueError:
            return None  # somebody else wrote there; the message for lost ones says what to do

    def _written(self, project_id: str) -> tuple[str, ...]:
        try:
            names = read_json(self._file, {}).get(project_id)
        except OSError as error:
            raise _file_error(self._file, "read", error) from error
        return tuple(str(name) for name in names) if isinstance(names, list) else ()

    def _write(self, project_id: str, names: Collection[str]) -> None:
        try:
            with locked(self._lock):
                before = read_json(self._file, {})
                after = {each: kept for each, kept in before.items() if each != project_id}
                if names:
                    after[project_id] = sorted(names)
                if after != before:
                    write_json(self._file, after)
        except OSError as error:
            raise _file_error(self._file, "saved", error) from error


def _file_error(file: Path, what: str, error: OSError) -> SecretError:
    return SecretError(
        f"The names of the environment variables could not be {what}",
        f"{file}: {error.strerror or error}",
        "Make room on the disk or make the file writable, and try again.",
    )
