"""A project's environment variables: they arrive, a change restarts, one taken back is gone, no value is ever told."""

import asyncio
import json
from pathlib import Path

import keyring.errors
import pytest

from craft_desktop.model.errors import SecretError, VariableError
from craft_desktop.model.events import LogLine, Notice, Stream
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.store.secrets import KeySource
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch, tiny_project
from tests.store.keyrings import SystemKeyring, use
from tests.workbench.watching import Watcher, started

TOKEN = "tok_5up3r-s3cret-value"
KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END KEY-----"
TALKER = """
const { API_TOKEN, KEY, ADDED } = process.env;
console.log("token", API_TOKEN);
console.error(KEY);
require("http").createServer((_, answer) => answer.end(JSON.stringify({ API_TOKEN, KEY, ADDED })))
  .listen(process.env.PORT, "127.0.0.1");
"""


@pytest.fixture(autouse=True)
def system(monkeypatch: pytest.MonkeyPatch) -> SystemKeyring:
    backend = SystemKeyring()
    use(monkeypatch, backend)
    return backend


def talker(folder: Path, **scripts: str) -> Path:
    tiny_project(folder, scripts=scripts)
    (folder / "server.js").write_text(TALKER)
    return folder


async def seen(workbench: Workbench, project_id: str) -> dict[str, str]:
    status, text = await fetch(workbench.address(project_id))
    assert status == 200, text
    found: dict[str, str] = json.loads(text)
    return found


async def changed(workbench: Workbench, project_id: str, put: dict[str, str], drop: tuple[str, ...] = ()) -> None:
    watcher = Watcher(workbench)
    await workbench.set_environment(project_id, put, drop)
    await watcher.phase(Phase.LIVE)


async def test_they_arrive_change_and_go_and_no_value_is_told(
    workbench: Workbench, paths: Paths, tmp_path: Path
) -> None:
    watcher = Watcher(workbench)
    folder = talker(tmp_path / "talker", preinstall='echo "installing with $API_TOKEN"; test -n "$API_TOKEN"')
    project = await workbench.add(folder)
    source, names = await workbench.set_environment(project.id, {"API_TOKEN": TOKEN, "KEY": KEY})
    assert source is KeySource.KEYRING and names == ("API_TOKEN", "KEY") == workbench.environment(project.id)
    await workbench.open(project.id)
    before = workbench.session(project.id)
    assert before.phase is Phase.LIVE, before.problem
    assert await seen(workbench, project.id) == {"API_TOKEN": TOKEN, "KEY": KEY}

    await changed(workbench, project.id, {"API_TOKEN": "another-value-entirely", "ADDED": "yes"})
    assert await seen(workbench, project.id) == {"API_TOKEN": "another-value-entirely", "KEY": KEY, "ADDED": "yes"}
    after = workbench.session(project.id)
    assert after.sandbox_id == before.sandbox_id and after.pid != before.pid

    # the sandbox was made with these two, and every process in it is born with them
    await changed(workbench, project.id, {}, ("API_TOKEN", "KEY"))
    assert await seen(workbench, project.id) == {"ADDED": "yes"}

    told = [line.text for line in workbench.log(project.id)]
    assert "token •••" in told and "installing with •••" in told
    assert "Environment variables changed (ADDED, API_TOKEN): restarting" in told
    events = repr(watcher.events)
    home = "".join(file.read_text(errors="replace") for file in paths.state.parent.rglob("*") if file.is_file())
    for secret in (TOKEN, "another-value-entirely", "MIIEvQIBADANBgkqhkiG9w0B"):
        assert secret not in "\n".join(told)
        assert secret not in events
        assert secret not in home


async def test_a_failure_that_quotes_one_is_told_without_it(workbench: Workbench, tmp_path: Path) -> None:
    project = await workbench.add(tiny_project(tmp_path / "quotes", scripts={"dev": "echo bad $API_TOKEN >&2; exit 3"}))
    await workbench.set_environment(project.id, {"API_TOKEN": TOKEN})
    await workbench.open(project.id)
    problem = workbench.session(project.id).problem
    assert problem is not None and "bad •••" in problem.detail and TOKEN not in repr(problem)
    assert TOKEN not in (await fetch(workbench.address(project.id)))[1]


