"""What the host itself says to the envd of a sandbox, over the client whose addresses are `http://ID:PORT/`."""

import logging
from collections.abc import Mapping
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from craft_desktop.host.failures import CannotStart
from craft_desktop.host.registry import Sandbox
from craft_desktop.host.upstream import ENVD_PORT

START_TIMEOUT_S = 20.0  # envd starts in 0.3 s; a machine with two busy cores needs several
ANSWER_TIMEOUT_S = 5.0  # how long the SDK's own health probe waits
GAUGE_TIMEOUT_S = 5.0  # reading /proc takes milliseconds; who asks is a screen that asks again
_log = logging.getLogger(__name__)


async def initialise(session: ClientSession, sandbox_id: str, body: Mapping[str, Any]) -> None:
    """Tell envd which sandbox it is.

    :param body: as `bodies.init` makes it.
    :raises CannotStart: it does not take it.
    :raises ClientError: it does not answer; TimeoutError in time.
    """
    url = f"http://{sandbox_id}:{ENVD_PORT}/init"
    async with session.post(url, json=body, timeout=ClientTimeout(total=START_TIMEOUT_S)) as answer:
        if answer.status != 204:
            raise CannotStart(f"envd answered {answer.status}: {(await answer.text())[:500]}")


async def answers(session: ClientSession, sandbox_id: str, timeout_s: float = ANSWER_TIMEOUT_S) -> bool:
    """Whether envd answers at all; says so within `timeout_s` seconds."""
    url = f"http://{sandbox_id}:{ENVD_PORT}/health"
    try:
        async with session.get(url, timeout=ClientTimeout(total=timeout_s)) as answer:
            return answer.status == 204
    except (ClientError, TimeoutError) as error:
        _log.info("the daemon of sandbox %s does not answer: %r", sandbox_id, error)
        return False


async def measure(session: ClientSession, sandbox: Sandbox) -> dict[str, float] | None:
    """envd's gauges now; None when it does not answer."""
    url = f"http://{sandbox.sandbox_id}:{ENVD_PORT}/metrics"
    headers = {"X-Access-Token": sandbox.envd_token or ""}
    try:
        async with session.get(url, headers=headers, timeout=ClientTimeout(total=GAUGE_TIMEOUT_S)) as answer:
            if answer.status != 200:
                return None
            gauges: dict[str, float] = await answer.json()
            return gauges
    except (ClientError, TimeoutError, ValueError) as error:
        _log.debug("sandbox %s tells no gauges: %s", sandbox.sandbox_id, error)
        return None
