"""The folder of one sandbox: its home and /tmp, plain or laid over a snapshot, and how they are copied out again."""

import asyncio
import contextlib
import errno
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from craft_desktop.host import copier
from craft_desktop.host.copier import Mode
from craft_desktop.host.machine import Layering, Machine
from craft_desktop.host.namespaces import Overlay, enter_argv, lay_argv, own_argv
from craft_desktop.host.removal import remove_tree
from craft_desktop.host.snapshots import FOLDER, PARTS

# each layer costs a look-up for every name that is not found; beyond this a snapshot is made whole again. Their
# names together stay under the 256 bytes that newer mount programs pass to the kernel.
MOST_LAYERS = 8
Stillness = Callable[[], AbstractAsyncContextManager[None]]


class CannotCopy(OSError):
    """Files could not be laid or copied; the text is the program's own. `errno` is ENOSPC where the disk is full."""


class Plot:
    """One sandbox's folder.

    :param folder: with `home` and `tmp` in it, two folders below the state folder.
    """

    def __init__(self, folder: Path, machine: Machine) -> None:
        self.folder = folder
        self.layers: tuple[str, ...] = ()
        self._machine = machine

    @property
    def parts(self) -> tuple[Path, ...]:
        """The folders that a sandbox keeps, as `PARTS` names them."""
        return tuple(self.folder / part for part in PARTS)

    async def build_upon(self, layers: tuple[str, ...], state: Path, pid: int) -> None:
        """Have the sandbox's folders begin with the files of a snapshot.

        :param layers: topmost first.
        :param pid: of the holder, whose mount namespace the sandbox's follows.
        :raises CannotCopy: they cannot be laid or copied.
        """
        snapshots = state / FOLDER
        if self._machine.layering is Layering.OVERLAY and self._machine.holder is not None:
            here = Path("..") / self.folder.relative_to(state)
            overlays = []
            # what a former overlay left there tells that it was never flushed, and the kernel would refuse
            await asyncio.to_thread(remove_tree, self.folder / "work")
            for part in PARTS:
                for name in ("upper", "work"):
                    (self.folder / name / part).mkdir(parents=True, exist_ok=True)
                # the mounted folder's own rights are the upper one's
                (self.folder / "upper" / part).chmod((snapshots / layers[0] / part).stat().st_mode & 0o7777)
                lower = tuple(f"{each}/{part}" for each in layers)
                upper, work, target = (str(here / name) for name in (f"upper/{part}", f"work/{part}", part))
                overlays.append(Overlay(lower, upper, work, target))
            lay = lay_argv(self._machine.holder, snapshots, overlays)
            await _complete(enter_argv(self._machine.holder, pid, lay))
            self.layers = layers
        else:
            await self._merge(reversed(layers), state, self.parts, pid)

    async def copy_out(self, target: Path, state: Path, pid: int, stillness: Stillness) -> tuple[str, ...]:
        """Copy what the sandbox wrote into the folder of a new snapshot; the layers that lie beneath it.

        :param pid: of the holder; 0 when nothing runs there any more.
        :param stillness: entered for the last moments, while the sandbox's processes must not run.
        :raises CannotCopy: something cannot be read, or the disk is full.
        """
        is_layer = bool(self.layers) and len(self.layers) < MOST_LAYERS
        uppers = [self.folder / "upper" / part for part in PARTS]
        targets = [target / part for part in PARTS]
        if self.layers and not is_layer and not pid:
            # the overlay went with the last process: its layers are laid over one another as it would have done
            await self._merge(reversed(self.layers), state, targets, pid)
            await _complete(self._copying(Mode.MERGE, _words(uppers, targets), pid))
            return ()
        words = _words(uppers if is_layer else self.parts, targets)
        async with _running(self._copying(Mode.LAYER if is_layer else Mode.PLAIN, words, pid)) as process:
            assert process.stdin is not None and process.stdout is not None
            if await process.stdout.readline() == b"copied\n":
                async with stillness():
                    # one small word into an empty pipe: there is nothing to drain
                    process.stdin.write(b"\n")
                    await process.stdout.readline()
            await _well_ended(process)
        return self.layers if is_layer else ()

    async def _merge(self, layers: Iterable[str], state: Path, targets: Iterable[Path], pid: int) -> None:
        """Lay layers, the lowest first, over one another in folders of their own."""
        sources = [[state / FOLDER / each / part for part in PARTS] for each in layers]
        words = [word for each in sources for word in _words(each, targets)]
        await _complete(self._copying(Mode.MERGE, words, pid))

    def _copying(self, mode: Mode, words: list[str], pid: int) -> list[str]:
        """The copier's command line; in a user namespace, where one can be made, nothing is closed to it."""
        holder = self._machine.holder
        python = str(self._machine.python.path) if holder is not None else sys.executable
        command = [python, "-s", "-S", copier.__file__, mode.value, *words]
        if holder is None or not self._machine.isolated:
            return command
        return enter_argv(holder, pid, command) if pid else own_argv(holder, command)


def _words(sources: Iterable[Path], targets: Iterable[Path]) -> list[str]:
    return [str(word) for pair in zip(sources, targets, strict=True) for word in pair]


async def _complete(argv: list[str]) -> None:
    async with _running(argv) as process:
        await _well_ended(process)


@asynccontextmanager
async def _running(argv: list[str]) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program with pipes. It is killed when the caller gives up: it would write into folders that go."""
    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _well_ended(process: asyncio.subprocess.Process) -> None:
    _, complaint = await process.communicate()
    if process.returncode != 0:
        failed = CannotCopy(_last_line(complaint, process.returncode))
        if process.returncode == copier.NO_ROOM:
            failed.errno = errno.ENOSPC
        raise failed


def _last_line(complaint: bytes, code: int | None) -> str:
    lines = complaint.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"exit code {code}"
