"""What ran when the program ended: noted as it changes, so that a crash forgets nothing either."""

import asyncio
import logging
from collections.abc import Collection
from pathlib import Path

from craft_desktop.store.atomic import read_json, write_json
from craft_desktop.tasks import Owner

_log = logging.getLogger(__name__)


class Memory:
    """Remembers the ids of the projects that run, in `folder`, which must exist.

    Nothing is written before `recall`: a command line that runs one project beside the window has no say in it.
    """

    def __init__(self, folder: Path, owner: Owner) -> None:
        self._file = folder / "last-running.json"
        self._owner = owner
        self._wanted: list[str] | None = None
        self._written: list[str] = []
        self._task: asyncio.Task[None] | None = None
        self._is_open = False

    async def recall(self) -> tuple[str, ...]:
        """Give what ran last, and note from now on what runs."""
        try:
            found = await asyncio.to_thread(read_json, self._file, [])
        except OSError as error:
            _log.warning("what ran last is not known: %s", error)
            found = []
        self._written = [str(each) for each in found]
        self._is_open = True
        return tuple(self._written)

    def note(self, running: Collection[str]) -> None:
        """Note that these run now."""
        self._wanted = sorted(running)
        if self._is_open and self._task is None and self._wanted != self._written:
            self._task = self._owner.start(self._write(), name="note what runs")

    async def aclose(self) -> None:
        """Note nothing more: that everything ends with the program is not what a person chose."""
        self._is_open = False
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _write(self) -> None:
        try:
            while self._wanted is not None and self._wanted != self._written:
                ids = self._wanted
                await asyncio.to_thread(write_json, self._file, ids)
                self._written = ids
        except OSError as error:  # worth a line, no more: the next start asks for a click
            _log.warning("what runs was not noted: %s", error)
        finally:
            self._task = None
