"""The only door to the e2b client: sandboxes asked for, found, used and ended; its errors become ours here.

Rules learnt from the client (e2b 2.63): commands always get `timeout=0` and `request_timeout=0`. A deadline of the
first kind cancels the task that called `run` instead of the stream; one of the second opens the stream in a task of its
own (Python 3.11), whose failure nobody collects when the opening is cancelled. Deadlines are kept here. A command's
`kill` ends its leader alone, so whole trees are ended by the marker in their environment (see `processes`).
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from craft_desktop.model.errors import SandboxBusyError, SandboxError, SandboxGoneError, SandboxUnreachableError
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.answers import Found, FoundSnapshot, Outcome, Usage, last_usage
from craft_desktop.sandbox.brief import read_briefly, run_briefly
from craft_desktop.sandbox.client import client
from craft_desktop.sandbox.faults import patiently, translated
from craft_desktop.sandbox.persist import KILL_LIMIT_S, REQUEST_LIMIT_S, within
from craft_desktop.sandbox.profile import PUBLIC, Address, Profile, address_of
from craft_desktop.sandbox.ready import listens
from craft_desktop.sandbox.upload import goes_alone, send_pieces, send_together

# Longest wait for a pause or a resume: E2B writes a sandbox's memory to its disk (4 s for each GiB, its documentation).
PAUSE_LIMIT_S = 60.0
# One piece of a streamed file: large enough that the hop to a thread costs nothing beside it.
PIECE_BYTES = 256 * 1024
# Longest wait for a snapshot: 1 GB of small files on a slow disk took 40 s.
SNAPSHOT_LIMIT_S = 300.0
# A clean-up that met a broken line is worth a second try; more would keep the person waiting for a stop.
KILL_PAUSES_S = (0.3,)
# Longest look for a sandbox that may have been made: the person waits, and was told nothing yet.
LOOK_LIMIT_S = 5.0
# What a shell says of a program that SIGKILL ended: 128 and the signal's number.
KILLED = 137

_log = logging.getLogger(__name__)


class Process:
    """A command that runs in the background; `pid` as the sandbox counts."""

    def __init__(self, handle: Any, profile: Profile) -> None:
        self._handle = handle
        self._profile = profile
        self.pid = int(handle.pid)

    async def wait(self) -> int:
        """Wait for the end and give the exit code; 137 after SIGKILL, as a shell says, -1 after another signal.

        :raises SandboxError: the sandbox was lost meanwhile.
        """
        async with translated(self._profile):
            try:
                result = await self._handle.wait()
            except client().CommandExitException as error:
                return KILLED if "killed" in (error.error or "") else int(error.exit_code)
        return int(result.exit_code)

    async def leave(self) -> None:
        """Stop listening; the command runs on."""
        await self._handle.disconnect()


class Sandbox:
    """One sandbox that runs.

    :param variables: names of the environment variables that every process in it is born with.
    """

    def __init__(self, sandbox: Any, profile: Profile, variables: Collection[str] = ()) -> None:
        self._sandbox = sandbox
        self._profile = profile
        self._variables = frozenset(variables)
        self.id = str(sandbox.sandbox_id)

    @property
    def provider(self) -> Provider:
        """Whose it is."""
        return self._profile.provider

    def address(self, port: int) -> Address:
        """Give where `port` of the sandbox is reached."""
        return address_of(self._profile, self._sandbox.get_host(port), self._sandbox.traffic_access_token)

    async def write(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Write whole files in one request; folders on the way are made. Relative paths are under the home.

        A name that a form would carry escaped goes alone, by the request's address.

        :raises SyncError: the sandbox's disk is full.
        :raises SandboxError: refused, unreachable or gone.
        """
        together = [file for file in files if not goes_alone(file[0])]
        if together:
            await patiently(self._profile, lambda: send_together(self._sandbox.files, together))
        for path, data in (file for file in files if goes_alone(file[0])):
            await self.write_pieces(path, iter([data] if data else []))

    async def write_stream(self, path: str, source: Path) -> None:
        """Write one large file without holding it in memory.

        :raises OSError: the source cannot be read.
        :raises SyncError: the sandbox's disk is full.
        :raises SandboxUnreachableError: the line stood still.
        :raises SandboxError: refused, unreachable or gone.
        """
        with source.open("rb") as file:
            await self.write_pieces(path, iter(lambda: file.read(PIECE_BYTES), b""))

    async def write_pieces(self, path: str, pieces: Iterator[bytes]) -> None:
        """Write one file from pieces, which are made in a thread as the line takes them.

        What `pieces` raises comes through.

        :raises SyncError: the sandbox's disk is full.
        :raises SandboxUnreachableError: the line stood still.
        :raises SandboxError: refused, unreachable or gone.
        """
        await send_pieces(self._sandbox.files, self._profile, path, pieces)

    async def read(self, path: str, most_bytes: int) -> bytes:
        """Read a whole file.

        :raises SandboxError: it is not there, or larger than `most_bytes`; refused, unreachable or gone.
        """
        return await read_briefly(self._sandbox.files, self._profile, path, most_bytes)

    async def run(self, command: str, *, cwd: str | None = None, limit_s: float = REQUEST_LIMIT_S) -> Outcome:
        """Run a short command to its end and give what it printed; any exit code is an answer.

        :raises SandboxUnreachableError: it did not end within `limit_s`.
        :raises SandboxError: it printed too much; refused, unreachable or gone.
        """

        return await patiently(
            self._profile, lambda: run_briefly(self._sandbox.commands, self._profile, command, cwd, limit_s)
        )

    async def start(
        self, command: str, *, cwd: str, envs: Mapping[str, str], on_output: Callable[[str], None]
    ) -> Process:
        """Start a command in the background; `on_output` is told chunks of both its outputs as they come.

        Of the variables that the sandbox was made with, it gets those that `envs` still names: one that a person has
        taken back since is gone.

        :raises SandboxError: refused, unreachable or gone.
        """
        gone = sorted(self._variables - envs.keys())
        handle = await patiently(
            self._profile,
            lambda: within(
                self._sandbox.commands.run(
                    f"unset {' '.join(gone)}; {command}" if gone else command,
                    background=True,
                    cwd=cwd,
                    envs=dict(envs),
                    on_stdout=on_output,
                    on_stderr=on_output,
                    timeout=0,
                    request_timeout=0,
                    retain_output=False,
                ),
                REQUEST_LIMIT_S,
            ),
        )
        return Process(handle, self._profile)

    async def rejoin(self, pid: int, on_output: Callable[[str], None]) -> Process | None:
        """Listen again to a command that runs in the background; None when it runs no more.

        :raises SandboxError: refused, unreachable or gone.
        """
        async with translated(self._profile):
            try:
                opening = self._sandbox.commands.connect(
                    pid, on_stdout=on_output, on_stderr=on_output, timeout=0, request_timeout=0, retain_output=False
                )
                handle = await within(opening, REQUEST_LIMIT_S)
            except client().NotFoundException as error:
                if isinstance(error, client().SandboxNotFoundException):
                    raise
                return None
        return Process(handle, self._profile)

    async def pid_of(self, name: str, value: str) -> int | None:
        """Give the process id of the running command that was given an environment variable; None when there is none.

        :raises SandboxError: refused, unreachable or gone.
        """
        async with translated(self._profile):
            found = await self._sandbox.commands.list(request_timeout=REQUEST_LIMIT_S)
        return next((int(each.pid) for each in found if each.envs.get(name) == value), None)

    async def pause(self) -> None:
        """Hold every process still and keep its memory; one that is paused already is no failure.

        :raises SandboxGoneError: it is no more.
        :raises SandboxError: refused or unreachable.
        """
        async with translated(self._profile):
            await self._sandbox.pause(request_timeout=PAUSE_LIMIT_S)

    async def resume(self, timeout_s: int) -> None:
        """Let the processes of a paused sandbox go on, and the sandbox live for at least `timeout_s` seconds.

        :raises SandboxGoneError: it is no more.
        :raises SandboxError: refused or unreachable.
        """
        await patiently(self._profile, lambda: self._sandbox.connect(timeout=timeout_s, request_timeout=PAUSE_LIMIT_S))

    async def keep(self, timeout_s: int) -> None:
        """Let the sandbox live `timeout_s` seconds from now.

        :raises SandboxGoneError: it is no more.
        :raises SandboxError: refused or unreachable.
        """
        async with translated(self._profile):
            await self._sandbox.set_timeout(timeout_s, request_timeout=REQUEST_LIMIT_S)

    async def usage(self) -> Usage | None:
        """Give the last measurement; None while there is none.

        :raises SandboxError: gone, refused or unreachable.
        """
        async with translated(self._profile):
            told = await self._sandbox.get_metrics(request_timeout=REQUEST_LIMIT_S)
        return last_usage(told)

    async def snapshot(self, name: str) -> str:
        """Take a snapshot of the files, without the processes, under a name of its own; give its id.

        The sandbox runs on; it stands still for the last moments.

        :raises SandboxError: its files cannot be copied, or it is gone or unreachable.
        """
        async with translated(self._profile):
            taken = await self._sandbox.create_snapshot(name, mode="filesystem", request_timeout=SNAPSHOT_LIMIT_S)
            return str(taken.snapshot_id)

    async def kill(self) -> None:
        """End the sandbox with everything in it. One that is gone already is no failure.

        :raises SandboxError: refused or unreachable.
        """
        if self.provider is Provider.LOCAL and not await listens(self._profile.api_url):
            return  # every sandbox ended with the host; the client would knock for 2 s
        for pause_s in (*KILL_PAUSES_S, None):
            try:
                async with translated(self._profile):
                    with contextlib.suppress(client().SandboxNotFoundException):
                        await self._sandbox.kill(request_timeout=KILL_LIMIT_S)
                return
            except SandboxGoneError:
                return
            except (SandboxUnreachableError, SandboxBusyError):
                if pause_s is None:
                    raise
                await asyncio.sleep(pause_s)


