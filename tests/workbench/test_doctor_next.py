"""The doctor and a real Next.js, installed from the registry: healthy, then ill by one cause after another."""

import asyncio
import json
import shutil
from pathlib import Path

import aiohttp
import pytest

from craft_desktop.model.errors import Action
from craft_desktop.model.report import Check, Grade
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch
from tests.workbench.watching import LIMIT_S, started

pytestmark = [pytest.mark.node, pytest.mark.timeout(400)]

STARTER = Path(__file__).parents[2] / "resources" / "starter"


async def until(workbench: Workbench, project_id: str, key: str, grade: Grade) -> Check:
    async with asyncio.timeout(LIMIT_S):
        while True:
            await fetch(workbench.address(project_id))
            diagnosis = await workbench.doctor.examine(project_id)
            check = next(check for check in diagnosis.checks if check.id == key)
            if check.grade is grade:
                return check
            await asyncio.sleep(0.2)


async def test_a_real_project_that_falls_ill_and_recovers(workbench: Workbench, tmp_path: Path) -> None:
    folder = tmp_path / "starter"
    shutil.copytree(STARTER, folder, ignore=shutil.ignore_patterns("node_modules", ".next"))
    project = await started(workbench, folder)
    diagnosis = await workbench.doctor.examine(project.id)
    assert diagnosis.is_clean, diagnosis.worst_first[:3]
    lock = next(check for check in diagnosis.checks if check.id == "lock")
    assert "running dev server holds it" in lock.detail

    page = folder / "app" / "page.tsx"
    healthy = page.read_text()
    page.write_text(f'import x from "not-there-at-all";\nexport const y = x;\n{healthy}')
    check = await until(workbench, project.id, "modules", Grade.BAD)
    assert "not-there-at-all" in check.detail and check.action is Action.REINSTALL
    page.write_text(healthy)
    await until(workbench, project.id, "modules", Grade.OK)  # what an edit mended is taken back

    (folder / "app" / "widget.tsx").write_text("export default 1;\n")
    page.write_text(f'import w from "./Widget";\nexport const y = [w, process.env.SHOP_KEY!.length];\n{healthy}')
    check = await until(workbench, project.id, "letters", Grade.BAD)
    assert check.place is not None and (check.place.path, check.place.line) == ("app/page.tsx", 1)
    check = await until(workbench, project.id, "variables", Grade.LIMITED)
    assert "SHOP_KEY" in check.detail
    page.write_text(healthy)
    await until(workbench, project.id, "letters", Grade.OK)

    host = workbench.address(project.id).split("/")[2]
    foreign = {
        "Host": host,
        "Origin": "http://evil.example",
        "Sec-Fetch-Mode": "no-cors",
        "Sec-Fetch-Site": "cross-site",
    }
    async with aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{host.rpartition(':')[2]}/_next/static/chunks/a.js"
        async with http.get(url, headers=foreign) as answer:
            await answer.read()
    check = await until(workbench, project.id, "origin", Grade.BAD)
    assert "Blocked cross-origin request" in check.detail

    manifest = json.loads((folder / "package.json").read_text())
    # the first one holds the lock when the second one asks for it
    manifest["scripts"]["dev"] = "(next dev -p 3999 &) ; sleep 6 ; next dev"
    (folder / "package.json").write_text(json.dumps(manifest))
    async with asyncio.timeout(LIMIT_S):
        while True:
            diagnosis = await workbench.doctor.examine(project.id)
            ill = {each.id: each for each in diagnosis.checks if each.grade in (Grade.BAD, Grade.LIMITED)}
            if "lock-log" in ill or "taken" in ill:
                break
            await asyncio.sleep(0.5)
    assert all(check.action in (Action.RESTART, Action.RESTART_CLEAN) for key, check in ill.items() if key != "run")
