from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from craft_desktop.model.memory import Memory
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.page_keeper import PageKeeper
from craft_desktop.ui.preview_pane import PreviewPane
from craft_desktop.ui.theme import Theme
from tests.ui.pages import WAIT_MS, close, engine, go, run, wait_title
from tests.ui.stand_in import NOW
from tests.ui.web_site import Site

PLENTY, SHORT = Memory(16_000_000_000, 8_000_000_000), Memory(16_000_000_000, 100_000_000)
PAGES = 10


class Computer:
    def __init__(self) -> None:
        self.memory: Memory | None = PLENTY
        self.now = 0.0


@pytest.fixture
def panes(qtbot: QtBot, theme: Theme, icons: Icons, site: Site, tmp_path: Path) -> Iterator[dict[str, PreviewPane]]:
    made = {}
    for number in range(PAGES):
        pane = made[f"p{number}"] = PreviewPane(theme, icons, lambda: NOW, site.base, tmp_path / f"p{number}")
        pane.resize(500, 300)
        pane.show()
        go(qtbot, pane, "eat", "ate 30")
        qtbot.waitUntil(lambda pane=pane: not engine(pane).page.isLoading(), timeout=WAIT_MS)  # type: ignore[misc]
        pane.hide()
    yield made
    for pane in made.values():
        close(qtbot, pane)


def test_ten_pages_are_kept_shown_and_given_back(qtbot: QtBot, panes: dict[str, PreviewPane], site: Site) -> None:
    computer, owner = Computer(), QObject()
    keeper = PageKeeper(owner, lambda: panes, lambda: computer.memory, lambda: computer.now)
    loads = list(site.hits)
    assert len({engine(pane).process_id for pane in panes.values()}) == PAGES
    for number, pane in enumerate(panes.values()):  # each is looked at for a moment, the first one first
        computer.now = float(number)
        pane.show()
        assert run(qtbot, pane, "kept.length") == 30
        keeper.look()
        pane.hide()
    assert site.hits == loads  # to look at a page does not load it
    sizes = {key: pane.memory_bytes() or 0 for key, pane in panes.items()}
    assert all(size > 30_000_000 for size in sizes.values())
    assert keeper.memory_bytes() == pytest.approx(sum(sizes.values()), rel=0.2)
    told: dict[str, int] = {}
    keeper.sized.connect(told.__setitem__)
    for _ in panes:  # one of the hidden ones a look
        keeper.look()
    assert told == keeper.sizes and set(told) == set(panes)
    assert sum(told.values()) == pytest.approx(sum(sizes.values()), rel=0.2)

    computer.memory, computer.now = None, 100.0
    keeper.look()
    assert not any(engine(pane).is_discarded for pane in panes.values())
    panes["p0"].show()
    computer.memory = SHORT
    for gone in range(3):  # one a look, the longest unseen first, never the one in sight
        keeper.look()
        assert [key for key, pane in panes.items() if engine(pane).is_discarded] == [
            f"p{number}" for number in range(1, gone + 2)
        ]
    qtbot.waitUntil(lambda: panes["p1"].memory_bytes() is None, timeout=WAIT_MS)
    assert keeper.memory_bytes() < sum(sizes.values()) - 3 * 30_000_000
    computer.memory = PLENTY
    keeper.look()
    assert sum(engine(pane).is_discarded for pane in panes.values()) == 3

    panes["p1"].show()
    wait_title(qtbot, panes["p1"], "ate 30")
    qtbot.waitUntil(lambda: "Memory was short" in panes["p1"].line.words, timeout=WAIT_MS)
    assert panes["p1"].memory_bytes()


def test_without_pages_there_is_nothing_to_do(qtbot: QtBot, preview: PreviewPane) -> None:
    owner = QObject()
    keeper = PageKeeper(owner, lambda: {"p1": preview}, lambda: SHORT)
    keeper.look()
    assert keeper.memory_bytes() == 0
