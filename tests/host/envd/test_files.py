import gzip
import io
import os
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from e2b.sandbox.signature import get_signature
from multipart import MultipartSegment

from craft_desktop.host.envd.faults import HttpFault
from craft_desktop.host.envd.files import part_filename, upload_metadata
from tests.host.envd.driver import TOKEN, Driver, eventually, tell


async def test_batch_goes_up_and_comes_down(daemon: Driver) -> None:
    files = {"a.txt": b"one", "deep/er/b.bin": bytes(range(256)), f"{daemon.home}/c": b"", "näme ü.txt": b"\r\n--x"}
    status, answer = await daemon.upload(files)
    assert status == 200
    assert [entry["path"] for entry in answer] == [
        str(daemon.home / path) for path in ("a.txt", "deep/er/b.bin", "c", "näme ü.txt")
    ]
    assert answer[1] == {"path": f"{daemon.home}/deep/er/b.bin", "name": "b.bin", "type": "file"}
    for path, content in files.items():
        assert (daemon.home / path).read_bytes() == content
        assert await daemon.download(path) == (200, content)
    assert (daemon.home / "a.txt").stat().st_mode & 0o777 == 0o644
    assert not list((daemon.home / ".cache/craft-desktop").iterdir())


async def test_single_file_takes_the_path_of_the_query(daemon: Driver) -> None:
    status, answer = await daemon.upload({"whatever": b"x"}, query={"path": 'quo"te\n.txt'})
    assert (status, answer[0]["name"]) == (200, 'quo"te\n.txt')
    assert await daemon.download('quo"te\n.txt') == (200, b"x")


async def test_raw_and_gzipped_bodies(daemon: Driver) -> None:
    content = os.urandom(100_000) + b"z" * 3_000_000

    async def pieces() -> AsyncIterator[bytes]:
        packed = gzip.compress(content)
        for start in range(0, len(packed), 7001):
            yield packed[start : start + 7001]

    raw = daemon.headers({"Content-Type": "application/octet-stream"})
    for body, more in ((io.BytesIO(content), {}), (pieces(), {"Content-Encoding": "gzip"})):
        path = f"raw{len(more)}"
        async with daemon.http.post("/files", data=body, params={"path": path}, headers={**raw, **more}) as response:
            assert response.status == 200, await response.text()
        assert (daemon.home / path).read_bytes() == content


async def test_replaces_whole_and_keeps_mode_and_links(daemon: Driver) -> None:
    script = daemon.home / "script"
    script.write_text("old")
    script.chmod(0o755)
    (daemon.home / "link").symlink_to("script")
    with script.open() as reader:
        assert (await daemon.upload({"link": b"new"}))[0] == 200
        assert reader.read() == "old"  # who reads the old file reads it to its end
    assert script.read_text() == "new"
    assert script.stat().st_mode & 0o777 == 0o755
    assert (daemon.home / "link").is_symlink()


async def test_outside_the_home(daemon: Driver, tmp_path: Path) -> None:
    assert (await daemon.upload({f"{tmp_path}/out/x": b"1"}))[0] == 200
    assert (tmp_path / "out/x").read_bytes() == b"1"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["x"]


async def test_device_is_written_in_place(daemon: Driver) -> None:
    assert (await daemon.upload({"/dev/null": b"gone"}))[0] == 200
    assert Path("/dev/null").is_char_device()


async def test_refused_batch_changes_nothing(daemon: Driver) -> None:
    (daemon.home / "folder").mkdir()
    (daemon.home / "a").write_text("old")
    for files in ({"a": b"new", "folder": b"x"}, {"a": b"new", "./a": b"x"}, {"a": b"new", "a/b": b"x"}):
        status, answer = await daemon.upload(files)
        assert (status, answer["code"]) == (400, 400)
        assert (daemon.home / "a").read_text() == "old"
    assert not list((daemon.home / ".cache/craft-desktop").iterdir())


