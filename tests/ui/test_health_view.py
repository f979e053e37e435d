from dataclasses import replace

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from craft_desktop.model.events import Measured
from craft_desktop.model.operations import Idleness
from craft_desktop.model.settings import WhenIdle
from craft_desktop.ui.figures import KEPT_S
from craft_desktop.ui.health_view import HealthView
from craft_desktop.ui.theme import Theme
from tests.ui.stand_in import NOW, live


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> HealthView:
    made = HealthView(theme, lambda: NOW)
    qtbot.addWidget(made)
    made.resize(640, 160)
    made.show()
    return made


def words(view: HealthView) -> list[str]:
    return [found.text() for found in view.findChildren(QLabel)]


def test_before_anything_is_known(view: HealthView) -> None:
    assert view.last is None and view.cpu.value.text() == "–"
    assert view.cpu.line.accessibleName() == "CPU: not measured yet"


def test_figures_and_facts(view: HealthView) -> None:
    view.show_session(live(begun_at=NOW - 740))
    view.show_idleness(Idleness(125, 775, WhenIdle.SLEEP))
    view.show_measured(Measured("p1", NOW - 5, 80.0, 900_000_000, 8_200_000_000))
    view.show_measured(Measured("p1", NOW, 4.0, 312_000_000, 8_200_000_000))
    view.tick()
    assert view.cpu.value.text() == "4 %" and view.memory.value.text() == "312 MB of 8.2 GB"
    for wanted in ("12 min", "2 min", "Sleeps in", "12:55", "3000", "PID 4212", "i1a2b3c4d5"):
        assert wanted in words(view), wanted
    assert view.cpu.line.accessibleName() == "CPU, last 5 minutes: now 4 %, highest 80 %"
    assert view.memory.line.accessibleName() == "Memory, last 5 minutes: now 312 MB, highest 900 MB"
    facts = [found for found in view.findChildren(QLabel) if found.objectName().startswith("fact")]
    assert [fact.accessibleName() for fact in facts][3:5] == ["Port: 3000", "Process: PID 4212"]


def test_what_the_page_has_in_this_window_stands_beside_the_sandbox(view: HealthView) -> None:
    view.show_session(live(begun_at=NOW - 740))
    view.show_measured(Measured("p1", NOW, 4.0, 312_000_000, 8_200_000_000))
    view.show_page(96_000_000)
    assert view.memory.value.text() == "312 MB of 8.2 GB · page here 96 MB"
    assert view.memory.value.accessibleName() == "Memory: 312 MB of 8.2 GB · page here 96 MB"
    view.show_page(0)
    assert view.memory.value.text() == "312 MB of 8.2 GB"


def test_only_the_last_minutes_are_drawn(view: HealthView) -> None:
    for number in range(500):
        view.show_measured(Measured("p1", NOW + 5 * number, 1.0, 1, 10))
    first, last = view.cpu.line.points[0], view.cpu.line.points[-1]
    assert last[0] - first[0] <= KEPT_S and len(view.cpu.line.points) == KEPT_S / 5 + 1


def test_another_sandbox_begins_anew(view: HealthView) -> None:
    view.show_session(live())
    view.show_measured(Measured("p1", NOW, 1.0, 1, 10))
    view.show_session(replace(live(), port=3001))
    assert view.last is not None
    view.show_session(replace(live(), sandbox_id="other"))
    assert view.last is None and view.memory.value.text() == "–"


def test_it_scrolls_where_the_pane_is_low(view: HealthView) -> None:
    view.resize(640, 48)
    assert view.verticalScrollBar().maximum() > 0
    view.resize(652, 97)  # what a window of 900 x 600 leaves of it
    assert view.verticalScrollBar().maximum() == 0
    view.show_session(live())
    view.show_measured(Measured("p1", NOW, 12.0, 312_000_000, 16_200_000_000))
    for gauge in (view.cpu, view.memory):
        assert gauge.value.width() >= gauge.value.fontMetrics().horizontalAdvance(gauge.value.text())
