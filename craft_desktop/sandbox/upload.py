"""Files on their way into a sandbox: a line that stands still is noticed by what it takes, whatever the size."""

import asyncio
import io
import re
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from craft_desktop.model.errors import CraftError
from craft_desktop.sandbox.faults import translated
from craft_desktop.sandbox.forms import join_pieces
from craft_desktop.sandbox.profile import Profile

# A small upload is answered within this time or the line stands still: 256 KiB take 2 s at 1 Mbit/s up.
SMALL_UPLOAD_BYTES = 256 * 1024
UPLOAD_ANSWER_S = 20.0
# A larger upload may take any time, but not stand still: TCP itself waits about as long before a line counts as dead.
STALL_LIMIT_S = 30.0

_ESCAPED = re.compile(r'["\\%\x00-\x1f\x7f]')


def goes_alone(path: str) -> bool:
    """Would a form carry this name escaped? RFC 7578, section 4.2, leaves open how to undo that."""
    return _ESCAPED.search(path) is not None


async def send_together(filesystem: Any, files: Sequence[tuple[str, bytes]]) -> None:
    """Write whole files in one request.

    :param filesystem: the client's.
    :raises TimeoutError: the line stood still.
    :raises Exception: what the client raises.
    """
    join_pieces(filesystem)
    if sum(len(data) for _, data in files) <= SMALL_UPLOAD_BYTES:
        plain = [{"path": path, "data": data} for path, data in files]
        # A deadline given to the client is kept twice over: its HTTP library adds reading to writing (measured).
        async with asyncio.timeout(UPLOAD_ANSWER_S):
            await filesystem.write_files(plain, request_timeout=UPLOAD_ANSWER_S)
        return
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(STALL_LIMIT_S) as limit:

        def taken() -> None:
            limit.reschedule(loop.time() + STALL_LIMIT_S)

        await filesystem.write_files(list(_heard_now_and_then(files, taken)), use_octet_stream=False)


def _heard_now_and_then(files: Sequence[tuple[str, bytes]], on_taken: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Give the files as the client wants them, one for each `SMALL_UPLOAD_BYTES` such that it is heard when taken.

    To hear of every one of 4,000 small files took a fifth longer (measured).
    """
    unheard = SMALL_UPLOAD_BYTES
    for path, data in files:
        unheard += len(data)
        if unheard < SMALL_UPLOAD_BYTES:
            yield {"path": path, "data": data}
        else:
            unheard = 0
            yield {"path": path, "data": _Heard(data, on_taken)}


async def send_pieces(filesystem: Any, profile: Profile, path: str, pieces: Iterator[bytes]) -> None:
    """Write one file from pieces, which are made in a thread as the line takes them.

    What `pieces` raises comes through.

    :param filesystem: the client's.
    :raises SyncError: the sandbox's disk is full.
    :raises SandboxUnreachableError: nothing went on for `STALL_LIMIT_S`.
    :raises SandboxError: refused, unreachable or gone.
    """
    loop = asyncio.get_running_loop()
    failure: list[Exception] = []
    try:
        async with translated(profile), asyncio.timeout(STALL_LIMIT_S) as limit:

            async def sent() -> AsyncIterator[bytes]:
                try:
                    while piece := await asyncio.to_thread(next, pieces, b""):
                        limit.reschedule(loop.time() + STALL_LIMIT_S)
                        yield piece
                except Exception as error:
                    failure.append(error)
                    raise

            await filesystem.write(path, sent())
    except CraftError:
        # The client may tell a source that failed as a line that broke.
        if failure:
            raise failure[0] from None
        raise


class _Heard(io.BytesIO):
    """Bytes that tell when they are taken."""

    def __init__(self, data: bytes, on_taken: Callable[[], None]) -> None:
        super().__init__(data)
        self._on_taken = on_taken

    def read(self, size: int | None = -1, /) -> bytes:
        """Give the next bytes."""
        self._on_taken()
        return super().read(size)
