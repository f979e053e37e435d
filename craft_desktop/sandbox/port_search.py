"""Finds the port that serves the page, by asking those at which it may be, all at the same time."""

import asyncio
from collections.abc import Awaitable, Callable

from craft_desktop.model.errors import Action, ServerError
from craft_desktop.sandbox.ports import Ports
from craft_desktop.sandbox.profile import Address
from craft_desktop.sandbox.ready import NOT_OPEN, Answer, Question, unanswered
from craft_desktop.tasks import Owner

# How often what is known of the port is looked at again: a printed line costs nothing to look at.
LOOK_EVERY_S = 0.05
# A dev server that listens elsewhere has printed so by now, or never will: from here on its sockets are looked at.
SOCKETS_AFTER_S = 2.0
# Each look is a command in the sandbox, some 20 ms.
SOCKETS_EVERY_S = 1.0
# How long a port that answered with an error waits for another that answers with a page: an API starts sooner than
# the page's own server beside it.
SETTLE_S = 4.0


class PortSearch:
    """Asks until one port is the page's.

    :param address: gives where a port is reached.
    :param find_sockets: gives the ports at which the dev server's processes listen.
    """

    def __init__(
        self, ports: Ports, address: Callable[[int], Address], find_sockets: Callable[[], Awaitable[list[int]]]
    ) -> None:
        self._ports = ports
        self._address = address
        self._find_sockets = find_sockets
        self._questions: dict[int, Question] = {}

    async def run(self, limit_s: float) -> int:
        """Give the port, once it has answered.

        :raises ServerError: none answered within `limit_s` seconds, or the server speaks HTTPS.
        :raises SandboxError: the sandbox is gone or unreachable.
        """
        try:
            async with asyncio.timeout(limit_s), Owner("port search") as owner:
                return await self._search(owner)
        except TimeoutError as error:
            asked = ", ".join(str(port) for port in self._questions)
            raise unanswered(limit_s, f"{self._last()} Asked: port {asked}.") from error

    async def _search(self, owner: Owner) -> int:
        asking: dict[int, asyncio.Task[Answer]] = {}
        clock = asyncio.get_running_loop().time
        look_at = clock() + SOCKETS_AFTER_S
        fallback_at = float("inf")
        while True:
            if self._ports.is_https and not any(task.done() for task in asking.values()):
                raise _speaks_https(self._ports.candidates[0])
            for port in self._ports.candidates:
                if port not in asking:
                    self._questions[port] = Question(self._address(port))
                    asking[port] = owner.start(self._questions[port].answer(), name=f"ask port {port}", awaited=True)
            await asyncio.wait(asking.values(), timeout=LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
            answers = {
                port: asking[port].result() for port in self._ports.candidates if port in asking and asking[port].done()
            }
            settled = self._ports.settled
            if settled in answers:
                return settled
            page = next((port for port, answer in answers.items() if answer.is_page), None)
            if page is not None and settled is None:
                return page
            if answers:
                fallback_at = min(fallback_at, clock() + SETTLE_S)
                if clock() >= fallback_at:
                    return next(iter(answers))
                await asyncio.sleep(LOOK_EVERY_S)  # the answered ones make every wait end at once
            if clock() >= look_at and not any(question.is_open for question in self._questions.values()):
                self._ports.find(await self._find_sockets())
                look_at = clock() + SOCKETS_EVERY_S

    def _last(self) -> str:
        return next((question.last for question in self._questions.values() if question.last != NOT_OPEN), NOT_OPEN)


def _speaks_https(port: int) -> ServerError:
    return ServerError(
        "The dev server speaks HTTPS",
        f"It says so of port {port}. The preview's address is plain HTTP on this computer alone, which browsers treat "
        "as secure, so nothing is lost without it.",
        "Take the HTTPS option out of the dev script or its configuration, then start again.",
        Action.OPEN_FOLDER,
    )
