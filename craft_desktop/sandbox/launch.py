"""The steps between a sandbox and a page: prepare, install, start the dev server, wait for its first page.

Every path is relative to the sandbox user's home, which is `/home/user` in a jail and on E2B, and an ordinary folder
where this computer cannot isolate.
"""

import asyncio
import re
from collections.abc import Callable

from craft_desktop.model.errors import Action, InstallError
from craft_desktop.model.project import Recipe
from craft_desktop.sandbox.connection import Sandbox, abandon
from craft_desktop.sandbox.dev_server import DevServer
from craft_desktop.sandbox.lines import LineCutter, Tail
from craft_desktop.sandbox.processes import MARKER

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
}


class Launch:
    """Takes one project through its steps in one sandbox.

    :param tell: told each line of output as it comes.
    """

    def __init__(self, sandbox: Sandbox, run_ids: Callable[[], str]) -> None:
        self._sandbox = sandbox
        self._run_ids = run_ids

    async def prepare(self, *, reused: bool) -> int:
        """Make the project's folder and give the port for its dev server.

        A sandbox that was used before loses its old processes and its old copy, but neither its `node_modules` nor the
        framework's cache, so that what it then holds of the project is the folder and nothing else.

        :raises SandboxError: the sandbox is gone or unreachable.
        """
        clean = (
            f"kill -KILL $(grep -lszF {MARKER}= /proc/[0-9]*/environ | cut -d/ -f3) 2>/dev/null; "
            f"find {PROJECT_DIR} -mindepth 1 -maxdepth 1 ! -name node_modules ! -name .next -exec rm -rf -- {{}} +; "
            if reused
            else ""
        )
        outcome = await self._sandbox.run(f'mkdir -p {PROJECT_DIR}; {clean}echo "port=${{PORT:-{USUAL_PORT}}}"')
        found = re.search(r"^port=(\d+)$", outcome.stdout, re.MULTILINE)
        return int(found[1]) if found else USUAL_PORT

    async def install(self, recipe: Recipe, limit_s: float, tell: Callable[[str], None]) -> None:
        """Install the dependencies.

        :raises InstallError: it failed, with the useful lines of its output, or took longer than `limit_s` seconds.
        :raises SandboxError: the sandbox is gone or unreachable.
        """
        tail = Tail(tell)
        run_id = self._run_ids()
        cutter = LineCutter(tail.take)
        tell(f"$ {recipe.install_command}")
        process = await self._sandbox.start(
            recipe.install_command,
            cwd=PROJECT_DIR,
            envs={**_ENVIRONMENT, MARKER: run_id},
            on_output=cutter.feed,
        )
        try:
            async with asyncio.timeout(limit_s):
                exit_code = await process.wait()
        except TimeoutError as error:
            raise InstallError(
                f"Installing took longer than {limit_s:.0f} s",
                tail.useful() or "It printed nothing.",
                "Start again, or raise “Time for an install” in Settings.",
                Action.OPEN_SETTINGS,
            ) from error
        except asyncio.CancelledError:
            await abandon(process.leave)
            raise
        finally:
            cutter.finish()
        if exit_code != 0:
            raise InstallError(
                "The dependencies could not be installed",
                f"{recipe.install_command} ended with exit code {exit_code}.\n{tail.useful()}".rstrip(),
                "Fix what it says, then start again. The whole output is in the Install log.",
                Action.START,
            )

    async def serve(self, recipe: Recipe, port: int, tell: Callable[[str], None]) -> DevServer:
        """Start the dev server in the background.

        :raises SandboxError: the sandbox is gone or unreachable.
        """
        tail = Tail(tell)
        run_id = self._run_ids()
        cutter = LineCutter(tail.take)
        serving_port = recipe.declared_port or port
        command = recipe.dev_command(serving_port)
        tell(f"$ {command}")
        process = await self._sandbox.start(
            f"exec {command}",
            cwd=PROJECT_DIR,
            envs={
                **_ENVIRONMENT,
                MARKER: run_id,
                "PORT": str(serving_port),
                # Vite answers to names it knows alone, and E2B passes the public one on (measured: 403 without).
                "__VITE_ADDITIONAL_SERVER_ALLOWED_HOSTS": self._sandbox.address(serving_port).host.split(":")[0],
            },
            on_output=cutter.feed,
        )
        return DevServer(self._sandbox, process, serving_port, run_id, cutter, tail)
