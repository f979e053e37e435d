"""The REST calls that ask which templates there are: `base`, and every snapshot, which E2B counts among them too.

Images are not built here (e2b-dev/infra, `spec/openapi.yml`): calls that would are answered 404 like any unknown.
"""

import asyncio
from datetime import datetime
from typing import Any

from aiohttp import web

from craft_desktop.host.bodies import ENVD_VERSION, TEMPLATE, TEMPLATE_TAG, moment
from craft_desktop.host.failures import NotFound
from craft_desktop.host.sandboxes import Sandboxes
from craft_desktop.host.snapshots import Snapshot


class TemplateRoutes:
    """Answers them. The key is checked, and failures are put into words, by whoever takes the routes in."""

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes
        self._since = sandboxes.sources.now()

    def routes(self) -> list[web.RouteDef]:
        """The routes, for the control plane."""
        return [
            web.get("/templates", self._list),
            web.get("/v2/templates", self._list),
            web.get("/templates/aliases/{alias:.+}", self._alias),
            web.get("/templates/{id:.+}/tags", self._tags),
        ]

    async def _list(self, _: web.Request) -> web.Response:
        snapshots = await asyncio.to_thread(self._sandboxes.snapshots.all)
        base = self._told(TEMPLATE, [TEMPLATE], self._since)
        return web.json_response(
            [base, *(self._told(each.template_id, each.names, each.created_at) for each in snapshots)]
        )

    async def _alias(self, request: web.Request) -> web.Response:
        reference = request.match_info["alias"]
        snapshot = await self._snapshot(reference)
        return web.json_response({"templateID": snapshot.template_id if snapshot else TEMPLATE, "public": False})

    async def _tags(self, request: web.Request) -> web.Response:
        snapshot = await self._snapshot(request.match_info["id"])
        tag, build, since = (
            (snapshot.tag, snapshot.template_id, snapshot.created_at)
            if snapshot
            else (TEMPLATE_TAG, TEMPLATE, self._since)
        )
        return web.json_response([{"tag": tag, "buildID": build, "createdAt": moment(since)}])

    async def _snapshot(self, reference: str) -> Snapshot | None:
        """The snapshot that is meant; None means `base`.

        :raises NotFound: there is no such template.
        """
        if reference in (TEMPLATE, f"{TEMPLATE}:{TEMPLATE_TAG}"):
            return None
        snapshot = await asyncio.to_thread(self._sandboxes.snapshots.find, reference)
        if snapshot is None:
            raise NotFound(f"template {reference!r} was not found")
        return snapshot

    def _told(self, template_id: str, names: list[str], since: datetime) -> dict[str, Any]:
        """One template, as the SDK's model wants it: each key is required."""
        machine = self._sandboxes.machine
        return {
            "templateID": template_id,
            "buildID": template_id,
            "cpuCount": machine.cpu_count,
            "memoryMB": machine.memory_mb,
            "diskSizeMB": 0,
            "public": False,
            "aliases": [name.rpartition("/")[2] for name in names],
            "names": names,
            "createdAt": moment(since),
            "updatedAt": moment(since),
            "createdBy": None,
            "lastSpawnedAt": None,
            "spawnCount": 0,
            "buildCount": 1,
            "envdVersion": ENVD_VERSION,
            "buildStatus": "ready",
        }
