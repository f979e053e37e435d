import os

import pytest

from craft_desktop.host.envd.download import (
    UnsatisfiableRangeError,
    byte_range,
    content_kind,
    disposition,
    http_date,
)
from tests.host.envd.driver import Driver


async def test_missing_folder_and_pipe(daemon: Driver) -> None:
    status, body = await daemon.download("gone")
    assert (status, b"path '" in body and b"does not exist" in body) == (404, True)
    os.mkfifo(daemon.home / "pipe")
    for path in ("", "pipe"):
        assert (await daemon.download(path))[0] == 400


async def test_range_and_conditions(daemon: Driver) -> None:
    (daemon.home / "f").write_bytes(b"0123456789")
    assert await daemon.download("f", {"Range": "bytes=2-4"}) == (206, b"234")
    assert await daemon.download("f", {"Range": "bytes=-3"}) == (206, b"789")
    assert (await daemon.download("f", {"Range": "bytes=10-"}))[0] == 416
    async with daemon.http.get("/files?path=f", headers=daemon.headers({"Range": "bytes=8-"})) as response:
        assert response.headers["Content-Range"] == "bytes 8-9/10"
        modified = response.headers["Last-Modified"]
    assert await daemon.download("f", {"If-Modified-Since": modified}) == (304, b"")
    assert await daemon.download("f", {"Range": "bytes=1-1", "If-Range": "another"}) == (200, b"0123456789")
    async with daemon.http.head("/files?path=f", headers=daemon.headers()) as response:
        assert response.headers["Content-Length"] == "10"
        assert response.headers["Content-Disposition"] == 'inline; filename="f"'
        assert response.headers["Vary"] == "Accept-Encoding"


async def test_file_that_claims_to_be_empty(daemon: Driver) -> None:
    status, body = await daemon.download("/proc/self/comm")
    assert (status, body.strip()) != (200, b"")


@pytest.mark.parametrize(
    ("header", "size", "span"),
    [
        ("bytes=0-0", 10, (0, 1)),
        ("bytes=5-", 10, (5, 10)),
        ("bytes=5-99", 10, (5, 10)),
        ("bytes=-99", 10, (0, 10)),
        ("bytes=5-4", 10, None),
        ("bytes=-", 10, None),
        ("bytes=0-1,3-4", 10, None),
        ("lines=0-1", 10, None),
    ],
)
def test_byte_range(header: str, size: int, span: tuple[int, int] | None) -> None:
    assert byte_range(header, size) == span


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=-1", 0), ("bytes=0-", 0)])
def test_range_outside(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        byte_range(header, size)


def test_kinds() -> None:
    assert content_kind("größe".encode()) == "text/plain; charset=utf-8"
    assert content_kind("größ".encode()[:-1]) == "text/plain; charset=utf-8"
    assert content_kind(b"\x89PNG\r\n\x1a\n\0") == "application/octet-stream"
    assert content_kind(b"\xff\xfe text that goes on") == "application/octet-stream"
    assert content_kind(b"<script>") == "text/plain; charset=utf-8"


def test_disposition_and_date() -> None:
    assert disposition("a b.txt") == 'inline; filename="a b.txt"'
    assert disposition('"ü') == "inline; filename*=utf-8''%22%C3%BC"
    assert http_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"
