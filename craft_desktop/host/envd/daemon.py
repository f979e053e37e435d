"""The daemon's life: from its two descriptors to the kill of everything it started."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress

from craft_desktop.host.envd.app import App
from craft_desktop.host.envd.connect import Router
from craft_desktop.host.envd.dial import Dialer
from craft_desktop.host.envd.files import Files
from craft_desktop.host.envd.filesystem_service import FilesystemService
from craft_desktop.host.envd.journal import Journal
from craft_desktop.host.envd.kernel import adopt_orphans, hide_memory
from craft_desktop.host.envd.metrics import Metrics
from craft_desktop.host.envd.process_service import ProcessService
from craft_desktop.host.envd.processes import ProcessTable
from craft_desktop.host.envd.rootspace import make_root_space
from craft_desktop.host.envd.seccomp import forbid, new_secret
from craft_desktop.host.envd.server import HttpServer
from craft_desktop.host.envd.state import State
from craft_desktop.host.envd.watch_service import WatchService

_log = logging.getLogger(__name__)

# Debian's own for users, with the folders of the administrator that E2B's template has as well.
_SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# A lifeline carries nothing; whatever comes is thrown away in pieces of this size.
_LIFELINE_BYTES = 4096


def main(arguments: Sequence[str]) -> int:
    """Run until the end of standard input or, outside of a jail, SIGTERM; the exit status."""
    parser = argparse.ArgumentParser(prog="envd", description="The daemon inside a sandbox.")
    parser.add_argument("--listen-fd", type=int, required=True, help="a listening Unix socket")
    parser.add_argument("--dial-fd", type=int, required=True, help="one end of a SOCK_SEQPACKET pair")
    parser.add_argument("--sealed", action="store_true", help="filter the system calls of all that runs here")
    parser.add_argument("--rooted", action="store_true", help="and have commands of the user root be root")
    given = parser.parse_args(arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for descriptor in (given.listen_fd, given.dial_fd):
        os.set_inheritable(descriptor, False)
    # Files for everyone to read, for their owner to write, whatever the host's own mask.
    os.umask(0o022)
    # Before memory is hidden, for that hides the map of the new namespace as well.
    secret = new_secret()
    become_root = make_root_space(secret) if given.sealed and given.rooted else None
    hide_memory()
    if given.sealed:
        forbid(secret)
    adopt_orphans()
    # Away from the terminal and the group of whoever started the host: their Ctrl-C is not ours.
    with suppress(PermissionError):  # it leads a session already
        os.setsid()
    if _is_first():
        # by asyncio it would become an exception in here
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    asyncio.run(serve(socket.socket(fileno=given.listen_fd), socket.socket(fileno=given.dial_fd), become_root))
    return 0


async def serve(listener: socket.socket, channel: socket.socket, become_root: Callable[[], None] | None = None) -> None:
    """Serve until told to end (`main`), then kill every process started here.

    :param become_root: what a child calls to be the user `root`.
    """
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    state, journal, router = State(), Journal(), Router()
    table = ProcessTable(journal)
    logging.getLogger().addHandler(journal)
    ProcessService(state, table, os.environ.get("PATH") or _SEARCH_PATH, become_root).serve_on(router)
    FilesystemService(state).serve_on(router)
    watches = WatchService(state)
    watches.serve_on(router)
    app = App(state, Files(state, watches.announce), Metrics(state), journal, router)
    loop.add_signal_handler(signal.SIGCHLD, table.reap)
    if not _is_first():
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, over.set)
    _hold_lifeline(loop, over)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(table.aclose)
        stack.callback(watches.close)
        await stack.enter_async_context(Dialer(channel))
        await stack.enter_async_context(HttpServer(listener, app.answer))
        await over.wait()
        _log.info("ending: killing every process of this sandbox")


def _is_first() -> bool:
    """Whether this is PID 1 of a jail: the kernel then keeps signals without a handler from it (pid_namespaces(7)).

    So no program of the sandbox can end it; the host does by killing it, and by the end of its standard input.
    """
    return os.getpid() == 1


def _hold_lifeline(loop: asyncio.AbstractEventLoop, over: asyncio.Event) -> None:
    """Have the end of standard input, which the host holds open while it lives, end the daemon."""
    os.set_blocking(0, False)

    def read() -> None:
        try:
            data = os.read(0, _LIFELINE_BYTES)
        except BlockingIOError:
            return
        if not data:
            loop.remove_reader(0)
            over.set()

    loop.add_reader(0, read)
