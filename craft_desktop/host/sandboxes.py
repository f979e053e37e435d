"""Creates, keeps and ends sandboxes: the registry's values on one side, running cells on the other."""

import asyncio
import logging
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from aiohttp import ClientError, ClientSession, ClientTimeout

from craft_desktop.host.bodies import TEMPLATE, Creation, init
from craft_desktop.host.cell import Cell
from craft_desktop.host.dial import DialError
from craft_desktop.host.ground import Ground
from craft_desktop.host.machine import Machine
from craft_desktop.host.registry import OnTimeout, PauseMode, Registry, Sandbox, State, new_sandbox_id
from craft_desktop.host.snapshots import Snapshot, Snapshots
from craft_desktop.host.supply import Supply
from craft_desktop.host.upstream import ENVD_PORT, open_session
from craft_desktop.tasks import Owner

START_TIMEOUT_S = 20.0  # envd starts in 0.3 s; a machine with two busy cores needs several
GAUGE_TIMEOUT_S = 5.0  # reading /proc takes milliseconds; who asks is a screen that asks again
TOKEN_BYTES = 32  # 256 bits, beyond any guessing
_log = logging.getLogger(__name__)


class NotFound(LookupError):
    """No sandbox, or no template, of that name."""


class NotNow(RuntimeError):
    """The sandbox is not in a state for this."""


class CannotStart(RuntimeError):
    """No sandbox can be started here; the text says why and what to do."""