async def test_broken_bodies(daemon: Driver) -> None:
    for kind, body in (
        ("text/plain", b"x"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense"),
        ("application/octet-stream", b"x"),
    ):
        async with daemon.http.post("/files", data=body, headers=daemon.headers({"Content-Type": kind})) as response:
            assert response.status == 400, kind
    packed = {"Content-Type": "application/octet-stream", "Content-Encoding": "gzip"}
    for body in (b"not gzip", gzip.compress(b"cut short" * 100)[:-12], gzip.compress(b"a") + b"tail"):
        async with daemon.http.post("/files?path=x", data=body, headers=daemon.headers(packed)) as response:
            assert response.status == 400
    assert not (daemon.home / "x").exists()


async def test_no_space_is_507(daemon: Driver) -> None:
    assert (await daemon.upload({"/dev/full": b"x"}))[0] == 507


async def test_aborted_upload_leaves_nothing(daemon: Driver) -> None:
    class StopError(Exception):
        pass

    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * 100_000
        raise StopError

    raw = daemon.headers({"Content-Type": "application/octet-stream"})
    with pytest.raises(aiohttp.ClientError):
        async with daemon.http.post("/files?path=x", data=broken(), headers=raw):
            pass
    staging = daemon.home / ".cache/craft-desktop"
    async with daemon.http.get("/health") as response:
        assert response.status == 204
    await eventually(lambda: not staging.exists() or not list(staging.iterdir()), "nothing is left")
    assert not (daemon.home / "x").exists()


async def test_metadata(daemon: Driver) -> None:
    status, answer = await daemon.upload({"m": b"1"}, {"X-Metadata-Author": "me", "X-Metadata-k2": "v 2"})
    if status == 500:
        pytest.skip("no extended attributes on this file system")
    assert answer[0]["metadata"] == {"author": "me", "k2": "v 2"}
    _, told = await daemon.fs("Stat", path="m")
    assert told["entry"]["metadata"] == {"author": "me", "k2": "v 2"}
    await daemon.upload({"m": b"2"}, {"X-Metadata-k3": "v3"})
    _, told = await daemon.fs("Stat", path="m")
    assert told["entry"]["metadata"] == {"k3": "v3"}


@pytest.mark.parametrize(
    "headers",
    [{"x-metadata-": "v"}, {"x-metadata-" + "k" * 247: "v"}, {"x-metadata-k": "é"}, {"x-metadata-k": "v" * 4096}],
)
def test_metadata_limits(headers: dict[str, str]) -> None:
    with pytest.raises(HttpFault) as caught:
        upload_metadata(headers)
    assert caught.value.status == 400


async def test_signed_addresses(daemon: Driver) -> None:
    await daemon.upload({"s.txt": b"signed"})
    daemon.token = None
    read, write = get_signature("s.txt", "read", "user", TOKEN), get_signature("s.txt", "write", None, TOKEN, 60)
    signed: dict[str, str] = {"username": "user", "signature": read["signature"]}
    assert await daemon.download("s.txt", query=signed) == (200, b"signed")
    late = get_signature("s.txt", "read", "user", TOKEN, -10)
    for query, message in (
        ({}, b"missing signature query parameter"),
        ({**signed, "signature": "v1_x"}, b"invalid signature"),
        ({**signed, "username": ""}, b"invalid signature"),
        (
            {**signed, "signature": late["signature"], "signature_expiration": str(late["expiration"])},
            b"signature is already expired",
        ),
    ):
        status, body = await daemon.download("s.txt", query=query)
        assert status == 401
        assert message in body
    expires = {"signature": write["signature"], "signature_expiration": str(write["expiration"])}
    assert (await daemon.upload({"x": b"by signature"}, query={"path": "s.txt", **expires}))[0] == 200
    assert (daemon.home / "s.txt").read_bytes() == b"by signature"
    daemon.token = "wrong"
    status, body = await daemon.download("s.txt", query=signed)
    assert (status, b"does not match" in body) == (401, True)


async def test_unknown_user(daemon: Driver) -> None:
    assert (await daemon.download("x", query={"username": "ghost"}))[0] == 401


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('form-data; name="file"; filename="/a/b c.txt"', "/a/b c.txt"),
        ('form-data; name="file"; filename="q%22uote%0Aline%09tab"', 'q"uote\nline\ttab'),
        ('form-data; name="file"; filename="back\\\\slash"', "back\\slash"),
        ('form-data; name="file"; filename="100%25 %5B"', "100%25 %5B"),
        ('form-data; name="file"; filename="C:\\\\x"', "C:\\x"),
        ("form-data; name=file; filename=plain", "plain"),
    ],
)
def test_part_filename(header: str, name: str) -> None:
    assert part_filename(MultipartSegment([("Content-Disposition", header)])) == name


@pytest.mark.bench
async def test_ten_thousand_small_files(daemon: Driver, tmp_path: Path) -> None:
    source = tmp_path / "source"
    for folder in range(100):
        (source / f"d{folder}").mkdir(parents=True)
        for number in range(100):
            (source / f"d{folder}" / f"f{number}.js").write_bytes(b"export const x = 1;\n" * 20)
    files = {f"up/{p.relative_to(source)}": p.read_bytes() for p in source.rglob("*.js")}
    boundary = b"limit"
    body = b"".join(
        b'--limit\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\n%b\r\n'
        % (path.encode(), content)
        for path, content in files.items()
    )
    body += b"--limit--\r\n"
    begun = time.perf_counter()
    shutil.copytree(source, tmp_path / "copy")
    copied = time.perf_counter() - begun
    headers = daemon.headers({"Content-Type": f"multipart/form-data; boundary={boundary.decode()}"})
    begun = time.perf_counter()
    async with daemon.http.post("/files", data=io.BytesIO(body), headers=headers) as response:
        assert response.status == 200
        assert len(await response.json()) == 10_000
    took = time.perf_counter() - begun
    tell(f"10,000 files: uploaded in {took:.2f} s, copied in {copied:.2f} s, memory {daemon.memory()}")
    assert (daemon.home / "up/d99/f99.js").read_bytes() == files["up/d99/f99.js"]
    assert took < 3 * copied


async def test_large_upload_in_constant_memory(daemon: Driver) -> None:
    size = 200 * 1024 * 1024

    async def pieces() -> AsyncIterator[bytes]:
        piece = os.urandom(1024 * 1024)
        for _ in range(size // len(piece)):
            yield piece

    raw = daemon.headers({"Content-Type": "application/octet-stream"})
    async with daemon.http.post("/files?path=big", data=pieces(), headers=raw) as response:
        assert response.status == 200
    assert (daemon.home / "big").stat().st_size == size
    async with daemon.http.get("/files?path=big", headers=daemon.headers()) as response:
        got = 0
        async for chunk in response.content.iter_any():
            got += len(chunk)
    assert got == size
    _, own = daemon.memory()
    tell(f"own memory after 200 MB up and down: {own}")
    assert own < 24 * 1024 * 1024
