"""The rules about what a sandbox may reach outside: whether this machine can hold them, and the route that changes
them.

E2B lets connections that stand go on when rules change; here those to what is now forbidden end at once.
"""

from dataclasses import replace
from typing import Any

from aiohttp import web

from craft_desktop.host.bodies import BadRequest
from craft_desktop.host.reach import BadRule, Rules, read_rules
from craft_desktop.host.sandboxes import Sandboxes


class CannotHold(RuntimeError):
    """The network cannot be held to the rules here; the text says why and what to do."""


class Egress:
    """Answers the network update; a rule that cannot be held is refused, for only written down it would look like a
    wall.
    """

    def __init__(self, sandboxes: Sandboxes) -> None:
        self._sandboxes = sandboxes

    def check(self, rules: Rules) -> None:
        """See that rules can be held on this machine.

        :raises CannotHold: they forbid something, and nothing here would keep a program from it.
        """
        machine = self._sandboxes.machine
        if rules.restricts and not machine.filtered:
            network = machine.network
            why = network.unfiltered if machine.private else f"{network.reason} {network.remedy}"
            raise CannotHold(f"nothing on this computer can hold a sandbox to network rules. {why.strip()}")

    def routes(self) -> list[web.RouteDef]:
        """The one route."""
        return [web.put("/sandboxes/{id}/network", self._update)]

    async def _update(self, request: web.Request) -> web.Response:
        sandbox = self._sandboxes.find(request.match_info["id"])
        try:
            body: Any = await request.json() if request.can_read_body else {}
        except ValueError as error:
            raise BadRequest("the body is not JSON") from error
        if not isinstance(body, dict):
            raise BadRequest("the body must be an object")
        try:
            rules = read_rules(body, body.get("allow_internet_access"))
        except BadRule as error:
            raise BadRequest(str(error)) from error
        self.check(rules)
        cell = self._sandboxes.cell(sandbox.sandbox_id)
        async with cell.turn:  # a sandbox that starts anew takes what the registry says
            if cell.is_alive and self._sandboxes.machine.filtered:
                try:
                    await cell.confine(rules.reach())
                except OSError as error:
                    raise CannotHold(f"the network rules could not be set: {error}") from error
            told = replace(self._sandboxes.find(sandbox.sandbox_id), rules=rules)
            self._sandboxes.registry.put(told)
        return web.Response(status=204)
