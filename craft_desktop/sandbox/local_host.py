"""Starts, watches and stops the embedded sandbox host: a child process that speaks E2B's protocol on loopback."""

import asyncio
import json
import logging
import os
import sys
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp

from craft_desktop.host.handshake import HandshakeError, Ready
from craft_desktop.model.errors import Action, SandboxError
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.profile import Profile
from craft_desktop.tasks import Owner

# A cold Python start with a full disk cache miss took 3 s; five times that.
READY_LIMIT_S = 15.0
# Sandboxes end in well under a second; removing a copy of 100,000 files took 6 s on a busy machine. Killed, the host
# ends them all the same, and the next one clears what is left on the disk.
STOP_LIMIT_S = 15.0
# A killed host's port refuses at once; that its process ended is told by the event loop a moment later.
DEATH_NEWS_LIMIT_S = 1.0
HOST_COMMAND = (sys.executable, "-m", "craft_desktop.host")


def host_environment() -> dict[str, str]:
    """Give the environment in which `HOST_COMMAND` finds this very package, wherever the program was started."""
    package = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (package, os.environ.get("PYTHONPATH"))))}


_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Machine:
    """What the host found. Empty texts where there is nothing to say; `node` and `npm` are versions.

    :param network: `private` or `shared`; when shared, `network_reason` and `network_remedy` say why and what to do.
    :param nodes: further versions of Node.js that a sandbox may ask for, each with the name of what keeps it.
    :param network_rules: whether a sandbox can be held to rules about what it reaches; the reason why not is for a
        private network.
    """

    isolated: bool
    reason: str
    remedy: str
    bubblewrap: str
    node: str
    node_path: str
    npm: str
    network: str
    nodes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    network_reason: str = ""
    network_remedy: str = ""
    network_rules: bool = True
    network_rules_reason: str = ""


def parse_machine(found: Any) -> Machine:
    """Read the report of `python -m craft_desktop.host --check` and of `GET /craft/machine`."""
    jail, node = found["bubblewrap"], found["node"] or {}
    return Machine(
        isolated=bool(jail["usable"]),
        reason=str(jail["reason"]),
        remedy=str(jail["remedy"]),
        bubblewrap=str(jail["version"]),
        node=str(node.get("version") or ""),
        node_path=str(node.get("path") or ""),
        npm=str(node.get("npm_version") or ""),
        network=str(found["network"]),
        nodes={str(each["version"]): str(each["source"]) for each in found.get("nodes", ())},
        network_reason=str(found.get("network_reason", "")),
        network_remedy=str(found.get("network_remedy", "")),
        network_rules=bool(found.get("network_rules", True)),
        network_rules_reason=str(found.get("network_rules_reason", "")),
    )


async def check_machine() -> Machine:
    """Ask a host that is started for this alone what it finds on this machine.

    :raises SandboxError: it does not answer.
    """
    try:
        async with asyncio.timeout(READY_LIMIT_S):
            process = await asyncio.create_subprocess_exec(
                *HOST_COMMAND,
                "--check",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=host_environment(),
            )
            told, complaint = await process.communicate()
        return parse_machine(json.loads(told))
    except (OSError, TimeoutError, ValueError, KeyError, TypeError) as error:
        detail = complaint.decode(errors="replace") if not isinstance(error, OSError | TimeoutError) else str(error)
        raise _not_started(detail or type(error).__name__) from error


class LocalHost:
    """The embedded host of this copy of the program; started when first needed, and again if it died."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._process: asyncio.subprocess.Process | None = None
        self._ready: Ready | None = None
        self._lock = asyncio.Lock()
        self._owner = Owner("sandbox host")
        self._last_words: deque[str] = deque(maxlen=20)

    async def profile(self) -> Profile:
        """Give the way to the host, starting it if it does not run.

        :raises SandboxError: it could not be started.
        """
        async with self._lock:
            if self._ready is None or self._process is None or self._process.returncode is not None:
                self._ready = await self._start()
        ready = self._ready
        return Profile(
            provider=Provider.LOCAL,
            api_key=ready.api_key,
            domain=ready.domain,
            api_url=ready.api_url,
            sandbox_url=ready.sandbox_url,
            traffic_url=ready.traffic_url,
        )

    async def machine(self) -> Machine:
        """Ask the host what it found on this machine.

        :raises SandboxError: it does not answer.
        """
        profile = await self.profile()
        try:
            return await _ask_machine(profile)
        except (aiohttp.ClientError, TimeoutError) as error:
            if not await self._has_died():
                raise _not_started(f"It does not answer: {error}") from error
        try:  # it was killed, and the news of it comes after the refusal: another takes its place
            return await _ask_machine(await self.profile())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _not_started(f"It does not answer: {error}") from error

    async def aclose(self) -> None:
        """End the host and with it every sandbox of it."""
        process, self._process, self._ready = self._process, None, None
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(STOP_LIMIT_S):
                    await process.wait()
            except TimeoutError:
                _log.warning("the sandbox host did not end in %.0f s and was killed", STOP_LIMIT_S)
                process.kill()
                await process.wait()
        await self._owner.aclose()

    async def _start(self) -> Ready:
        command = [*HOST_COMMAND, "--json", "--lifeline", "--state", str(self._state)]
        try:
            self._state.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The open standard input is the lifeline: when this process dies, however, the host reads its end.
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=host_environment(),
                start_new_session=True,  # Ctrl-C in a terminal is for this process, which ends the host in order
            )
        except OSError as error:
            raise _not_started(f"{error.filename or self._state}: {error.strerror or error}") from error
        assert process.stdout is not None and process.stderr is not None
        self._process = process
        self._owner.start(self._read_log(process.stderr), name="log")
        try:
            async with asyncio.timeout(READY_LIMIT_S):
                line = await process.stdout.readline()
            return Ready.parse(line)
        except asyncio.CancelledError:
            # Nobody knows its addresses; the next that needs a host starts another.
            await _put_down(process)
            raise
        except (TimeoutError, HandshakeError) as error:
            await _put_down(process)
            raise _not_started("\n".join(self._last_words) or f"{type(error).__name__}: {error}") from error

    async def _has_died(self) -> bool:
        if self._process is None:
            return False  # it was closed: nobody wants another
        try:
            async with asyncio.timeout(DEATH_NEWS_LIMIT_S):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    async def _read_log(self, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line over the reader's limit: dropped, the rest is read on
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            self._last_words.append(text)
            _log.info("host: %s", text)


async def _ask_machine(profile: Profile) -> Machine:
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=READY_LIMIT_S)) as http,
        http.get(f"{profile.api_url}/craft/machine", headers={"X-API-KEY": profile.api_key}) as answer,
    ):
        answer.raise_for_status()
        return parse_machine(await answer.json())


async def _put_down(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()


def _not_started(detail: str) -> SandboxError:
    return SandboxError(
        "The sandbox host on this computer could not be started",
        detail,
        "Run “craft-desktop doctor” to see what is missing, then start again.",
        Action.START,
    )
