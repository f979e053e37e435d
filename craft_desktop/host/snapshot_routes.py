"""The REST calls about snapshots and forks (e2b-dev/infra, `spec/openapi.yml`).

A snapshot here holds files and no memory: a sandbox made from it starts without the processes of the first. E2B
calls that `filesystem`; asked for `full`, this host takes what it can rather than refuse what most callers never
miss.
"""

import asyncio
import base64
import binascii
import re
from datetime import datetime
from typing import Any

from aiohttp import web

from craft_desktop.host.bodies import BadRequest, created, failure, read_timeout
from craft_desktop.host.failures import NotFound
from craft_desktop.host.registry import PAGE_LIMIT, CursorError, Sandbox
from craft_desktop.host.sandboxes import Sandboxes
from craft_desktop.host.snapshots import DEFAULT_TAG, NAMESPACE, Snapshot
from craft_desktop.host.snapshotting import Snapshotting

FORK_TIMEOUT_S = 15  # E2B's, when a fork names none
MOST_FORKS = 20  # E2B's
_WORD = "[a-z0-9][a-z0-9._-]{0,127}"  # E2B's letters; long enough for any hash
_NAME = re.compile(f"(?:{NAMESPACE}/)?(?P<name>{_WORD})(?::(?P<tag>{_WORD}))?")


class SnapshotRoutes:
    """Answers them. The key is checked, and failures are put into words, by whoever takes the routes in."""

    def __init__(self, sandboxes: Sandboxes, snapshotting: Snapshotting, domain: str) -> None:
        self._sandboxes = sandboxes
        self._snapshotting = snapshotting
        self._domain = domain

    def routes(self) -> list[web.RouteDef]:
        """The routes, for the control plane."""
        return [
            web.post("/sandboxes/{id}/snapshots", self._take),
            web.post("/sandboxes/{id}/fork", self._fork),
            web.get("/snapshots", self._list),
            web.delete("/templates/{id:.+}", self._delete),
        ]

    async def _take(self, request: web.Request) -> web.Response:
        name, tag = read_name(await _object(request))
        taken = await self._snapshotting.take(request.match_info["id"], name, tag)
        return web.json_response(told(taken), status=201)

    async def _fork(self, request: web.Request) -> web.Response:
        body = await _object(request)
        count = body.get("count", 1)
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_FORKS:
            raise BadRequest(f"count must be 1 to {MOST_FORKS}")
        timeout_s = read_timeout(body, "timeout", FORK_TIMEOUT_S)
        outcomes = await self._snapshotting.fork(request.match_info["id"], count, timeout_s)
        return web.json_response(
            [
                {"sandbox": created(each, self._domain)}
                if isinstance(each, Sandbox)
                else {"error": failure(each.code, str(each))}
                for each in outcomes
            ],
            status=201,
        )

    async def _list(self, request: web.Request) -> web.Response:
        query = request.query
        try:
            limit = int(query.get("limit") or PAGE_LIMIT)
        except ValueError as error:
            raise BadRequest("limit must be a number") from error
        if not 1 <= limit <= PAGE_LIMIT:
            raise BadRequest(f"limit must be 1 to {PAGE_LIMIT}")
        found = [
            each
            for each in await asyncio.to_thread(self._sandboxes.snapshots.all)
            if (not query.get("sandboxID") or each.sandbox_id == query["sandboxID"])
            and (not query.get("name") or each.is_called(query["name"]))
        ]
        if query.get("nextToken"):
            place = place_of(query["nextToken"])
            found = [each for each in found if (each.created_at, each.template_id) < place]
        page = found[:limit]
        headers = {"X-Next-Token": cursor_of(page[-1])} if len(found) > len(page) else {}
        return web.json_response([told(each) for each in page], headers=headers)

    async def _delete(self, request: web.Request) -> web.Response:
        reference = request.match_info["id"]
        snapshot = await asyncio.to_thread(self._sandboxes.snapshots.find, reference)
        if snapshot is None:
            raise NotFound(f"template {reference!r} was not found")
        await asyncio.to_thread(self._sandboxes.snapshots.delete, snapshot)
        return web.Response(status=204)


def told(snapshot: Snapshot) -> dict[str, Any]:
    """One snapshot, as E2B tells it."""
    return {"snapshotID": snapshot.snapshot_id, "names": snapshot.names}


def read_name(body: dict[str, Any]) -> tuple[str, str]:
    """The name and tag that a snapshot is to have; "" when none is asked for.

    :raises BadRequest: no name that E2B would take.
    """
    name = body.get("name")
    if name is None:
        return "", DEFAULT_TAG
    match = _NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise BadRequest("name must be small letters, digits, '-' and '_', with an optional ':tag'")
    return match["name"], match["tag"] or DEFAULT_TAG


def cursor_of(snapshot: Snapshot) -> str:
    """The page token that continues after `snapshot`."""
    place = f"{snapshot.created_at.isoformat()}__{snapshot.template_id}"
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def place_of(cursor: str) -> tuple[datetime, str]:
    """The sort key a page token names.

    :raises CursorError: it is not one of ours.
    """
    try:
        start, _, template_id = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition("__")
        created_at = datetime.fromisoformat(start)
    except (binascii.Error, ValueError) as error:
        raise CursorError("nextToken is not a token of this host") from error
    if created_at.tzinfo is None:
        raise CursorError("nextToken is not a token of this host")
    return created_at, template_id


async def _object(request: web.Request) -> dict[str, Any]:
    """The body; an empty one is an empty object.

    :raises BadRequest: it is no JSON object.
    """
    try:
        body = await request.json() if (await request.read()).strip() else {}
    except ValueError as error:
        raise BadRequest("the body is not JSON") from error
    if not isinstance(body, dict):
        raise BadRequest("the body must be an object")
    return body
