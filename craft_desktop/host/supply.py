"""Cells ready for use: one is always kept started beside the sandboxes (the warm spare).

Starting an interpreter in a jail takes longer than a person should wait for "create". A spare is no sandbox: it
has no id, no secrets and no caller, and it ends with the host.
"""

import asyncio
import itertools
import logging
import socket

from craft_desktop.host.cell import Cell
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.snapshots import Hold
from craft_desktop.tasks import Owner

PAUSE_S = 5.0  # between two tries to start a spare that fails, so that a broken machine is not kept busy
_log = logging.getLogger(__name__)


class Supply:
    """Launches cells. Open it with `start`, close it with `aclose`; cells taken from it are the taker's."""

    def __init__(self, machine: Machine, ground: Ground) -> None:
        self._machine = machine
        self._ground = ground
        self._names = itertools.count(1)
        self._owner = Owner("supply")
        self._spare: Cell | None = None
        self._wanted = asyncio.Event()

    def start(self) -> None:
        """Begin to keep a spare, where cells are jailed: an unjailed one is only made when the person agreed."""
        if self._machine.isolated:
            self._wanted.set()
            self._owner.start(self._keep(), name="spare")

    def take(self) -> Cell | None:
        """The spare, if one is ready. Say `replenish` when it may be followed."""
        spare, self._spare = self._spare, None
        return spare

    def replenish(self) -> None:
        """Start another spare. Not sooner than the taken cell answers: two interpreters starting slow each other."""
        self._wanted.set()

    async def launch(
        self,
        former: Cell | None = None,
        machine: Machine | None = None,
        layers: tuple[str, ...] = (),
        hold: Hold | None = None,
    ) -> Cell:
        """A new cell; the other parameters are those of `Cell.launch`.

        :param machine: what it is to see of this computer, if that is not the usual.
        :raises OSError: the program cannot be started, the files cannot be had, or the disk is full.
        """
        return await Cell.launch(
            f"c{next(self._names)}",
            machine or self._machine,
            self._ground,
            isolated=self._machine.isolated,
            former=former,
            layers=layers,
            hold=hold,
        )

    async def aclose(self) -> None:
        """End the spare, also one that is just being started."""
        await self._owner.aclose()
        if (spare := self.take()) is not None:
            await spare.stop()

    async def _keep(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            if self._spare is not None:
                continue
            try:
                self._spare = await self.launch()
            except OSError as error:
                _log.warning("no spare sandbox could be started: %s", error)
                await asyncio.sleep(PAUSE_S)
                self._wanted.set()


def free_port(taken: set[int]) -> int:
    """A TCP port of this machine that nothing has now and that is not in `taken`."""
    while True:
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            port = int(trial.getsockname()[1])
        if port not in taken:
            return port
