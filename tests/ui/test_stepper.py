from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from craft_desktop.model.errors import Problem
from craft_desktop.model.session import Session, Step
from craft_desktop.ui.stepper import Stepper
from craft_desktop.ui.theme import Theme
from tests.ui.stand_in import NOW, failed, live, run_to


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def texts(stepper: Stepper, step: Step) -> list[str]:
    return [label.text() for label in stepper.items[step].findChildren(QLabel) if label.text()]


@pytest.mark.parametrize("is_large", [True, False])
def test_seconds_tick(qtbot: QtBot, theme: Theme, is_large: bool) -> None:
    clock = Clock()
    stepper = Stepper(theme, clock, is_large=is_large)
    qtbot.addWidget(stepper)
    stepper.show_session(run_to("p1", 3))
    clock.now = NOW + 6.4
    stepper.tick()
    assert "6 s" in texts(stepper, Step.INSTALL)
    clock.now = NOW + 7.4
    stepper.tick()
    assert "7 s" in texts(stepper, Step.INSTALL)
    assert stepper.items[Step.INSTALL].accessibleName() == "Install, running, 7 s"


def test_a_finished_run_stands_still(qtbot: QtBot, theme: Theme) -> None:
    clock = Clock()
    stepper = Stepper(theme, clock)
    qtbot.addWidget(stepper)
    stepper.show_session(live())
    before = [texts(stepper, step) for step in Step]
    clock.now = NOW + 5000
    stepper.tick()
    assert [texts(stepper, step) for step in Step] == before
    assert "0.1 s · 214 files, 1.8 MB" in texts(stepper, Step.UPLOAD)


def test_a_step_that_failed_says_why_in_its_first_useful_line(qtbot: QtBot, theme: Theme) -> None:
    stepper = Stepper(theme, Clock())
    qtbot.addWidget(stepper)
    detail = "npm ci ended with exit code 1.\n\nnpm error code ERESOLVE\nnpm error could not resolve"
    stepper.show_session(failed(problem=Problem("The dependencies could not be installed", detail, "Fix it.")))
    assert texts(stepper, Step.INSTALL) == ["Install", "npm error code ERESOLVE"]
    assert stepper.items[Step.INSTALL].accessibleName() == "Install, failed, 9.1 s, npm error code ERESOLVE"


def test_a_step_with_a_usual_time_has_a_bar(qtbot: QtBot, theme: Theme) -> None:
    clock = Clock()
    stepper = Stepper(theme, clock, is_large=True)
    qtbot.addWidget(stepper)
    stepper.show()
    running = run_to("p1", 3)
    began = running.steps[2].started_at
    assert began is not None
    usual = replace(running, steps=tuple(replace(record, usual_s=20.0) for record in running.steps))
    bar = stepper.items[Step.INSTALL].bar
    stepper.show_session(running)
    assert not bar.isVisible()
    stepper.show_session(usual)
    clock.now = began + 5.0
    stepper.tick()
    assert bar.isVisible() and bar.value() * 4 == bar.maximum() and bar.accessibleName() == "Install"
    assert "5 s of about 20 s" in texts(stepper, Step.INSTALL)
    clock.now = began + 50.0
    stepper.tick()
    assert bar.isVisible() and bar.value() == bar.maximum()
    assert [step for step, item in stepper.items.items() if item.bar.isVisible()] == [Step.INSTALL]
    stepper.show_session(live())
    assert not bar.isVisible()


def test_all_states_can_be_shown(qtbot: QtBot, theme: Theme) -> None:
    stepper = Stepper(theme, lambda: NOW)
    qtbot.addWidget(stepper)
    stepper.show()
    for session in (Session("p1"), *(run_to("p1", count) for count in range(7)), failed()):
        stepper.show_session(session)
        stepper.grab()
    assert stepper.items[Step.INSTALL].accessibleName() == "Install, failed, 9.1 s, npm error code E404"


@pytest.mark.parametrize("width", [651, 959, 960, 1191])  # beside the list at its usual width, at 900 and at 1440
def test_the_strip_cuts_no_figure_off(qtbot: QtBot, theme: Theme, width: int) -> None:
    stepper = Stepper(theme, lambda: NOW)
    qtbot.addWidget(stepper)
    stepper.resize(width, 60)
    stepper.show()
    stepper.show_session(live())
    QApplication.sendPostedEvents()  # the new words are laid out
    for label in stepper.findChildren(QLabel):
        assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width(), label.text()
