import contextlib
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWebEngineCore import QWebEngineSettings
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.exceptions import TimeoutError
from pytestqt.qtbot import QtBot

from craft_desktop.model.events import LogLine
from craft_desktop.model.levels import Level
from craft_desktop.ui.page import GESTURE_S, SAID, Page, PageView, make_profile
from craft_desktop.workbench.page_log import BURST, PageLog
from tests.ui.drag import carry, enter
from tests.ui.hands import click
from tests.ui.web_site import Site

WAIT_MS = 15_000
"""The first page starts the engine's processes; on a busy machine that takes seconds."""


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        yield site


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the system browser was asked to open."""
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toString()))
    return opened


@pytest.fixture
def page(qtbot: QtBot, tmp_path: Path, site: Site, clock: Clock) -> Iterator[Page]:
    owner = QWidget()
    profile = make_profile("test", tmp_path, owner)
    made = Page(site.base, profile, clock)
    view = PageView(owner)
    view.setPage(made)
    owner.resize(400, 300)
    view.resize(400, 300)
    owner.show()
    made.said: list[str] = []  # type: ignore[attr-defined, misc]
    made.refused.connect(made.said.append)  # type: ignore[attr-defined]
    yield made
    view.deleteLater()
    with qtbot.waitSignal(made.destroyed, timeout=WAIT_MS):
        made.deleteLater()
    owner.deleteLater()


def said(page: Page) -> list[str]:
    return page.said  # type: ignore[attr-defined, no-any-return]


def go(qtbot: QtBot, page: Page, site: Site, path: str) -> None:
    with qtbot.waitSignal(page.loadFinished, timeout=WAIT_MS):
        page.setUrl(QUrl(site.base + path))


def wait_title(qtbot: QtBot, page: Page, title: str) -> None:
    qtbot.waitUntil(lambda: page.title() == title, timeout=WAIT_MS)


def test_it_moves_within_its_own_address(qtbot: QtBot, page: Page, site: Site, outside: list[str]) -> None:
    go(qtbot, page, site, "")
    page.runJavaScript("document.getElementById('in').click()")
    wait_title(qtbot, page, "second")
    assert outside == []


def test_no_file_of_this_computer_can_be_read(qtbot: QtBot, page: Page, site: Site, outside: list[str]) -> None:
    go(qtbot, page, site, "file")
    wait_title(qtbot, page, "refused")
    go(qtbot, page, site, "frame")
    told: list[object] = []
    page.runJavaScript("String(document.querySelector('iframe').contentDocument?.body?.innerText)", told.append)
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT_MS)
    assert told[0] in ("", "undefined", "null")
    for attribute in (
        "LocalContentCanAccessFileUrls",
        "LocalContentCanAccessRemoteUrls",
        "JavascriptCanAccessClipboard",
    ):
        assert not page.settings().testAttribute(getattr(QWebEngineSettings.WebAttribute, attribute))


def test_what_it_says_to_its_console_is_handed_on(qtbot: QtBot, page: Page, site: Site) -> None:
    heard: list[tuple[int, str, str]] = []
    page.console.connect(lambda level, text, source: heard.append((level, text, source)))
    go(qtbot, page, site, "console")
    qtbot.waitUntil(lambda: any("boom" in text for _, text, _ in heard), timeout=WAIT_MS)
    source = f"{site.base}console:1"
    assert heard[:3] == [(0, "one", source), (1, "two", source), (2, "three 3", source)]
    assert heard[3][1] == "x" * SAID
    assert heard[4] == (2, "Uncaught Error: boom", source)


def test_a_page_that_logs_without_end_leaves_the_loop_free(qtbot: QtBot, page: Page, site: Site) -> None:
    told: list[LogLine] = []
    log = PageLog(told.extend)
    page.console.connect(lambda level, text, source: log.console("p1", Level(level), text, source))
    ticks: list[float] = []
    timer = QTimer(interval=0)
    timer.timeout.connect(lambda: ticks.append(time.thread_time()))
    timer.start()
    go(qtbot, page, site, "flood")
    wait_title(qtbot, page, "over")
    timer.stop()
    assert BURST < len(told) < 0.1 * 100_000
    longest = max(later - earlier for earlier, later in itertools.pairwise(ticks))
    assert longest < 0.1, "what the engine hands over at once, and room for a slow machine"


def test_no_bridge_to_the_program(qtbot: QtBot, page: Page, site: Site) -> None:
    go(qtbot, page, site, "bridge")
    wait_title(qtbot, page, "undefined")
    assert page.webChannel() is None


def test_nothing_opens_by_itself(qtbot: QtBot, page: Page, site: Site, outside: list[str]) -> None:
    go(qtbot, page, site, "open")
    wait_title(qtbot, page, "tried")
    go(qtbot, page, site, "away")
    qtbot.waitUntil(lambda: any("/away; nobody had clicked" in words for words in said(page)), timeout=WAIT_MS)
    assert outside == [] and page.url().toString() == site.base + "away"


def test_a_click_leads_outside_once(qtbot: QtBot, page: Page, site: Site, outside: list[str], clock: Clock) -> None:
    go(qtbot, page, site, "")
    page.touch()
    page.runJavaScript("document.getElementById('out').click()")
    qtbot.waitUntil(lambda: outside == ["http://127.0.0.1:9/x"], timeout=WAIT_MS)
    page.runJavaScript("document.getElementById('out').click()")
    qtbot.waitUntil(lambda: len(said(page)) == 1, timeout=WAIT_MS)
    page.touch()
    clock.now += GESTURE_S + 1
    page.runJavaScript("document.getElementById('out').click()")
    qtbot.waitUntil(lambda: len(said(page)) == 2, timeout=WAIT_MS)
    assert outside == ["http://127.0.0.1:9/x"]
    assert page.url().toString() == site.base


def test_a_real_click_counts_as_one(qtbot: QtBot, page: Page, site: Site, outside: list[str]) -> None:
    go(qtbot, page, site, "wide")
    view = QWebEngineView.forPage(page)
    assert isinstance(view, PageView)

    for _ in range(10):  # until the first picture is drawn a click meets nothing
        click(view.focusProxy())
        with contextlib.suppress(TimeoutError):
            qtbot.waitUntil(lambda: bool(outside), timeout=WAIT_MS // 10)
            break
    assert outside == ["http://127.0.0.1:9/wide"]


def test_a_link_to_a_new_window_stays_here(qtbot: QtBot, page: Page, site: Site, outside: list[str]) -> None:
    go(qtbot, page, site, "")
    view = QWebEngineView.forPage(page)
    assert isinstance(view, PageView)
    for _ in range(10):  # until the first picture is drawn a click meets nothing
        click(view.focusProxy())
        with contextlib.suppress(TimeoutError):
            qtbot.waitUntil(lambda: page.title() == "second", timeout=WAIT_MS // 10)
            break
    assert page.title() == "second" and outside == []


def test_other_schemes_lead_nowhere(qtbot: QtBot, page: Page, site: Site, outside: list[str]) -> None:
    page.touch()
    go(qtbot, page, site, "scheme")
    go(qtbot, page, site, "second")
    wait_title(qtbot, page, "second")
    assert outside == []


def test_dialogs_do_not_stop_the_window(qtbot: QtBot, page: Page, site: Site) -> None:
    go(qtbot, page, site, "alert")
    wait_title(qtbot, page, "after false null")
    assert said(page)[0] == "The page says: hello" and len(said(page)) == 3


def test_a_profile_keeps_its_things_apart(page: Page, tmp_path: Path) -> None:
    profile = page.profile()
    assert not profile.isOffTheRecord() and profile.persistentStoragePath() == str(tmp_path / "storage")


def test_folders_are_left_to_the_window(qtbot: QtBot, tmp_path: Path) -> None:
    owner = QWidget()
    qtbot.addWidget(owner)
    view = PageView(owner)
    folder = tmp_path / "project"
    folder.mkdir()
    data = carry([folder])
    event = enter(data)
    QApplication.sendEvent(view, event)
    assert not event.isAccepted()


def test_a_password_is_not_asked_for_and_said_so(qtbot: QtBot, page: Page, site: Site) -> None:
    go(qtbot, page, site, "sign-in")
    assert set(said(page)) == {"The page wants a name and a password. Open it in your browser to sign in."}
    assert len(site.hits) <= 3  # not the 32 tries of the engine
    go(qtbot, page, site, "second")
