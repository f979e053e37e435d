from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from craft_desktop.model.events import LogLine, Stream
from craft_desktop.model.project import Project, Provider
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.pane_stack import PaneStack, Start
from craft_desktop.ui.placement import Look, Placement
from craft_desktop.ui.project_pane import ProjectPane
from craft_desktop.ui.theme import Theme
from tests.ui.hands import click
from tests.ui.stand_in import NOW, failed, make_project

ONE, TWO = make_project(1, "shop-front"), make_project(2, "blog")


def begin(project: Project) -> Start:
    log = (LogLine(project.id, Stream.INSTALL, "kept from before", NOW),)
    return Start(failed(project.id), Provider.LOCAL, log, f"http://{project.slug}.localhost:4100/")


@pytest.fixture
def stack(qtbot: QtBot, theme: Theme, icons: Icons, tmp_path: Path) -> PaneStack:
    made = PaneStack(theme, icons, lambda: NOW, Placement(tmp_path), tmp_path / "pages", begin)
    qtbot.addWidget(made)
    made.resize(800, 600)
    made.show()
    return made


def test_a_pane_is_made_when_it_is_looked_at_and_kept(qtbot: QtBot, stack: PaneStack) -> None:
    assert stack.current is None and stack.made("p1") is None
    first = stack.show_pane(ONE)
    assert stack.current is first and first.session.problem is not None
    qtbot.waitUntil(lambda: first.log_pane.views[Stream.INSTALL].toPlainText() == "kept from before", timeout=2000)
    stack.show_pane(TWO)
    assert stack.show_pane(ONE) is first and stack.made("p1") is first


def test_a_new_pane_is_told_once_and_knows_its_project(qtbot: QtBot, stack: PaneStack) -> None:
    told: list[ProjectPane] = []
    stack.pane_made.connect(told.append)
    pane = stack.show_pane(TWO)
    stack.show_pane(TWO)
    assert told == [pane]
    with qtbot.waitSignal(pane.commanded) as asked:
        click(pane.header.start)
    assert asked.args == ["start", "p2"]


def test_the_line_between_page_and_logs_is_that_of_the_last_pane(stack: PaneStack) -> None:
    first = stack.show_pane(ONE)
    first.splitter.setSizes([150, 350])
    first.splitter.splitterMoved.emit(150, 1)
    assert stack.show_pane(TWO).splitter.sizes() == first.splitter.sizes()


def test_zoom_is_remembered_for_each_project(stack: PaneStack, tmp_path: Path) -> None:
    stack.pane(ONE).preview.zoom(1)
    assert Placement(tmp_path).look("p1") == Look(1.1) and Placement(tmp_path).look("p2") == Look()


def test_what_left_the_list_leaves_the_stack(stack: PaneStack) -> None:
    stack.pane(ONE)
    two = stack.show_pane(TWO)
    stack.keep_only({"p2"})
    assert stack.made("p1") is None and stack.current is two
    stack.keep_only(set())
    assert stack.current is None
    stack.show_empty()
    assert stack.empty_state.isVisible()
    stack.close_pages()
