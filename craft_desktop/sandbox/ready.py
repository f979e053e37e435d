"""Finds out when a dev server answers, by asking its port: never by a fixed wait."""

import asyncio
import json
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

from craft_desktop.model.errors import Action, ServerError
from craft_desktop.sandbox.profile import Address

# Between two questions to a port that is closed. Each costs a millisecond; a person cannot see the difference.
ASK_EVERY_S = 0.05
# E2B's proxy says so, with 502, while nothing listens on the port (its JSON body names the sandbox).
CLOSED_STATUS = 502
# That body has under 200 bytes.
SAYS_CLOSED_BYTES = 4096
# What the gateway takes of an answer's head (preview/relay.py says why so much): a page that can be seen is an answer.
HEADER_LIMIT_BYTES = 64 * 1024
HEADER_LIMIT_LINES = 400
NOT_OPEN = "The port is not open yet."
NO_ANSWER = "It took the connection and sent no page."


@dataclass(frozen=True, slots=True)
class Answer:
    """What a port said: `is_page` when a person would want to see it."""

    status: int
    is_page: bool


async def wait_for_page(address: Address, limit_s: float) -> int:
    """Ask for the first page until the dev server answers; give the status it answered with.

    Any answer of the dev server counts, an error page too: that page tells more than we could. The first answer
    comes when the first page is compiled.

    :raises ServerError: nothing answered within `limit_s` seconds.
    """
    question = Question(address)
    try:
        async with asyncio.timeout(limit_s):
            return (await question.answer()).status
    except TimeoutError as error:
        raise unanswered(limit_s, question.last) from error


def unanswered(limit_s: float, last: str) -> ServerError:
    """Give the failure of a dev server that nobody could reach."""
    return ServerError(
        "The dev server did not answer",
        f"It was asked for {limit_s:.0f} s. {last}",
        "Look at the dev server's log. A larger “Time for the first page” in Settings gives it longer.",
        Action.OPEN_SETTINGS,
    )


class Question:
    """Asks one port, again and again, until it answers; `last` says what it came to so far."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self.last = NOT_OPEN

    @property
    def is_open(self) -> bool:
        """Did the port take the question?"""
        return self.last == NO_ANSWER

    async def answer(self) -> Answer:
        """Give the dev server's first answer, for as long as that takes."""
        headers = {
            "Host": self._address.host,
            "Accept": "text/html,*/*;q=0.8",
            # A proxy on the way must not pack its "closed" answer, which is read here.
            "Accept-Encoding": "identity",
            **dict(self._address.headers),
        }

        async def note_asked(*_: object) -> None:
            self.last = NO_ANSWER

        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(note_asked)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(
            timeout=timeout,
            auto_decompress=False,
            trace_configs=[trace],
            max_line_size=HEADER_LIMIT_BYTES,
            max_field_size=HEADER_LIMIT_BYTES,
            max_headers=HEADER_LIMIT_LINES,
        ) as http:
            while True:
                try:
                    # A redirect is an answer of the dev server; following it could leave the sandbox.
                    async with http.get(self._address.url, headers=headers, allow_redirects=False) as answer:
                        if answer.status != CLOSED_STATUS or not _says_closed(await _start_of(answer.content)):
                            is_page = answer.status < 400 or answer.content_type == "text/html"
                            return Answer(answer.status, is_page)
                    self.last = NOT_OPEN
                except aiohttp.ClientError as error:
                    self.last = f"{type(error).__name__}: {error}"
                await asyncio.sleep(ASK_EVERY_S)


async def _start_of(body: aiohttp.StreamReader) -> bytes:
    try:
        return await body.readexactly(SAYS_CLOSED_BYTES)
    except asyncio.IncompleteReadError as error:
        return error.partial


def _says_closed(body: bytes) -> bool:
    try:
        told = json.loads(body)
    except ValueError:
        return False
    return isinstance(told, dict) and "sandboxId" in told and told.get("code") == CLOSED_STATUS


async def listens(url: str) -> bool:
    """Answer whether anybody listens at a loopback address."""
    parts = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(parts.hostname, parts.port)
    except OSError:
        return False
    writer.close()
    return True
