"""What a sandbox may reach outside, as its network update says: read, kept, told again.

Rules are kept for every sandbox. Whether they hold is the machine's matter: `enforce` is asked, and where it cannot,
that is logged, for a rule that is only written down must not look like a wall.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from craft_desktop.host.bodies import BadRequest
from craft_desktop.host.registry import Sandbox
from craft_desktop.host.sandboxes import Sandboxes

MOST_RULES = 1000  # of one kind; a list that long is an error, and it is held in memory
_LISTS = ("allowOut", "denyOut", "dnsServers")
_OBJECTS = ("rules", "egressProxy")
_log = logging.getLogger(__name__)

Rules = Mapping[str, Any]
Enforce = Callable[[Sandbox, Rules], Awaitable[bool]]


async def cannot_enforce(_: Sandbox, rules: Rules) -> bool:
    """A machine without means: only rules that forbid nothing hold."""
    return not restricts(rules)


class Egress:
    """The rules of each sandbox, and the route that changes them."""

    def __init__(self, sandboxes: Sandboxes, enforce: Enforce = cannot_enforce) -> None:
        self._sandboxes = sandboxes
        self._enforce = enforce
        self._rules: dict[str, Rules] = {}

    def routes(self) -> list[web.RouteDef]:
        """The one route."""
        return [web.put("/sandboxes/{id}/network", self._update)]

    def told(self, sandbox_id: str) -> dict[str, Any]:
        """What the answer about a sandbox says beside the rest: nothing before its first update."""
        rules = self._rules.get(sandbox_id)
        if rules is None:
            return {}
        shown = {name: value for name, value in rules.items() if name != "allow_internet_access"}
        if "egressProxy" in shown:
            shown["egressProxy"] = {k: v for k, v in shown["egressProxy"].items() if k != "password"}
        return {"allowInternetAccess": rules.get("allow_internet_access"), "network": shown}

    async def _update(self, request: web.Request) -> web.Response:
        sandbox = self._sandboxes.find(request.match_info["id"])
        try:
            rules = read_rules(await request.json() if request.can_read_body else {})
        except ValueError as error:
            raise BadRequest(str(error) if isinstance(error, BadRequest) else "the body is not JSON") from error
        alive = {each.sandbox_id for each in self._sandboxes.registry.all()}
        self._rules = {each: kept for each, kept in self._rules.items() if each in alive} | {sandbox.sandbox_id: rules}
        if not await self._enforce(sandbox, rules):
            _log.warning("sandbox %s: its network rules are kept, but nothing here enforces them", sandbox.sandbox_id)
        return web.Response(status=204)


def read_rules(body: Any) -> Rules:
    """The rules of an update; what it leaves out is cleared, as in E2B.

    :raises BadRequest: a value of the wrong kind.
    """
    if not isinstance(body, dict):
        raise BadRequest("the body must be an object")
    rules: dict[str, Any] = {}
    for name in _LISTS:
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, list) or len(value) > MOST_RULES or not all(isinstance(each, str) for each in value):
            raise BadRequest(f"{name} must be a list of at most {MOST_RULES} strings")
        rules[name] = value
    for name in _OBJECTS:
        value = body.get(name)
        if value is None:
            continue
        if not isinstance(value, dict) or len(value) > MOST_RULES:
            raise BadRequest(f"{name} must be an object")
        rules[name] = value
    allowed = body.get("allow_internet_access")
    if allowed is not None:
        if not isinstance(allowed, bool):
            raise BadRequest("allow_internet_access must be true or false")
        rules["allow_internet_access"] = allowed
    return rules


def restricts(rules: Rules) -> bool:
    """Whether rules ask for anything but a free way out."""
    return rules.get("allow_internet_access") is False or any(rules.get(name) for name in (*_LISTS, *_OBJECTS))
