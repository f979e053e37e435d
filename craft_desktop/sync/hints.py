"""Says what is to be looked at next: the watch and the coalescer together, or a look every second without a watch."""

import asyncio
import errno
from collections.abc import Callable, Iterable
from pathlib import Path

from craft_desktop.model.errors import Problem
from craft_desktop.sync.coalesce import Coalescer, Due
from craft_desktop.sync.scan import check_root
from craft_desktop.sync.watch import FolderWatch, Sign, Told, watch_folder

# Where the system's hints end, the folder is looked at this often; never so often that looking takes more than a
# fifth of the time. A folder that is gone is looked for as often.
POLL_S = 1.0
POLL_SHARE = 5
# A folder that is unmounted under its watch, or mounted over, tells nothing: the watch stays with what is out of sight.
# Which folder has the name is asked this often; one stat(2), so that it costs a still project nothing.
ROOT_LOOK_S = 2.0

_LIMITS = (errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM)


class Hints:
    """Watches one folder from `open` to `close`, as often as wanted.

    :param is_held: says whether the sandbox holds a file of that name: only such a save is worth haste.
    :param on_problem: told when the system cannot watch the folder.
    :param clock: seconds that never go back.
    """

    def __init__(
        self,
        root: Path,
        is_held: Callable[[str], bool],
        on_problem: Callable[[Problem], None],
        clock: Callable[[], float],
    ) -> None:
        self._root = root
        self._is_held = is_held
        self._on_problem = on_problem
        self._clock = clock
        self._coalescer = Coalescer()
        self._woken = asyncio.Event()
        self._watch: FolderWatch | None = None
        self._is_spent = False
        self._polls_at: float | None = None
        self._root_is: tuple[int, int] | None = None
        self._root_looked_at = clock()

    @property
    def is_polling(self) -> bool:
        """Say whether the system cannot watch the folder."""
        return self._polls_at is not None

    def count(self) -> int:
        """Give the number of paths that wait to be looked at."""
        return self._coalescer.count()

    def open(self) -> None:
        """Watch the folder that has the name now.

        :raises ProjectError: there is none.
        """
        check_root(self._root)
        self._is_spent = False
        self._root_is = _identity(self._root)
        try:
            self._watch = watch_folder(self._root, asyncio.get_running_loop(), self._on_told)
        except OSError as error:
            check_root(self._root)
            self._poll(error)

    def close(self) -> None:
        """End the watch."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    async def next_due(self) -> Due | None:
        """Wait for what is due.

        :return: None when the watch is spent: another folder took this one's place, or hints were lost, and nobody
            knows which watch still stands on the folder of its name. Then open again and look at everything.
        """
        while not self._is_spent:
            now = self._clock()
            due = self._coalescer.take(now)
            if due is not None:
                return due
            if self._polls_at is not None and now >= self._polls_at:
                return Due(frozenset(), True, now)
            times = [at for at in (self._coalescer.due_at(), self._polls_at) if at is not None]
            await self.wait(min([*times, self._root_looked_at + ROOT_LOOK_S]) - now)
            await self._look_at_root()
        return None

    async def _look_at_root(self) -> None:
        now = self._clock()
        if now - self._root_looked_at >= ROOT_LOOK_S:
            self._root_looked_at = now
            self._is_spent |= await asyncio.to_thread(_identity, self._root) != self._root_is

    async def wait(self, limit_s: float | None) -> None:
        """Wait until something is told, or for so long."""
        self._woken.clear()
        try:
            async with asyncio.timeout(limit_s):
                await self._woken.wait()
        except TimeoutError:
            # The time for which it waited.
            return

    def wake(self) -> None:
        """End a wait."""
        self._woken.set()

    def looked(self, took_s: float) -> None:
        """Reckon when to look again without being told, from how long a look takes."""
        if self._polls_at is not None:
            self._polls_at = self._clock() + max(POLL_S, took_s * (POLL_SHARE - 1))

    async def cover(self, folders: tuple[str, ...]) -> frozenset[str]:
        """Watch these folders too; give those that were not watched before."""
        if self._watch is None or self._polls_at is not None or not folders:
            return frozenset()
        try:
            return await asyncio.to_thread(self._watch.cover, folders)
        except OSError as error:
            self._poll(error)
            return frozenset()

    def tell_again(self, relpaths: Iterable[str]) -> None:
        """Have paths looked at once more, when they rest."""
        for relpath in relpaths:
            self._coalescer.tell_changed(relpath, self._clock())
        self._woken.set()

    def _on_told(self, hints: list[Told]) -> None:
        now = self._clock()
        for told in hints:
            if told.sign is Sign.SAVED and self._is_held(told.relpath):
                self._coalescer.tell_saved(told.relpath, now)
            elif told.sign in (Sign.SAVED, Sign.CHANGED):
                self._coalescer.tell_changed(told.relpath, now)
            else:
                self._is_spent = True
        self._woken.set()

    def _poll(self, error: OSError) -> None:
        is_news = self._polls_at is None
        self._polls_at = self._clock() + POLL_S
        if not is_news:
            return
        self._on_problem(
            Problem(
                "Changes are noticed more slowly",
                f"The system cannot watch the folder ({error.strerror or error}); it is looked at every second.",
                "Raise fs.inotify.max_user_watches and max_user_instances, then start again."
                if error.errno in _LIMITS
                else "Nothing to do: saves arrive about a second later.",
            )
        )


def _identity(folder: Path) -> tuple[int, int] | None:
    """Say which folder has the name; None when there is none to be asked. Blocks where a network's disk is away."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