class Connection:
    """Asks one provider for sandboxes."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._options: dict[str, Any] = {
            "api_key": profile.api_key,
            "domain": profile.domain,
            "request_timeout": REQUEST_LIMIT_S,
            "debug": False,
        }
        if profile.api_url:
            self._options["api_url"] = profile.api_url
        if profile.sandbox_url:
            self._options["sandbox_url"] = profile.sandbox_url

    async def create(
        self, *, metadata: Mapping[str, str], envs: Mapping[str, str], timeout_s: int, base: str | None = None
    ) -> Sandbox:
        """Make a sandbox; its ports answer to who holds its traffic token alone, unless its metadata is PUBLIC.

        Where the answer is lost, the sandbox is looked for by its metadata, if that has a `nonce`.

        :param base: a snapshot's id; None for the template.
        :raises SandboxUnreachableError: nobody knows whether it was made.
        :raises SandboxError: refused or busy; it was not made.
        """
        try:
            return await self._create(base or self.profile.template, metadata, envs, timeout_s)
        except SandboxUnreachableError as error:
            _log.info("was it made? %s", error)
            if "nonce" in metadata and (made := await self._find_made(metadata, timeout_s, envs)) is not None:
                return made
            raise

    async def _find_made(self, metadata: Mapping[str, str], timeout_s: int, names: Collection[str]) -> Sandbox | None:
        try:
            async with asyncio.timeout(LOOK_LIMIT_S):
                found = await self.list({"nonce": metadata["nonce"]})
                return await self.connect(found[0].sandbox_id, timeout_s=timeout_s, variables=names) if found else None
        except (SandboxError, TimeoutError) as error:
            _log.info("it cannot be looked for: %s", error)
            return None

    async def _create(self, base: str, metadata: Mapping[str, str], envs: Mapping[str, str], timeout_s: int) -> Sandbox:
        network: Any = {"allow_public_traffic": metadata.items() >= PUBLIC.items()}
        # A deadline given to the client is kept twice over: its HTTP library adds reading to writing (measured).
        async with translated(self.profile), asyncio.timeout(REQUEST_LIMIT_S):
            sandbox = await client().AsyncSandbox.create(
                base,
                timeout=timeout_s,
                metadata=dict(metadata),
                envs=dict(envs),
                network=network,
                **self._options,
            )
        return Sandbox(sandbox, self.profile, envs)

    async def connect(self, sandbox_id: str, *, timeout_s: int, variables: Collection[str] = ()) -> Sandbox:
        """Take over a sandbox that runs, or wake one that sleeps.

        :param variables: names of the environment variables that it was made with.
        :raises SandboxGoneError: it is no more.
        :raises SandboxError: refused, busy or unreachable.
        """
        async with translated(self.profile):
            sandbox = await client().AsyncSandbox.connect(sandbox_id, timeout=timeout_s, **self._options)
        return Sandbox(sandbox, self.profile, variables)

    async def list(self, metadata: Mapping[str, str]) -> list[Found]:
        """List the sandboxes, running and asleep, whose metadata holds all of `metadata`, newest first.

        :raises SandboxError: refused, busy or unreachable.
        """
        found: list[Found] = []
        async with translated(self.profile):
            state = client().SandboxState
            query = client().SandboxQuery(metadata=dict(metadata), state=[state.RUNNING, state.PAUSED])
            pages = client().AsyncSandbox.list(query=query, **self._options)
            while pages.has_next:
                found.extend(
                    Found(info.sandbox_id, dict(info.metadata), info.state is state.PAUSED)
                    for info in await pages.next_items()
                )
        return found

    async def snapshots(self) -> Sequence[FoundSnapshot]:
        """List the snapshots, newest first.

        :raises SandboxError: refused, busy or unreachable.
        """
        found: list[FoundSnapshot] = []
        async with translated(self.profile):
            pages = client().AsyncSandbox.list_snapshots(**self._options)
            while pages.has_next:
                for info in await pages.next_items():
                    bare = tuple(name.rpartition("/")[2].partition(":")[0] for name in info.names)
                    found.append(FoundSnapshot(info.snapshot_id, bare))
        return found

    async def delete_snapshot(self, snapshot_id: str) -> None:
        """Delete a snapshot, by id or name. One that is gone already is no failure; sandboxes made from it go on.

        :raises SandboxError: refused, busy or unreachable.
        """
        async with translated(self.profile):
            await client().AsyncSandbox.delete_snapshot(snapshot_id, **self._options)

    async def kill(self, sandbox_id: str) -> None:
        """End a sandbox by id. One that is gone already is no failure.

        :raises SandboxError: refused, busy or unreachable.
        """
        async with translated(self.profile):
            await client().AsyncSandbox.kill(sandbox_id, **self._options)
