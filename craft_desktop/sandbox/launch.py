"""The steps between a sandbox and a page: prepare, install, start the dev server, wait for its first page.

Every path is relative to the sandbox user's home, which is `/home/user` in a jail and on E2B, and an ordinary folder
where this computer cannot isolate.
"""

import asyncio
import posixpath
import re
import shlex
from collections.abc import Callable, Mapping
from types import MappingProxyType

from craft_desktop.model.errors import Action, InstallError, Problem
from craft_desktop.model.node_range import fits
from craft_desktop.model.project import LISTEN_HOST, Recipe
from craft_desktop.sandbox.command import QUIET_INSTALL_S, QUIET_SERVER_S, Breaks, begin
from craft_desktop.sandbox.connection import KILLED, Sandbox
from craft_desktop.sandbox.dev_server import DevServer
from craft_desktop.sandbox.lines import Tail
from craft_desktop.sandbox.ports import Ports
from craft_desktop.sandbox.processes import MARKER, MORE_MEMORY

PROJECT_DIR = "project"
# E2B's sandboxes are for one project each; its own examples serve here. An embedded host that shares the network
# between sandboxes assigns another by PORT.
USUAL_PORT = 3000

# Colours as in a terminal would need one; NO_COLOR is not set because the log pane shows colours.
_ENVIRONMENT = {
    "NEXT_TELEMETRY_DISABLED": "1",
    "NPM_CONFIG_UPDATE_NOTIFIER": "false",
    "ASTRO_TELEMETRY_DISABLED": "1",
    "NUXT_TELEMETRY_DISABLED": "1",
    "BROWSER": "none",  # create-react-app and Vite would open one
}

NONE: Mapping[str, str] = MappingProxyType({})


