"""Keeps one sandbox equal to one folder.

1. `watch.py` hints that something happened somewhere.
2. `coalesce.py` says when to look: a saved file at once, a burst when it rests.
3. `scan.py` looks: at the paths told, or at everything after a flood, an overflow, a changed ignore file.
4. `diff.py` compares with what the sandbox is known to hold; `load.py` reads what differs.
5. `mirror.py` sends it and remembers what was answered.

Hints only say when: whatever they miss or make up, the comparison decides.
"""

import asyncio
import errno
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from craft_desktop.model.errors import Problem, SandboxBusyError, SandboxUnreachableError
from craft_desktop.sync.coalesce import Coalescer, Due
from craft_desktop.sync.ignore import is_rule_file
from craft_desktop.sync.mirror import Mirror, PushResult, Remote
from craft_desktop.sync.scan import check_root
from craft_desktop.sync.watch import FolderWatch, Sign, Told, watch_folder

# From here a scan of everything is no dearer (measured: a look 11 µs, a scan 4.5 µs for each file there is, so that
# 1,000 looks are a scan of 2,500 files), and it finds what the flood drowned.
FLOOD_PATHS = 1000
# Where the system's hints end, the folder is looked at this often; never so often that looking takes more than a
# fifth of the time.
POLL_S = 1.0
POLL_SHARE = 5
# A provider that does not answer: soon, for most breaks are short; then ever more rarely.
RETRY_FIRST_S = 0.5
RETRY_LIMIT_S = 15.0


class SyncEngine:
    """Pushes a folder once, or keeps pushing what changes.

    :param on_pushed: told of every push of `run` that changed something.
    :param on_problem: told once of what was not sent, or of what hinders the sync; it goes on.
    :param clock: seconds that never go back.
    :param pause: waits for so many seconds before something is tried again.
    """

    def __init__(
        self,
        root: Path,
        remote: Remote,
        *,
        on_pushed: Callable[[PushResult], None],
        on_problem: Callable[[Problem], None],
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._root = root.resolve()
        self._mirror = Mirror(self._root, remote, on_problem, clock, pause)
        self._on_pushed = on_pushed
        self._on_problem = on_problem
        self._clock = clock
        self._pause = pause
        self._pushing = asyncio.Lock()
        self._coalescer = Coalescer()
        self._wake = asyncio.Event()
        self._is_watch_spent = False
        self._polls_at: float | None = None

    @property
    def revision(self) -> int:
        """Give the number of pushes that changed something."""
        return self._mirror.revision

    async def push_all(self) -> PushResult:
        """Scan the folder and send all that differs from what the sandbox is known to hold.

        Waits for a push under way. The result is not told to `on_pushed`.

        :raises ProjectError: the folder is gone.
        :raises SyncError: the folder was emptied since the last push; nothing was sent.
        :raises CraftError: what the remote raised; the next push sends again what was not answered.
        """
        since = self._clock()
        async with self._pushing:
            return (await self._mirror.push(None, since)).result

    async def run(self) -> None:
        """Watch and push until cancelled; begins with a push of all that differs by now.

        An unreachable or busy sandbox is told once and tried again; every other failure ends this.

        :raises ProjectError: the folder is gone.
        :raises SyncError: the folder was emptied; the sandbox was not touched.
        :raises CraftError: what the remote raised.
        """
        while True:
            # Again when another folder takes this one's place, and when hints were lost: then nobody knows which
            # watch still stands on the folder of its name.
            check_root(self._root)
            self._is_watch_spent = False
            watch = self._open_watch()
            try:
                await self._follow(watch)
            finally:
                if watch is not None:
                    watch.close()

    def _open_watch(self) -> FolderWatch | None:
        try:
            return watch_folder(self._root, asyncio.get_running_loop(), self._on_told)
        except OSError as error:
            check_root(self._root)
            self._start_polling(error)
            return None

    async def _follow(self, watch: FolderWatch | None) -> None:
        """Push all, then what comes, until the watch is spent."""
        due: Due | None = Due(frozenset(), True, self._clock())
        while due is not None:
            await self._attend(due, watch)
            due = await self._next_due()

    async def _next_due(self) -> Due | None:
        """Wait for what is due; None when the watch is spent."""
        while not self._is_watch_spent:
            now = self._clock()
            due = self._coalescer.take(now)
            if due is not None:
                return due
            if self._polls_at is not None and now >= self._polls_at:
                return Due(frozenset(), True, now)
            times = [at for at in (self._coalescer.due_at(), self._polls_at) if at is not None]
            self._wake.clear()
            try:
                async with asyncio.timeout(min(times) - now if times else None):
                    await self._wake.wait()
            except TimeoutError:
                # The time for which it waited: something is due.
                continue
        return None

    async def _attend(self, due: Due, watch: FolderWatch | None) -> None:
        """Push what is due; then watch the folders that came with it, and look at those once more."""
        is_flood = due.everything or len(due.relpaths) > FLOOD_PATHS or any(map(is_rule_file, due.relpaths))
        relpaths = None if is_flood else due.relpaths
        began = self._clock()
        folders, unstable = await self._push(relpaths, due.since)
        if self._polls_at is not None:
            now = self._clock()
            self._polls_at = now + max(POLL_S, (now - began) * (POLL_SHARE - 1))
        while watch is not None and (added := await self._cover(watch, folders)):
            # Between the look and the watch something may have happened in there unseen.
            folders, again = await self._push(None if relpaths is None else added, self._clock())
            unstable += again
        for relpath in unstable:
            self._coalescer.tell_changed(relpath, self._clock())

    async def _cover(self, watch: FolderWatch, folders: tuple[str, ...]) -> frozenset[str]:
        if not folders or self._polls_at is not None:
            return frozenset()
        try:
            return await asyncio.to_thread(watch.cover, folders)
        except OSError as error:
            self._start_polling(error)
            return frozenset()

    async def _push(self, relpaths: frozenset[str] | None, since: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Push until the sandbox has answered; give folders seen and paths to be looked at again."""
        wait_s = RETRY_FIRST_S
        while True:
            try:
                async with self._pushing:
                    pushed = await self._mirror.push(relpaths, since)
            except (SandboxUnreachableError, SandboxBusyError) as error:
                if wait_s == RETRY_FIRST_S:
                    self._on_problem(error.problem)
                await self._pause(wait_s)
                wait_s = min(2 * wait_s, RETRY_LIMIT_S)
                continue
            if pushed.result.changed:
                self._on_pushed(pushed.result)
            return pushed.folders, pushed.unstable

    def _start_polling(self, error: OSError) -> None:
        self._polls_at = self._clock() + POLL_S
        limits = (errno.ENOSPC, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
        self._on_problem(
            Problem(
                "Changes are noticed more slowly",
                f"The system cannot watch the folder ({error.strerror or error}); it is looked at every second.",
                "Raise fs.inotify.max_user_watches and max_user_instances, then start again."
                if error.errno in limits
                else "Nothing to do: saves arrive about a second later.",
            )
        )

    def _on_told(self, hints: list[Told]) -> None:
        now = self._clock()
        for told in hints:
            if told.sign is Sign.SAVED and self._mirror.holds_file(told.relpath):
                self._coalescer.tell_saved(told.relpath, now)
            elif told.sign in (Sign.SAVED, Sign.CHANGED):
                self._coalescer.tell_changed(told.relpath, now)
            else:
                self._is_watch_spent = True
        self._wake.set()
