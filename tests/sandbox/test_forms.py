"""Forms go out in few pieces, and as they were."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from e2b import AsyncSandbox

from craft_desktop.sandbox import forms
from craft_desktop.sandbox.connection import Connection
from craft_desktop.sandbox.forms import join_pieces, joined
from craft_desktop.sandbox.local_host import LocalHost


class Files:
    """What the client's filesystem is to `join_pieces`; what it sends is taken down piece by piece."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.lengths: list[str | None] = []
        self._envd_api = httpx.AsyncClient(transport=self, base_url="http://sandbox")  # type: ignore[arg-type]

    async def __aenter__(self) -> "Files":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.lengths.append(request.headers.get("Content-Length"))
        assert isinstance(request.stream, httpx.AsyncByteStream)
        self.pieces += [piece async for piece in request.stream]
        return httpx.Response(200)


async def send(files: Files, contents: list[bytes]) -> bytes:
    parts = [("file", (f"name{number}", content)) for number, content in enumerate(contents)]
    files.pieces.clear()
    async with files._envd_api as http:
        await http.post("/files", files=parts, headers={"Content-Type": "multipart/form-data; boundary=x"})
    return b"".join(files.pieces)


@pytest.mark.parametrize("contents", [[b""], [b"x" * 2000] * 100, [b"a" * 200_000, b"b", b"c" * forms.PIECE_BYTES]])
async def test_a_form_is_the_same_in_fewer_pieces(contents: list[bytes]) -> None:
    plain, ours = Files(), Files()
    for _ in range(2):
        join_pieces(ours)
    assert len(ours._envd_api.event_hooks["request"]) == 1
    assert await send(ours, contents) == await send(plain, contents)
    assert ours.lengths == plain.lengths == [str(len(b"".join(plain.pieces)))]
    assert len(ours.pieces) <= 1 + sum(map(len, plain.pieces)) // forms.PIECE_BYTES + len(contents) // 4
    assert all(len(piece) >= forms.PIECE_BYTES for piece in ours.pieces[:-1])


async def test_what_is_no_form_is_left_alone() -> None:
    files = Files()
    join_pieces(files)

    async def body() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    async with files._envd_api as http:
        await http.post("/files", content=body())
    assert files.pieces == [b"one", b"two"]


async def test_each_piece_is_asked_for_when_the_one_before_was_taken() -> None:
    asked = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal asked
        for _ in range(4):
            asked += 1
            yield b"x" * forms.PIECE_BYTES

    stream = joined(body())
    await anext(stream)
    assert asked == 1
    await anext(stream)
    assert asked == 2


def test_a_client_of_another_make_goes_on() -> None:
    join_pieces(object())


async def test_the_real_client_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[int] = []

    async def counted(source: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for piece in joined(source):
            pieces.append(len(piece))
            yield piece

    host = LocalHost(tmp_path / "host")
    try:
        sandbox = await Connection(await host.profile()).create(metadata={}, envs={}, timeout_s=60)
        monkeypatch.setattr(forms, "joined", counted)
        client: AsyncSandbox = sandbox._sandbox
        await sandbox.write([(f"f{number}", bytes([number]) * 3000) for number in range(200)])
        assert 600_000 // forms.PIECE_BYTES <= len(pieces) <= 10
        held = await asyncio.gather(*(client.files.read(f"f{number}", format="bytes") for number in range(200)))
        assert [bytes(content) for content in held] == [bytes([number]) * 3000 for number in range(200)]
    finally:
        await host.aclose()
