import time
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from craft_desktop.model.checkup import PageSeen
from craft_desktop.ui import page_watch
from craft_desktop.ui.engine import EngineWeb
from craft_desktop.ui.preview_pane import PreviewPane
from tests.ui.pages import WAIT_MS, answer, engine, go, run, wait_title
from tests.ui.web_site import Site


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    return opened


class Pulse:
    """Measures the longest time in which the window could not answer."""

    def __init__(self) -> None:
        self.longest_s, self._last = 0.0, time.monotonic()
        self._timer = QTimer(interval=5)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.monotonic()
        self.longest_s, self._last = max(self.longest_s, now - self._last), now


def windows() -> int:
    return sum(widget.isVisible() for widget in QApplication.topLevelWidgets())


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("windows", "opened 0"),
        ("escape", "false false false false false"),
        ("location", "stayed"),
        ("history", "filled"),
        ("words", "told"),
    ],
)
def test_a_hostile_page_opens_nothing_and_stops_nothing(
    qtbot: QtBot, preview: PreviewPane, site: Site, outside: list[str], page: str, title: str
) -> None:
    go(qtbot, preview, "second")
    before = windows()
    pulse = Pulse()
    go(qtbot, preview, page, title)
    assert windows() == before and outside == []
    assert engine(preview).page.url().toString().startswith(f"{site.base}{page}")
    assert len(preview.line.words) < 700 and "\n" not in preview.line.words and "\u202e" not in preview.line.words
    assert len(preview.bar.field.edit.text()) < 3000
    go(qtbot, preview, "second")  # and the person leaves
    assert pulse.longest_s < 1.0  # measured: 0.1 s on two busy cores


def test_a_trap_lets_the_person_go(qtbot: QtBot, preview: PreviewPane, outside: list[str]) -> None:
    go(qtbot, preview, "second")
    go(qtbot, preview, "trap")
    preview.command("reload")
    qtbot.waitUntil(lambda: not engine(preview).page.isLoading(), timeout=WAIT_MS)
    preview.command("back")
    wait_title(qtbot, preview, "second")


def test_a_history_flood_is_left_with_the_address(qtbot: QtBot, preview: PreviewPane) -> None:
    go(qtbot, preview, "history", "filled")
    assert engine(preview).page.history().count() <= 100
    preview.command("back")
    go(qtbot, preview, "second")


def test_a_page_that_hangs_offers_to_be_reloaded(
    qtbot: QtBot, preview: PreviewPane, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_watch, "HUNG_S", 0.5)
    go(qtbot, preview, "hang", "hanging")
    web = engine(preview)
    web._watch._timer.setInterval(100)
    hung = web.process_id
    assert answer(qtbot, preview, is_yes=False).startswith("The page does not answer")
    site_hits = len(site.hits)
    assert answer(qtbot, preview, is_yes=True).startswith("The page does not answer")  # asked again after a wait
    qtbot.waitUntil(lambda: len(site.hits) > site_hits, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: web.process_id not in (0, hung), timeout=WAIT_MS)
    assert site.hits[site_hits:] == ["/hang"]
    qtbot.waitUntil(lambda: preview.line.current is not None, timeout=WAIT_MS)  # it hangs anew
    preview.command("reload")
    qtbot.waitUntil(lambda: len(site.hits) > site_hits + 1, timeout=WAIT_MS)
    preview.line.drop()


def test_a_page_that_goes_on_takes_its_question_back(
    qtbot: QtBot, preview: PreviewPane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_watch, "HUNG_S", 0.3)
    go(qtbot, preview, "busy")
    engine(preview)._watch._timer.setInterval(100)
    engine(preview).page.runJavaScript("go()")
    qtbot.waitUntil(lambda: preview.line.current is not None, timeout=WAIT_MS)
    wait_title(qtbot, preview, "rested")
    qtbot.waitUntil(lambda: preview.line.current is None, timeout=WAIT_MS)


