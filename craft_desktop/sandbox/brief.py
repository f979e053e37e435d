"""What is asked of a sandbox in passing, a short command or a small file: bounded in time, and in what is taken in.

A command begins with the sandbox user's own profile, and a file lies where the project's code can write: either may be
made to say anything, without end. What is too much is not kept, and ends the question.
"""

import asyncio
from typing import Any

from craft_desktop.model.errors import Action, SandboxError
from craft_desktop.sandbox.answers import Outcome
from craft_desktop.sandbox.client import client
from craft_desktop.sandbox.faults import translated
from craft_desktop.sandbox.persist import REQUEST_LIMIT_S, abandon, within
from craft_desktop.sandbox.profile import Profile

# Ten thousand open sockets are listed in 1.5 MB; nothing else that is asked says as much.
MOST_CHARACTERS = 4 * 1024 * 1024
# Longest wait for a file that is read: a manifest of 100,000 files is some megabytes.
DOWNLOAD_LIMIT_S = 120.0


class _Heard:
    """Both outputs, up to a bound.

    :param limit: ends when there is more.
    """

    def __init__(self) -> None:
        self._kept: tuple[list[str], list[str]] = ([], [])
        self._size = 0
        self._limit: asyncio.Timeout | None = None

    @property
    def is_too_much(self) -> bool:
        return self._size > MOST_CHARACTERS

    def bound(self, limit: asyncio.Timeout) -> None:
        """Have `limit` end once there is too much."""
        self._limit = limit
        self._check()

    def stdout(self, chunk: str) -> None:
        self._take(0, chunk)

    def stderr(self, chunk: str) -> None:
        self._take(1, chunk)

    def outcome(self, exit_code: int) -> Outcome:
        return Outcome(exit_code, *("".join(each) for each in self._kept))

    def _take(self, which: int, chunk: str) -> None:
        if not self.is_too_much:
            self._size += len(chunk)
            self._kept[which].append(chunk)
            self._check()

    def _check(self) -> None:
        if self.is_too_much and self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())


async def run_briefly(commands: Any, profile: Profile, command: str, cwd: str | None, limit_s: float) -> Outcome:
    """Run a command to its end and give what it printed; any exit code is an answer.

    :param commands: the client's.
    :raises TimeoutError: it did not end within `limit_s` seconds.
    :raises SandboxError: it printed too much.
    :raises Exception: what the client raises.
    """
    heard = _Heard()
    handle = await within(
        commands.run(
            command,
            background=True,
            cwd=cwd,
            timeout=0,
            request_timeout=0,
            on_stdout=heard.stdout,
            on_stderr=heard.stderr,
            retain_output=False,
        ),
        REQUEST_LIMIT_S,
    )
    try:
        async with asyncio.timeout(limit_s) as limit:
            heard.bound(limit)
            result = await handle.wait()
    except client().CommandExitException as error:
        return heard.outcome(int(error.exit_code))
    except BaseException as error:
        if isinstance(error, TimeoutError):
            await abandon(lambda: _end(handle, profile))
        # What the command left behind holds its outputs open, and would be listened to until its own end.
        await abandon(handle.disconnect)
        if isinstance(error, TimeoutError) and heard.is_too_much:
            raise _too_much(f"It printed over {MOST_CHARACTERS:,} characters where a few were asked for.") from error
        raise
    return heard.outcome(int(result.exit_code))


async def read_briefly(filesystem: Any, profile: Profile, path: str, most_bytes: int) -> bytes:
    """Read a whole file.

    :param filesystem: the client's.
    :raises SandboxError: it is not there, or larger than `most_bytes`; refused, unreachable or gone.
    """
    read = bytearray()
    async with (
        translated(profile),
        asyncio.timeout(DOWNLOAD_LIMIT_S),
        await filesystem.read(path, format="stream") as stream,
    ):
        async for piece in stream:
            read += piece
            if len(read) > most_bytes:
                raise _too_much(f"{path} has more than {most_bytes:,} bytes.")
    return bytes(read)


async def _end(handle: Any, profile: Profile) -> None:
    async with translated(profile):
        await handle.kill()


def _too_much(why: str) -> SandboxError:
    return SandboxError(
        "The sandbox says far more than it was asked",
        why,
        "Something in it writes into what this program asks there (a .profile or .bashrc of its own?). Start the "
        "project again, and look at what its code does.",
        Action.START,
    )
