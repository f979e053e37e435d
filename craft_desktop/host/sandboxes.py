"""Creates, keeps and ends sandboxes: the registry's values on one side, running cells on the other."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from aiohttp import ClientError, ClientSession

from craft_desktop.host import guest
from craft_desktop.host.bodies import TEMPLATE, Creation, init
from craft_desktop.host.cell import Cell
from craft_desktop.host.deadlines import Deadlines
from craft_desktop.host.dial import DialError
from craft_desktop.host.failures import Busy, CannotStart, GuestSilent, NotFound, NotNow, TooMany, Unisolated, telling
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.nodes import Nodes
from craft_desktop.host.registry import OnTimeout, PauseMode, Registry, Sandbox, State, new_sandbox_id
from craft_desktop.host.snapshots import Hold, Snapshot, Snapshots
from craft_desktop.host.sources import Sources
from craft_desktop.host.supply import Supply, free_port
from craft_desktop.host.upstream import ENVD_PORT, open_session
from craft_desktop.tasks import Owner

MOST_SANDBOXES = 100  # at once; E2B's for those who pay. A program that forgets to end its own fills no machine
_log = logging.getLogger(__name__)


class Sandboxes:
    """All sandboxes of this host. Open it with `start`, close it with `aclose`.

    :param most: how many it may have at once.
    """

    def __init__(
        self,
        machine: Machine,
        ground: Ground,
        sources: Sources | None = None,
        most: int = MOST_SANDBOXES,
        nodes: Nodes | None = None,
    ) -> None:
        self._most = most
        self._making = 0  # of those that are not in the registry yet
        self._registry = Registry()
        self.machine = machine
        self.nodes = nodes or Nodes()
        self.snapshots = Snapshots(ground.state)
        self._supply = Supply(machine, ground)
        self.sources = sources or Sources()
        self._cells: dict[str, Cell] = {}
        self._deadlines = Deadlines(self._expire)
        self._owner = Owner("sandboxes")
        self._session: ClientSession | None = None
        self._leaving: set[Cell] = set()
        self._kept: set[Cell] = set()  # ended on purpose, with a sandbox that lives on in their files
        self._closing = False

    @property
    def registry(self) -> Registry:
        """Those alive."""
        return self._registry

    @property
    def session(self) -> ClientSession:
        """The client through which the host and its proxy talk into sandboxes."""
        if self._session is None:
            raise RuntimeError("sandboxes are not started")
        return self._session

    async def start(self) -> None:
        """Open the client and begin to keep a spare."""
        self._session = open_session(self.connect_into)
        self._supply.start()

    async def aclose(self) -> None:
        """Kill every sandbox and the spare, remove their folders."""
        self._closing = True
        for sandbox_id in list(self._cells):
            self.registry.remove(sandbox_id)
            self._deadlines.forget(sandbox_id)
        cells = [*self._cells.values(), *self._leaving]
        self._cells.clear()
        await asyncio.gather(self._supply.aclose(), *(cell.stop() for cell in cells))
        await self._owner.aclose()
        await asyncio.to_thread(self.snapshots.sweep)
        if self._session is not None:
            await self._session.close()

    def find(self, sandbox_id: str) -> Sandbox:
        """The sandbox of that id.

        :raises NotFound: it is not alive.
        """
        sandbox = self.registry.find(sandbox_id)
        if sandbox is None:
            raise NotFound(f"sandbox {sandbox_id!r} was not found")
        return sandbox

    def cell(self, sandbox_id: str) -> Cell:
        """The cell of a sandbox.

        :raises NotFound: it is not alive.
        """
        self.find(sandbox_id)
        return self._cells[sandbox_id]

    async def create(self, creation: Creation, upon: Snapshot | None = None) -> Sandbox:
        """Make a sandbox.

        :param upon: the snapshot it begins with; None finds what the creation names.
        :raises NotFound: there is no such template, or no such Node.js.
        :raises Unisolated: no jail can be built and the caller did not agree to do without.
        :raises TooMany: there are as many as there may be.
        :raises CannotStart: the daemon did not come up.
        :raises Busy: the host is stopping.
        """
        if upon is None and creation.template_id != TEMPLATE:
            upon = await asyncio.to_thread(self.snapshots.find, creation.template_id)
            if upon is None:
                raise NotFound(f"template {creation.template_id!r} was not found; this host has {TEMPLATE!r}")
        if not self.machine.isolated and not creation.unisolated:
            lame = self.machine.bubblewrap
            raise Unisolated(f"{lame.reason} {lame.remedy}".strip())
        await self._seen_by(creation)
        now = self.sources.now()
        port = 0 if self.machine.private else free_port({sandbox.port for sandbox in self.registry.all()})
        sandbox = Sandbox(
            sandbox_id=new_sandbox_id(self.sources.below),
            template_id=creation.template_id if upon is None else upon.template_id,
            started_at=now,
            end_at=now + timedelta(seconds=creation.timeout_s),
            timeout_s=creation.timeout_s,
            metadata=MappingProxyType(dict(creation.metadata)),
            envd_token=self.sources.token() if creation.secure else None,
            traffic_token=None if creation.public_traffic else self.sources.token(),
            mask_host=creation.mask_host,
            https_ports=creation.https_ports,
            on_timeout=creation.on_timeout,
            auto_resume=creation.auto_resume,
            timeout_pause=creation.timeout_pause,
            cpu_count=self.machine.cpu_count,
            memory_mb=self.machine.memory_mb,
            port=port,
            rules=creation.rules,
        )
        with self._place():
            cell = await self._furnish(sandbox, creation, upon)
        if self._closing:
            await cell.stop()
            raise Busy("the host is stopping")
        self.registry.put(sandbox)
        self._owner.start(self._watch(sandbox.sandbox_id, cell), name=f"watch {sandbox.sandbox_id}")
        self._deadlines.put(sandbox.sandbox_id, creation.timeout_s)
        return sandbox

    async def kill(self, sandbox_id: str) -> None:
        """End a sandbox and everything in it; its folders go afterwards.

        :raises NotFound: it is not alive.
        """
        self.find(sandbox_id)
        self.registry.remove(sandbox_id)
        self._deadlines.forget(sandbox_id)
        cell = self._cells.pop(sandbox_id)
        self._kept.discard(cell)
        self._clear(cell)
        await cell.kill()

    def set_timeout(self, sandbox_id: str, timeout_s: int, *, only_extend: bool = False) -> Sandbox:
        """Give a sandbox `timeout_s` from now.

        :param only_extend: never bring a deadline nearer.
        :raises NotFound: it is not alive.
        """
        sandbox = self.find(sandbox_id)
        end_at = self.sources.now() + timedelta(seconds=timeout_s)
        if only_extend and end_at <= sandbox.end_at:
            return sandbox
        if sandbox.state is State.RUNNING:
            self._deadlines.put(sandbox_id, timeout_s)
        return self.registry.extend(sandbox_id, end_at, timeout_s)

    async def pause(self, sandbox_id: str, mode: PauseMode = PauseMode.FULL, *, strict: bool = False) -> None:
        """Stop every process of a sandbox where it stands, or end them all and keep its files.

        :param strict: not when its daemon does not answer.
        :raises NotFound: it is not alive.
        :raises NotNow: it is paused already.
        :raises Busy: strict, and it stays as it was.
        """
        self._running(sandbox_id)
        silent = (strict or mode is PauseMode.FULL) and not await guest.answers(self.session, sandbox_id)
        sandbox = self._running(sandbox_id)  # another call may have come first
        if silent and strict:
            raise Busy(f"the daemon of sandbox {sandbox_id!r} does not answer; the sandbox keeps running")
        self._deadlines.forget(sandbox_id)
        self.registry.put(replace(sandbox, state=State.PAUSED, pause_mode=mode, guest_silent=silent))
        cell = self._cells[sandbox_id]
        async with cell.turn:
            await (cell.pause() if mode is PauseMode.FULL else self._end_processes(cell))

    async def resume(self, sandbox_id: str, timeout_s: int, *, restore: bool = True) -> tuple[Sandbox, bool]:
        """See that a sandbox runs, for `timeout_s` at least; True when it was paused.

        :param restore: let its processes go on; else it starts anew with the files they wrote.
        :raises NotFound: it is not alive.
        :raises GuestSilent: its processes could go on, but its daemon would not answer; it stays paused.
        :raises TooMany: it would start anew, and there are as many as there may be.
        :raises CannotStart: it cannot start anew.
        """
        sandbox = self.find(sandbox_id)
        if sandbox.state is State.RUNNING:
            return self.set_timeout(sandbox_id, timeout_s, only_extend=True), False
        cell = self._cells[sandbox_id]
        async with cell.turn:
            # another call may have woken or killed it while this one waited for its turn
            sandbox = self.find(sandbox_id)
            if sandbox.state is State.PAUSED:
                if restore and cell.is_alive:
                    await self._let_go_on(sandbox, cell)
                else:
                    with self._place() if sandbox.is_cold else contextlib.nullcontext():
                        await self._begin_anew(sandbox, cell)
                self.registry.put(replace(self.find(sandbox_id), state=State.RUNNING, guest_silent=False))
        return self.set_timeout(sandbox_id, timeout_s), True

    async def _let_go_on(self, sandbox: Sandbox, cell: Cell) -> None:
        """Asked again, whatever the pause saw: a daemon that was only too busy to answer then is as good as any."""
        await cell.go_on()
        if not await guest.answers(self.session, sandbox.sandbox_id):
            self.registry.put(replace(self.find(sandbox.sandbox_id), guest_silent=True))
            if cell.is_alive:
                await cell.pause()
            raise GuestSilent(f"the daemon of sandbox {sandbox.sandbox_id!r} does not answer")

    async def _end_processes(self, cell: Cell) -> None:
        self._kept.add(cell)
        await cell.kill()

    async def _begin_anew(self, sandbox: Sandbox, former: Cell) -> None:
        """Another cell for a sandbox, upon the files of its former one; without it the sandbox is lost.

        :raises CannotStart: it does not come up.
        """
        await self._end_processes(former)
        self._kept.discard(former)
        assert former.creation is not None  # a cell that is a sandbox was asked for
        with telling("the sandbox could not be started anew"):
            try:
                cell = await self._supply.launch(former, await self._seen_by(former.creation))
                await self._settle(cell, sandbox, former.creation, None)
            except (OSError, CannotStart, NotFound):
                self.registry.remove(sandbox.sandbox_id)
                self._cells.pop(sandbox.sandbox_id, None)
                self._clear(former)
                raise
        if self._closing or self.registry.find(sandbox.sandbox_id) is None:  # killed meanwhile
            self._cells.pop(sandbox.sandbox_id, None)
            await cell.stop()
            raise NotFound(f"sandbox {sandbox.sandbox_id!r} was not found")
        self._owner.start(self._watch(sandbox.sandbox_id, cell), name=f"watch {sandbox.sandbox_id}")

    @contextlib.contextmanager
    def _place(self) -> Iterator[None]:
        """Keep a place for a sandbox that is being made, or that had none while it was without processes.

        :raises TooMany: there is none.
        """
        alive = sum(not each.is_cold for each in self.registry.all())
        if alive + self._making >= self._most:
            raise TooMany(f"this host may have {self._most} sandboxes at once, and has them; end one first")
        self._making += 1
        try:
            yield
        finally:
            self._making -= 1

    def _running(self, sandbox_id: str) -> Sandbox:
        sandbox = self.find(sandbox_id)
        if sandbox.state is State.PAUSED:
            raise NotNow(f"sandbox {sandbox_id!r} is already paused")
        return sandbox

    async def connect_into(self, name: str, port: int) -> socket.socket:
        """A socket connected to a port of a sandbox; envd's port leads to envd.

        :raises DialError: nothing listens there, or the sandbox is gone.
        """
        cell = self._cells.get(name)
        if cell is None:
            raise DialError(port, "gone")
        return await (cell.reach_envd() if port == ENVD_PORT else cell.connect(port))

    async def _furnish(self, sandbox: Sandbox, creation: Creation, upon: Snapshot | None) -> Cell:
        """A cell that answers as `sandbox`, known under its id: the spare if it is sound, else a new one.

        :raises CannotStart: neither came up.
        """
        # the spare sees the usual Node.js; and into a jail that stands, a snapshot is laid over what is shown there
        is_apart = creation.node or (upon is not None and self.machine.shows_in_homes)
        spare = None if is_apart else self._supply.take()
        try:
            if spare is not None and spare.is_alive:
                try:
                    return await self._settle(spare, sandbox, creation, upon)
                except CannotStart as failure:
                    _log.warning("the spare did not serve (%s); starting another", failure)
            elif spare is not None:
                self._clear(spare)
            return await self._settle(await self._launch(creation, upon), sandbox, creation, None)
        finally:
            self._supply.replenish()

    async def _launch(self, creation: Creation, upon: Snapshot | None) -> Cell:
        machine = await self._seen_by(creation)
        hold = Hold([]) if upon is None else await asyncio.to_thread(self.snapshots.hold_of, upon)
        try:
            with telling("the sandbox could not be started"):
                return await self._supply.launch(None, machine, upon.layers if upon is not None else (), hold)
        except BaseException:  # it has none who would let go
            hold.close()
            raise

    async def _seen_by(self, creation: Creation) -> Machine:
        return await asyncio.to_thread(self.nodes.machine, self.machine, creation.node)

    async def _settle(self, cell: Cell, sandbox: Sandbox, creation: Creation, upon: Snapshot | None) -> Cell:
        """Tell a cell which sandbox it is; it is stopped when it does not take it, or when the caller gives up."""
        self._cells[sandbox.sandbox_id] = cell
        cell.creation = creation
        try:
            if upon is not None:
                await self._build_upon(cell, upon)
            await self._initialise(sandbox, cell, creation)
        except BaseException:
            # nobody would ever know of this sandbox, cancelled callers included
            self._cells.pop(sandbox.sandbox_id, None)
            self._clear(cell)
            raise
        return cell

    async def _build_upon(self, cell: Cell, snapshot: Snapshot) -> None:
        hold = await asyncio.to_thread(self.snapshots.hold_of, snapshot)
        with telling("the files of the snapshot cannot be had"):
            await cell.build_upon(snapshot.layers, hold)

    async def _initialise(self, sandbox: Sandbox, cell: Cell, creation: Creation) -> None:
        if sandbox.rules.restricts:
            with telling("the network rules of the sandbox could not be set"):
                await cell.confine(sandbox.rules.reach())
        body = init(sandbox, {**self.machine.environment, **creation.env}, cell.homes)
        try:
            await guest.initialise(self.session, sandbox.sandbox_id, body)
        except (ClientError, TimeoutError) as error:
            why = cell.last_words or str(error) or type(error).__name__
            raise CannotStart(f"the daemon of the sandbox did not answer: {why}") from error

    async def _watch(self, sandbox_id: str, cell: Cell) -> None:
        code = await cell.ended()
        if self._cells.get(sandbox_id) is not cell or cell in self._kept:
            return  # killed on purpose
        _log.warning("sandbox %s ended by itself, exit code %s", sandbox_id, code)
        self.registry.remove(sandbox_id)
        self._deadlines.forget(sandbox_id)
        self._clear(self._cells.pop(sandbox_id))

    def _clear(self, cell: Cell) -> None:
        """Stop a cell that is no longer anybody's, without making the caller wait for its folders to go."""

        async def stop() -> None:
            await cell.stop()
            self._leaving.discard(cell)
            if cell.plot.layers:
                await asyncio.to_thread(self.snapshots.sweep)

        self._leaving.add(cell)
        if not self._closing:
            self._owner.start(stop(), name=f"clear {cell.name}")

    def _expire(self, sandbox_id: str) -> None:
        sandbox = self.registry.find(sandbox_id)
        if sandbox is None or self._closing:
            return
        pauses = sandbox.on_timeout is OnTimeout.PAUSE
        end = self.pause(sandbox_id, sandbox.timeout_pause) if pauses else self.kill(sandbox_id)
        _log.info("sandbox %s reached its end of life", sandbox_id)
        self._owner.start(_if_still_there(end), name=f"expire {sandbox_id}")


async def _if_still_there(end: Coroutine[Any, Any, None]) -> None:
    with contextlib.suppress(NotFound, NotNow):  # a call came first
        await end
