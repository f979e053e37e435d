"""Asks running programs through their control API."""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import aiohttp

from craft_desktop.control.endpoint import Endpoint, find
from craft_desktop.control.wire import read_problem
from craft_desktop.model.errors import ControlError, NotRunningError

CONNECT_LIMIT_S = 5.0  # loopback: a program that has not accepted by then hangs
QUICK_LIMIT_S = 15.0  # for what is answered from memory, or by one question to a dev server
KEYRING_LIMIT_S = 150.0  # a person may be asked to unlock the keyring first (120 s), and then it is written
_LONGEST_LINE_BYTES = 2 * 1024 * 1024  # an event's JSON in one line; the longest lines of logs are far shorter


@dataclass(frozen=True, slots=True)
class Told:
    """An event of a program's stream."""

    id: str
    kind: str
    fields: dict[str, Any]


class Client:
    """Asks one program. Made by `reach`."""

    def __init__(self, endpoint: Endpoint, http: aiohttp.ClientSession) -> None:
        self.endpoint = endpoint
        self._http = http
        self._base = f"http://127.0.0.1:{endpoint.port}"
        self._headers = {"Authorization": f"Bearer {endpoint.token}"}

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        query: Sequence[tuple[str, str]] = (),
        limit_s: float | None = QUICK_LIMIT_S,
    ) -> dict[str, Any]:
        """Ask and give the answer.

        :param limit_s: seconds to wait for it; None as long as a run takes.
        :raises ControlError: it refuses (in its own words), or does not answer.
        """
        timeout = aiohttp.ClientTimeout(total=limit_s, sock_connect=CONNECT_LIMIT_S)
        async with (
            self._translated(),
            self._http.request(
                method, self._base + path, json=body, params=list(query), headers=self._headers, timeout=timeout
            ) as response,
        ):
            return await _read(response)

    async def events(self, project_id: str, last_id: str) -> AsyncGenerator[Told, None]:
        """Give a project's events behind `last_id`, until the program ends.

        :raises ControlError: it refuses, or the connection breaks off.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_LIMIT_S)
        headers = {**self._headers, "Last-Event-ID": last_id}
        async with (
            self._translated(),
            self._http.get(
                f"{self._base}/api/events", params={"project": project_id}, headers=headers, timeout=timeout
            ) as response,
        ):
            if response.status != 200:
                await _read(response)
            fields: dict[str, str] = {}
            async for raw in response.content:
                line = raw.decode().removesuffix("\n")
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                elif "data" in fields:
                    yield Told(fields.get("id", ""), fields.get("event", ""), json.loads(fields["data"]))
                    fields = {}

    @contextlib.asynccontextmanager
    async def _translated(self) -> AsyncIterator[None]:
        try:
            yield
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            raise ControlError(
                "Craft Desktop does not answer",
                f"It runs as process {self.endpoint.pid}: {str(error) or type(error).__name__}.",
                "Look at its window; end it there, and start it again.",
            ) from error


class Reach:
    """Every program that runs now. An async context manager; a program that does not answer fails the question."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._http = contextlib.AsyncExitStack()
        self.clients: list[Client] = []

    async def __aenter__(self) -> Self:
        try:
            endpoints = await asyncio.to_thread(find, self._state)
        except OSError as error:
            raise ControlError(
                "The running programs could not be looked up",
                f"{error.filename or self._state}: {error.strerror or error}",
                "Give yourself the right to read that folder.",
            ) from error
        http = await self._http.enter_async_context(aiohttp.ClientSession(read_bufsize=_LONGEST_LINE_BYTES))
        self.clients = [Client(endpoint, http) for endpoint in endpoints]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def projects(self) -> list[tuple[Client, dict[str, Any]]]:
        """Give every project with the program to ask about it: the one that runs it, else the first.

        :raises ControlError: a program does not answer.
        """
        found: dict[str, tuple[Client, dict[str, Any]]] = {}
        for client in self.clients:
            for project in (await client.ask("GET", "/api/projects"))["projects"]:
                before = found.get(project["id"])
                if before is None or (project["status"] == "running" and before[1]["status"] != "running"):
                    found[project["id"]] = (client, project)
        return list(found.values())

    async def find(self, name: str) -> tuple[Client, dict[str, Any]] | None:
        """Find a project by its id, the name in its address, or its folder; None when it is not on the list.

        :raises NotRunningError: there is nobody to ask.
        :raises ControlError: a program does not answer.
        """
        self.require()
        projects = await self.projects()
        is_path = os.sep in name or name in (".", "..", "~")
        for client, project in projects:
            if not is_path and name in (project["id"], project["slug"]):
                return client, project
        folder = folder_of(name)
        return next((each for each in projects if Path(each[1]["path"]) == folder), None)

    def require(self) -> Client:
        """Give the program to ask about the list: a window, else the oldest.

        :raises NotRunningError: there is none.
        """
        if not self.clients:
            raise NotRunningError(
                "Craft Desktop is not running",
                "Neither its window is open, nor does “craft-desktop preview” run a project.",
                "Open the window, or run “craft-desktop preview FOLDER”.",
            )
        return self.clients[0]


def folder_of(name: str) -> Path:
    """Give the folder that a person means: itself, or the one of a package.json."""
    path = Path(os.path.realpath(Path(name).expanduser()))
    return path.parent if path.name == "package.json" and path.is_file() else path


async def _read(response: aiohttp.ClientResponse) -> dict[str, Any]:
    value = await response.json()
    if response.status >= 400:
        raise _refused(value)
    return value if isinstance(value, dict) else {}


def _refused(value: object) -> ControlError:
    problem = read_problem(value if isinstance(value, dict) else {})
    return ControlError(problem.title or "Craft Desktop refused", problem.detail, problem.remedy)
