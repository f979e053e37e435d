"""Brings changes into a sandbox and asks what it holds: the sync engine's orders, said in the sandbox's words.

A list of names is a shell function that prints them, ended by NUL, for xargs: a short list stands in the command, one
that no command line holds, or whose names are no UTF-8, goes by file. A name may hold anything but NUL. The commands
are bash's and GNU's own, as E2B's Debian images have them.
"""

import itertools
import secrets
import shlex
from collections.abc import Collection, Iterable, Mapping

from craft_desktop.model.errors import Action, DiskFullError, SyncError
from craft_desktop.model.project import Provider
from craft_desktop.sandbox.connection import Sandbox
from craft_desktop.sandbox.launch import PROJECT_DIR
from craft_desktop.sync.archive import Archive
from craft_desktop.sync.diff import Batch
from craft_desktop.sync.ignore import NEVER_SENT
from craft_desktop.sync.snapshot import Entry, Kind
from craft_desktop.sync.threads import look_in_thread
from craft_desktop.workbench.manifest import MOST_PACKED_BYTES, read_manifest

# Beside the project, not in it: the dev server must not see it.
LISTS_DIR = ".craft"
# A batch is at most 32 MiB; removing 100,000 files took 2 s. Hashing 10,000 files took 0.2 s.
APPLY_LIMIT_S = 120.0
# A manifest that is older, in minutes, is read by nobody: to take one and to read it may last 2 minutes each.
MANIFEST_STALE_MIN = 5

# What a command holds of lists: the whole of it is one argument of bash's, and Linux gives one argument 128 KiB
# (execve(2)). A request less is 2 ms less here, and a round trip over a line.
INLINE_BYTES = 64 * 1024

# What is done with each list, in this order. A name in `deletes` is a file or a folder: `rm` leaves folders alone,
# `rmdir` files and what is not empty.
_ORDERS = {
    "clears": "clears | xargs -0 -r rm -rf -- || exit 1",
    "directories": "directories | xargs -0 -r mkdir -p -- || exit 1",
    "executables": "executables | xargs -0 -r chmod +x -- || exit 1",
    "plain": "plain | xargs -0 -r chmod -x -- || exit 1",
    "links": """
links | while IFS= read -r -d '' link && IFS= read -r -d '' target; do
  ln -sfn -- "$target" "$link" || exit 1
done || exit 1
""",
    "deletes": """
deletes | xargs -0 -r rm -f -- 2>/dev/null
deletes | xargs -0 -r rmdir -- 2>/dev/null
true
""",
}
# Unpacked aside, then brought into place: what breaks off half-way changes nothing. An empty project is replaced whole,
# by rename(2), which takes an empty folder's place and no other's; into one that holds something (`node_modules`) the
# files come as links to what was unpacked, which then goes. Each program that need not be started is 1 to 5 ms less: so
# tar makes the folder that it unpacks into, of a name that no file of the project begins with, and the spent archive is
# emptied rather than removed. tar sees by itself whether it is packed.
_UNPACK = """
cd {lists} || exit 1
for left in incoming*; do [ ! -e "$left" ] || rm -rf -- "$left"; done
tar --one-top-level={own} -xmf push.tar --no-same-owner || {{ rm -rf {own} push.tar; exit 1; }}
: > push.tar
[ -d {own} ] || exit 0
[ -d ../{project} ] || mkdir -p ../{project} || exit 1
mv -T {own} ../{project} 2>/dev/null && exit
cp -al --remove-destination {own}/. ../{project}/ && rm -rf {own}
"""
# Kind, mode, name and target of everything; then a hash and a name of every file. sha256sum leaves out what vanished.
# Each call writes a file of its own, so that none waits for another, whose line may stand still; into place when it is
# whole, for an order that was repeated after a lost answer may still be writing. What was read goes, and what is so old
# that nobody can be waiting for it any more.
_MANIFEST = """
mkdir -p {lists} || exit 1
find {lists} -maxdepth 1 \\( -name 'manifest.*' -mmin +{stale_min}{spent} \\) -delete 2>/dev/null
cd {project} || exit 1
{{
  find . -mindepth 1 \\( {never_sent} \\) -prune -o -printf '%y%m %P\\0%l\\0'
  printf '\\0\\0'
  find . \\( {never_sent} \\) -prune -o -type f -print0 | xargs -0 -r sha256sum -bz -- 2>/dev/null
}} | gzip -1 > ../{lists}/{own}.$$ && mv -f ../{lists}/{own}.$$ ../{lists}/{own}
"""


