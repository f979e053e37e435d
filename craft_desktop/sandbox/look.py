"""One look into a sandbox, bounded in time and size: what runs there, and what it has left."""

import asyncio
import shlex

from craft_desktop.model.vitals import Vitals, look_script, read_vitals
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.sandbox.launch import PROJECT_DIR
from craft_desktop.sandbox.persist import abandon
from craft_desktop.sandbox.processes import MARKER

# The look takes 60 ms; a sandbox whose processors are all busy takes longer, and one that hangs is told so.
LOOK_LIMIT_S = 3.5
# The longest honest answer, 100 processes with their sockets, is some 60 kB. What goes on after that is thrown away:
# the shell of a hostile sandbox may print without end.
MOST_CHARACTERS = 400_000


async def look(sandbox: Sandbox, root: str, app: str, packages: tuple[str, ...]) -> Vitals:
    """Look into a sandbox once.

    :param root: the folder of the install below the project's; `app` the one of the dev script.
    :raises TimeoutError: it did not answer within LOOK_LIMIT_S.
    :raises SandboxError: it is gone, refuses or is out of reach.
    """
    heard: list[str] = []
    size = 0

    def hear(chunk: str) -> None:
        nonlocal size
        if size < MOST_CHARACTERS:
            heard.append(chunk[: MOST_CHARACTERS - size])
            size += len(chunk)

    script = look_script(MARKER, _below(root), _below(app), packages)
    async with asyncio.timeout(LOOK_LIMIT_S):
        # Not marked: what looks must not see itself. It ends by itself where nobody waits for it any more.
        process = await sandbox.start(
            f"exec timeout -k 1 {LOOK_LIMIT_S:.0f} bash -c {shlex.quote(script)}", cwd=".", envs={}, on_output=hear
        )
        try:
            await process.wait()
        except BaseException:
            await abandon(process.leave)
            raise
    return read_vitals("".join(heard))


def _below(folder: str) -> str:
    return f"{PROJECT_DIR}/{folder}" if folder else PROJECT_DIR
