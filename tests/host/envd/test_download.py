import email
import gzip
import os

import aiohttp

from craft_desktop.host.envd.download import content_kind, disposition, http_date
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


async def test_several_ranges_come_as_parts(daemon: Driver) -> None:
    (daemon.home / "f").write_bytes(b"0123456789")
    headers = daemon.headers({"Range": "bytes=0-1,4-5,-1"})
    async with daemon.http.get("/files?path=f", headers=headers) as response:
        assert response.status == 206
        text = f"Content-Type: {response.headers['Content-Type']}\r\n\r\n".encode() + await response.read()
    parts = list(email.message_from_bytes(text).walk())[1:]
    assert [(part["Content-Range"], part.get_payload()) for part in parts] == [
        ("bytes 0-1/10", "01"),
        ("bytes 4-5/10", "45"),
        ("bytes 9-9/10", "9"),
    ]
    async with daemon.http.get("/files?path=f", headers=daemon.headers({"Range": "bytes=20-"})) as response:
        assert (response.status, response.headers["Content-Range"]) == (416, "bytes */10")


async def test_gzip_for_who_asks_for_nothing_else(daemon: Driver) -> None:
    content = b"packs well " * 100_000
    (daemon.home / "f").write_bytes(content)
    headers = daemon.headers({"Accept-Encoding": "gzip"})
    connector = aiohttp.UnixConnector(str(daemon.socket_path))
    async with (
        aiohttp.ClientSession("http://envd", connector=connector, auto_decompress=False) as http,
        http.get("/files?path=f", headers=headers) as response,
    ):
        assert (response.status, response.headers["Content-Encoding"]) == (200, "gzip")
        packed = await response.read()
    assert len(packed) < len(content) / 10
    assert gzip.decompress(packed) == content
    async with daemon.http.head("/files?path=f", headers=headers) as response:
        assert response.headers["Content-Encoding"] == "gzip"
    assert await daemon.download("f", {"Accept-Encoding": "gzip", "Range": "bytes=0-4"}) == (206, b"packs")
    assert (await daemon.download("f", {"Accept-Encoding": "br, identity;q=0"}))[0] == 406


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
