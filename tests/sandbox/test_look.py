"""One look into a real sandbox."""

from pathlib import Path

import pytest

from craft_desktop.model.errors import SandboxError
from craft_desktop.sandbox.look import look
from craft_desktop.sandbox.processes import MARKER
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import tiny_project
from tests.workbench.watching import started


async def test_what_runs_and_what_is_there(workbench: Workbench, tmp_path: Path) -> None:
    project = await started(workbench, tiny_project(tmp_path / "seen"))
    sandbox = workbench._runners[project.id].sandbox
    assert sandbox is not None
    await sandbox.run("mkdir -p project/.next/dev project/node_modules/there && touch project/.next/dev/lock")
    vitals = await look(sandbox, "", "", ("there", "gone"))
    assert vitals.is_whole and vitals.is_installed and vitals.missing == ("gone",)
    assert any("server.js" in process.command for process in vitals.processes)
    assert not any(MARKER in process.command or "timeout" in process.command for process in vitals.processes)
    assert [(each.address, each.port) for each in vitals.listeners] == [("127.0.0.1", 3000)]
    assert vitals.disk_free and vitals.memory_total and vitals.now and vitals.node.startswith("v")
    assert vitals.locks == (("project/.next/dev/lock", "free"),)
    holder = "flock -n project/.next/dev/lock sh -c 'echo held; exec sleep 60' > held.txt 2>&1 &"
    await sandbox.run(f"{holder} while ! grep -q held held.txt; do sleep 0.01; done")
    assert (await look(sandbox, "", "", ())).locks == (("project/.next/dev/lock", "held"),)
    await workbench.close(project.id)
    with pytest.raises(SandboxError):
        await look(sandbox, "", "", ())
