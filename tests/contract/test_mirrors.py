"""The rest of both Python SDKs: lists, metrics, network, typed errors, and files in every form."""

import asyncio
import io
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest
from e2b import (
    AsyncSandbox,
    AuthenticationException,
    FileNotFoundException,
    FileType,
    InvalidArgumentException,
    NotEnoughSpaceException,
    Sandbox,
    SandboxException,
    SandboxQuery,
    SandboxState,
)
from e2b.connection_config import ApiParams
from e2b.exceptions import SandboxNotFoundException, SandboxNotRunningException
from e2b.sandbox.filesystem.filesystem import WriteEntry

from craft_desktop.host.handshake import Ready

NOBODY = "i" + "0" * 20


@pytest.fixture
async def three(options: ApiParams) -> AsyncIterator[tuple[str, list[AsyncSandbox]]]:
    mark = f"{uuid4()} &=%/é"
    made = [await AsyncSandbox.create(metadata={"mark": mark, "n": str(n)}, **options) for n in range(3)]
    yield mark, made
    await asyncio.gather(*(each.kill() for each in made))


async def test_lists(options: ApiParams, three: tuple[str, list[AsyncSandbox]]) -> None:
    mark, made = three
    oldest_first = [each.sandbox_id for each in made]
    await made[0].pause()

    async def ids(limit: int | None = None, order: str | None = None, **query: object) -> list[list[str]]:
        asked = SandboxQuery(metadata={"mark": mark}, **query)  # type: ignore[arg-type]
        paginator = AsyncSandbox.list(query=asked, limit=limit, order=order, **options)  # type: ignore[arg-type]
        pages = []
        while paginator.has_next:
            pages.append([info.sandbox_id for info in await paginator.next_items()])
        with pytest.raises(Exception, match="No more items"):
            await paginator.next_items()
        return pages

    def ids_sync(limit: int | None = None, **query: object) -> list[list[str]]:
        paginator = Sandbox.list(query=SandboxQuery(metadata={"mark": mark}, **query), limit=limit, **options)  # type: ignore[arg-type]
        pages = []
        while paginator.has_next:
            pages.append([info.sandbox_id for info in paginator.next_items()])
        return pages

    newest_first = oldest_first[::-1]
    assert await ids() == ids_sync() == [newest_first]
    assert await ids(limit=1) == ids_sync(limit=1) == [[each] for each in newest_first]
    assert await ids(limit=2, order="asc") == [oldest_first[:2], oldest_first[2:]]
    assert await ids(state=[SandboxState.PAUSED]) == ids_sync(state=[SandboxState.PAUSED]) == [[oldest_first[0]]]
    assert await ids(state=[SandboxState.RUNNING], limit=1) == [[each] for each in newest_first[:2]]
    assert await ids(state=list(SandboxState)) == [newest_first]
    second = (await made[1].get_info()).started_at
    assert await ids(started_after=second) == [newest_first[:2]]
    assert await ids(started_after=second + timedelta(hours=1)) == [[]]
    assert await ids(template="base") == [newest_first]
    assert await ids(template="other") == [[]]


def test_a_page_survives_what_comes_and_goes_meanwhile(options: ApiParams) -> None:
    mark = {"mark": str(uuid4())}
    made = [Sandbox.create(metadata=mark, **options) for _ in range(3)]
    try:
        paginator = Sandbox.list(query=SandboxQuery(metadata=mark), limit=1, **options)
        assert [each.sandbox_id for each in paginator.next_items()] == [made[2].sandbox_id]
        made[2].kill()
        made.append(Sandbox.create(metadata=mark, **options))
        assert [each.sandbox_id for each in paginator.next_items()] == [made[1].sandbox_id]
        later = Sandbox.list(query=SandboxQuery(metadata=mark), limit=5, next_token=paginator.next_token, **options)
        assert [each.sandbox_id for each in later.next_items()] == [made[0].sandbox_id]
    finally:
        for each in made:
            each.kill()


