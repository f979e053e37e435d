"""The program killed by -9 at every step of a start, and the embedded host at every step: nothing is left for long."""

import asyncio
import signal
from pathlib import Path

import psutil
import pytest

from craft_desktop.model.events import Notice, SessionChanged
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import StandaloneHost, tiny_project
from tests.end2end.driver import Preview
from tests.faults.proxy import FaultProxy, Stall
from tests.faults.stage import CREATE, FIRST_PAGE, INSTALL, PREPARE, SERVE, UPLOAD, Stage, check_words
from tests.workbench.watching import Watcher, commands_below, started, until_equal

# Where the request of each step is held when the kill comes; a sandbox was made, and nobody told of it.
HELD = [
    (CREATE, Stall()),
    (CREATE, Stall(answered=0)),
    (PREPARE, Stall()),
    (UPLOAD, Stall(sent=20)),
    (INSTALL, Stall(answered=0)),
    (SERVE, Stall(answered=0)),
    (FIRST_PAGE, Stall()),
]


async def test_the_program_killed_at_every_step(
    paths: Paths,
    elsewhere: StandaloneHost,
    proxied: StandaloneHost,
    proxy: FaultProxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("E2B_API_KEY", elsewhere.ready.api_key)
    folder = tiny_project(tmp_path / "p")
    async with open_workbench(paths) as workbench:
        await proxied.choose(workbench)
    for step, fault in HELD:
        held = proxy.rule(step, fault, times=1)
        async with Preview(tmp_path / "home", folder, "--provider", "e2b") as preview, asyncio.timeout(30):
            await held.struck.wait()
            if fault == Stall(answered=0):
                await proxy.answered.wait()
            preview.process.kill()
            assert await preview.end() == -signal.SIGKILL
        await proxy.heal()
    async with open_workbench(paths) as workbench:
        stage = Stage(workbench, proxy, elsewhere, paths.state)
        left = await stage.sandboxes()
        assert len(left) == 1  # each run took over what the one before it had left
        project = await stage.start_live(folder)
        assert [stage.session(project).sandbox_id] == left == await stage.sandboxes()
        await workbench.close(project.id)
        await stage.nothing_left()


def own_hosts(home: Path) -> list[psutil.Process]:
    """Give the embedded host of the workbench that lives in `home`."""
    return [each for each in psutil.Process().children() if str(home) in " ".join(each.cmdline())]


async def test_the_embedded_host_killed_at_every_step(workbench: Workbench, tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "p")
    project = await workbench.add(folder)
    watcher = Watcher(workbench)
    killed: list[psutil.Process] = []
    at = Phase.CREATING

    def strike(event: object) -> None:
        if isinstance(event, SessionChanged) and event.session.phase is at and not killed:
            killed.extend(own_hosts(tmp_path / "home"))
            for host in killed:
                host.kill()

    workbench.subscribe(strike)
    await workbench.change_setting("images_gb", 0)  # a start from an image would begin over from none, and be live
    await workbench.open(project.id)  # so that there is a host to be killed
    await workbench.close(project.id)
    for phase in (Phase.CREATING, Phase.UPLOADING, Phase.INSTALLING, Phase.STARTING, Phase.WAITING):
        killed.clear()
        watcher.forget()
        at = phase
        async with asyncio.timeout(30):
            await workbench.open(project.id)
        assert len(killed) == 1
        session = workbench.session(project.id)
        # a host that was dead before it was asked for is simply started again
        assert session.phase is Phase.FAILED or (phase is Phase.CREATING and session.phase is Phase.LIVE), phase
        if session.problem is not None:
            check_words(session.problem)
            assert "sandbox" in session.problem.title, session.problem
        assert session.phase is Phase.LIVE or not any(line[-1:] == ["server.js"] for line in commands_below())
        await workbench.open(project.id)
        assert workbench.session(project.id).phase is Phase.LIVE, workbench.session(project.id).problem
        await workbench.close(project.id)
    assert len(own_hosts(tmp_path / "home")) == 1


async def test_a_start_stopped_while_the_host_starts_leaves_one_host(workbench: Workbench, tmp_path: Path) -> None:
    project = await workbench.add(tiny_project(tmp_path / "p"))
    for _ in range(3):
        starting = asyncio.gather(workbench.open(project.id))
        async with asyncio.timeout(10):
            while not own_hosts(tmp_path / "home"):
                await asyncio.sleep(0)
        await workbench.close(project.id)
        await starting
        assert workbench.session(project.id).phase is Phase.STOPPED
    await workbench.open(project.id)
    assert workbench.session(project.id).phase is Phase.LIVE
    assert len(own_hosts(tmp_path / "home")) == 1


@pytest.mark.parametrize("phase", [Phase.LIVE, Phase.ASLEEP, Phase.WAKING])
async def test_the_embedded_host_killed_after_the_page_came(workbench: Workbench, tmp_path: Path, phase: Phase) -> None:
    await workbench.change_setting("when_idle", "sleep")
    folder = tiny_project(tmp_path / "p")
    project = await started(workbench, folder)
    first = workbench.session(project.id).sandbox_id
    watcher = Watcher(workbench)

    def strike() -> None:
        for host in own_hosts(tmp_path / "home"):
            host.kill()

    if phase is not Phase.LIVE:
        workbench.rest(project.id)
        await watcher.phase(Phase.ASLEEP)
    if phase is Phase.WAKING:
        workbench.subscribe(
            lambda event: strike() if isinstance(event, SessionChanged) and event.session.phase is phase else None
        )
    else:
        strike()
    watcher.forget()
    (folder / "later.txt").write_text("saved meanwhile")
    workbench.touch(project.id)
    await watcher.phase(Phase.CREATING)
    await watcher.phase(Phase.LIVE)
    await until_equal(workbench, project)
    assert workbench.session(project.id).sandbox_id != first
    for problem in (event.problem for event in watcher.events if isinstance(event, Notice)):
        check_words(problem)
    assert len(own_hosts(tmp_path / "home")) == 1
    assert len([line for line in commands_below() if line[-1:] == ["server.js"]]) == 1
    await workbench.close(project.id)
    assert not any("server.js" in " ".join(line) for line in commands_below())
