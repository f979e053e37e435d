"""Every kind of web project, for real: installed and served in a sandbox, its page fetched, an edit seen.

The quick ones run with the suite; all of them with `pytest -m matrix tests/matrix -s`, which prints a table.
"""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from craft_desktop.model.events import Event, LogLine
from craft_desktop.model.session import Phase
from craft_desktop.workbench.folder import read_folder
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch
from tests.matrix.nodes import lay_out
from tests.matrix.samples import AFTER, BEFORE, SAMPLES, Sample

pytestmark = [pytest.mark.node, pytest.mark.timeout(900)]

INSTALL_S = 600  # Nuxt's 600 packages on a busy machine of two cores
SEEN_S = 60.0  # what Next.js 13 took at most, doubled
QUICK = [pytest.param(sample, id=name) for name, sample in SAMPLES.items() if sample.quick]
REST = [pytest.param(sample, id=name, marks=pytest.mark.matrix) for name, sample in SAMPLES.items() if not sample.quick]


@pytest.fixture(scope="session")
def nvm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nvm")
    lay_out(folder, *sorted({sample.node for sample in SAMPLES.values() if sample.node}))
    return folder


@pytest.mark.parametrize("sample", [*QUICK, *REST])
async def test_it_is_installed_served_and_shows_an_edit(
    workbench: Workbench,
    tmp_path: Path,
    sample: Sample,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if sample.node:
        monkeypatch.setenv("NVM_DIR", str(request.getfixturevalue("nvm")))
    told: list[str] = []

    def note(event: Event) -> None:
        if isinstance(event, LogLine):
            told.append(event.text)

    workbench.subscribe(note)
    await workbench.change_setting("install_limit_s", INSTALL_S)
    app = sample.write(tmp_path / "project")
    project = await workbench.add(app)
    began = time.monotonic()
    await workbench.open(project.id)
    session = workbench.session(project.id)
    assert session.phase is Phase.LIVE, (session.problem, told[-20:])
    live_s = time.monotonic() - began
    chosen = f"Node.js {sample.node}."
    assert not sample.node or any(line.startswith(chosen) and "nvm, asked for by .nvmrc" in line for line in told)
    url = workbench.address(project.id)
    assert (await fetch(url))[0] == 200
    await _until_seen(url, sample.seen_at, BEFORE)
    began = time.monotonic()
    sample.edit(tmp_path / "project")
    await _until_seen(url, sample.seen_at, AFTER)
    seen_ms = (time.monotonic() - began) * 1000
    sys.stdout.write(f"\n  live after {live_s:5.1f} s, edit seen after {seen_ms:5.0f} ms  ")
    assert workbench.session(project.id).phase is Phase.LIVE
    if read_folder(app).recipe.is_unwatched and not sample.is_followed:
        await workbench.restart(project.id)  # what was asked by the edit comes before it
    assert any(line.endswith("changed: started anew") for line in told) is sample.is_followed


async def _until_seen(url: str, path: str, words: str) -> None:
    text = ""
    try:
        async with asyncio.timeout(SEEN_S):
            while words not in (text := (await fetch(url, path))[1]):
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"{words!r} was not seen in {text[:2000]}")
