"""Environment variables, between their dialog and the workbench. A value passes only when it is asked for."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from craft_desktop.model.env_files import EnvFiles
from craft_desktop.model.errors import CraftError, Problem, SecretError
from craft_desktop.store.secrets import KeySource
from craft_desktop.tasks import Owner

_log = logging.getLogger(__name__)


class Files(Protocol):
    """The workbench's insight, as far as it is about files of variables."""

    async def env_files(self, project_id: str) -> EnvFiles:
        """Say which names a project's own files set."""


class EnvironmentBench(Protocol):
    """The workbench, as far as it is about environment variables."""

    def environment(self, project_id: str) -> tuple[str, ...]:
        """Give the names."""

    async def environment_place(self, project_id: str) -> KeySource:
        """Say where they are kept, or would be."""

    async def reveal_environment(self, project_id: str) -> Mapping[str, str]:
        """Give names and values."""

    async def set_environment(
        self, project_id: str, put: Mapping[str, str], drop: Collection[str] = ()
    ) -> tuple[KeySource, tuple[str, ...]]:
        """Set some and drop others; says where they are kept, and all names."""


class Wish(StrEnum):
    """What was asked for when something failed."""

    LOOK = "look"
    REVEAL = "reveal"
    SAVE = "save"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the dialog shows at its opening. `place` is NONE where the keyring did not answer."""

    names: tuple[str, ...] = ()
    place: KeySource = KeySource.NONE
    files: EnvFiles = field(default_factory=EnvFiles)


class EnvironmentBridge(QObject):
    """Lives on the loop's thread."""

    looked = Signal(str, object)
    """A project's id and its `Surroundings`."""
    revealed = Signal(str, str, str)
    """A project's id, a name, and the value that was asked for."""
    saved = Signal(str, object, object)
    """A project's id, where its variables are kept now (`KeySource`), and all their names."""
    cancelled = Signal(str)
    """The id of a project for which nothing was saved, as the person wished."""
    failed = Signal(str, object, object)
    """A project's id, the `Wish` and the `Problem`."""

    def __init__(self, bench: EnvironmentBench, files: Files) -> None:
        super().__init__()
        self._bench, self._files = bench, files
        self._owner = Owner("variables")
        self._saves: dict[str, asyncio.Task[None]] = {}

    async def aclose(self) -> None:
        """End what is under way. May be called twice."""
        self._saves.clear()
        await self._owner.aclose()

    def look(self, project_id: str) -> None:
        """Have a project's surroundings told."""
        self._run(project_id, Wish.LOOK, lambda: self._look(project_id))

    def reveal(self, project_id: str, name: str) -> None:
        """Have one value told."""
        self._run(project_id, Wish.REVEAL, lambda: self._reveal(project_id, name))

    def save(self, project_id: str, put: Mapping[str, str], drop: Collection[str]) -> None:
        """Put some and drop others, all at once; a dev server that runs is started anew, once."""
        save = self._run(project_id, Wish.SAVE, lambda: self._save(project_id, put, drop))
        self._saves[project_id] = save
        save.add_done_callback(lambda _: self._end_save(project_id, save))

    def cancel(self, project_id: str) -> None:
        """Wait for a save no longer; `cancelled` tells when it has ended."""
        save = self._saves.get(project_id)
        if save is not None:
            save.cancel()

    def _end_save(self, project_id: str, save: asyncio.Task[None]) -> None:
        if self._saves.get(project_id) is save:
            del self._saves[project_id]
        if save.cancelled():
            self.cancelled.emit(project_id)

    def _run(self, project_id: str, wish: Wish, work: Callable[[], Coroutine[Any, Any, None]]) -> asyncio.Task[None]:
        return self._owner.start(self._guarded(project_id, wish, work), name=wish.value)

    async def _guarded(self, project_id: str, wish: Wish, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await work()
        except CraftError as error:
            self.failed.emit(project_id, wish, error.problem)
        except Exception as error:  # whatever it is, the dialog must not wait for ever
            # Neither its words nor its trace: what failed was handling secrets, and might quote one.
            _log.error("%s of environment variables crashed: %s", wish, type(error).__name__)
            self.failed.emit(project_id, wish, _UNEXPECTED)

    async def _look(self, project_id: str) -> None:
        names = self._bench.environment(project_id)
        files = await self._files.env_files(project_id)
        try:
            place = await self._bench.environment_place(project_id)
        except SecretError as error:  # the names are worth showing all the same
            self.looked.emit(project_id, Surroundings(names, KeySource.NONE, files))
            self.failed.emit(project_id, Wish.LOOK, error.problem)
            return
        self.looked.emit(project_id, Surroundings(names, place, files))

    async def _reveal(self, project_id: str, name: str) -> None:
        values = await self._bench.reveal_environment(project_id)
        if name not in values:
            raise SecretError(
                f"{name} has no value any more",
                "It was removed elsewhere, or somebody emptied the keyring.",
                "Set it again, or remove it.",
            )
        self.revealed.emit(project_id, name, values[name])

    async def _save(self, project_id: str, put: Mapping[str, str], drop: Collection[str]) -> None:
        place, names = await self._bench.set_environment(project_id, put, drop)
        self.saved.emit(project_id, place, names)


_UNEXPECTED = Problem(
    "Something unexpected went wrong with the environment variables",
    "What you changed is still here, unsaved.",
    "Try again. If it comes back, end the program and start it anew.",
)