def test_the_sync_sdk_keeps_a_sandbox(options: ApiParams, sync_sandbox: Sandbox) -> None:
    sandbox_id = sync_sandbox.sandbox_id
    assert Sandbox.connect(sandbox_id, **options).commands.run("echo same").stdout == "same\n"
    assert sync_sandbox.get_info().sandbox_id == Sandbox.get_info(sandbox_id, **options).sandbox_id == sandbox_id
    sync_sandbox.set_timeout(400)
    assert sync_sandbox.get_info().end_at > datetime.now(UTC) + timedelta(seconds=380)
    Sandbox.set_timeout(sandbox_id, 100, **options)
    assert sync_sandbox.get_info().end_at < datetime.now(UTC) + timedelta(seconds=110)
    assert sync_sandbox.pause()
    assert sync_sandbox.get_info().state is SandboxState.PAUSED
    assert not sync_sandbox.pause()
    sync_sandbox.connect()
    assert sync_sandbox.is_running()
    assert sync_sandbox.get_host(3000).startswith(f"3000-{sandbox_id}.")


async def test_metrics_have_a_span(sandbox: AsyncSandbox, sync_sandbox: Sandbox) -> None:
    now = datetime.now(UTC)
    for metrics in (await sandbox.get_metrics(), sync_sandbox.get_metrics()):
        assert metrics[0].mem_used > 0 and metrics[0].disk_total > metrics[0].disk_used > 0
        assert abs(metrics[0].timestamp - now) < timedelta(seconds=60)
    assert await sandbox.get_metrics(end=now - timedelta(hours=1)) == []
    assert sync_sandbox.get_metrics(start=now + timedelta(hours=1)) == []


async def test_a_network_update_that_forbids_nothing(sync_sandbox: Sandbox) -> None:
    sync_sandbox.update_network({"allow_internet_access": True})
    assert sync_sandbox.get_info().allow_internet_access is True


async def test_a_sandbox_that_never_was(options: ApiParams) -> None:
    for act in (
        AsyncSandbox.get_info(NOBODY, **options),
        AsyncSandbox.set_timeout(NOBODY, 10, **options),
        AsyncSandbox.pause(NOBODY, **options),
        AsyncSandbox.get_metrics(NOBODY, **options),
        AsyncSandbox.update_network(NOBODY, {}, **options),
        AsyncSandbox.connect(NOBODY, **options),
    ):
        with pytest.raises(SandboxNotFoundException):
            await act
    for sync_act in (Sandbox.get_info, Sandbox.pause, Sandbox.get_metrics, Sandbox.connect):
        with pytest.raises(SandboxNotFoundException):
            sync_act(NOBODY, **options)
    assert not Sandbox.kill(NOBODY, **options)
    assert not await AsyncSandbox.kill(NOBODY, **options)


def test_a_sandbox_that_was(options: ApiParams) -> None:
    sandbox = Sandbox.create(**options)
    sandbox.kill()
    assert not sandbox.is_running()
    for act in (
        lambda: sandbox.commands.run("true"),
        lambda: sandbox.commands.list(),
        lambda: sandbox.files.read("x"),
        lambda: sandbox.files.write("x", "x"),
        lambda: sandbox.files.list(""),
        lambda: sandbox.files.watch_dir(""),
    ):
        with pytest.raises(SandboxNotRunningException, match="was not found: The sandbox was killed"):
            act()


def test_keys_and_wishes_that_are_refused(options: ApiParams) -> None:
    wrong = ApiParams(**{**options, "api_key": "e2b_" + "0" * 40})
    for act in (lambda: Sandbox.create(**wrong), lambda: Sandbox.list(**wrong).next_items()):
        with pytest.raises(AuthenticationException):
            act()
    with pytest.raises(SandboxException, match="404"):
        Sandbox.create("no-such-template", **options)


async def test_every_form_of_content(sandbox: AsyncSandbox) -> None:
    files, content = sandbox.files, bytes(range(256)) * 300

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), 1000):
            yield content[start : start + 1000]

    for name, data in (("bytes", content), ("file", io.BytesIO(content)), ("pieces", pieces())):
        written = await files.write(name, data)
        assert (written.path, written.name, written.type) == (f"/home/user/{name}", name, FileType.FILE)
        assert bytes(await files.read(name, format="bytes")) == content
    await files.write("packed", content, gzip=True)
    assert bytes(await files.read("packed", format="bytes", gzip=True)) == content
    stream = await files.read("packed", format="stream", gzip=True)
    assert b"".join([chunk async for chunk in stream]) == content
    await files.write("text", io.StringIO("ä text"))
    assert await files.read("text") == "ä text"
    told = await files.write("kept", "x", metadata={"Author": "me"})
    assert told.metadata == (await files.get_info("kept")).metadata == {"author": "me"}
    await files.write("kept", "y")
    assert not (await files.get_info("kept")).metadata
    assert await files.write_files([]) == []


