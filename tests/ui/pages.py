"""What tests of real pages share: the engine behind a preview, its scripts' answers, its orderly end."""

import json

from pytestqt.qtbot import QtBot

from craft_desktop.ui.engine import EngineWeb
from craft_desktop.ui.preview_pane import PreviewPane
from tests.ui.hands import click
from tests.ui.stand_in import live

WAIT_MS = 15_000
"""The first page starts the engine's processes; on a busy machine that takes seconds."""


def engine(pane: PreviewPane) -> EngineWeb:
    assert isinstance(pane.web, EngineWeb)
    return pane.web


def wait_title(qtbot: QtBot, pane: PreviewPane, title: str) -> None:
    qtbot.waitUntil(lambda: engine(pane).page.title() == title, timeout=WAIT_MS)


def run(qtbot: QtBot, pane: PreviewPane, script: str) -> object:
    """Give what a script says in the page's own world."""
    told: list[str] = []
    engine(pane).page.runJavaScript(f"JSON.stringify({script})", told.append)
    qtbot.waitUntil(lambda: bool(told), timeout=WAIT_MS)
    answer: object = json.loads(told[0]) if told[0] else None
    return answer


def close(qtbot: QtBot, pane: PreviewPane) -> None:
    """End a preview and wait until its page is gone: a page must not outlive its profile."""
    web = pane.web
    if web is None:
        pane.close_page()
    else:
        with qtbot.waitSignal(engine(pane).page.destroyed, timeout=WAIT_MS):
            pane.close_page()
    assert pane.web is None
    pane.deleteLater()


def go(qtbot: QtBot, pane: PreviewPane, path: str, title: str = "") -> None:
    """Show a page of the site, and wait for its title."""
    if pane.web is None:
        pane.show_session(live())
        wait_title(qtbot, pane, "home")
    if path:
        pane.bar.entered.emit(f"/{path}")
        wait_title(qtbot, pane, title or path)


def answer(qtbot: QtBot, pane: PreviewPane, *, is_yes: bool) -> str:
    """Answer the question in the page's line with a click; give its words."""
    qtbot.waitUntil(lambda: pane.line.current is not None and pane.line.yes.isEnabled(), timeout=WAIT_MS)
    words = pane.line.words
    click(pane.line.yes if is_yes else pane.line.no)
    return words
