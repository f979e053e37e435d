"""Holds a sandbox's network to what its rules allow, from outside of its jail: the packet filter, and the gate."""

import asyncio
import contextlib
import json
import logging
import os
from pathlib import Path

import craft_desktop
from craft_desktop.host import netfilter
from craft_desktop.host.machine import Machine
from craft_desktop.host.namespaces import ADDRESS, NAME_SERVER, enter_argv
from craft_desktop.host.reach import Reach
from craft_desktop.tasks import Owner

TIMEOUT_S = 10.0  # it takes 50 ms; a machine deep in an install needs far longer
END_TIMEOUT_S = 1.0  # a gate ends at once; one that was stopped never would
LOG_BYTES = 8192  # of one line that a gate says
_log = logging.getLogger(__name__)


class Fence:
    """The fence of one network namespace; it stands from the first `hold` on. Close it with `aclose`."""

    def __init__(self, name: str, machine: Machine, pid: int) -> None:
        """Know the process `pid`, whose network namespace it is."""
        self._name = name
        self._machine = machine
        self._pid = pid
        self._owner = Owner(f"fence {name}")
        self._turn = asyncio.Lock()
        self._gate: asyncio.subprocess.Process | None = None

    @property
    def gate_pid(self) -> int:
        """Of the gate; 0 when there is none."""
        return self._gate.pid if self._gate is not None and self._gate.returncode is None else 0

    async def hold(self, reach: Reach) -> None:
        """Let so much through from now on, and end open connections to the rest.

        :raises OSError: it cannot be held; nothing is let through that was not before.
        """
        async with self._turn:
            order: dict[str, object] = {"refused4": reach.refused4, "refused6": reach.refused6}
            former = self._gate
            if reach.names:
                order |= {"names": reach.names, "address": ADDRESS, "name_server": NAME_SERVER}
                self._gate = await self._open(json.dumps(order).encode() + b"\n")
            else:
                await self._write(json.dumps(order).encode())
                self._gate = None
            if former is not None:
                await _end(former)

    async def aclose(self) -> None:
        """End the gate. The filter goes with its network namespace. May be called twice."""
        async with self._turn:
            gate, self._gate = self._gate, None
            if gate is not None:
                await _end(gate)
        await self._owner.aclose()

    async def _write(self, order: bytes) -> None:
        process = await self._start([*self._python("-I"), netfilter.__file__], {})
        try:
            async with asyncio.timeout(TIMEOUT_S):
                _, told = await process.communicate(order)
        except TimeoutError as error:
            raise OSError("the packet filter was not written in time") from error
        finally:
            await _end(process)
        if process.returncode != 0:
            raise OSError(told.decode(errors="replace").strip() or f"exit code {process.returncode}")

    async def _open(self, order: bytes) -> asyncio.subprocess.Process:
        folder = str(Path(craft_desktop.__file__).parent.parent)
        environment = {"PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"}
        process = await self._start([*self._python("-s"), "-m", "craft_desktop.host.gate"], environment)
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        try:
            async with asyncio.timeout(TIMEOUT_S):
                process.stdin.write(order)
                with contextlib.suppress(ConnectionError):  # it ended before it read; what it said follows
                    await process.stdin.drain()
                if not await process.stdout.readline():
                    raise OSError((await process.stderr.read()).decode(errors="replace").strip() or "the gate ended")
        except BaseException as error:
            await _end(process)
            if isinstance(error, TimeoutError):
                raise OSError("the gate of the sandbox did not open in time") from error
            raise
        self._owner.start(self._follow(process, process.stderr), name=f"gate {process.pid}")
        return process

    async def _follow(self, process: asyncio.subprocess.Process, stderr: asyncio.StreamReader) -> None:
        while chunk := await stderr.read(LOG_BYTES):
            for line in chunk.decode(errors="replace").splitlines():
                _log.info("%s, gate: %s", self._name, line)
        await process.wait()
        if process is self._gate:
            code = process.returncode
            _log.warning("the gate of %s ended (exit code %s): allowed names are refused too now", self._name, code)

    def _python(self, alone: str) -> list[str]:
        return [str(self._machine.python.path), alone, "-S"]

    async def _start(self, command: list[str], environment: dict[str, str]) -> asyncio.subprocess.Process:
        assert self._machine.holder is not None  # only asked where it is there
        return await asyncio.create_subprocess_exec(
            *enter_argv(self._machine.holder, self._pid, command, space="net"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            cwd=os.sep,
            start_new_session=True,
        )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(END_TIMEOUT_S):
            await process.wait()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
