"""One running envd and what is around it: process, folders, listening socket, dialling pair, lifeline.

A cell is started before anybody asks for it (the warm spare) and becomes a sandbox when the control plane gives
it a name and its secrets. Its end is the end of everything within: jailed, envd is PID 1 of its namespace and the
kernel kills the rest; unjailed, envd adopts what it started and this module walks the tree after it.
"""

import asyncio
import contextlib
import logging
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from craft_desktop.host import processes
from craft_desktop.host.bodies import Creation
from craft_desktop.host.cgroups import MOST_PROCESSES, Group
from craft_desktop.host.dial import Dial, DialError
from craft_desktop.host.ending import end_jail, end_plain
from craft_desktop.host.fence import Fence
from craft_desktop.host.first import First
from craft_desktop.host.ground import Ground
from craft_desktop.host.isolation import JAIL_HOMES, Homes
from craft_desktop.host.machine import Machine
from craft_desktop.host.namespaces import hold_argv
from craft_desktop.host.plot import Plot
from craft_desktop.host.reach import OPEN, Reach
from craft_desktop.host.removal import remove_tree
from craft_desktop.host.snapshots import Hold
from craft_desktop.host.starting import jailed, plain_environment, write_profile
from craft_desktop.host.uplink import Uplink, first_bytes
from craft_desktop.tasks import Owner

HOLD_TIMEOUT_S = 10.0  # namespaces stand after 3 ms; a machine deep in an install needs far longer
LOG_BYTES = 65_536  # one read of envd's log
_log = logging.getLogger(__name__)


