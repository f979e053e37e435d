"""Snapshots and forks through the SDK: files are kept, shared by nobody, and found again by the next host."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, aclosing
from pathlib import Path
from subprocess import Popen
from uuid import uuid4

import aiohttp
import pytest
from e2b import AsyncSandbox, InvalidArgumentException, SandboxException, SandboxQuery, SandboxState
from e2b.connection_config import ApiParams
from e2b.exceptions import SandboxNotFoundException

from craft_desktop.host.handshake import Ready
from craft_desktop.tasks import Owner
from tests.lacking import can_wall, skip_unless

StartHost = Callable[..., AbstractContextManager[tuple[Ready, "Popen[bytes]"]]]


def options_of(ready: Ready) -> ApiParams:
    return ApiParams(api_key=ready.api_key, api_url=ready.api_url, sandbox_url=ready.sandbox_url)


async def out(sandbox: AsyncSandbox, command: str) -> str:
    return (await sandbox.commands.run(command)).stdout


async def listed(options: ApiParams, **query: str) -> list[str]:
    paginator = AsyncSandbox.list_snapshots(limit=2, **query, **options)
    found: list[str] = []
    while paginator.has_next:
        found += [each.snapshot_id for each in await paginator.next_items()]
    return found


@pytest.fixture
async def made() -> AsyncIterator[list[AsyncSandbox]]:
    """Sandboxes to be killed at the end."""
    sandboxes: list[AsyncSandbox] = []
    yield sandboxes
    for each in sandboxes:
        await each.kill()


async def test_a_sandbox_begins_with_the_files_of_a_snapshot(
    sandbox: AsyncSandbox, options: ApiParams, made: list[AsyncSandbox]
) -> None:
    await sandbox.files.write("app/kept.txt", "first")
    await sandbox.files.write("app/gone.txt", "x")
    await sandbox.files.write("/tmp/scratch", "tmp")
    await out(
        sandbox, "cd app && chmod 640 kept.txt && ln -s kept.txt link && touch -d @1000000 kept.txt && chmod 500 ."
    )
    taken = await sandbox.create_snapshot()
    await out(sandbox, "chmod 700 app && rm app/gone.txt && echo later > app/kept.txt")
    try:
        made += [await AsyncSandbox.create(taken.snapshot_id, timeout=120, **options) for _ in range(2)]
        one, two = made
        assert await out(one, "cat app/link app/gone.txt /tmp/scratch; stat -c '%a %Y %n' app app/kept.txt") == (
            "firstxtmp500 " + (await out(one, "stat -c %Y app")).strip() + " app\n640 1000000 app/kept.txt\n"
        )
        await out(one, "chmod 700 app; rm app/gone.txt; echo mine > app/kept.txt; mv app app2; mkdir app; ls app2")
        assert await out(two, "cat app/kept.txt app/gone.txt; ls app") == "firstxgone.txt\nkept.txt\nlink\n"
        assert (await two.get_info()).template_id in taken.snapshot_id
        assert await out(sandbox, "cat app/kept.txt") == "later\n"
    finally:
        assert await AsyncSandbox.delete_snapshot(taken.snapshot_id, **options)
    assert not await AsyncSandbox.delete_snapshot(taken.snapshot_id, **options)
    # those who stand upon it go on
    assert await out(made[1], "cat app/kept.txt") == "first"
    with pytest.raises(SandboxException, match=r"404.*was not found"):
        await AsyncSandbox.create(taken.snapshot_id, **options)


async def test_snapshots_of_snapshots_keep_what_is_beneath(
    sandbox: AsyncSandbox, options: ApiParams, made: list[AsyncSandbox]
) -> None:
    """More of them than an overlay may have layers: somewhere on the way they are made whole again."""
    await out(sandbox, "mkdir -p deep/er; echo 0 > base; echo x > deep/er/file; echo x > fleeting")
    top, taken = sandbox, await sandbox.create_snapshot()
    for number in range(1, 11):
        top = await AsyncSandbox.create(taken.snapshot_id, timeout=120, **options)
        made.append(top)
        change = "rm fleeting; rm -r deep; mkdir deep; echo y > deep/new" if number == 2 else "true"
        await out(top, f"echo {number} >> base; {change}")
        former, taken = taken, await top.create_snapshot()
        assert await AsyncSandbox.delete_snapshot(former.snapshot_id, **options)
    last = await AsyncSandbox.create(taken.snapshot_id, timeout=120, **options)
    made.append(last)
    told = await out(last, "cat base | tr '\\n' ' '; find deep fleeting 2>/dev/null | sort | tr '\\n' ' '")
    assert told == "0 1 2 3 4 5 6 7 8 9 10 deep deep/new "
    await AsyncSandbox.delete_snapshot(taken.snapshot_id, **options)


async def test_unusual_files_are_kept(sandbox: AsyncSandbox, options: ApiParams, made: list[AsyncSandbox]) -> None:
    """Twice: once out of a plain folder, once out of an overlay's upper one."""
    make = (
        "umask 022; rm -rf ~/odd; mkdir ~/odd && cd ~/odd && touch $'a\\nb' $'x\\377' && mkfifo -m 640 pipe && "
        "truncate -s 1G sparse && echo x > linked && ln linked same && ln -s $'/no\\nwhere' link && "
        "touch -h -d @1000000 link && mkdir -p closed && echo in > closed/in && echo s > secret && "
        "touch -d @999 secret && chmod 000 secret closed && chmod 1770 ~"
    )
    tell = (
        "cd ~/odd && stat -c '%A %h %s %n' $(ls -d *k* pipe sparse secret) | tr '\\n' ';'; stat -c %Y link secret;"
        "ls -b | tr '\\n' ' '; du -s sparse | cut -f1; readlink link; chmod 700 closed secret; cat closed/in secret;"
        "stat -c %A ~; stat -c '%i' same linked | uniq | wc -l"
    )
    await out(sandbox, make)
    upon = sandbox
    said = ""
    for _ in range(2):
        taken = await upon.create_snapshot()
        upon = await AsyncSandbox.create(taken.snapshot_id, timeout=120, **options)
        made.append(upon)
        await AsyncSandbox.delete_snapshot(taken.snapshot_id, **options)
        former, said = said, await out(upon, tell)
        assert former in ("", said)
        await out(upon, "chmod 700 ~;" + make)
    assert "a\\nb" in said and "x\\377" in said and "drwxrwx--T" in said
    assert "1000000\n999\n" in said and said.endswith("in\ns\ndrwxrwx--T\n1\n")