class Launch:
    """Takes one project through its steps in one sandbox.

    :param run_ids: gives what marks the processes of one step.
    :param breaks: told of connections that break off meanwhile.
    """

    def __init__(self, sandbox: Sandbox, run_ids: Callable[[], str], breaks: Breaks | None = None) -> None:
        self._sandbox = sandbox
        self._run_ids = run_ids
        self._breaks = breaks or Breaks()
        self._node = ""

    async def prepare(self, *, reused: bool) -> int:
        """Make the project's folder and give the port for its dev server.

        A sandbox that was used before loses its old processes; the sync makes its old copy equal to the folder.

        :raises SandboxError: the sandbox is gone or unreachable.
        """
        clean = f"kill -KILL $(grep -lszF {MARKER}= /proc/[0-9]*/environ | cut -d/ -f3) 2>/dev/null; " if reused else ""
        outcome = await self._sandbox.run(
            f'mkdir -p {PROJECT_DIR}; {clean}echo "port=${{PORT:-{USUAL_PORT}}}"; echo "node=$(node --version)"'
        )
        told = dict(line.partition("=")[::2] for line in outcome.stdout.splitlines())
        self._node = told.get("node", "")
        # A used sandbox's own profile may say anything here.
        port = told.get("port", "")
        found = int(port) if re.fullmatch(r"[0-9]{1,5}", port) else 0
        return found if 0 < found < 65536 else USUAL_PORT

    def misfit(self, recipe: Recipe) -> Problem | None:
        """Tell when the sandbox's Node.js is not one that the project wants. To be asked after `prepare`.

        :raises InstallError: it has none at all.
        """
        if not self._node:
            raise InstallError(
                "The sandbox has no Node.js",
                "Its template holds no `node` program, so that nothing can be installed or served in it.",
                "Choose another template in Settings: E2B's `base` has Node.js.",
                Action.OPEN_SETTINGS,
            )
        if not recipe.node_range or fits(recipe.node_range, self._node):
            return None
        return Problem(
            "The project wants another Node.js",
            f"{recipe.node_source} asks for {recipe.node_range}; the sandbox has {self._node}. "
            "It may fail for that reason.",
            "Install that version on this computer, by nvm, fnm, volta, asdf, mise or n, and start again; on E2B "
            "choose a template that has it.",
        )

    async def install(
        self, recipe: Recipe, limit_s: float, tell: Callable[[str], None], environment: Mapping[str, str] = NONE
    ) -> None:
        """Install the dependencies.

        :raises InstallError: it failed, with the useful lines of its output, or took longer than `limit_s` seconds.
        :raises SandboxError: the sandbox is gone or unreachable.
        """
        tail = Tail(tell)
        tell(f"$ {recipe.install_command}")
        command = await begin(
            self._sandbox,
            recipe.install_command,
            folder=_below(recipe.install_dir),
            run_id=self._run_ids(),
            envs={**_ENVIRONMENT, **environment},
            hear=tail.take,
            breaks=self._breaks,
            quiet_s=QUIET_INSTALL_S,
        )
        try:
            async with asyncio.timeout(limit_s):
                exit_code = await command.wait()
        except TimeoutError as error:
            raise InstallError(
                f"Installing took longer than {limit_s:.0f} s",
                tail.useful() or "It printed nothing.",
                "Start again, or raise “Time for an install” in Settings.",
                Action.OPEN_SETTINGS,
            ) from error
        except asyncio.CancelledError:
            await command.leave()
            raise
        if exit_code is None:
            raise InstallError(
                "Installing ended while the connection was broken off",
                f"How {recipe.install_command} ended is not known.\n{tail.useful()}".rstrip(),
                "Start again: what is not known to be whole is installed anew.",
                Action.START,
            )
        if exit_code == KILLED:
            raise InstallError(
                "Installing was killed: there was not enough memory",
                f"{recipe.install_command} was ended by the system (exit code {exit_code}).\n{tail.useful()}".rstrip(),
                MORE_MEMORY,
                Action.START,
            )
        if exit_code != 0:
            raise InstallError(
                "The dependencies could not be installed",
                f"{recipe.install_command} ended with exit code {exit_code}.\n{tail.useful()}".rstrip(),
                "Fix what it says, then start again. The whole output is in the Install log.",
                Action.START,
            )

    async def serve(
        self,
        recipe: Recipe,
        port: int,
        tell: Callable[[str], None],
        environment: Mapping[str, str] = NONE,
        chosen: int | None = None,
    ) -> DevServer:
        """Start the dev server in the background.

        :param port: where it is to listen, if its script names no port.
        :param chosen: the port that the person says the page is at.
        :raises SandboxError: the sandbox is gone or unreachable.
        """
        expected = chosen or recipe.declared_port or port
        ports = Ports(expected, chosen=chosen is not None, told=recipe.takes_port)

        def hear(line: str) -> None:
            ports.hear(line)
            tell(line)

        tail = Tail(hear)
        dev_command = recipe.dev_command(expected)
        first = f"(cd -- {_way_up(recipe)} && {recipe.before_dev}) && " if recipe.before_dev else ""
        if recipe.before_dev:
            tell(f"$ {recipe.before_dev}")
        tell(f"$ {dev_command}")
        command = await begin(
            self._sandbox,
            f"{first}exec {dev_command}",
            folder=_below(recipe.app_dir),
            run_id=self._run_ids(),
            envs={
                **_ENVIRONMENT,
                **environment,
                "PORT": str(expected),
                "HOST": LISTEN_HOST,
                # Vite answers to names it knows alone, and E2B passes the public one on (measured: 403 without). The
                # first label names the port, which may become another: so all names beside it.
                "__VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS": _beside(self._sandbox.address(expected).host),
            },
            hear=tail.take,
            breaks=self._breaks,
            quiet_s=QUIET_SERVER_S,
        )
        return DevServer(self._sandbox, command, ports, tail)


def _below(folder: str) -> str:
    return f"{PROJECT_DIR}/{folder}" if folder else PROJECT_DIR


def _way_up(recipe: Recipe) -> str:
    """Give the way from the app's folder to where its packages are installed, for the shell."""
    return shlex.quote(posixpath.relpath(recipe.install_dir or ".", recipe.app_dir or "."))


def _beside(host: str) -> str:
    return f".{host.partition(':')[0].partition('.')[2]}"
