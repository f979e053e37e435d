"""The real program on a real screen, a real Next.js project, real clicks."""

import asyncio
import json
import re
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY, tiny_project
from tests.end2end.driver import descendants, until_gone
from tests.end2end.window import Window, is_answered

pytestmark = [pytest.mark.node, pytest.mark.timeout(400)]

TEXT = "document.body ? document.body.innerText : ''"
COUNT = f"document.querySelector('article button')?.click(); {TEXT}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REPOSITORY / "resources" / "starter", tmp_path / "my shop"))


def says(*words: str) -> Any:
    return lambda found: isinstance(found, str) and all(word in found for word in words)


async def test_start_edit_add_dependency_stop_by_clicks(tmp_path: Path, folder: Path) -> None:
    async with Window(tmp_path / "home", folder) as window:
        below_before = {process.pid for process in descendants(window.process.pid)}
        await window.click("startButton")
        await window.until_page(TEXT, says("It runs"))
        await window.until_seen("projectState", lambda found: found["text"].startswith("Live"))

        # Alive: an edit between the first paint and the hot-reload socket is lost to Next.js itself.
        await window.until_page(COUNT, says("Clicked 1 time"))
        # The mark is gone after a reload: the edit must come by hot reload.
        await window.script("window.mark = 'the same page'")
        source = folder / "app" / "page.tsx"
        source.write_text(source.read_text().replace("It runs", "Edited on disk"))
        await window.until_page(TEXT, says("Edited on disk"))
        assert await window.script("window.mark") == "the same page"

        await window.script(
            "document.querySelector('#name').value = 'Ada'; document.querySelector('form button').click()"
        )
        await window.until_page(TEXT, says("Hello, Ada."))  # a Server Action, which compares Origin and host
        assert await window.script("window.mark") == "the same page"

        manifest: dict[str, Any] = json.loads((folder / "package.json").read_text())
        manifest["dependencies"]["is-number"] = "7.0.0"
        (folder / "package.json").write_text(json.dumps(manifest))
        await window.until_seen("projectState", lambda found: not found["text"].startswith("Live"))
        await window.until_seen("projectState", lambda found: found["text"].startswith("Live"))
        await window.until_page("typeof window.mark", says("undefined"))  # not the page from before the restart
        await window.until_page(COUNT, says("Clicked 1 time"))
        source.write_text('import is from "is-number";\nexport default () => <p>five: {String(is(5))}</p>;\n')
        await window.until_page(TEXT, says("five: true"))

        below = [process for process in descendants(window.process.pid) if process.pid not in below_before]
        sandbox = [process for process in below if "next" in " ".join(process.cmdline())]
        asked = [found for process in sandbox if (found := re.search(r" -p (\d+)", " ".join(process.cmdline())))]
        port = int(asked[0][1])
        await window.click("stopButton")
        await window.until_seen("projectState", lambda found: found["text"].startswith("Stopped"))
        assert await until_gone(sandbox, 5) == []
        assert not is_answered(port)


async def test_kill_9_while_live_leaves_nothing(tmp_path: Path) -> None:
    async with Window(tmp_path / "home", tiny_project(tmp_path / "tiny")) as window:
        await window.click("startButton")
        await window.until_page(TEXT, says("server.js"))
        below = descendants(window.process.pid)
        assert any(process.cmdline()[-1:] == ["server.js"] for process in below)
        window.process.kill()
        assert await window.process.wait() == -signal.SIGKILL
        assert await until_gone(below, 10) == []


async def test_a_failure_is_shown_and_the_next_start_works(tmp_path: Path) -> None:
    folder = tiny_project(tmp_path / "broken", scripts={"dev": "echo the reason; exit 3"})
    async with Window(tmp_path / "home", folder) as window:
        await window.click("startButton")
        title = await window.until_seen("panelTitle", lambda found: "ended" in found["text"])
        assert title["text"] == "The dev server ended"
        assert "the reason" in (await window.until_seen("problemDetail"))["text"]
        tiny_project(folder)
        await window.click("startButton")
        await window.until_page(TEXT, says("server.js"))


async def test_the_sample_from_the_empty_window_and_a_clean_end(tmp_path: Path) -> None:
    async with Window(tmp_path / "home") as window:
        await window.click("sampleButton")
        await window.click("startButton")
        await window.until_page(TEXT, says("It runs"))
        below = descendants(window.process.pid)
        await window.ask("close", "")
        async with asyncio.timeout(20):
            assert await window.process.wait() == 0
        assert await until_gone(below, 5) == []
    async with Window(tmp_path / "home") as window:
        await window.until_seen("projectName", lambda found: found["text"] == "sample-project")