async def test_folders_of_a_snapshot_are_moved(
    sandbox: AsyncSandbox, options: ApiParams, made: list[AsyncSandbox]
) -> None:
    """The kernel does not rename them (EXDEV); whoever asks the daemon is not to notice."""
    await out(sandbox, "mkdir -p app/in empty full/x; echo 1 > app/in/file; ln -s file app/in/link")
    taken = await sandbox.create_snapshot()
    upon = await AsyncSandbox.create(taken.snapshot_id, timeout=120, **options)
    made.append(upon)
    await AsyncSandbox.delete_snapshot(taken.snapshot_id, **options)
    await upon.files.rename("app", "moved")
    await upon.files.rename("moved/in", "empty")
    assert await out(upon, "cat empty/link; ls moved; ls") == "1\nempty\nfull\nmoved\n"
    with pytest.raises(SandboxException):
        await upon.files.rename("empty", "full")
    assert await out(upon, "ls full empty") == "empty:\nfile\nlink\n\nfull:\nx\n"


async def test_takings_at_once_and_an_end_in_their_midst(start_host: StartHost, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with start_host(state) as (ready, _):
        options = options_of(ready)
        sandbox = await AsyncSandbox.create(**options)
        await out(sandbox, "mkdir many; cd many; for i in $(seq 1500); do echo $i > $i; done")
        taken = await asyncio.gather(*(sandbox.create_snapshot() for _ in range(3)))
        assert len(set(await listed(options))) == 3
        for each in taken:
            upon = await AsyncSandbox.create(each.snapshot_id, **options)
            assert await out(upon, "ls many | wc -l") == "1500\n"
            await upon.kill()
            await AsyncSandbox.delete_snapshot(each.snapshot_id, **options)
        calls = [sandbox.create_snapshot(), sandbox.fork(count=2), sandbox.pause(), sandbox.kill()]
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert all(not isinstance(each, BaseException) or isinstance(each, SandboxException) for each in results)
        for name in await listed(options):
            await AsyncSandbox.delete_snapshot(name, **options)
        for forked in results[1] if isinstance(results[1], list) else []:
            await forked.kill()
        async with asyncio.timeout(20):
            while (state / "snapshots").exists():
                await asyncio.sleep(0.05)
    assert list(state.iterdir()) == []


async def test_a_host_killed_over_a_taking_leaves_nothing_to_the_next(start_host: StartHost, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with start_host(state) as (ready, process):
        sandbox = await AsyncSandbox.create(**options_of(ready))
        await out(sandbox, "mkdir many; cd many; for i in $(seq 3000); do echo $i > $i; done")
        async with aclosing(Owner("test")) as owner:
            taking = owner.start(sandbox.create_snapshot(), name="take", awaited=True)
            async with asyncio.timeout(20):
                while not list(state.glob("snapshots/*/home/many/*")):
                    await asyncio.sleep(0.005)
            process.kill()
            process.wait()
            with pytest.raises(Exception, match=r"disconnected|reset|closed|failed"):
                await taking
        assert list(state.glob("snapshots/*")) and not list(state.glob("snapshots/*/snapshot.json"))
    with start_host(state) as (ready, _):
        assert await listed(options_of(ready)) == []
        assert not (state / "snapshots").exists()
    assert list(state.iterdir()) == []


async def test_a_sandbox_without_a_bottom_goes_with_the_rest(start_host: StartHost, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with start_host(state) as (ready, process):
        sandbox = await AsyncSandbox.create(**options_of(ready))
        dig = "for (let i = 0; i < 1500; i++) { fs.mkdirSync('d'); process.chdir('d') }"
        await out(sandbox, f'node -e "{dig}"')
        with pytest.raises(SandboxException, match="folders lie in one another"):
            await sandbox.create_snapshot()
        assert await out(sandbox, "echo well") == "well\n"
        await sandbox.kill()
    assert process.returncode == 0
    assert list(state.iterdir()) == []


async def test_snapshots_are_listed_in_pages_and_by_name(sandbox: AsyncSandbox, options: ApiParams) -> None:
    name = f"snap-{uuid4().hex[:8]}"
    taken = [await sandbox.create_snapshot() for _ in range(3)]
    named = await sandbox.create_snapshot(name=name)
    assert named.names == [f"local/{name}"] and named.snapshot_id == f"local/{name}:default"
    ids = [each.snapshot_id for each in [named, *reversed(taken)]]
    assert await listed(options, sandbox_id=sandbox.sandbox_id) == ids
    assert await listed(options, name=name) == await listed(options, name=f"{name}:default") == [named.snapshot_id]
    assert await listed(options, name=f"{name}:other") == await listed(options, name=f"{name}x") == []
    await sandbox.files.write("again", "x")
    again = await sandbox.create_snapshot(name=name)
    assert again == named
    assert await listed(options, name=name) == [named.snapshot_id]
    newest = await AsyncSandbox.create(name, timeout=60, **options)
    assert await newest.files.exists("again")
    for template in (name, named.snapshot_id, (await newest.get_info()).template_id):
        found = await AsyncSandbox.list(query=SandboxQuery(template=template), **options).next_items()
        assert [each.sandbox_id for each in found] == [newest.sandbox_id]
    await newest.kill()
    for each in ids:
        assert await AsyncSandbox.delete_snapshot(each, **options)
    assert await listed(options, sandbox_id=sandbox.sandbox_id) == []
    with pytest.raises(SandboxException, match="400"):
        await sandbox.create_snapshot(name="Not A Name")
    with pytest.raises(SandboxNotFoundException):
        await AsyncSandbox.create_snapshot("i" + "0" * 20, **options)


async def test_a_snapshot_of_files_being_written_is_of_one_moment(
    sandbox: AsyncSandbox, options: ApiParams, made: list[AsyncSandbox]
) -> None:
    """A writer keeps two files equal; in between only one is written. No snapshot may show more than that one step."""
    script = "i=0; while :; do i=$((i+1)); echo $i > t; mv t a; echo $i > t; mv t b; done"
    await sandbox.commands.run(script, background=True, timeout=0)
    await out(sandbox, "mkdir many; for i in $(seq 1500); do echo $i > many/$i; done; while [ ! -s b ]; do :; done")
    for _ in range(3):
        taken = await sandbox.create_snapshot()
        copy = await AsyncSandbox.create(taken.snapshot_id, timeout=60, **options)
        made.append(copy)
        first, second = (
            int(word or 0) for word in (await out(copy, "cat a; echo; cat b")).replace("\n\n", "\n").split()
        )
        assert 0 <= first - second <= 1
        await AsyncSandbox.delete_snapshot(taken.snapshot_id, **options)
    before = await out(sandbox, "cat b")
    async with asyncio.timeout(10):
        while await out(sandbox, "cat b") in (before, "", "\n"):
            pass


async def test_forks_have_the_files_and_settings_of_the_first(options: ApiParams, made: list[AsyncSandbox]) -> None:
    first = await AsyncSandbox.create(timeout=120, metadata={"a": "1"}, envs={"GIVEN": "yes"}, **options)
    made.append(first)
    await first.files.write("state", "before")
    forks = await first.fork(count=2, timeout=60)
    for each in forks:
        assert isinstance(each, AsyncSandbox)
        made.append(each)
        assert await out(each, "cat state; echo $GIVEN") == "beforeyes\n"
        assert (await each.get_info()).metadata == {"a": "1"}
        await each.files.write("state", each.sandbox_id)
    assert len({each.sandbox_id for each in made}) == 3
    assert await first.files.read("state") == "before"
    assert await listed(options, sandbox_id=first.sandbox_id) == []
    for count in (0, 21):
        with pytest.raises(InvalidArgumentException):
            await first.fork(count=count)
    await first.pause()
    with pytest.raises(SandboxException, match="409"):
        await first.fork()


async def test_a_paused_sandbox_gives_a_snapshot_and_stays_paused(
    sandbox: AsyncSandbox, options: ApiParams, made: list[AsyncSandbox]
) -> None:
    await sandbox.files.write("x", "x")
    await sandbox.pause()
    taken = await sandbox.create_snapshot()
    assert (await sandbox.get_info()).state is SandboxState.PAUSED
    made.append(await AsyncSandbox.create(taken.snapshot_id, **options))
    assert await made[0].files.read("x") == "x"
    await AsyncSandbox.delete_snapshot(taken.snapshot_id, **options)
    assert not await sandbox.is_running()
    await sandbox.connect()
    assert await sandbox.files.read("x") == "x"


@pytest.mark.parametrize("number", [15, 9])
async def test_the_next_host_finds_the_snapshots_of_the_last(
    start_host: StartHost, tmp_path: Path, number: int
) -> None:
    state = tmp_path / "state"
    with start_host(state) as (ready, process):
        options = options_of(ready)
        sandbox = await AsyncSandbox.create(**options)
        await sandbox.files.write("kept", "kept")
        kept, gone = await sandbox.create_snapshot(), await sandbox.create_snapshot()
        upon = await AsyncSandbox.create(gone.snapshot_id, **options)
        await AsyncSandbox.delete_snapshot(gone.snapshot_id, **options)
        assert await upon.files.read("kept") == "kept"
        process.send_signal(number)
        process.wait()
    with start_host(state) as (ready, _):
        options = options_of(ready)
        assert await listed(options) == [kept.snapshot_id]
        assert len(os.listdir(state / "snapshots")) == 1  # noqa: PTH208
        again = await AsyncSandbox.create(kept.snapshot_id, **options)
        assert await again.files.read("kept") == "kept"
        await AsyncSandbox.delete_snapshot(kept.snapshot_id, **options)
    assert list(state.iterdir()) == []


async def test_without_walls_files_are_copied(start_host: StartHost, tmp_path: Path) -> None:
    with start_host(tmp_path / "state", "--isolation", "none") as (ready, _):
        options = options_of(ready)
        plain = {"isolation": "none"}
        sandbox = await AsyncSandbox.create(metadata=plain, **options)
        await sandbox.files.write("a/b", "x")
        taken = await sandbox.create_snapshot()
        copy = await AsyncSandbox.create(taken.snapshot_id, metadata=plain, **options)
        assert await out(copy, "cat a/b; echo y > a/b; node -p 1") == "x1\n"
        assert await sandbox.files.read("a/b") == "x"


async def test_odd_requests_are_told(host: Ready, sandbox: AsyncSandbox) -> None:
    async with aiohttp.ClientSession(headers={"X-API-KEY": host.api_key}) as session:
        for method, path, body, code in (
            ("GET", "/snapshots?limit=0", "", 400),
            ("GET", "/snapshots?limit=x", "", 400),
            ("GET", "/snapshots?nextToken=x", "", 400),
            ("POST", f"/sandboxes/{sandbox.sandbox_id}/snapshots", "[]", 400),
            ("POST", f"/sandboxes/{sandbox.sandbox_id}/snapshots", "{", 400),
            ("POST", f"/sandboxes/{sandbox.sandbox_id}/fork", '{"count": 21}', 400),
            ("POST", f"/sandboxes/{sandbox.sandbox_id}/fork", '{"count": true}', 400),
            ("POST", "/sandboxes/x/fork", "", 404),
            ("DELETE", "/templates/nothing", "", 404),
            ("DELETE", "/templates/local%2Fnothing%3Adefault", "", 404),
            ("DELETE", "/templates/..%2F..", "", 404),
        ):
            async with session.request(method, f"{host.api_url}{path}", data=body) as answer:
                assert (answer.status, (await answer.json())["code"]) == (code, code), path


async def test_what_is_shown_below_a_home_lies_upon_the_snapshot(
    start_host: StartHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Certificates in /tmp, as a person named `user` has Node.js in /home/user: into each sandbox, however it began."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        bundle = Path(folder) / "company.pem"
        bundle.write_text("-----BEGIN CERTIFICATE-----\nnone\n")
        monkeypatch.setenv("GIT_SSL_CAINFO", str(bundle))
        with start_host(tmp_path / "state") as (ready, _):
            options = options_of(ready)
            first = await AsyncSandbox.create(**options)
            if not await first.files.exists("/home/user"):
                skip_unless(can_wall, "bubblewrap cannot run here")
            taken = await first.create_snapshot()
            made = [await AsyncSandbox.create(taken.snapshot_id, **options) for _ in range(2)]
            # at once: the warm spare is one's, and the others' jails are built while their files are laid
            forks = await made[0].fork(count=3, timeout=60)
            await made[1].pause(keep_memory=False)
            await made[1].connect()
            for each in (first, *made, *forks):
                assert isinstance(each, AsyncSandbox), each
                assert (await each.commands.run("cat $GIT_SSL_CAINFO")).stdout == bundle.read_text()
