"""The end of an envd and of everything it has started: in a jail, or without one."""

import asyncio
import contextlib
import logging
from pathlib import Path

from craft_desktop.host import processes
from craft_desktop.host.first import First

TERM_TIMEOUT_S = 2.0  # an unjailed envd has this long to kill its own; a jail is killed at once
# 2,048 processes end within a second on two busy cores (measured); one deep in the kernel, at a disk that hangs, later
END_TIMEOUT_S = 10.0
_log = logging.getLogger(__name__)


async def end_jail(process: asyncio.subprocess.Process, first: First, folder: Path) -> None:
    """Kill what is in the jail, and see it gone: bubblewrap's own end would tell too little, or too soon.

    :param process: bubblewrap, or the holder that becomes it.
    :param folder: of the sandbox, which its builders name.
    """
    if not first.is_known:
        await _end_builder(process, first, folder)
    first.kill()
    if not await first.ended(END_TIMEOUT_S):
        _log.warning("%s was killed and still has processes after %.0f s", folder.name, END_TIMEOUT_S)
    first.close()
    if process.returncode is None:
        # it reaps its child and ends, if it was not stopped with all others
        processes.thaw({here} if (here := processes.look(process.pid)) else set())
        try:
            async with asyncio.timeout(processes.HALT_TIMEOUT_S):
                await process.wait()
        except TimeoutError:
            _slay(process)


async def _end_builder(process: asyncio.subprocess.Process, first: First, folder: Path) -> None:
    """A child that bubblewrap has made and not let go yet would wait for it for ever.

    It is stopped first, so that the child is either there to be killed or never born.
    """
    if process.returncode is None:
        await asyncio.to_thread(processes.halt, process.pid)
        first.learn()
        family = processes.descendants(process.pid)
        _slay(process)
        processes.kill(family)
    processes.kill(processes.jails_of(folder))  # bubblewrap's child, when somebody else killed it


async def end_plain(process: asyncio.subprocess.Process) -> None:
    """envd kills its own when told to end; what it did not, is found by descent and killed."""
    family = processes.descendants(process.pid)
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(TERM_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        family |= processes.descendants(process.pid)
        _slay(process)
    processes.kill(family)


def _slay(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