def test_the_sync_sdk_sends_every_form_too(sync_sandbox: Sandbox) -> None:
    files, content = sync_sandbox.files, bytes(range(256)) * 300

    def pieces() -> Iterator[bytes]:
        yield content[:1000]
        yield content[1000:]

    for name, data in (("bytes", content), ("file", io.BytesIO(content)), ("pieces", pieces())):
        files.write(name, data)
        assert bytes(files.read(name, format="bytes")) == content
        assert b"".join(files.read(name, format="stream")) == content
    written = files.write_files([WriteEntry(path=f"some/{n}", data=str(n)) for n in range(3)])
    assert [each.path for each in written] == [f"/home/user/some/{n}" for n in range(3)]


async def test_commands_of_e2bs_template(sandbox: AsyncSandbox, sync_sandbox: Sandbox) -> None:
    assert (await sandbox.commands.run("sudo -E -u root sh -c 'echo $FOO'", envs={"FOO": "f"})).stdout == "f\n"
    assert sync_sandbox.commands.run("sudo id -un").stdout in ("user\n", "root\n")
    await sandbox.files.write("kept", "x")
    await sandbox.commands.run("setfattr -n user.e2b.author -v me ~/kept")
    assert (await sandbox.files.get_info("kept")).metadata == {"author": "me"}


async def test_names_that_look_escaped_are_taken_as_they_are(sandbox: AsyncSandbox, sync_sandbox: Sandbox) -> None:
    """Alone, that is: in a batch both SDKs send a quote as `%22` too, and one of the two has to give way."""
    for name in ("a%22b", "a%0Ab", "100%", 'a"b'):
        await sandbox.files.write(name, "odd")
        assert await sandbox.files.read(name) == "odd"
        sync_sandbox.files.write(name, "odd")
        assert name in [entry.name for entry in sync_sandbox.files.list("")]


async def test_paths_mean_what_they_mean_in_a_shell(sandbox: AsyncSandbox) -> None:
    files = sandbox.files
    for asked, path in (("rel", "/home/user/rel"), ("~/home", "/home/user/home"), ("/tmp/abs", "/tmp/abs")):
        assert (await files.write(asked, "x")).path == path
        assert await files.exists(path)
    await files.write("/tmp/x/../up", "x")
    assert await files.exists("/tmp/up")
    assert (await files.get_info("~")).path == "/home/user"
    assert (await files.list("/home"))[0].name == "user"


async def test_listings_have_depth_and_kinds(sandbox: AsyncSandbox) -> None:
    files = sandbox.files
    await files.write_files([WriteEntry(path=f"top/{path}", data="x") for path in ("a/b/c/deep", "a/file", "file")])
    await sandbox.commands.run("cd top; ln -s a/file link; ln -s nowhere broken; ln -s a folder; chmod 750 file")
    flat = await files.list("top")
    assert [entry.name for entry in flat] == ["a", "broken", "file", "folder", "link"]
    by_name = {entry.name: entry for entry in flat}
    assert (by_name["file"].permissions, by_name["file"].mode, by_name["file"].owner) == ("-rwxr-x---", 0o750, "user")
    assert (by_name["link"].type, by_name["link"].symlink_target) == (FileType.FILE, "/home/user/top/a/file")
    assert by_name["folder"].type is FileType.DIR
    assert by_name["a"].type is FileType.DIR and by_name["a"].group == "user"
    assert len(await files.list("top", depth=2)) == 7
    assert [entry.path for entry in await files.list("top", depth=9)][:4] == [
        "/home/user/top/a",
        "/home/user/top/a/b",
        "/home/user/top/a/b/c",
        "/home/user/top/a/b/c/deep",
    ]
    for depth in (0, -1):
        with pytest.raises(InvalidArgumentException):
            await files.list("top", depth=depth)
    with pytest.raises(InvalidArgumentException):
        await files.list("top/file")


async def test_files_fail_in_typed_errors(sandbox: AsyncSandbox, sync_sandbox: Sandbox) -> None:
    files, sync_files = sandbox.files, sync_sandbox.files
    for absent in (files.read("no"), files.list("no"), files.get_info("no"), files.rename("no", "yes")):
        with pytest.raises(FileNotFoundException):
            await absent
    for sync_absent in (sync_files.read, sync_files.list, sync_files.get_info):
        with pytest.raises(FileNotFoundException):
            sync_absent("no")
    await files.write("file", "x")
    for wrong in (files.make_dir("file"), files.read("/tmp"), files.write("/tmp", "x"), files.write("file/below", "x")):
        with pytest.raises(InvalidArgumentException):
            await wrong
    for stranger in (files.write("x", "x", user="stranger"), files.list("", user="stranger")):
        with pytest.raises(AuthenticationException):
            await stranger
    with pytest.raises(NotEnoughSpaceException):
        await files.write("/dev/full", "x" * 100_000)
    with pytest.raises(NotEnoughSpaceException):
        sync_files.write("/dev/full", "x" * 100_000)
    await files.remove("no")


