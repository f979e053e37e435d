"""Finds out when a dev server answers, by asking its port: never by a fixed wait."""

import asyncio
import json

import aiohttp

from craft_desktop.model.errors import Action, ServerError
from craft_desktop.sandbox.profile import Address

# Between two questions to a port that is closed. Each costs a millisecond; a person cannot see the difference.
ASK_EVERY_S = 0.05
# E2B's proxy says so, with 502, while nothing listens on the port (its JSON body names the sandbox).
CLOSED_STATUS = 502


async def wait_for_page(address: Address, limit_s: float) -> int:
    """Ask for the first page until the dev server answers; give the status it answered with.

    Any answer of the dev server counts, an error page too: that page tells more than we could. The first answer
    comes when the first page is compiled.

    :raises ServerError: nothing answered within `limit_s` seconds.
    """
    headers = {"Host": address.host, "Accept": "text/html,*/*;q=0.8", **dict(address.headers)}
    last = "The port is not open yet."
    timeout = aiohttp.ClientTimeout(total=None)
    try:
        async with asyncio.timeout(limit_s), aiohttp.ClientSession(timeout=timeout, auto_decompress=False) as http:
            while True:
                try:
                    # A redirect is an answer of the dev server; following it could leave the sandbox.
                    async with http.get(address.url, headers=headers, allow_redirects=False) as answer:
                        if answer.status != CLOSED_STATUS or not _says_closed(await answer.content.read(4096)):
                            return answer.status
                except aiohttp.ClientError as error:
                    last = f"{type(error).__name__}: {error}"
                await asyncio.sleep(ASK_EVERY_S)
    except TimeoutError as error:
        raise ServerError(
            "The dev server did not answer",
            f"It was asked for {limit_s:.0f} s. {last}",
            "Look at the dev server's log. A larger “Time for the first page” in Settings gives it longer.",
            Action.OPEN_SETTINGS,
        ) from error


def _says_closed(body: bytes) -> bool:
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return isinstance(told, dict) and "sandboxId" in told and told.get("code") == CLOSED_STATUS
