import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Action
from craft_desktop.model.report import Check, Diagnosis, Grade
from craft_desktop.ui.doctor_panel import DoctorPanel
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.theme import Theme
from craft_desktop.workbench.doctor import ALL_CHECKS
from tests.ui.stand_in import CLEAN, DIAGNOSIS


@pytest.fixture
def panel(qtbot: QtBot, theme: Theme, icons: Icons) -> DoctorPanel:
    made = DoctorPanel(theme, icons, ALL_CHECKS, "shop-front")
    qtbot.addWidget(made)
    made.resize(400, 700)
    made.show()
    return made


def in_sight(panel: DoctorPanel) -> list[str]:
    seen = [(row.mapTo(panel, row.rect().topLeft()).y(), key) for key, row in panel.rows.items() if row.isVisible()]
    return [key for _, key in sorted(seen)]


def test_every_check_is_shown_as_it_is_made(panel: DoctorPanel) -> None:
    panel.begin()
    assert in_sight(panel) == [key for key, _ in ALL_CHECKS]
    assert not panel.again.isEnabled() and not panel.copy.isEnabled()
    for check in DIAGNOSIS.checks[:3]:
        panel.show_check(check)
    panel.show_check(Check("Unknown", Grade.BAD, "", id="nobody"))
    assert panel.summary.text() == f"Looking: 3 of {len(ALL_CHECKS)} checks made…"


def test_the_worst_comes_first_and_what_is_fine_is_out_of_sight(qtbot: QtBot, panel: DoctorPanel) -> None:
    panel.begin()
    panel.show_diagnosis(DIAGNOSIS)
    assert in_sight(panel) == ["modules", "variables"]
    assert panel.summary.text().startswith("One thing keeps the page from showing")
    assert panel.again.isEnabled() and panel.copy.isEnabled() and not panel.hint.isVisible()
    fine = panel.findChild(QPushButton, "doctorGroup-ok")
    assert fine is not None and fine.text().endswith("checks passed")
    fine.click()
    assert len(in_sight(panel)) == len(ALL_CHECKS) - 1
    with qtbot.waitSignal(panel.remedy_requested) as told:
        panel.rows["modules"].act.click()
    assert told.args == [Action.REINSTALL]
    with qtbot.waitSignal(panel.place_requested):
        panel.rows["variables"].open.click()


def test_nothing_found_is_said_with_what_to_do_then(panel: DoctorPanel) -> None:
    panel.begin()
    panel.show_diagnosis(CLEAN)
    assert in_sight(panel) == [] and panel.summary.text() == "No trouble was found: every check passed."
    assert panel.hint.isVisible()


def test_a_sentence_of_ours_is_not_set_like_a_log(panel: DoctorPanel) -> None:
    def families() -> set[str]:
        said = ("Listening", "Processes", "The log’s end")
        return {label.font().family() for label in panel.findChildren(QLabel) if label.accessibleName() in said}

    panel.show_diagnosis(DIAGNOSIS)
    quoted = families()
    panel.begin()
    panel.show_diagnosis(CLEAN)
    assert families() == {panel.summary.font().family()} and quoted.isdisjoint(families())


def test_it_can_be_run_again_and_ends_when_it_comes_to_nothing(qtbot: QtBot, panel: DoctorPanel) -> None:
    panel.begin()
    panel.show_diagnosis(DIAGNOSIS)
    with qtbot.waitSignal(panel.asked):
        panel.again.click()
    panel.begin()
    assert panel.diagnosis is None and len(in_sight(panel)) == len(ALL_CHECKS)
    panel.show_diagnosis(None)
    assert panel.again.isEnabled() and not panel.copy.isEnabled() and "could not be finished" in panel.summary.text()


def test_all_of_it_is_copied_as_text(panel: DoctorPanel) -> None:
    panel.begin()
    panel.copy.click()
    panel.show_diagnosis(DIAGNOSIS)
    panel.copy.click()
    assert "@acme/design-tokens" in QGuiApplication.clipboard().text()


def test_escape_closes_it(qtbot: QtBot, panel: DoctorPanel) -> None:
    with qtbot.waitSignal(panel.closed):
        QTest.keyClick(panel.area, Qt.Key.Key_Escape)


def test_hostile_evidence_widens_nothing(panel: DoctorPanel) -> None:
    panel.begin()
    check = Check("Disk", Grade.BAD, "x" * 3000, "y" * 300, "disk")
    panel.show_diagnosis(Diagnosis((check,), tail=("z" * 3000,)))
    assert panel.width() == 400
    content = panel.area.widget()
    assert content is not None and content.width() <= panel.area.viewport().width()
