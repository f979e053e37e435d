"""Files and folders through the SDK."""

import io

import aiohttp
import pytest
from e2b import AsyncSandbox, FileType, InvalidArgumentException, NotFoundException, Sandbox
from e2b.sandbox.filesystem.filesystem import WriteEntry
from yarl import URL

NAMES = [
    "plain.txt",
    "with space.txt",
    "quote'\".txt",
    "new\nline.txt",
    "ünïcödé-日本.txt",
    "-dash",
    "per%20cent",
    "a;b=c.txt",
]


async def test_a_batch_is_written_under_any_name(sandbox: AsyncSandbox) -> None:
    entries = [WriteEntry(path=f"deep/er/{name}", data=f"content of {name}") for name in NAMES]
    written = await sandbox.files.write_files(entries)
    assert [info.path for info in written] == [f"/home/user/deep/er/{name}" for name in NAMES]
    for name in NAMES:
        assert await sandbox.files.read(f"deep/er/{name}") == f"content of {name}"
    listed = await sandbox.files.list("deep/er")
    assert {entry.name for entry in listed} == set(NAMES)


async def test_bytes_streams_and_large_files_come_back_as_they_were(sandbox: AsyncSandbox) -> None:
    content = bytes(range(256)) * 4096 * 8
    await sandbox.files.write("blob", content)
    assert bytes(await sandbox.files.read("blob", format="bytes")) == content
    await sandbox.files.write("stream", io.BytesIO(content))
    read = b"".join([chunk async for chunk in await sandbox.files.read("stream", format="stream")])
    assert read == content
    await sandbox.files.write("empty", b"")
    assert await sandbox.files.read("empty") == ""


async def test_two_hundred_files_in_one_batch(sandbox: AsyncSandbox) -> None:
    await sandbox.files.write_files([WriteEntry(path=f"many/{n}.txt", data=str(n)) for n in range(200)])
    assert len(await sandbox.files.list("many")) == 200


async def test_folders_are_made_renamed_and_removed(sandbox: AsyncSandbox) -> None:
    files = sandbox.files
    assert await files.make_dir("one/two")
    assert not await files.make_dir("one/two")
    await files.write("one/two/a", "x")
    moved = await files.rename("one", "uno")
    assert moved.path == "/home/user/uno" and moved.type is FileType.DIR
    assert not await files.exists("one")
    assert await files.exists("uno/two/a")
    info = await files.get_info("uno/two/a")
    assert (info.name, info.size, info.owner) == ("a", 1, "user")
    await files.remove("uno")
    assert not await files.exists("uno")
    await files.remove("uno")


async def test_absence_and_wrong_kinds_are_told(sandbox: AsyncSandbox) -> None:
    files = sandbox.files
    with pytest.raises(NotFoundException):
        await files.read("nothing")
    with pytest.raises(NotFoundException):
        await files.list("nothing")
    with pytest.raises(NotFoundException):
        await files.rename("nothing", "more")
    await files.write("file", "x")
    with pytest.raises(InvalidArgumentException):
        await files.list("file")
    with pytest.raises(InvalidArgumentException):
        await files.read("/home/user")


async def test_a_write_where_nothing_may_be_written_is_told(sandbox: AsyncSandbox) -> None:
    for path in ("/usr/bin/x", "/etc/passwd", "/x"):
        with pytest.raises(Exception, match=r"(?i)read-only|permission|denied"):
            await sandbox.files.write(path, "x")


def test_the_sync_sdk_does_the_same(sync_sandbox: Sandbox) -> None:
    files = sync_sandbox.files
    files.write_files([WriteEntry(path=name, data=name) for name in NAMES])
    assert {entry.name for entry in files.list("")} >= set(NAMES)
    assert files.read(NAMES[3]) == NAMES[3]
    assert files.exists(NAMES[4])
    files.remove(NAMES[4])
    assert not files.exists(NAMES[4])


async def test_signed_addresses_find_their_sandbox(sandbox: AsyncSandbox) -> None:
    await sandbox.files.write("a b+é.txt", "signed")
    async with aiohttp.ClientSession() as session:
        url = sandbox.download_url("a b+é.txt", use_signature_expiration=60)
        async with session.get(URL(url, encoded=True)) as answer:
            assert (answer.status, await answer.text()) == (200, "signed")
        upload = sandbox.upload_url("up.txt", use_signature_expiration=60)
        async with session.post(URL(upload, encoded=True), data={"file": io.BytesIO(b"sent")}) as answer:
            assert answer.status == 200
        assert await sandbox.files.read("up.txt") == "sent"
        forged = url.replace("signature=v1_", "signature=v1_0")
        async with session.get(URL(forged, encoded=True)) as answer:
            assert answer.status == 502