async def test_a_change_on_the_way_is_in_force_when_it_is_live(workbench: Workbench, tmp_path: Path) -> None:
    project = await workbench.add(talker(tmp_path / "early", preinstall="until test -e go; do sleep 0.05; done"))
    await workbench.set_environment(project.id, {"API_TOKEN": TOKEN})
    watcher = Watcher(workbench)
    starting = asyncio.gather(workbench.open(project.id))
    await watcher.phase(Phase.INSTALLING)
    await workbench.set_environment(project.id, {"ADDED": "on the way"})
    (project.path / "go").touch()
    await starting
    assert await seen(workbench, project.id) == {"API_TOKEN": TOKEN, "ADDED": "on the way"}
    commands = [event for event in watcher.events if isinstance(event, LogLine) and event.stream is Stream.SERVER]
    assert sum(line.text.startswith("$ ") for line in commands) == 1  # one start was enough


async def test_what_is_refused_restarts_nothing(workbench: Workbench, system: SystemKeyring, tmp_path: Path) -> None:
    project = await started(workbench, tiny_project(tmp_path / "refused"))
    pid = workbench.session(project.id).pid
    with pytest.raises(VariableError):
        await workbench.set_environment(project.id, {"PORT": "80"})
    system.failure = keyring.errors.KeyringLocked()
    with pytest.raises(SecretError):
        await workbench.set_environment(project.id, {"A": "1"})
    system.failure = None
    await workbench.set_environment(project.id, {}, ("NOT_SET",))
    assert workbench.session(project.id).pid == pid and workbench.session(project.id).phase is Phase.LIVE
    assert not any("Environment" in line.text for line in workbench.log(project.id))


async def test_a_locked_keyring_fails_the_start_of_a_project_that_has_some(
    workbench: Workbench, system: SystemKeyring, tmp_path: Path
) -> None:
    project = await workbench.add(tiny_project(tmp_path / "locked"))
    await workbench.set_environment(project.id, {"A": "1"})
    system.failure = keyring.errors.KeyringLocked("locked")
    await workbench.open(project.id)
    problem = workbench.session(project.id).problem
    assert problem is not None and problem.title == "The keyring refused"
    system.failure = None
    await workbench.open(project.id)
    assert workbench.session(project.id).phase is Phase.LIVE


async def test_a_removed_project_is_forgotten_and_a_keyring_that_refuses_is_told(
    workbench: Workbench, system: SystemKeyring, tmp_path: Path
) -> None:
    one = await workbench.add(tiny_project(tmp_path / "one"))
    two = await workbench.add(tiny_project(tmp_path / "two"))
    for project in (one, two):
        await workbench.set_environment(project.id, {"A": "1"})
    await workbench.remove(one.id)
    assert [account for _, account in system.kept] == [f"environment-{two.id}"]
    watcher = Watcher(workbench)
    system.failure = keyring.errors.KeyringLocked()
    await workbench.remove(two.id)
    assert workbench.projects == ()
    assert [event.problem.title for event in watcher.events if isinstance(event, Notice)] == ["The keyring refused"]


LAYERED = """
const { loadEnvFile, env } = process;
loadEnvFile(".env.local");
require("http").createServer((_, answer) => answer.end(JSON.stringify({ BOTH: env.BOTH, FILE: env.FILE })))
  .listen(env.PORT, "127.0.0.1");
"""


async def test_what_is_set_here_wins_over_the_project_s_files_which_are_told_by_name(
    workbench: Workbench, tmp_path: Path
) -> None:
    folder = tiny_project(tmp_path / "layered")
    (folder / "server.js").write_text(LAYERED)
    (folder / ".env.local").write_text("BOTH=of the file\nFILE=of the file\n")
    project = await workbench.add(folder)
    await workbench.open(project.id)
    assert await seen(workbench, project.id) == {"BOTH": "of the file", "FILE": "of the file"}
    files = await workbench.insight.env_files(project.id)
    assert files.setting("BOTH") == (".env.local",) and "of the file" not in repr(files)
    assert await workbench.environment_place(project.id) is KeySource.KEYRING
    await changed(workbench, project.id, {"BOTH": "set here"})
    assert await seen(workbench, project.id) == {"BOTH": "set here", "FILE": "of the file"}
    assert (await workbench.insight.env_files("gone")).files == ()
