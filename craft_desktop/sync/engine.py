"""Keeps one sandbox equal to one folder.

1. `watch.py` hints that something happened somewhere.
2. `coalesce.py` says when to look: a saved file at once, a burst when it rests.
3. `scan.py` looks: at the paths told, or at everything after a flood, an overflow, a changed ignore file.
4. `diff.py` compares with what the sandbox is known to hold; `load.py` reads what differs.
5. `mirror.py` sends it and remembers what was answered.
6. `drift.py` compares hashes taken in the sandbox, after whatever may have been lost on the way.

Hints only say when: whatever they miss or make up, the comparison decides.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

from craft_desktop.model.errors import (
    CraftError,
    DiskFullError,
    Problem,
    ProjectError,
    SandboxBusyError,
    SandboxUnreachableError,
)
from craft_desktop.sync.coalesce import Due
from craft_desktop.sync.hints import POLL_S, Hints
from craft_desktop.sync.ignore import is_rule_file
from craft_desktop.sync.mirror import Mirror, Pushed, PushResult, Remote
from craft_desktop.sync.safety import EmptiedError
from craft_desktop.sync.snapshot import Entry
from craft_desktop.sync.state import Halt, HaltReason, SyncState, Verification
from craft_desktop.tasks import Owner

# From here a scan of everything costs little more, and it finds what the flood drowned. Measured: a look 12 µs; a scan,
# for each file there is, 1.8 µs where folders are remembered and 4.8 µs where they are listed. So 1,000 looks are a
# scan of 2,500 to 6,700 files.
FLOOD_PATHS = 1000
# A provider that does not answer: soon, for most breaks are short; then ever more rarely.
RETRY_FIRST_S = 0.5
RETRY_LIMIT_S = 15.0
# A push of more files than a person saves by hand is verified.
BULK_FILES = 50
# What was sent again is verified again, this often; what then still differs is rewritten by something in the sandbox.
VERIFY_ROUNDS = 3

_PASSING = (SandboxUnreachableError, SandboxBusyError, DiskFullError)


class SyncEngine:
    """Pushes a folder once, or keeps pushing what changes.

    :param on_pushed: told of every push of `run` that changed something.
    :param on_problem: told once of what was not sent, or of what hinders the sync; it goes on.
    :param on_verified: told of every verification.
    :param on_state: told when the folder is given up or believed again, and when something was verified.
    :param clock: seconds that never go back.
    :param wall: seconds since 1970.
    :param pause: waits for so many seconds before something is tried again.
    """

    def __init__(
        self,
        root: Path,
        remote: Remote,
        *,
        on_pushed: Callable[[PushResult], None],
        on_problem: Callable[[Problem], None],
        on_verified: Callable[[Verification], None] = lambda _: None,
        on_state: Callable[[SyncState], None] = lambda _: None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._root = root.resolve()
        self._remote = remote
        self._mirror = Mirror(self._root, remote, on_problem, clock, pause)
        self._on_pushed = on_pushed
        self._on_problem = on_problem
        self._on_verified = on_verified
        self._on_state = on_state
        self._clock = clock
        self._wall = wall
        self._pause = pause
        self._pushing = asyncio.Lock()
        self._hints = Hints(self._root, self._mirror.holds_file, on_problem, clock)
        self._in_flight = 0
        self._verify_due = asyncio.Event()
        self._verified_at: float | None = None
        self._halted: Halt | None = None
        self._is_emptiness_meant = False

    @property
    def revision(self) -> int:
        """Give the number of pushes that changed something."""
        return self._mirror.revision

    @property
    def state(self) -> SyncState:
        """Give how far the sync is."""
        return SyncState(
            self.revision,
            self._verified_at,
            self._hints.count() + self._in_flight,
            self._halted,
            self._hints.is_polling,
        )

    def adopt(self, manifest: Mapping[str, Entry]) -> None:
        """Begin with a sandbox that holds something already, told by its remote's `manifest()`.

        The next push sends what differs, and deletes what the folder does not hold, but for what tools keep there.
        """
        self._mirror.adopt(manifest)

    async def push_all(self) -> PushResult:
        """Scan the folder and send all that differs from what the sandbox is known to hold.

        Waits for a push under way. The result is not told to `on_pushed`; `run` verifies it, if it was large.

        :raises ProjectError: the folder is gone.
        :raises EmptiedError: the folder was emptied since the last push; nothing was sent.
        :raises CraftError: what the remote raised; the next push sends again what was not answered.
        """
        return (await self._push_once(None, self._clock())).result

    async def verify(self) -> Verification:
        """Compare hashes taken in the sandbox with the folder's; send again what differs.

        Pushes go on meanwhile. Needed after a sandbox was resumed; `run` does it by itself after a large push and
        after a sandbox that did not answer.

        :raises ProjectError: the folder is gone.
        :raises EmptiedError: the folder was emptied.
        :raises CraftError: what the remote raised.
        """
        began = self._clock()
        drifted: dict[str, None] = {}
        left: tuple[str, ...] = ()
        for _ in range(VERIFY_ROUNDS):
            async with self._pushing:
                # What was never sent is no drift of the sandbox.
                pushed = await self._mirror.push(None, self._clock())
                held = self._mirror.held()
            self._hints.tell_again(pushed.unstable)
            if pushed.result.changed:
                self._on_pushed(pushed.result)
            manifest = await self._remote.manifest()
            async with self._pushing:
                found, newly_left = await self._mirror.correct(held, manifest)
            left += newly_left
            drifted.update(dict.fromkeys(found))
            if not found:
                break
        verification = Verification(len(held), tuple(drifted), (self._clock() - began) * 1000, not found, left)
        if found:
            self._hints.tell_again(found)
            self._on_problem(_rewritten(found))
        else:
            self._verified_at = self._wall()
        self._on_verified(verification)
        self._on_state(self.state)
        return verification

    def verify_soon(self) -> None:
        """Let `run` verify beside the pushes: the sandbox was out of reach, or asleep."""
        self._verify_due.set()

    def send_emptiness(self) -> None:
        """Answer a halt: the files are meant to be gone, and go from the sandbox too."""
        if self._halted is not None:
            self._is_emptiness_meant = True
            self._hints.wake()

    def wait_for_files(self) -> None:
        """Answer a halt: the files will come back; the sandbox keeps its copy."""
        if self._halted is not None:
            self._tell_halt(replace(self._halted, is_waiting=True))

    async def run(self) -> None:
        """Watch and push until cancelled; begins with a push of all that differs by now.

        An unreachable, busy or full sandbox is told once and tried again. A folder that is gone or emptied is told,
        halts the sync and asks: see `Halt`. Every other failure ends this.

        :raises CraftError: what the remote raised.
        """
        if self.revision and self._verified_at is None:
            self._verify_due.set()
        async with Owner("sync") as owner:
            tasks = (
                owner.start(self._keep_equal(), name="push", awaited=True),
                owner.start(self._keep_verified(), name="verify", awaited=True),
            )
            # Neither ends but by a failure.
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task

    async def _keep_equal(self) -> None:
        while True:
            try:
                await self._watch_and_push()
            except ProjectError as error:
                await self._halt(Halt(HaltReason.GONE, error.problem))
            except EmptiedError as error:
                await self._halt(Halt(HaltReason.EMPTIED, error.problem))

    async def _keep_verified(self) -> None:
        wait_s = RETRY_FIRST_S
        while True:
            await self._verify_due.wait()
            self._verify_due.clear()
            try:
                await self.verify()
                wait_s = RETRY_FIRST_S
            except (ProjectError, EmptiedError):
                # The push halts over it, and has all verified when it goes on.
                continue
            except _PASSING:
                # The push tells it, if there is one; here it is tried again.
                await self._pause(wait_s)
                wait_s = min(2 * wait_s, RETRY_LIMIT_S)
                self._verify_due.set()

    async def _watch_and_push(self) -> None:
        """Watch the folder that has the name now, and push, until the watch is spent."""
        self._hints.open()
        try:
            due: Due | None = Due(frozenset(), True, self._clock())
            while due is not None:
                await self._attend(due)
                due = await self._hints.next_due()
        finally:
            self._hints.close()

    async def _attend(self, due: Due) -> None:
        """Push what is due; then watch the folders that came with it, and look at those once more."""
        is_flood = due.everything or len(due.relpaths) > FLOOD_PATHS or any(map(is_rule_file, due.relpaths))
        relpaths = None if is_flood else due.relpaths
        began = self._clock()
        self._in_flight = max(1, len(due.relpaths))
        pushed = await self._push(relpaths, due.since)
        unstable = pushed.unstable
        self._hints.looked(self._clock() - began)
        while added := await self._hints.cover(pushed.folders):
            # Between the look and the watch something may have happened in there unseen.
            pushed = await self._push(None if relpaths is None else added, self._clock())
            unstable += pushed.unstable
        self._in_flight = 0
        if unstable:
            self._hints.tell_again(unstable)

    async def _push(self, relpaths: frozenset[str] | None, since: float) -> Pushed:
        """Push until the sandbox has answered."""
        wait_s = RETRY_FIRST_S
        while True:
            try:
                pushed = await self._push_once(relpaths, since)
            except _PASSING as error:
                wait_s = await self._hold_back(error, wait_s)
                continue
            if wait_s > RETRY_FIRST_S or pushed.result.files + pushed.result.deleted >= BULK_FILES:
                self._verify_due.set()
            if pushed.result.changed:
                self._on_pushed(pushed.result)
            return pushed

    async def _push_once(self, relpaths: frozenset[str] | None, since: float) -> Pushed:
        async with self._pushing:
            return await self._mirror.push(relpaths, since)

    async def _hold_back(self, error: CraftError, wait_s: float) -> float:
        """Wait until a sandbox is asked again; give how long to wait the next time. Told once."""
        if wait_s == RETRY_FIRST_S:
            self._on_problem(error.problem)
        await self._pause(wait_s)
        return min(2 * wait_s, RETRY_LIMIT_S)

    async def _halt(self, halt: Halt) -> None:
        """Send nothing until files are there again, or their absence is meant."""
        self._is_emptiness_meant = False
        self._in_flight = 0
        self._on_problem(halt.problem)
        self._tell_halt(halt)
        while True:
            if self._is_emptiness_meant:
                await self._wipe()
                self._is_emptiness_meant = False
                self.wait_for_files()
            async with self._pushing:
                reason = await asyncio.to_thread(self._mirror.standing)
            if reason is None:
                break
            if self._halted is not None and reason is not self._halted.reason:
                self._tell_halt(replace(self._halted, reason=reason))
            if not self._is_emptiness_meant:
                await self._hints.wait(POLL_S)
        self._tell_halt(None)
        self._verify_due.set()

    async def _wipe(self) -> None:
        wait_s = RETRY_FIRST_S
        while True:
            try:
                async with self._pushing:
                    result = await self._mirror.wipe(self._clock())
            except _PASSING as error:
                wait_s = await self._hold_back(error, wait_s)
                continue
            if result.changed:
                self._on_pushed(result)
            return

    def _tell_halt(self, halt: Halt | None) -> None:
        if halt != self._halted:
            self._halted = halt
            self._on_state(self.state)


def _rewritten(relpaths: tuple[str, ...]) -> Problem:
    return Problem(
        "Something in the sandbox rewrites files",
        f"{', '.join(relpaths[:5])}{' …' if len(relpaths) > 5 else ''}: not what the folder holds, though sent again.",
        "See what the dev server does with them, or name them in .craftignore.",
    )
