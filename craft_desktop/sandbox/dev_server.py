"""A dev server in a sandbox: awaited, watched and ended."""

from craft_desktop.model.errors import Action, ServerError
from craft_desktop.sandbox.command import Command
from craft_desktop.sandbox.connection import KILLED, Sandbox
from craft_desktop.sandbox.lines import Tail
from craft_desktop.sandbox.port_search import PortSearch
from craft_desktop.sandbox.ports import Ports
from craft_desktop.sandbox.processes import GRACE_S, MORE_MEMORY, end_tree, is_watching, ports_of
from craft_desktop.sandbox.profile import Address


class DevServer:
    """A dev server that was started and is watched.

    :param ports: what is known of its port; `port` is the one where it was told to listen, and, once the first page
        came, the one that served it.
    """

    def __init__(self, sandbox: Sandbox, command: Command, ports: Ports, tail: Tail) -> None:
        self._sandbox = sandbox
        self._command = command
        self._tail = tail
        self.pid = command.pid
        self._ports = ports
        self.port = ports.expected

    @property
    def address(self) -> Address:
        """Where its port is reached."""
        return self._sandbox.address(self.port)

    async def first_page(self, limit_s: float) -> None:
        """Wait until the first page answers, and learn the port.

        :raises ServerError: it did not within `limit_s` seconds, or not by HTTP.
        :raises SandboxError: the sandbox was lost meanwhile.
        """
        search = PortSearch(self._ports, self._sandbox.address, lambda: ports_of(self._sandbox, self._command.run_id))
        self.port = await search.run(limit_s)

    async def ended(self) -> ServerError:
        """Wait until the dev server ends by itself, and give that as a failure.

        :raises SandboxError: the sandbox was lost meanwhile.
        """
        exit_code = await self._command.wait()
        if exit_code == KILLED:
            return ServerError(
                "The dev server was killed: there was not enough memory",
                f"The system ended it (exit code {exit_code}).\n{self._tail.last()}".rstrip(),
                MORE_MEMORY,
                Action.START,
            )
        return ServerError(
            "The dev server ended",
            f"{_how(exit_code)}\n{self._tail.last()}".rstrip(),
            "Fix what its last lines say, then start again.",
            Action.START,
        )

    async def is_watching(self) -> bool:
        """Does it watch files, so that it sees edits by itself?

        :raises SandboxError: the sandbox is gone or unreachable.
        """
        return await is_watching(self._sandbox, self._command.run_id)

    async def leave(self) -> None:
        """Stop listening; it runs on."""
        await self._command.leave()

    async def rejoin(self) -> None:
        """Listen again. One that ended meanwhile is told by `ended`.

        :raises SandboxError: refused, unreachable or gone.
        """
        await self._command.rejoin()

    async def end(self, grace_s: float = GRACE_S) -> None:
        """End the dev server with all its children, after `grace_s` by force, and free its port.

        :raises SandboxError: some would not end, or the sandbox is gone or unreachable.
        """
        try:
            await end_tree(self._sandbox, self._command.run_id, grace_s)
        finally:
            await self._command.leave()


def _how(exit_code: int | None) -> str:
    if exit_code is None:
        return "It ended while the connection was broken off; its exit code is not known."
    return f"Its exit code was {exit_code}."
