"""Brings a batch of changes into a sandbox: what the sync engine asks of it, said in the sandbox's words."""

import itertools
from collections.abc import Iterable

from craft_desktop.model.errors import Action, SyncError
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.sandbox.launch import PROJECT_DIR
from craft_desktop.sync.diff import Batch

# Beside the project, not in it: the dev server must not see it.
LISTS_DIR = ".craft"
# A batch is at most 32 MiB; removing 100,000 files took 2 s.
APPLY_LIMIT_S = 120.0

# Lists go by file, never by argument: ten thousand names do not fit into a command line, and a name may hold anything
# but NUL. A name in `deletes` is a file or a folder: `rm` leaves folders alone, `rmdir` files and what is not empty.
_BEFORE = """
cd {project} && xargs -0 rm -rf -- < {lists}/clears && xargs -0 -r mkdir -p -- < {lists}/directories
"""
_AFTER = """
cd {project} || exit 1
xargs -0 -r chmod +x -- < {lists}/executables && xargs -0 -r chmod -x -- < {lists}/plain || exit 1
while IFS= read -r -d '' link && IFS= read -r -d '' target; do
  ln -sfn -- "$target" "$link" || exit 1
done < {lists}/links
xargs -0 -r rm -f -- < {lists}/deletes 2>/dev/null
xargs -0 -r rmdir -- < {lists}/deletes 2>/dev/null
true
"""


class SandboxRemote:
    """The copy of the folder in one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._executables: set[str] = set()

    async def apply(self, batch: Batch) -> None:
        """Do what `batch` says, in its order. A plain save is one request.

        :raises OSError: a file that is streamed cannot be read; the engine looks at it again.
        :raises SyncError: the sandbox's disk is full, or it refuses a name.
        :raises SandboxError: refused, unreachable or gone.
        """
        if batch.clears or batch.directories:
            await self._do(_BEFORE, {"clears": batch.clears, "directories": batch.directories})
        small = [
            (f"{PROJECT_DIR}/{file.relpath}", file.source) for file in batch.writes if isinstance(file.source, bytes)
        ]
        if small:
            await self._sandbox.write(small)
        for file in batch.writes:
            if not isinstance(file.source, bytes):
                await self._sandbox.write_stream(f"{PROJECT_DIR}/{file.relpath}", file.source)
        executables = {file.relpath for file in batch.writes if file.executable}
        plain = {file.relpath for file in batch.writes if not file.executable} & self._executables
        if executables or plain or batch.links or batch.deletes:
            links = itertools.chain.from_iterable((link.relpath, link.target) for link in batch.links)
            await self._do(
                _AFTER,
                {"executables": executables, "plain": plain, "links": links, "deletes": batch.deletes},
            )
        self._executables = (self._executables | executables) - plain - set(batch.deletes)

    async def _do(self, script: str, lists: dict[str, Iterable[str]]) -> None:
        await self._sandbox.write(
            [
                (f"{LISTS_DIR}/{name}", b"".join(item.encode() + b"\0" for item in items))
                for name, items in lists.items()
            ]
        )
        command = script.format(project=PROJECT_DIR, lists=f"../{LISTS_DIR}")
        outcome = await self._sandbox.run(command, limit_s=APPLY_LIMIT_S)
        if outcome.exit_code != 0:
            raise SyncError(
                "The folder could not be copied into the sandbox",
                outcome.stderr.strip()[-500:] or f"exit code {outcome.exit_code}",
                "Look at the names above; a full disk needs room. Then start again.",
                Action.START,
            )
