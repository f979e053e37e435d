"""The kernel ends what grows over the sandbox's memory: really, by the sandbox's own control group."""

import asyncio
from pathlib import Path

import psutil
import pytest

from craft_desktop.model.project import Project
from craft_desktop.model.session import Phase
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import tiny_project
from tests.faults.stage import check_words
from tests.lacking import can_group, skip_unless
from tests.workbench.watching import commands_below, nothing_runs, started, until_equal

LIMIT_S = 60.0
# Twice what npm and a small server of Node.js take together (measured: 110 MB).
ROOM_BYTES = 250_000_000
GROW = "const kept = []; setInterval(() => { for (let n = 0; n < 16; n++) kept.push(Buffer.alloc(1 << 22, 1)); }, 5)"
# Grows once it is told to; the file lies in the project, so that a save tells it.
GROW_WHEN_TOLD = f"""
const disk = require("fs");
const waiting = setInterval(() => {{ if (disk.existsSync("go")) {{ clearInterval(waiting); {GROW}; }} }}, 20);
"""


def group_of(word: str) -> Path:
    """Give the control group of the process below whose command has `word`: not the one of the spare sandbox."""
    (process, *_) = [each for each in psutil.Process().children(recursive=True) if word in each.cmdline()]
    for line in Path(f"/proc/{process.pid}/cgroup").read_text(encoding="utf-8").splitlines():
        _, kinds, path = line.split(":", 2)
        root = Path("/sys/fs/cgroup/memory" if kinds == "memory" else "/sys/fs/cgroup")
        group = root / path.lstrip("/")
        if kinds in ("memory", "") and any((group / name).exists() for name in LIMITS):
            return group
    skip_unless(can_group, "this computer bounds no sandbox's memory: no control group for it can be written")


LIMITS = ("memory.limit_in_bytes", "memory.max")


def bound(group: Path) -> None:
    for name in LIMITS:
        if (group / name).exists():
            (group / name).write_text(str(ROOM_BYTES), encoding="ascii")


async def installing(workbench: Workbench, project: Project) -> None:
    async with asyncio.timeout(LIMIT_S):
        while not any("began" in line.text for line in workbench.log(project.id)):
            await asyncio.sleep(0.02)


async def test_an_install_that_grows_over_it(workbench: Workbench, tmp_path: Path) -> None:
    wait = "echo began; while [ ! -e ~/go ]; do sleep 0.02; done"
    folder = tiny_project(tmp_path / "p", scripts={"preinstall": f"{wait}; node grow.js"})
    (folder / "grow.js").write_text(GROW)
    project = await workbench.add(folder)
    starting = asyncio.gather(workbench.open(project.id))
    await installing(workbench, project)
    group = group_of("npm install")
    bound(group)
    pid = (group / "cgroup.procs").read_text(encoding="ascii").split()[-1]
    Path(f"/proc/{pid}/root/home/user/go").touch()
    async with asyncio.timeout(LIMIT_S):
        await starting
    problem = await nothing_runs(workbench, project)
    check_words(problem)
    assert problem.title == "Installing was killed: there was not enough memory", problem
    assert "more memory" in problem.remedy
    await removed(group)
    tiny_project(folder, scripts={"preinstall": "true"})
    await started(workbench, folder)


async def removed(group: Path) -> None:
    async with asyncio.timeout(LIMIT_S):
        while group.exists():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("is_live", [False, True])
async def test_a_dev_server_that_grows_over_it(workbench: Workbench, tmp_path: Path, is_live: bool) -> None:
    folder = tiny_project(tmp_path / "p")
    (folder / "server.js").write_text(
        GROW_WHEN_TOLD + (folder / "server.js").read_text() if is_live else GROW_WHEN_TOLD
    )
    project = await workbench.add(folder)
    starting = asyncio.gather(workbench.open(project.id))
    async with asyncio.timeout(LIMIT_S):
        while workbench.session(project.id).phase is not (Phase.LIVE if is_live else Phase.WAITING):
            await asyncio.sleep(0.02)
    async with asyncio.timeout(LIMIT_S):
        while not any(line[-1:] == ["server.js"] for line in commands_below()):
            await asyncio.sleep(0.02)
    group = group_of("server.js")
    bound(group)
    (folder / "go").touch()
    async with asyncio.timeout(LIMIT_S):
        await starting
        while workbench.session(project.id).phase is not Phase.FAILED:
            await asyncio.sleep(0.02)
    problem = await nothing_runs(workbench, project)
    check_words(problem)
    (folder / "go").unlink()
    assert "not enough memory" in problem.title + problem.detail, problem
    assert "more memory" in problem.remedy, problem
    await removed(group)
    tiny_project(folder)
    await until_equal(workbench, await started(workbench, folder))
