from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from craft_desktop.ui.page_watch import HUNG_S, PageWatch


class World:
    """A page that answers when it is told to."""

    def __init__(self) -> None:
        self.now, self.is_worth_it = 0.0, True
        self.due: list[Callable[[], None]] = []
        self.told: list[str] = []
        self.owner = QObject()
        self.watch = PageWatch(self.owner, self.due.append, lambda: self.is_worth_it, lambda: self.now)
        self.watch._timer.stop()
        self.watch.hung.connect(lambda: self.told.append("hung"))
        self.watch.answered.connect(lambda: self.told.append("answered"))

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.watch.look()


@pytest.fixture
def world(qtbot: QtBot) -> World:
    return World()


def test_a_page_that_answers_is_left_alone(world: World) -> None:
    for _ in range(5):
        world.pass_time(HUNG_S)
        world.due.pop()()
    assert world.told == []


def test_a_page_that_does_not_is_told_once(world: World) -> None:
    world.pass_time(0)
    world.pass_time(HUNG_S - 0.1)
    assert world.told == []
    for _ in range(3):
        world.pass_time(1)
    assert world.told == ["hung"] and len(world.due) == 1
    world.watch.wait()
    world.pass_time(HUNG_S)
    assert world.told == ["hung", "hung"]
    world.due.pop()()
    assert world.told[-1] == "answered" and not world.watch.is_hung


def test_an_answer_of_a_page_before_is_no_answer(world: World) -> None:
    world.pass_time(0)
    world.watch.forget()
    world.pass_time(0)
    world.due[0]()
    world.pass_time(HUNG_S)
    assert world.told == ["hung"]


def test_out_of_sight_nothing_is_expected(world: World) -> None:
    world.pass_time(0)
    world.pass_time(HUNG_S)
    world.is_worth_it = False
    world.pass_time(HUNG_S)
    assert world.told == ["hung", "answered"] and len(world.due) == 1
