"""Uploads: any size may take its time, and none may stand still."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from craft_desktop.model.errors import SandboxUnreachableError
from craft_desktop.model.project import Provider
from craft_desktop.sandbox import upload
from craft_desktop.sandbox.profile import Profile
from craft_desktop.sandbox.upload import SMALL_UPLOAD_BYTES, goes_alone, send_pieces, send_together

PROFILE = Profile(Provider.E2B, "e2b_0123456789abcdef")
LARGE = SMALL_UPLOAD_BYTES + 1


class Filesystem:
    """The client's, on a line that takes a piece every `pace_s` seconds, and stands still after `stands_after`."""

    def __init__(self, pace_s: float = 0.0, stands_after: int | None = None) -> None:
        self._pace_s = pace_s
        self._left = stands_after
        self.taken = b""
        self.asked: dict[str, Any] = {}

    async def write_files(self, files: list[Any], **asked: Any) -> None:
        self.asked = asked
        for file in files:
            data = file["data"]
            if isinstance(data, bytes):
                await self._take(data)
                continue
            while piece := data.read(SMALL_UPLOAD_BYTES // 8):
                await self._take(piece)

    async def write(self, path: str, source: AsyncIterator[bytes]) -> None:
        async for piece in source:
            await self._take(piece)

    async def _take(self, piece: bytes) -> None:
        if self._left == 0:
            await asyncio.Event().wait()
        self._left = None if self._left is None else self._left - 1
        await asyncio.sleep(self._pace_s)
        self.taken += piece


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "UPLOAD_ANSWER_S", 0.5)
    monkeypatch.setattr(upload, "STALL_LIMIT_S", 1.0)  # a busy machine lets a thread wait for 0.3 s


async def test_what_is_small_goes_as_it_is() -> None:
    there = Filesystem()
    await send_together(there, [("a", b"one"), ("b", b"two")])
    assert there.taken == b"onetwo" and there.asked == {"request_timeout": upload.UPLOAD_ANSWER_S}
    with pytest.raises(TimeoutError):
        await send_together(Filesystem(stands_after=0), [("a", b"one")])


async def test_a_large_upload_may_take_longer_than_it_may_stand_still() -> None:
    there = Filesystem(pace_s=0.15)
    data = bytes(range(256)) * (LARGE // 256 + 1)
    await send_together(there, [("a", data)])  # nine pieces: 1.35 s
    assert there.taken == data


@pytest.mark.parametrize("stands_after", [0, 3])
async def test_a_large_upload_that_stands_still_ends(stands_after: int) -> None:
    with pytest.raises(TimeoutError):
        await send_together(Filesystem(stands_after=stands_after), [("a", b"x" * LARGE)])


async def test_pieces_too() -> None:
    there = Filesystem(pace_s=0.15)
    await send_pieces(there, PROFILE, "a", iter([b"piece"] * 8))
    assert there.taken == b"piece" * 8
    with pytest.raises(SandboxUnreachableError, match="in time"):
        await send_pieces(Filesystem(stands_after=2), PROFILE, "a", iter([b"piece"] * 8))


async def test_a_source_that_cannot_be_read_says_so_itself() -> None:
    def broken() -> Iterator[bytes]:
        yield b"piece"
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await send_pieces(Filesystem(), PROFILE, "a", broken())


@pytest.mark.parametrize(
    ("path", "alone"), [("a b/ü.txt", False), ('say "hi".txt', True), ("50%", True), ("a\nb", True)]
)
def test_a_name_that_a_form_would_escape_goes_alone(path: str, alone: bool) -> None:
    assert goes_alone(path) is alone