class Cell:
    """One envd, started by `launch`, ended by `stop`."""

    def __init__(self, name: str, plot: Plot, homes: Homes, machine: Machine, ground: Ground, isolated: bool) -> None:
        self.name = name
        self._machine = machine
        self.homes = homes
        self.isolated = isolated
        self.last_words = ""  # the last line of its log, for whoever has to tell why it did not start
        self.address = ground.address(name)
        self.plot = plot
        self.turn = asyncio.Lock()  # held by whoever stops its processes or lets them run on
        self.creation: Creation | None = None  # what its sandbox was asked for
        self._ground = ground
        self._hold: Hold | None = None
        self._stopped: set[processes.Seen] = set()
        self._paused = False
        self._group = Group(machine.cgroups, f"{ground.folder.name}-{name}", machine.memory_bytes)
        self._owner = Owner(f"cell {name}")
        self._process: asyncio.subprocess.Process | None = None
        self._dial: Dial | None = None
        self._uplink: Uplink | None = None
        self._fence: Fence | None = None
        self._first = First()
        self._lifeline: int | None = None
        self._log: asyncio.ReadTransport | None = None
        # apart from the other owner, which is closed within the very end that these tasks are
        self._ending = Owner(f"end of {name}")
        self._killed: asyncio.Task[None] | None = None
        self._cleared: asyncio.Task[None] | None = None

    @classmethod
    async def launch(
        cls,
        name: str,
        machine: Machine,
        ground: Ground,
        *,
        isolated: bool,
        former: "Cell | None" = None,
        layers: tuple[str, ...] = (),
        hold: Hold | None = None,
    ) -> "Cell":
        """Start an envd. It may not answer yet; its socket already queues connections.

        :param isolated: in a jail; else as a plain child with a folder of its own as home.
        :param former: an ended cell whose files this one takes over; it is of no use afterwards.
        :param layers: of the snapshot whose files it begins with.
        :param hold: on them, owned from now on.
        :raises OSError: the program cannot be started, the files cannot be had, or the disk is full.
        """
        plot = Plot(ground.plot(name, former.plot.folder if former else None), machine)
        home = str(plot.folder / "home")
        cell = cls(name, plot, JAIL_HOMES if isolated else Homes(home, home), machine, ground, isolated)
        if former is not None:
            layers, hold, former._hold = former.plot.layers, former._hold, None
        cell._hold = hold
        # apart and shielded: a start that is cancelled half-way leaves a process which nobody knows
        started = cell._ending.start(cell._start(machine, layers), name="start", awaited=True)
        try:
            await asyncio.shield(started)
        except BaseException:
            await asyncio.wait([started])
            await cell.stop()
            raise
        return cell

    @property
    def pid(self) -> int:
        """Of the process the host started: bubblewrap, or envd itself when unjailed."""
        return self._process.pid if self._process else 0

    @property
    def is_alive(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.returncode is None

    async def connect(self, port: int) -> socket.socket:
        """A socket connected to `port` inside.

        :raises DialError: nothing of the sandbox listens there.
        """
        assert self._dial is not None  # launch() sets it before anyone holds the cell
        return await self._dial.connect(port)

    async def reach_envd(self) -> socket.socket:
        """A socket connected to envd itself.

        :raises DialError: envd has ended.
        """
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connected.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(connected, self.address)
        except OSError as error:
            connected.close()
            raise DialError(0, "gone") from error
        except BaseException:
            connected.close()
            raise
        return connected

    async def ended(self) -> int:
        """Wait for the process to end; its exit code."""
        assert self._process is not None
        return await self._process.wait()

    async def build_upon(self, layers: tuple[str, ...], hold: Hold) -> None:
        """Have its folders begin with the files of a snapshot, before anything runs in it.

        Only where nothing is shown below those folders (`Machine.shows_in_homes`): it would lie beneath the files.

        :param hold: on those layers, owned from now on.
        :raises CannotCopy: they cannot be laid or copied.
        """
        self._hold = hold
        await self._lay(layers)
        if not self.isolated:
            write_profile(self._machine, self._ground, self.plot)

    async def _lay(self, layers: tuple[str, ...]) -> None:
        await self.plot.build_upon(layers, self._ground.state, self.pid)
        if not self.plot.layers and self._hold is not None:
            self._hold.close()  # copied

    async def confine(self, reach: Reach) -> None:
        """Hold its network to `reach` from now on; open connections to what is out of it end.

        :raises OSError: that cannot be done here.
        """
        if self._fence is None:
            raise OSError("no rules can be set upon its network")
        await self._fence.hold(reach)

    async def copy_out(self, target: Path) -> tuple[str, ...]:
        """Copy what was written in it into the folder of a new snapshot; the layers that lie beneath it.

        :raises CannotCopy: something cannot be read, or the disk is full.
        """
        return await self.plot.copy_out(target, self._ground.state, self.pid if self.is_alive else 0, self.stillness)

    @property
    def is_full(self) -> bool:
        """Whether it has all the processes it may have and was refused more."""
        return self._group.is_full()

    async def pause(self) -> None:
        """Stop every process where it stands. By the kernel's freezer, of which programs inside see nothing, if it can
        be had; else by signals.
        """
        self._paused = True
        # whoever gives up half-way is to know that it stands still, and not that it will a moment later
        stopping = self._ending.start(self._halt(), name="pause", awaited=True)
        try:
            await asyncio.shield(stopping)
        except asyncio.CancelledError:
            await asyncio.wait([stopping])
            raise

    async def _halt(self) -> None:
        if not (self._group.can_freeze and await asyncio.to_thread(self._freeze)):
            self._stopped |= await asyncio.to_thread(processes.freeze, self.pid)

    async def go_on(self) -> None:
        """Let those run on that were stopped."""
        self._paused = False
        stopped, self._stopped = self._stopped, set()
        self._unfreeze()
        processes.thaw(stopped)  # a signal to each, of which there are dozens

    @asynccontextmanager
    async def stillness(self) -> AsyncIterator[None]:
        """Its processes stand still inside; a cell that is paused stays so afterwards."""
        was_paused = self._paused
        try:
            if not was_paused:
                await self.pause()
            yield
        finally:
            if not was_paused:
                await self.go_on()

    def _freeze(self) -> bool:
        """Whether all stand still: not without a group, nor when one deep in the kernel does not come back in time."""
        try:
            self._group.freeze(True)
        except OSError:
            return False
        deadline = time.monotonic() + processes.HALT_TIMEOUT_S
        while not self._group.is_frozen():
            if time.monotonic() > deadline:
                return False
            time.sleep(processes.HALT_PAUSE_S)
        return True

    def _unfreeze(self) -> None:
        if self._group.can_freeze:
            with contextlib.suppress(OSError):  # there never was such a group, or it is gone
                self._group.freeze(False)

    async def kill(self) -> None:
        """Kill everything in it. May be called by many; all wait for the one end."""
        if self._killed is None:
            self._killed = self._ending.start(self._kill(), name="kill", awaited=True)
        await asyncio.shield(self._killed)

    async def stop(self) -> None:
        """Kill everything in it and remove its folders, which takes longer. May be called by many."""
        await self.kill()
        if self._cleared is None:
            self._cleared = self._ending.start(self._clear(), name="clear", awaited=True)
        await asyncio.shield(self._cleared)

    async def _start(self, machine: Machine, layers: tuple[str, ...]) -> None:
        """Start the process. Its pipes are our own and not asyncio's: those tie its end to whoever holds them last.

        The files it begins with lie there before its walls are built: what is shown in the jail lies upon them.
        """
        held = self.isolated and machine.holder is not None
        if layers and not held:
            await self._lay(layers)
        with ExitStack() as theirs:
            listener = theirs.enter_context(self._ground.listen(self.name))
            near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            self._dial = Dial(near)
            theirs.enter_context(far)
            stdin, self._lifeline = os.pipe()
            theirs.callback(os.close, stdin)
            log, stderr = os.pipe()
            theirs.callback(os.close, stderr)
            await self._follow(log)
            envd = [str(machine.python.path), "-s", "-S", "-m", "craft_desktop.host.envd"]
            envd += ["--listen-fd", str(listener.fileno()), "--dial-fd", str(far.fileno())]
            if self.isolated:
                envd += ["--sealed"] * machine.bubblewrap.sealed + ["--rooted"] * machine.bubblewrap.rooted
            if machine.prlimit is not None and self.isolated:
                # counted by user namespace, so each sandbox by itself (measured; setrlimit(2) does not say so)
                envd = [machine.prlimit, f"--nproc={MOST_PROCESSES}:{MOST_PROCESSES}", *envd]
            kept = [listener.fileno(), far.fileno()]
            command = envd
            if self.isolated:
                kept.append(self._first.listen())
                theirs.callback(os.close, kept[-1])
                command = jailed(machine, self._ground, self.plot, envd, kept[-1])
            stands, stdout = os.pipe()
            theirs.callback(os.close, stands)
            if held and machine.holder is not None:
                command = hold_argv(machine.holder, self.plot.parts, command, private=machine.private)
            try:
                self._process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=stdin,
                    stdout=stdout if held else asyncio.subprocess.DEVNULL,
                    stderr=stderr,
                    pass_fds=kept,
                    env={} if self.isolated else plain_environment(machine, self._ground, self.plot),
                    cwd="/" if self.isolated else self.homes.user,
                    start_new_session=True,
                )
            finally:
                os.close(stdout)  # then its end is the holder's end
            try:
                self._group.take_in(self._process.pid)
            except OSError as error:
                _log.warning("%s runs without bounds: %s", self.name, error)
            if held:
                await self._let_go(machine, stands, layers)

    async def _let_go(self, machine: Machine, stands: int, layers: tuple[str, ...]) -> None:
        """See that the holder stands, lay its files, connect its network, and let it become the jail."""
        assert self._process is not None and self._lifeline is not None
        if not await first_bytes(stands, HOLD_TIMEOUT_S):
            raise OSError(f"the namespaces of the sandbox could not be made: {self.last_words or 'no answer'}")
        if layers:
            await self._lay(layers)
        if machine.filtered:
            self._fence = Fence(self.name, machine, self._process.pid)
            await self._fence.hold(OPEN.reach())
        if machine.private:
            self._uplink = Uplink(self.name, machine.network, self._process.pid)
            await self._uplink.attach()
        os.write(self._lifeline, b"\n")

    async def _follow(self, log: int) -> None:
        """Put what comes from the descriptor `log`, owned from now on, into the host's log."""
        reader = asyncio.StreamReader()
        pipe = os.fdopen(log, "rb", buffering=0)
        loop = asyncio.get_running_loop()
        self._log, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
        self._owner.start(self._relay(reader), name="log")

    async def _relay(self, stderr: asyncio.StreamReader) -> None:
        """Put envd's log lines into the host's; a line longer than a read is told in pieces."""
        rest = b""
        while chunk := await stderr.read(LOG_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LOG_BYTES:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._tell(line)
        if rest:
            self._tell(rest)

    def _tell(self, line: bytes) -> None:
        self.last_words = line.decode(errors="replace")
        _log.info("%s: %s", self.name, self.last_words)

    async def _kill(self) -> None:
        process = self._process
        self._unfreeze()  # the kernel's freezer holds back the signals by which the end is brought about in order
        if process is not None and self.isolated:
            await end_jail(process, self._first, self.plot.folder)
        elif process is not None and process.returncode is None:
            await end_plain(process)
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None
        if process is not None:
            await process.wait()
        if self._uplink is not None:
            await self._uplink.aclose()
        if self._fence is not None:
            await self._fence.aclose()
        if self._dial is not None:
            self._dial.close()
        await self._owner.aclose()
        if self._log is not None:
            self._log.close()
        self._ground.forget(self.name)
        await asyncio.to_thread(self._disband)

    def _disband(self) -> None:
        """Remove the group once the kernel has let its last process go, which is a moment after the first one's end."""
        deadline = time.monotonic() + processes.HALT_TIMEOUT_S
        while not self._group.remove():
            if time.monotonic() > deadline:
                _log.warning("%s leaves a group with processes in it", self.name)
                return
            time.sleep(processes.HALT_PAUSE_S)

    async def _clear(self) -> None:
        await asyncio.to_thread(remove_tree, self.plot.folder)
        if self._hold is not None:
            self._hold.close()