def test_a_hidden_page_is_put_away_and_comes_back_where_it_was(qtbot: QtBot, preview: PreviewPane, site: Site) -> None:
    go(qtbot, preview, "second")
    qtbot.waitUntil(lambda: not engine(preview).page.isLoading(), timeout=WAIT_MS)
    size = preview.memory_bytes()
    assert size is not None and size > 1_000_000
    assert not preview.discard() and preview.memory_bytes() is not None  # it is in sight
    preview.hide()
    assert preview.discard() and not preview.discard()
    assert engine(preview).is_discarded and preview.memory_bytes() is None
    preview.show()
    qtbot.waitUntil(lambda: not engine(preview).is_discarded, timeout=WAIT_MS)
    wait_title(qtbot, preview, "second")
    qtbot.waitUntil(lambda: "Memory was short" in preview.line.words, timeout=WAIT_MS)
    assert preview.web is not None and preview.web.url == f"{site.base}second"


def test_an_inspected_page_is_not_put_away(qtbot: QtBot, preview: PreviewPane) -> None:
    go(qtbot, preview, "second")
    preview.command("tools")
    preview.hide()
    assert not preview.discard()


def test_the_page_knows_nothing_of_the_program(qtbot: QtBot, preview: PreviewPane) -> None:
    go(qtbot, preview, "second")
    names = run(qtbot, preview, "Object.getOwnPropertyNames(window).filter(n=>/qt|webchannel|craft|bridge/i.test(n))")
    assert names == [] and engine(preview).page.webChannel() is None
    scripts = engine(preview).page.scripts().toList()
    assert [(each.name(), each.worldId(), each.runsOnSubFrames()) for each in scripts] == [("paint-watch", 1, False)]


def test_it_ends_at_once_whatever_the_page_does(qtbot: QtBot, preview: PreviewPane, tmp_path: Path) -> None:
    go(qtbot, preview, "hang", "hanging")
    web: EngineWeb = engine(preview)
    with qtbot.waitSignal(web.page.destroyed, timeout=WAIT_MS):
        preview.close_page()
    preview.close_page()


@pytest.mark.parametrize(
    ("page", "seen"),
    [
        ("empty", PageSeen(None, 0, 1, 0)),
        ("taken", PageSeen(True, 4, 1, 0)),
        ("untaken", PageSeen(False, 11, 1, 0)),
        ("liar", PageSeen(letters=1)),  # it lies about itself alone, and no length of words comes through
    ],
)
def test_what_can_be_seen_of_a_page(qtbot: QtBot, preview: PreviewPane, page: str, seen: PageSeen) -> None:
    go(qtbot, preview, page)
    told: list[PageSeen | None] = []
    preview.look_at_page(told.append)
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT_MS)
    assert told == [seen]


def test_a_page_that_hangs_is_seen_to_hang(qtbot: QtBot, preview: PreviewPane) -> None:
    go(qtbot, preview, "hang", "hanging")
    told: list[PageSeen | None] = []

    def look() -> bool:
        preview.look_at_page(told.append)
        qtbot.waitUntil(lambda: bool(told), timeout=WAIT_MS)
        seen = told.pop()
        return seen is not None and not seen.is_answering

    qtbot.waitUntil(look, timeout=WAIT_MS)  # it begins to hang a moment after it says so


def test_a_page_on_which_nothing_is_seen_asks_for_the_doctor(
    qtbot: QtBot, preview: PreviewPane, monkeypatch: pytest.MonkeyPatch
) -> None:
    go(qtbot, preview, "empty")
    qtbot.waitUntil(lambda: preview.line.current is not None, timeout=WAIT_MS)
    assert preview.line.current is not None and preview.line.current.yes == "Find out why"
    with qtbot.waitSignal(preview.command_requested) as told:
        preview.line.current.answer(True)
    assert told.args == ["doctor"]
    go(qtbot, preview, "second")
    qtbot.waitUntil(lambda: preview.line.current is None, timeout=WAIT_MS)
