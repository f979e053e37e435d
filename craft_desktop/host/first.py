"""The first process of a jail: PID 1 of its namespace, whose end is the end of every process in there.

bubblewrap, which the host starts, stands outside of that namespace and may end before it. So bubblewrap is asked for
the id of its child (`--info-fd`), and the kernel for a descriptor of that process (pidfd_open(2)). A process with such
a descriptor is never taken for another, and the descriptor tells its end: for PID 1 that is after the kernel has
killed and waited for all others (pid_namespaces(7)).
"""

import asyncio
import contextlib
import os
import re
import signal

_CHILD = re.compile(rb'"child-pid": *(\d+)')
_INFO_BYTES = 4096  # bubblewrap tells a few numbers, 300 bytes


class First:
    """PID 1 of one jail, known from the moment bubblewrap tells of it. Close it when the jail has ended."""

    def __init__(self) -> None:
        self.pid = 0
        self._info: int | None = None
        self._process: int | None = None
        self._told = b""

    def listen(self) -> int:
        """The descriptor for bubblewrap's `--info-fd`, inheritable by whom it is passed to; the caller closes it."""
        self._info, writable = os.pipe()
        try:
            # its own reader as well: bubblewrap must not die of a broken pipe when this process is killed, for its
            # child, which waits for a word from it, would wait for ever
            theirs = os.open(f"/proc/self/fd/{writable}", os.O_RDWR | os.O_CLOEXEC)
        finally:
            os.close(writable)
        os.set_blocking(self._info, False)
        asyncio.get_running_loop().add_reader(self._info, self.learn)
        return theirs

    @property
    def is_known(self) -> bool:
        """Whether bubblewrap has told of it."""
        return self._process is not None

    def learn(self) -> None:
        """Take in what bubblewrap has told so far."""
        if self._info is None:
            return
        try:
            told = os.read(self._info, _INFO_BYTES)
        except BlockingIOError:
            return
        self._told += told
        if self.pid == 0 and (found := _CHILD.search(self._told)):
            self.pid = int(found[1])
            with contextlib.suppress(ProcessLookupError):  # it has ended, and was reaped
                self._process = os.pidfd_open(self.pid)
        if not told:  # not before: bubblewrap writes in pieces
            self._stop_listening()

    def kill(self) -> None:
        """Kill it, and with it everything in its namespace."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._process, signal.SIGKILL)

    async def ended(self, timeout_s: float) -> bool:
        """Wait until nothing of its namespace runs any more; False when that takes too long."""
        if self._process is None:
            return True
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        loop.add_reader(self._process, over.set)
        try:
            async with asyncio.timeout(timeout_s):
                await over.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self._process)
        return True

    def close(self) -> None:
        """Let go of the descriptors. May be called twice."""
        self._stop_listening()
        process, self._process = self._process, None
        if process is not None:
            os.close(process)

    def _stop_listening(self) -> None:
        info, self._info = self._info, None
        if info is not None:
            asyncio.get_running_loop().remove_reader(info)
            os.close(info)