def test_signed_addresses(sync_sandbox: Sandbox) -> None:
    sync_sandbox.files.write("x", "signed")
    url = sync_sandbox.download_url("x", user="user", use_signature_expiration=120)
    assert httpx.get(url).text == "signed"
    expired = sync_sandbox.download_url("x", use_signature_expiration=-120)
    answer = httpx.get(expired)
    assert (answer.status_code, answer.json()) == (401, {"code": 401, "message": "signature is already expired"})
    upload = sync_sandbox.upload_url("up", use_signature_expiration=120)
    sent = httpx.post(upload, files={"file": b"sent"})
    assert sent.status_code == 200
    assert sync_sandbox.files.read("up") == "sent"
    # an address to read is none to write
    assert httpx.post(url, files={"file": b"x"}).status_code != 200


def test_the_time_of_a_sandbox_ends(options: ApiParams) -> None:
    sandbox = Sandbox.create(timeout=1, **options)
    deadline = time.monotonic() + 20
    while sandbox.is_running():
        assert time.monotonic() < deadline
    with pytest.raises(SandboxNotFoundException):
        sandbox.get_info()


async def test_envds_own_answers_want_its_token(host: Ready, sandbox: AsyncSandbox) -> None:
    named = {"E2b-Sandbox-Id": sandbox.sandbox_id, "E2b-Sandbox-Port": "49983"}
    known = {**named, "X-Access-Token": str(sandbox._envd_access_token)}
    async with httpx.AsyncClient(base_url=host.sandbox_url) as client:
        for path in ("/envs", "/metrics"):
            assert (await client.get(path, headers=named)).status_code == 401
        assert (await client.get("/health", headers=named)).status_code == 204
        assert "PATH" not in (await client.get("/envs", headers=known)).json()
        metrics = (await client.get("/metrics", headers=known)).json()
        assert {"ts", "cpu_count", "cpu_used_pct", "mem_total", "mem_used", "disk_used", "disk_total"} <= metrics.keys()
        assert 0 < metrics["mem_used"] < metrics["mem_total"]


async def test_a_part_of_a_file_can_be_asked_for(sandbox: AsyncSandbox) -> None:
    await sandbox.files.write("f", "Hello, world!")
    url = sandbox.download_url("f", use_signature_expiration=60)
    async with httpx.AsyncClient() as client:
        part = await client.get(url, headers={"Range": "bytes=7-11"})
        assert (part.status_code, part.text, part.headers["Content-Range"]) == (206, "world", "bytes 7-11/13")
        assert (await client.get(url, headers={"Range": "bytes=-6"})).text == "world!"
        assert (await client.get(url, headers={"Range": "bytes=99-"})).status_code == 416


@pytest.mark.skipif(shutil.which("git") is None, reason="a sandbox has the git of this machine, and here is none")
def test_git_works_in_a_sandbox(sync_sandbox: Sandbox) -> None:
    run = sync_sandbox.commands.run
    run("git init -q -b main repo && git config --global user.name B && git config --global user.email b@e.c")
    sync_sandbox.files.write("repo/README.md", "one\n")
    run("git add -A && git commit -qm first", cwd="/home/user/repo")
    assert run("git status --porcelain", cwd="/home/user/repo").stdout == ""
    run("git init -q --bare -b main remote.git")
    serve = "git daemon --reuseaddr --base-path=$HOME --export-all --enable=receive-pack --listen=127.0.0.1 --port=$P"
    daemon = run(f"P=${{PORT:-9418}}; echo $P > port; exec {serve}", background=True, timeout=0)
    url = "git://127.0.0.1:$(cat ~/port)/remote.git"
    run(f"for i in $(seq 100); do git ls-remote {url} && exit; sleep 0.05; done; exit 1")
    run(f"git push -q {url} main && git clone -q {url} ~/clone", cwd="/home/user/repo")
    assert sync_sandbox.files.read("clone/README.md") == "one\n"
    assert daemon.kill()
