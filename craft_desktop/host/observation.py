"""What a sandbox uses and says: `/metrics` and `/logs` of the control plane.

Measurements are taken every 5 s while a sandbox runs, so that a client which asks for a span gets one. Log entries
stay with envd, who knows what was started and what it printed; they end with the sandbox, and one that stands still
tells none.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any

from aiohttp import ClientError, ClientTimeout, web

from craft_desktop.host import guest
from craft_desktop.host.bodies import BadRequest, metric
from craft_desktop.host.history import PERIOD_S, History
from craft_desktop.host.registry import State
from craft_desktop.host.sandboxes import Sandboxes
from craft_desktop.host.upstream import ENVD_PORT
from craft_desktop.tasks import Owner

LOG_TIMEOUT_S = 5.0  # envd answers from memory
LOG_LIMIT = 1000  # E2B's largest answer
LEVELS = ("debug", "info", "warn", "error")
_log = logging.getLogger(__name__)


class Observation:
    """The routes, and the measuring beside them. Open it with `start`, close it with `aclose`."""

    def __init__(self, sandboxes: Sandboxes, period_s: float = PERIOD_S) -> None:
        self._sandboxes = sandboxes
        self._period_s = period_s
        self._history = History()
        self._owner = Owner("observation")

    def routes(self) -> list[web.RouteDef]:
        """To be added before `/sandboxes/{id}`, which would take `metrics` for an id."""
        return [
            web.get("/sandboxes/metrics", self._all_metrics),
            web.get("/sandboxes/{id}/metrics", self._metrics),
            web.get("/sandboxes/{id}/logs", self._logs_v1),
            web.get("/v2/sandboxes/{id}/logs", self._logs_v2),
        ]

    async def start(self) -> None:
        """Begin to measure."""
        self._owner.start(self._keep_measuring(), name="measure")

    async def aclose(self) -> None:
        """Measure no more."""
        await self._owner.aclose()

    async def _keep_measuring(self) -> None:
        while True:
            await asyncio.sleep(self._period_s)
            alive = self._sandboxes.registry.all()
            self._history.keep_only(sandbox.sandbox_id for sandbox in alive)
            running = [sandbox.sandbox_id for sandbox in alive if sandbox.state is State.RUNNING]
            await asyncio.gather(*(self._measure(sandbox_id) for sandbox_id in running))

    async def _measure(self, sandbox_id: str) -> None:
        sandbox = self._sandboxes.registry.find(sandbox_id)
        if sandbox is None or sandbox.state is not State.RUNNING:
            return  # ended or paused since it was listed
        gauges = await guest.measure(self._sandboxes.session, sandbox)
        if gauges is not None:
            self._history.add(sandbox_id, gauges)

    async def _metrics(self, request: web.Request) -> web.Response:
        sandbox_id = self._sandboxes.find(request.match_info["id"]).sandbox_id
        start_s, end_s = _number(request.query, "start"), _number(request.query, "end")
        if self._history.latest(sandbox_id) is None:
            await self._measure(sandbox_id)  # so young that it was not measured yet
        return web.json_response([metric(gauges) for gauges in self._history.between(sandbox_id, start_s, end_s)])

    async def _all_metrics(self, request: web.Request) -> web.Response:
        wanted = [name for name in request.query.get("sandbox_ids", "").split(",") if name]
        known = {sandbox.sandbox_id for sandbox in self._sandboxes.registry.all()}
        alive = [sandbox_id for sandbox_id in wanted if sandbox_id in known]
        new = [sandbox_id for sandbox_id in alive if self._history.latest(sandbox_id) is None]
        await asyncio.gather(*(self._measure(sandbox_id) for sandbox_id in new))
        told = {sandbox_id: gauges for sandbox_id in alive if (gauges := self._history.latest(sandbox_id))}
        return web.json_response({"sandboxes": {sandbox_id: metric(gauges) for sandbox_id, gauges in told.items()}})

    async def _logs_v1(self, request: web.Request) -> web.Response:
        """Both forms in one answer; the older is the entry again, as a line of JSON, which E2B's CLI takes apart."""
        start_ms = _number(request.query, "start")
        entries = await self._entries(request.match_info["id"])
        chosen = [entry for entry in entries if start_ms is None or entry["time_ms"] >= start_ms]
        chosen = chosen[: _limit(request.query)]
        lines = [{"timestamp": entry["timestamp"], "line": json.dumps(_line(entry))} for entry in chosen]
        return web.json_response({"logs": lines, "logEntries": [_told(entry) for entry in chosen]})

    async def _logs_v2(self, request: web.Request) -> web.Response:
        query = request.query
        cursor_ms, search = _number(query, "cursor"), query.get("search", "")
        level, direction = query.get("level", LEVELS[0]), query.get("direction", "forward")
        if level not in LEVELS or direction not in ("forward", "backward"):
            raise BadRequest(f"level must be one of {', '.join(LEVELS)}; direction forward or backward")
        entries = await self._entries(request.match_info["id"])
        if direction == "backward":
            entries.reverse()
        chosen = [
            _told(entry)
            for entry in entries
            if LEVELS.index(entry["level"]) >= LEVELS.index(level)
            and search in entry["message"]
            and (cursor_ms is None or (entry["time_ms"] - cursor_ms) * (1 if direction == "forward" else -1) >= 0)
        ]
        return web.json_response({"logs": chosen[: _limit(query)]})

    async def _entries(self, sandbox_id: str) -> list[dict[str, Any]]:
        """envd's own, oldest first; none of a sandbox that is gone, which E2B answers alike, or that is paused."""
        sandbox = self._sandboxes.registry.find(sandbox_id)
        if sandbox is None or sandbox.state is not State.RUNNING:
            return []
        url = f"http://{sandbox_id}:{ENVD_PORT}/craft/logs"
        headers = {"X-Access-Token": sandbox.envd_token or ""}
        timeout = ClientTimeout(total=LOG_TIMEOUT_S)
        try:
            async with self._sandboxes.session.get(url, headers=headers, timeout=timeout) as answer:
                entries: list[dict[str, Any]] = await answer.json() if answer.status == 200 else []
                return entries
        except (ClientError, TimeoutError, ValueError) as error:
            _log.debug("sandbox %s tells no logs: %s", sandbox_id, error)
            return []


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("timestamp", "level", "message", "fields")}


def _line(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry["fields"], "level": entry["level"], "message": entry["message"]}


def _limit(query: Mapping[str, str]) -> int:
    limit = _number(query, "limit")
    return LOG_LIMIT if limit is None else max(0, min(limit, LOG_LIMIT))


def _number(query: Mapping[str, str], name: str) -> int | None:
    """A whole number of the query, None when it is not there.

    :raises BadRequest: it is something else.
    """
    text = query.get(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise BadRequest(f"{name} must be a whole number") from error