class Unisolated(RuntimeError):
    """No walls can be built here and the caller did not agree to do without."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Time and chance, which tests hold in their own hands."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    below: Callable[[int], int] = secrets.randbelow
    token: Callable[[], str] = lambda: secrets.token_hex(TOKEN_BYTES)


class Sandboxes:
    """All sandboxes of this host. Open it with `start`, close it with `aclose`."""

    def __init__(self, machine: Machine, ground: Ground, sources: Sources | None = None) -> None:
        self._registry = Registry()
        self.machine = machine
        self.snapshots = Snapshots(ground.state)
        self._supply = Supply(machine, ground)
        self._sources = sources or Sources()
        self._cells: dict[str, Cell] = {}
        self._deadlines: dict[str, asyncio.TimerHandle] = {}
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
            self._forget_deadline(sandbox_id)
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

    @property
    def sources(self) -> Sources:
        """Time and chance."""
        return self._sources

    def cell(self, sandbox_id: str) -> Cell:
        """The cell of a sandbox.

        :raises NotFound: it is not alive.
        """
        self.find(sandbox_id)
        return self._cells[sandbox_id]

    async def create(self, creation: Creation, upon: Snapshot | None = None) -> Sandbox:
        """Make a sandbox.

        :param upon: the snapshot it begins with; None finds what the creation names.
        :raises NotFound: there is no such template.
        :raises Unisolated: no jail can be built and the caller did not agree to do without.
        :raises CannotStart: the daemon did not come up.
        """
        if upon is None and creation.template_id != TEMPLATE:
            upon = await asyncio.to_thread(self.snapshots.find, creation.template_id)
            if upon is None:
                raise NotFound(f"template {creation.template_id!r} was not found; this host has {TEMPLATE!r}")
        if not self.machine.isolated and not creation.unisolated:
            lame = self.machine.bubblewrap
            raise Unisolated(f"{lame.reason} {lame.remedy}".strip())
        now = self._sources.now()
        port = 0 if self.machine.private else free_port({sandbox.port for sandbox in self.registry.all()})
        sandbox = Sandbox(
            sandbox_id=new_sandbox_id(self._sources.below),
            template_id=creation.template_id if upon is None else upon.template_id,
            started_at=now,
            end_at=now + timedelta(seconds=creation.timeout_s),
            timeout_s=creation.timeout_s,
            metadata=MappingProxyType(dict(creation.metadata)),
            envd_token=self._sources.token() if creation.secure else None,
            traffic_token=None if creation.public_traffic else self._sources.token(),
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
        cell = await self._furnish(sandbox, creation, upon)
        if self._closing:
            await cell.stop()
            raise CannotStart("the host is stopping")
        self.registry.put(sandbox)
        self._owner.start(self._watch(sandbox.sandbox_id, cell), name=f"watch {sandbox.sandbox_id}")
        self._set_deadline(sandbox.sandbox_id, creation.timeout_s)
        return sandbox

    async def kill(self, sandbox_id: str) -> None:
        """End a sandbox and everything in it; its folders go afterwards.

        :raises NotFound: it is not alive.
        """
        self.find(sandbox_id)
        self.registry.remove(sandbox_id)
        self._forget_deadline(sandbox_id)
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
        end_at = self._sources.now() + timedelta(seconds=timeout_s)
        if only_extend and end_at <= sandbox.end_at:
            return sandbox
        if sandbox.state is State.RUNNING:
            self._set_deadline(sandbox_id, timeout_s)
        return self.registry.extend(sandbox_id, end_at, timeout_s)

    async def pause(self, sandbox_id: str, mode: PauseMode = PauseMode.FULL) -> None:
        """Stop every process of a sandbox where it stands, or end them all and keep its files.

        :raises NotFound: it is not alive.
        :raises NotNow: it is paused already.
        """
        sandbox = self.find(sandbox_id)
        if sandbox.state is State.PAUSED:
            raise NotNow(f"sandbox {sandbox_id!r} is already paused")
        self._forget_deadline(sandbox_id)
        self.registry.put(replace(sandbox, state=State.PAUSED, pause_mode=mode))
        cell = self._cells[sandbox_id]
        async with cell.turn:
            await (cell.pause() if mode is PauseMode.FULL else self._end_processes(cell))

    async def resume(self, sandbox_id: str, timeout_s: int, *, restore: bool = True) -> tuple[Sandbox, bool]:
        """See that a sandbox runs, for `timeout_s` at least; True when it was paused.

        :param restore: let its processes go on; else it starts anew with the files they wrote.
        :raises NotFound: it is not alive.
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
                    await cell.go_on()
                else:
                    await self._begin_anew(sandbox, cell)
                self.registry.put(replace(self.find(sandbox_id), state=State.RUNNING))
        return self.set_timeout(sandbox_id, timeout_s), True

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
        try:
            cell = await self._supply.launch(former)
            await self._settle(cell, sandbox, former.creation, None)
        except (OSError, CannotStart) as error:
            self.registry.remove(sandbox.sandbox_id)
            self._cells.pop(sandbox.sandbox_id, None)
            self._clear(former)
            raise CannotStart(f"the sandbox could not be started anew: {error}") from error
        if self._closing or self.registry.find(sandbox.sandbox_id) is None:  # killed meanwhile
            self._cells.pop(sandbox.sandbox_id, None)
            await cell.stop()
            raise NotFound(f"sandbox {sandbox.sandbox_id!r} was not found")
        self._owner.start(self._watch(sandbox.sandbox_id, cell), name=f"watch {sandbox.sandbox_id}")

    async def measure(self, sandbox_id: str) -> dict[str, float] | None:
        """envd's gauges now; None while the sandbox stands still or does not answer.

        :raises NotFound: it is not alive.
        """
        sandbox = self.find(sandbox_id)
        if sandbox.state is not State.RUNNING:
            return None
        url = f"http://{sandbox_id}:{ENVD_PORT}/metrics"
        headers = {"X-Access-Token": sandbox.envd_token or ""}
        try:
            async with self.session.get(url, headers=headers, timeout=ClientTimeout(total=GAUGE_TIMEOUT_S)) as answer:
                if answer.status != 200:
                    return None
                gauges: dict[str, float] = await answer.json()
                return gauges
        except (ClientError, TimeoutError, ValueError) as error:
            _log.debug("sandbox %s tells no gauges: %s", sandbox_id, error)
            return None

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
        spare = self._supply.take()
        try:
            if spare is not None and spare.is_alive:
                try:
                    return await self._settle(spare, sandbox, creation, upon)
                except CannotStart as failure:
                    _log.warning("the spare did not serve (%s); starting another", failure)
            elif spare is not None:
                self._clear(spare)
            try:
                cell = await self._supply.launch()
            except OSError as error:
                raise CannotStart(f"the sandbox could not be started: {error}") from error
            return await self._settle(cell, sandbox, creation, upon)
        finally:
            self._supply.replenish()

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
        try:
            await cell.build_upon(snapshot.layers, await asyncio.to_thread(self.snapshots.hold, snapshot.layers))
        except FileNotFoundError as error:
            raise NotFound(f"snapshot {snapshot.snapshot_id!r} was deleted") from error
        except OSError as error:
            raise CannotStart(f"the files of the snapshot cannot be had: {error}") from error

    async def _initialise(self, sandbox: Sandbox, cell: Cell, creation: Creation) -> None:
        try:
            if sandbox.rules.restricts:
                await cell.confine(sandbox.rules.reach())
        except OSError as error:
            raise CannotStart(f"the network rules of the sandbox could not be set: {error}") from error
        body = init(sandbox, {**self.machine.environment, **creation.env}, cell.homes)
        url = f"http://{sandbox.sandbox_id}:{ENVD_PORT}/init"
        try:
            async with self.session.post(url, json=body, timeout=ClientTimeout(total=START_TIMEOUT_S)) as answer:
                if answer.status != 204:
                    raise CannotStart(f"envd answered {answer.status}: {(await answer.text())[:500]}")
        except (ClientError, TimeoutError) as error:
            why = cell.last_words or str(error) or type(error).__name__
            raise CannotStart(f"the daemon of the sandbox did not answer: {why}") from error

    async def _watch(self, sandbox_id: str, cell: Cell) -> None:
        code = await cell.ended()
        if self._cells.get(sandbox_id) is not cell or cell in self._kept:
            return  # killed on purpose
        _log.warning("sandbox %s ended by itself, exit code %s", sandbox_id, code)
        self.registry.remove(sandbox_id)
        self._forget_deadline(sandbox_id)
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

    def _set_deadline(self, sandbox_id: str, timeout_s: int) -> None:
        self._forget_deadline(sandbox_id)
        self._deadlines[sandbox_id] = asyncio.get_running_loop().call_later(timeout_s, self._expire, sandbox_id)

    def _forget_deadline(self, sandbox_id: str) -> None:
        if handle := self._deadlines.pop(sandbox_id, None):
            handle.cancel()

    def _expire(self, sandbox_id: str) -> None:
        sandbox = self.registry.find(sandbox_id)
        if sandbox is None or self._closing:
            return
        pauses = sandbox.on_timeout is OnTimeout.PAUSE
        end = self.pause(sandbox_id, sandbox.timeout_pause) if pauses else self.kill(sandbox_id)
        _log.info("sandbox %s reached its end of life", sandbox_id)
        self._owner.start(end, name=f"expire {sandbox_id}")


def free_port(taken: set[int]) -> int:
    """A TCP port of this machine that nothing has now and that is not in `taken`."""
    while True:
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            port = int(trial.getsockname()[1])
        if port not in taken:
            return port
