"""What this daemon answers where: the routes, and who may use them."""

import json

from craft_desktop.host.envd.access import check_token
from craft_desktop.host.envd.connect import Router
from craft_desktop.host.envd.faults import HttpFault
from craft_desktop.host.envd.files import Files
from craft_desktop.host.envd.journal import Journal
from craft_desktop.host.envd.metrics import Metrics
from craft_desktop.host.envd.server import Exchange
from craft_desktop.host.envd.state import State

# An `/init` document is some kilobytes of variables.
_MAX_INIT_BYTES = 4 * 1024 * 1024


class App:
    """Answers every request to the daemon."""

    def __init__(self, state: State, files: Files, metrics: Metrics, journal: Journal, services: Router) -> None:
        self._state = state
        self._files = files
        self._metrics = metrics
        self._journal = journal
        self._services = services

    async def answer(self, exchange: Exchange) -> None:
        """Answer one request.

        :raises HttpFault: refused; the server tells the client.
        """
        path = exchange.path
        if path == "/health":
            _only(exchange, "GET", "HEAD")
            await exchange.answer(204)
            return
        if path == "/init":
            _only(exchange, "POST")
            await self._init(exchange)
            return
        if not self._state.is_ready:
            raise HttpFault(503, "envd awaits its first /init")
        if path == "/files":
            await self._files.answer(exchange)
            return
        check_token(self._state.access_token, exchange.headers)
        if self._services.has_service(path):
            await self._services.answer(exchange)
        elif path == "/envs":
            _only(exchange, "GET")
            await exchange.answer_json(200, self._state.env_vars)
        elif path == "/craft/logs":  # the host's own question, not one of E2B's envd
            _only(exchange, "GET")
            await exchange.answer_json(200, self._journal.told())
        elif path == "/metrics":
            _only(exchange, "GET")
            await exchange.answer_json(200, self._metrics.read())
        else:
            raise HttpFault(404, f"nothing is served at {path}")

    async def _init(self, exchange: Exchange) -> None:
        if self._state.is_ready:
            check_token(self._state.access_token, exchange.headers)
        try:
            told = json.loads(await exchange.body(_MAX_INIT_BYTES) or b"{}")
        except ValueError as error:
            raise HttpFault(400, f"the document is not JSON: {error}") from error
        if not isinstance(told, dict):
            raise HttpFault(400, "the document is not a JSON object")
        self._state.adopt(told)
        await exchange.answer(204)


def _only(exchange: Exchange, *methods: str) -> None:
    if exchange.method not in methods:
        raise HttpFault(405, f"{exchange.method} is not served on {exchange.path}")
