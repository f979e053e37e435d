"""A whole run on the real host, looked at: what its page asks in vain, what it uses, how it compiles."""

import os
import time
from pathlib import Path

import pytest

from craft_desktop.model.events import CompileChanged, LogLine, Measured, Pushed, SaveSeen, Stream
from craft_desktop.model.levels import Level
from craft_desktop.model.places import Place
from craft_desktop.model.saved import Frame
from craft_desktop.model.session import Phase
from craft_desktop.model.settings import WhenIdle
from craft_desktop.workbench.workbench import Workbench
from tests.conftest import fetch, tiny_project
from tests.workbench.watching import Watcher, started

# Answers 500 at /broken, 404 at /gone, and says a compile error at /wrong and its end at /right.
SERVER = r"""
const http = require("http");
http.createServer((ask, answer) => {
  if (ask.url === "/wrong") console.log(" \x1b[31m⨯\x1b[39m ./server.js:2:7\nError: Unexpected token");
  if (ask.url === "/right") console.log(" \x1b[32m✓\x1b[39m Compiled in 12ms");
  answer.statusCode = { "/broken": 500, "/gone": 404 }[ask.url] || 200;
  answer.end("page");
}).listen(process.env.PORT, "127.0.0.1");
"""


def make(folder: Path) -> Path:
    tiny_project(folder)
    (folder / "server.js").write_text(SERVER)
    return folder


async def test_a_run_looked_at(workbench: Workbench, tmp_path: Path) -> None:
    watcher = Watcher(workbench)
    project = await started(workbench, make(tmp_path / "shop"))
    insight, url = workbench.insight, workbench.address(project.id)

    def said() -> list[tuple[str, Level | None]]:
        return [(line.text, line.level) for line in workbench.log(project.id) if line.stream is Stream.BROWSER]

    assert (await fetch(url, "broken"))[0] == 500
    assert (await fetch(url, "gone"))[0] == 404
    assert (await fetch(url, ""))[0] == 200
    assert said() == [("GET /broken 500", Level.ERROR), ("GET /gone 404", Level.ERROR)]
    insight.note_console(project.id, Level.WARNING, "careful", "http://shop.localhost/a.js:3")
    assert said()[-1] == ("careful  http://shop.localhost/a.js:3", Level.WARNING)
    insight.note_failed("nobody", "GET", "/", 500)

    insight.look(project.id)
    measured = await watcher.until(lambda event: isinstance(event, Measured))
    assert isinstance(measured, Measured) and measured.project_id == project.id
    assert 10_000_000 < measured.memory_bytes < measured.memory_limit_bytes
    assert 0 <= measured.cpu_percent <= 100

    idle = insight.idleness(project.id)
    assert idle.rest_in_s is not None and 14 * 60 < idle.rest_in_s + idle.idle_s <= 15 * 60 + 1
    assert idle.then is WhenIdle.STOP

    await fetch(url, "wrong")
    wrong = CompileChanged(project.id, "Unexpected token", Place("server.js", 2, 7))
    await watcher.until(lambda event: event == wrong)
    assert insight.compiling(project.id) == wrong
    assert wrong.place is not None
    assert insight.locate(project.id, wrong.place) == tmp_path / "shop" / "server.js"
    assert insight.locate("nobody", wrong.place) is None
    await fetch(url, "right")
    await watcher.until(lambda event: event == CompileChanged(project.id))

    watcher.forget()
    await workbench.restart(project.id)
    await watcher.phase(Phase.LIVE)
    lines = [line for line in workbench.log(project.id) if line.stream is Stream.SERVER]
    assert [line.is_divider for line in lines].count(True) == 1
    assert lines.index(next(line for line in lines if line.is_divider)) > 0
    await workbench.close(project.id)
    insight.look(project.id)
    assert await workbench.insight._measure(project.id) is None
    await workbench.remove(project.id)
    assert workbench.log(project.id) == ()


async def test_the_browser_log_is_in_the_stream_of_events(workbench: Workbench, tmp_path: Path) -> None:
    watcher = Watcher(workbench)
    project = await workbench.add(make(tmp_path / "shop"))
    workbench.insight.note_console(project.id, Level.ERROR, "boom", "")
    assert any(isinstance(event, LogLine) and event.stream is Stream.BROWSER for event in watcher.events)


async def test_a_save_seen_on_the_page_is_told(workbench: Workbench, tmp_path: Path) -> None:
    watcher = Watcher(workbench)
    project = await started(workbench, make(tmp_path / "shop"))
    insight, note = workbench.insight, tmp_path / "shop" / "note.txt"
    note.write_text("one")
    os.utime(note, (1_000_000_000, 1_000_000_000))
    pushed = await watcher.until(lambda event: isinstance(event, Pushed))
    assert isinstance(pushed, Pushed) and pushed.saved_at is None  # a copy that kept its time
    watcher.forget()
    note.write_text("two")
    pushed = await watcher.until(lambda event: isinstance(event, Pushed))
    assert isinstance(pushed, Pushed) and pushed.saved_at is not None
    assert pushed.saved_at == pytest.approx(note.stat().st_mtime, abs=0.02)
    assert pushed.saved_at <= pushed.at - pushed.duration_ms / 1000 + 0.001 and pushed.at <= time.time()

    insight.note_hot_reload("nobody", pushed.at + 0.1)
    insight.note_painted(project.id, [Frame(pushed.at + 0.3)])
    insight.note_hot_reload(project.slug, pushed.at + 0.1)
    insight.note_painted(project.id, [Frame(pushed.at + 0.3)])
    seen = await watcher.until(lambda event: isinstance(event, SaveSeen))
    assert isinstance(seen, SaveSeen) and seen.project_id == project.id and seen.usual == seen.saved
    assert seen.saved.compile_ms == pytest.approx(100, abs=1) and seen.saved.paint_ms == pytest.approx(200, abs=1)
    assert seen.saved.total_ms == pytest.approx(1000 * (pushed.at + 0.3 - pushed.saved_at), abs=1)
    await workbench.remove(project.id)
