"""Every fault of the wire at every step of a start: told, nothing left, and the next Start works."""

import asyncio
import re
from pathlib import Path

import pytest

from craft_desktop.model.errors import Action
from craft_desktop.model.project import Provider
from craft_desktop.model.session import Phase
from craft_desktop.sandbox import connection, faults, upload
from tests.conftest import tiny_project
from tests.faults.proxy import Answer, Break, Cut, Fault, Lost, Reset, Stall, Then
from tests.faults.stage import (
    CONTROL,
    CREATE,
    FIRST_PAGE,
    INSTALL,
    LIMIT_S,
    LIST,
    PREPARE,
    SERVE,
    STEPS,
    STOP,
    UPLOAD,
    Stage,
)

REASON = "the reason that was given"
SLOW_DOWN = {"Retry-After": "1"}
AWAY = "E2B at .* does not answer"

NETWORK: list[tuple[Fault, str]] = [(Reset(), AWAY), (Lost(), AWAY), (Stall(), AWAY), (Cut(), AWAY)]
OF_CONTROL: list[tuple[Fault, str]] = [
    (Answer(401), "does not accept the API key"),
    (Answer(403), "does not allow this"),
    (Answer(404), "does not know what it was asked for"),
    (Answer(409), "just being paused or woken"),
    (Answer(429, headers=SLOW_DOWN), "is busy"),
    (Answer(500), "has a fault of its own"),
    (Answer(502), "has a fault of its own"),
    (Answer(503), "is busy"),
]
OF_SANDBOX: list[tuple[Fault, str]] = [
    (Answer(401), "The sandbox is gone"),
    (Answer(403), "does not allow this"),
    (Answer(404), "does not know what it was asked for"),
    (Answer(409), "just being paused or woken"),
    (Answer(429, headers=SLOW_DOWN), "is busy"),
    (Answer(500), "has a fault of its own"),
    (Answer(502, "The sandbox was not found"), "The sandbox is gone"),
    (Answer(503), "is busy|does not answer"),
]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for what stalls no longer than a test may; two busy cores answer in under a second."""
    monkeypatch.setattr(connection, "REQUEST_LIMIT_S", 2.0)
    monkeypatch.setattr(faults, "BUSY_PAUSES_S", (0.05, 0.1))
    monkeypatch.setattr(upload, "UPLOAD_ANSWER_S", 2.0)


async def fails_and_recovers(stage: Stage, folder: Path, step: str, causes: list[tuple[Fault, str]]) -> None:
    await stage.workbench.change_setting("images_gb", 0)  # each start uploads and installs, as the first one does
    for fault, title in causes:
        rule = stage.proxy.rule(step, fault)
        project = await stage.start(folder)
        assert rule.struck.is_set()
        problem = await stage.failed(project)
        assert re.search(title, problem.title), (step, fault, problem)
        if isinstance(fault, Answer) and "gone" not in title:
            assert REASON in problem.detail, problem
        assert problem.action in (Action.START, Action.OPEN_SETTINGS)
        await stage.proxy.heal()
        if isinstance(fault, Stall | Cut):  # what may leave something behind
            await recovers(stage, folder)
    await recovers(stage, folder)


async def recovers(stage: Stage, folder: Path) -> None:
    project = await stage.start_live(folder)
    await stage.workbench.close(project.id)
    assert stage.session(project).phase is Phase.STOPPED
    await stage.nothing_left()


async def test_create(stage: Stage, tmp_path: Path) -> None:
    network = [each for each in NETWORK if not isinstance(each[0], Lost)]
    await fails_and_recovers(stage, tiny_project(tmp_path / "p"), CREATE, [*network, *OF_CONTROL])


async def test_upload(stage: Stage, tmp_path: Path) -> None:
    half_way: list[tuple[Fault, str]] = [(Break(sent=50), AWAY), (Stall(sent=50), AWAY)]
    folder = tiny_project(tmp_path / "p")
    await fails_and_recovers(stage, folder, UPLOAD, [*NETWORK[:2], *half_way, *OF_SANDBOX])


async def test_install(stage: Stage, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    await fails_and_recovers(stage, folder, INSTALL, [NETWORK[0], NETWORK[2], *OF_SANDBOX])


@pytest.mark.parametrize(("step", "faults"), [(PREPARE, NETWORK[:2]), (SERVE, NETWORK[:1])])
async def test_other_commands(stage: Stage, tmp_path: Path, step: str, faults: list[tuple[Fault, str]]) -> None:
    await fails_and_recovers(stage, tiny_project(tmp_path / "p"), step, faults)


@pytest.mark.parametrize("fault", [Reset(), Lost(), Break(answered=1), Stall()], ids=lambda fault: type(fault).__name__)
@pytest.mark.parametrize("step", ["install", "serve"])
async def test_a_command_lost_before_its_process_id_is_known_runs_once(
    stage: Stage, tmp_path: Path, step: str, fault: Fault
) -> None:
    """One that runs is joined, one that never began is started once more."""
    notes = {"preinstall": "echo install >> ~/begun", "dev": "echo serve >> ~/begun; node server.js"}
    rule = stage.proxy.rule(STEPS[step], fault, times=1)
    project = await stage.start_live(tiny_project(tmp_path / "p", scripts=notes))
    assert rule.struck.is_set()
    assert await stage.do(project, "cat ~/begun") == "install\nserve\n"
    was_begun = isinstance(fault, Lost | Break)
    missing = any("first lines of this may be missing" in line.text for line in stage.workbench.log(project.id))
    assert missing == was_begun
    (notice,) = stage.notices()
    assert "does not answer" in notice.title
    assert any("answers again" in line.text for line in stage.workbench.log(project.id))


@pytest.mark.parametrize("exit_code", [0, 5])
async def test_an_install_lost_before_its_process_id_is_known_that_has_ended(
    stage: Stage, tmp_path: Path, exit_code: int
) -> None:
    folder = tiny_project(tmp_path / "p", scripts={"preinstall": f"echo install >> ~/begun; exit {exit_code}"})
    stage.proxy.rule(INSTALL, Lost(), times=1)
    away = stage.proxy.rule(LIST, Reset())
    project = await stage.workbench.add(folder)
    starting = asyncio.gather(stage.start(folder))
    async with asyncio.timeout(LIMIT_S):
        await away.struck.wait()
        await stage.do(project, "while ! grep -s . .craft-desktop-ended; do sleep 0.02; done")
        stage.proxy.rules.remove(away)
        await starting
    if exit_code:
        problem = await stage.failed(project)
        assert "ended with exit code 5" in problem.detail, problem
        return
    await stage.is_live(project)
    assert await stage.do(project, "cat ~/begun") == "install\n"


async def test_a_create_whose_answer_is_lost_is_found(stage: Stage, tmp_path: Path) -> None:
    for fault in (Lost(), Break(answered=40)):
        rule = stage.proxy.rule(CREATE, fault, times=1)
        project = await stage.start_live(tiny_project(tmp_path / "p"))
        assert rule.struck.is_set()
        assert await stage.sandboxes() == [stage.session(project).sandbox_id]
        await stage.workbench.close(project.id)
        await stage.nothing_left()


async def test_too_many_requests_are_waited_out(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "REQUEST_LIMIT_S", 10.0)
    rules = [
        stage.proxy.rule(step, Answer(status, headers=SLOW_DOWN), times=2)
        for step, status in ((CREATE, 429), (PREPARE, 429), (UPLOAD, 503), (INSTALL, 409), (SERVE, 429))
    ]
    project = await stage.start_live(tiny_project(tmp_path / "p"))
    assert all(rule.seen > 2 for rule in rules)
    assert (stage.session(project).steps[0].seconds or 0) >= 2.0  # as Retry-After said, twice


async def test_the_first_page_through_faults(stage: Stage, tmp_path: Path) -> None:
    for fault in (Reset(), Lost(), Break(answered=20)):
        rule = stage.proxy.rule(FIRST_PAGE, fault, times=3)
        project = await stage.start_live(tiny_project(tmp_path / "p"))
        assert rule.struck.is_set()
        await stage.workbench.close(project.id)


async def test_stop_through_faults(stage: Stage, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    for fault in (Lost(), Answer(500)):
        project = await stage.start_live(folder)
        stage.proxy.rule(STOP, fault, times=1)
        await stage.workbench.close(project.id)
        assert stage.session(project).phase is Phase.STOPPED
        await stage.nothing_left()
        await stage.proxy.heal()
    # the network is away: the person gets the stop, and the next start what was left behind
    project = await stage.start_live(folder)
    left = stage.session(project).sandbox_id
    stage.proxy.cut()
    await stage.workbench.close(project.id)
    assert stage.session(project).phase is Phase.STOPPED
    await stage.proxy.heal()
    assert await stage.sandboxes() == [left]
    project = await stage.start_live(folder)
    assert stage.session(project).sandbox_id == left
    await stage.workbench.close(project.id)
    await stage.nothing_left()


async def test_a_stop_while_a_failed_start_is_cleared_up(stage: Stage, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    stage.proxy.rule(INSTALL, Answer(404))
    ending = stage.proxy.rule(STOP, Stall(), times=1)
    project = await stage.workbench.add(folder)
    starting = asyncio.gather(stage.workbench.open(project.id, Provider.E2B))
    async with asyncio.timeout(LIMIT_S):
        await ending.struck.wait()
        stopping = asyncio.gather(stage.workbench.close(project.id))
        await stage.phase(project, Phase.STOPPING)
        await stage.proxy.heal()
        await stopping
        await starting
    assert not stage.session(project).is_active
    await stage.nothing_left()
    await recovers(stage, folder)


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("step", STEPS)
async def test_a_key_revoked_at_a_step(stage: Stage, tmp_path: Path, step: str, status: int) -> None:
    """What is made already needs no key: the page comes, and what cannot be ended now is taken over later."""
    folder = tiny_project(tmp_path / "p")
    stage.proxy.rule(STEPS[step], Then(CONTROL, Answer(status, "the key was revoked")), times=1)
    project = await stage.start_live(folder)
    left = stage.session(project).sandbox_id
    await stage.workbench.close(project.id)
    assert stage.session(project).phase is Phase.STOPPED
    assert await stage.sandboxes() == [left]
    await stage.start(folder)
    problem = await stage.failed(project)
    assert ("does not accept the API key" if status == 401 else "does not allow this") in problem.title
    assert problem.action is Action.OPEN_SETTINGS
    await stage.proxy.heal()
    await stage.start_live(folder)
    assert await stage.sandboxes() == [left] == [stage.session(project).sandbox_id]
    await stage.workbench.close(project.id)
    await stage.nothing_left()
