"""What tests of the control API share: a real workbench behind a real socket, and somebody who asks."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from craft_desktop.control.endpoint import Endpoint, Kind
from craft_desktop.control.server import served
from craft_desktop.paths import Paths
from craft_desktop.workbench.workbench import Workbench

LIMIT_S = 60.0


@dataclass
class Api:
    """A served workbench."""

    workbench: Workbench
    endpoint: Endpoint
    http: aiohttp.ClientSession

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.endpoint.port}"

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.endpoint.token}"}

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
        async with self.http.request(method, self.base + path, headers=self.headers, **options) as response:
            assert response.content_type == "application/json"
            assert not [name for name in response.headers if name.lower().startswith("access-control")]
            value: dict[str, Any] = await response.json()
            return response.status, value

    @asynccontextmanager
    async def events(self, last_id: str | None = None, project: str = "") -> AsyncIterator["Events"]:
        headers = self.headers | ({} if last_id is None else {"Last-Event-ID": last_id})
        query = {"project": project} if project else {}
        async with self.http.get(f"{self.base}/api/events", headers=headers, params=query) as response:
            assert response.status == 200 and response.content_type == "text/event-stream"
            events = Events(response)
            await events.line()  # the first comment: from here on nothing is missed
            yield events


class Events:
    """A stream of events as it is read."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    async def line(self) -> str:
        async with asyncio.timeout(LIMIT_S):
            return (await self._response.content.readline()).decode()

    async def next(self) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        while True:
            line = await self.line()
            assert line, "the stream ended"
            if line == "\n" and "data" in fields:
                return fields | {"data": json.loads(fields["data"])}
            name, _, value = line.rstrip("\n").partition(": ")
            if name and not line.startswith(":"):
                fields[name] = value

    async def until(self, kind: str, **wanted: object) -> dict[str, Any]:
        while True:
            event = await self.next()
            if event["event"] == kind and all(event["data"].get(name) == value for name, value in wanted.items()):
                return event


@asynccontextmanager
async def api_of(workbench: Workbench, paths: Paths, kind: Kind = Kind.WINDOW) -> AsyncIterator[Api]:
    async with served(workbench, paths.state, kind) as endpoint, aiohttp.ClientSession() as http:
        yield Api(workbench, endpoint, http)
