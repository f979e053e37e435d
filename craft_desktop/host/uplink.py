"""A sandbox's way out of its own network: one slirp4netns, attached again should it end.

It ends with the host, however that ends: it reads a pipe whose other end only this process holds.
"""

import asyncio
import contextlib
import logging
import os
from contextlib import ExitStack

from craft_desktop.host.machine import PrivateNetwork
from craft_desktop.host.namespaces import slirp_argv
from craft_desktop.tasks import Owner

READY_TIMEOUT_S = 10.0  # it stands after 7 ms; a machine deep in an install needs far longer
END_TIMEOUT_S = 1.0  # it ends at once; one that was stopped never would
AGAIN_S = 1.0  # between two tries to attach it again
_log = logging.getLogger(__name__)


class Uplink:
    """Connects the network namespace of one process. Open it with `attach`, close it with `aclose`."""

    def __init__(self, name: str, network: PrivateNetwork, pid: int) -> None:
        self._name = name
        self._network = network
        self._pid = pid
        self._owner = Owner(f"uplink {name}")
        self._process: asyncio.subprocess.Process | None = None
        self._end: int | None = None

    @property
    def pid(self) -> int:
        """Of slirp4netns; 0 when it does not run."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def attach(self) -> None:
        """Connect, and see that it stays so.

        :raises OSError: slirp4netns cannot be started or does not come up.
        """
        await self._start()
        self._owner.start(self._keep(), name="keep")

    async def aclose(self) -> None:
        """Cut the network off. May be called twice."""
        await self._owner.aclose()
        await self._stop()

    async def _start(self) -> None:
        assert self._network.slirp is not None  # only asked of a machine that has it
        with ExitStack() as closing:
            told, ready = os.pipe()
            closing.callback(os.close, told)
            end, self._end = os.pipe()
            with ExitStack() as theirs:
                theirs.callback(os.close, ready)
                theirs.callback(os.close, end)
                try:
                    self._process = await asyncio.create_subprocess_exec(
                        *slirp_argv(self._network.slirp, self._pid, ready, end, hardened=self._network.hardened),
                        stdin=asyncio.subprocess.DEVNULL,
                        stdout=asyncio.subprocess.DEVNULL,
                        stderr=asyncio.subprocess.DEVNULL,
                        pass_fds=(ready, end),
                        start_new_session=True,
                    )
                except BaseException:
                    self._forget()  # tried again each second, a pipe each time would be all descriptors in minutes
                    raise
            if not await first_bytes(told, READY_TIMEOUT_S):
                await self._stop()
                raise OSError("the network of the sandbox did not come up: slirp4netns ended or does not answer")

    async def _keep(self) -> None:
        """Attach it again whenever it ends by itself: a sandbox outlives the loss of its connections."""
        while True:
            assert self._process is not None
            code = await self._process.wait()
            _log.warning("the network of %s ended (slirp4netns, exit code %s); connecting it again", self._name, code)
            self._forget()
            while self.pid == 0:
                await asyncio.sleep(AGAIN_S)
                try:
                    await self._start()
                except OSError as error:
                    _log.warning("the network of %s is not back: %s", self._name, error)

    async def _stop(self) -> None:
        self._forget()
        if self._process is None:
            return
        try:
            async with asyncio.timeout(END_TIMEOUT_S):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _forget(self) -> None:
        """Let go of the pipe at whose end slirp4netns ends."""
        if self._end is not None:
            os.close(self._end)
            self._end = None


async def first_bytes(descriptor: int, timeout_s: float) -> bytes:
    """What comes first out of a pipe; nothing at its end, or when nothing comes in time."""
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(descriptor, readable.set)
    try:
        async with asyncio.timeout(timeout_s):
            await readable.wait()
    except TimeoutError:
        return b""
    finally:
        loop.remove_reader(descriptor)
    return os.read(descriptor, 4096)