class SandboxRemote:
    """The copy of the folder in one sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._executables: set[str] = set()
        # Manifests that lie in the sandbox though nobody reads them any more.
        self._spent: set[str] = set()

    async def apply(self, batch: Batch) -> None:
        """Do what `batch` says, in its order. A plain save is one request.

        :raises OSError: a file that is streamed cannot be read; the engine looks at it again.
        :raises SyncError: the sandbox's disk is full, or it refuses a name.
        :raises SandboxError: refused, unreachable or gone.
        """
        await self._do({"clears": batch.clears, "directories": _bare(batch)})
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
        links = tuple(itertools.chain.from_iterable((link.relpath, link.target) for link in batch.links))
        await self._do({"executables": executables, "plain": plain, "links": links, "deletes": batch.deletes})
        self._executables = (self._executables | executables) - plain - set(batch.deletes)

    async def apply_archive(self, archive: Archive) -> None:
        """Bring everything an archive holds, as one stream; a stream that breaks off leaves nothing.

        :raises SyncError: the sandbox's disk is full, or it refuses a name.
        :raises SandboxError: refused, unreachable or gone.
        """
        packed = self._sandbox.provider is not Provider.LOCAL
        await self._sandbox.write_pieces(f"{LISTS_DIR}/push.tar", archive.pieces(packed=packed))
        own = f"incoming.{secrets.token_hex(8)}"
        await self._run(_UNPACK.format(project=PROJECT_DIR, lists=LISTS_DIR, own=own))
        self._executables |= {relpath for relpath, entry in archive.read.items() if entry.executable}

    async def manifest(self) -> Mapping[str, Entry]:
        """Tell all that the project's folder holds, but for what is never sent, by hashes taken in the sandbox.

        :raises SyncError: the sandbox's disk is full, or the folder cannot be listed, or what tells it is no list.
        :raises SandboxError: refused, unreachable or gone.
        """
        never_sent = " -o ".join(f"-name {name}" for name in sorted(NEVER_SENT))
        own = f"manifest.{secrets.token_hex(8)}"
        spent, self._spent = self._spent, set()
        command = _MANIFEST.format(
            project=PROJECT_DIR,
            lists=LISTS_DIR,
            never_sent=never_sent,
            own=own,
            spent="".join(f" -o -name {name}" for name in spent),
            stale_min=MANIFEST_STALE_MIN,
        )
        try:
            await self._run(command)
            packed = await self._sandbox.read(f"{LISTS_DIR}/{own}", MOST_PACKED_BYTES)
        finally:
            # The next call's command removes it: a request of its own would be a round trip more.
            self._spent.add(own)
        manifest = await look_in_thread(lambda: read_manifest(packed))
        self._executables = {
            relpath for relpath, entry in manifest.items() if entry.kind is Kind.FILE and entry.executable
        }
        return manifest

    async def _do(self, lists: Mapping[str, Collection[str]]) -> None:
        """Do what `_ORDERS` says with each list that is not empty."""
        given = {name: items for name, items in lists.items() if items}
        if not given:
            return
        told = _tell_inline(given)
        if told is None:
            await self._sandbox.write([(f"{LISTS_DIR}/{name}", _by_nul(items)) for name, items in given.items()])
            told = "\n".join(f"{name}() {{ cat ../{LISTS_DIR}/{name}; }}" for name in given)
        orders = "\n".join(_ORDERS[name] for name in given)
        await self._run(f"set -o pipefail; cd {PROJECT_DIR} || exit 1\n{told}\n{orders}")

    async def _run(self, script: str) -> None:
        outcome = await self._sandbox.run(script, limit_s=APPLY_LIMIT_S)
        if outcome.exit_code == 0:
            return
        words = outcome.stderr.strip()[-500:] or f"exit code {outcome.exit_code}"
        if "No space left on device" in words or "Disk quota exceeded" in words:
            raise DiskFullError(
                "The disk is full",
                words,
                "Make room in the sandbox, or use a template with a larger disk. It is tried again by itself.",
                Action.START,
            )
        raise SyncError(
            "The folder could not be copied into the sandbox",
            words,
            "Look at the names above. Then start again.",
            Action.START,
        )


def _bare(batch: Batch) -> tuple[str, ...]:
    """Give the folders that no file of a batch makes by being written: envd makes those on its way."""
    made: set[str] = set()
    for write in batch.writes:
        above = write.relpath.rpartition("/")[0]
        while above and above not in made:
            made.add(above)
            above = above.rpartition("/")[0]
    return tuple(relpath for relpath in batch.directories if relpath not in made)


def _tell_inline(lists: Mapping[str, Iterable[str]]) -> str | None:
    """Give functions that print the lists; None where they do not go into a command."""
    told = "\n".join(f"{name}() {{ printf '%s\\0' {shlex.join(items)}; }}" for name, items in lists.items())
    try:
        return told if len(told.encode()) <= INLINE_BYTES else None
    except UnicodeEncodeError:
        # A name that is no UTF-8, and a command is JSON.
        return None


def _by_nul(items: Iterable[str]) -> bytes:
    return b"".join(item.encode(errors="surrogateescape") + b"\0" for item in items)
