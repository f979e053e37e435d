"""The folder a host runs in: one per run, locked while it lives, swept by the next run when its host was killed.

`STATE/<run>/lock` is held with flock(2), which the kernel lets go when the process ends, however it ends. A
sibling whose lock is free is therefore a leftover. Sockets are reached through `/proc/self/fd/N/name`: a Unix
socket's path may have 108 bytes, and a state folder lies where the person's system puts it.
"""

import contextlib
import fcntl
import os
import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from craft_desktop.host import cgroups, processes
from craft_desktop.host.furniture import write_etc, write_tools
from craft_desktop.host.machine import Machine
from craft_desktop.host.removal import remove_tree

BACKLOG = 128  # connections that wait while envd starts or is busy


class Ground:
    """One run's folders. Hold it as a context manager; leaving removes all of it."""

    def __init__(self, state: Path, machine: Machine) -> None:
        self.state = state
        state.mkdir(parents=True, exist_ok=True)
        sweep(state)
        cgroups.sweep(machine.cgroups)
        self.folder = Path(tempfile.mkdtemp(prefix="run-", dir=state))  # mkdtemp makes it 0700
        self._lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.etc = self.folder / "etc"
        self._tools: dict[Path | None, Path] = {}  # by the Node.js that they go with
        self._sockets = self.folder / "s"
        self.etc.mkdir()
        self._sockets.mkdir(0o700)
        write_etc(self.etc, machine)
        self._socket_folder = os.open(self._sockets, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._socket_folder)
        remove_tree(self.folder)
        os.close(self._lock)

    def tools(self, machine: Machine) -> Path:
        """The folder of commands for sandboxes that see `machine`.

        :raises OSError: the disk is full.
        """
        node = machine.node.path if machine.node else None
        if node not in self._tools:
            folder = self.folder / f"tools-{len(self._tools)}"
            folder.mkdir(exist_ok=True)
            write_tools(folder, machine)
            self._tools[node] = folder
        return self._tools[node]

    def plot(self, name: str, former: Path | None = None) -> Path:
        """A folder for one sandbox, with `home` and `tmp` in it.

        :param former: one that nothing runs in any more, to be taken over; None makes a fresh one.
        """
        plot = self.folder / "b" / name
        if former is not None:
            return former.rename(plot)
        (plot / "home").mkdir(parents=True)
        (plot / "tmp").mkdir()
        (plot / "tmp").chmod(0o1777)
        return plot

    def listen(self, name: str) -> socket.socket:
        """A listening Unix socket that nothing but this process can reach by path. The caller owns it."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listener.bind(self.address(name))
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener

    def address(self, name: str) -> str:
        """The path at which this process connects to the socket called `name`."""
        return f"/proc/self/fd/{self._socket_folder}/{name}"

    def forget(self, name: str) -> None:
        """Remove a socket's path."""
        with contextlib.suppress(FileNotFoundError):
            (self._sockets / name).unlink()


def sweep(state: Path) -> None:
    """Remove the folders of hosts that were killed; those of living hosts stay."""
    for folder in state.glob("run-*"):
        try:
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            # between mkdtemp and its lock file lies the start of another host: leave it unless it is old news
            if _is_empty(folder):
                continue
            remove_tree(folder)
            continue
        except OSError:
            continue  # not ours to touch
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # its jails died with it, but for one it was just building
            processes.kill(processes.jails_of(folder))
            remove_tree(folder)
        except BlockingIOError:
            pass  # its host is alive
        finally:
            os.close(lock)


def _is_empty(folder: Path) -> bool:
    try:
        return not any(folder.iterdir())
    except OSError:
        return True
