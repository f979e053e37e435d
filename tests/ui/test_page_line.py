import pytest
from pytestqt.qtbot import QtBot

from craft_desktop.ui.asks import Ask
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.page_line import GUARD_MS, MOST_ASKS, PageLine
from tests.ui.hands import click


@pytest.fixture
def line(qtbot: QtBot, icons: Icons) -> PageLine:
    made = PageLine(icons)
    qtbot.addWidget(made)
    made.resize(600, 40)
    return made


def question(key: str, answers: list[tuple[str, bool]]) -> Ask:
    return Ask(key, f"May {key}?", "Yes", "No", lambda is_yes: answers.append((key, is_yes)))


def wait_enabled(qtbot: QtBot, line: PageLine) -> None:
    qtbot.waitUntil(lambda: line.yes.isEnabled(), timeout=10 * GUARD_MS)


def test_nothing_said_is_nothing_shown(line: PageLine) -> None:
    assert line.isHidden() and line.words == "" and line.current is None


def test_the_last_thing_said_stands_until_it_is_closed(qtbot: QtBot, line: PageLine) -> None:
    line.say("one")
    line.say("two\nlines")
    qtbot.waitUntil(lambda: line.text.text() == "two lines", timeout=1000)
    assert not line.isHidden() and line.yes.isHidden() and line.text.accessibleName() == "two lines"
    with qtbot.waitSignal(line.cleared):
        click(line.close_button)
    assert line.isHidden()


def test_a_storm_of_words_is_drawn_few_times(qtbot: QtBot, line: PageLine, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(line.text, "setText", drawn.append)
    for number in range(5000):
        line.say(f"word {number}")
    qtbot.waitUntil(lambda: bool(drawn) and drawn[-1] == "word 4999", timeout=1000)
    assert len(drawn) < 20


def test_questions_come_one_after_another(qtbot: QtBot, line: PageLine) -> None:
    answers: list[tuple[str, bool]] = []
    line.say("said before")
    for key in ("a", "b"):
        line.ask(question(key, answers))
    assert (
        line.words == line.question.text() == "May a?"
        and line.text.isHidden()
        and line.close_button.isHidden()
        and not line.yes.isHidden()
    )
    wait_enabled(qtbot, line)
    click(line.yes)
    assert line.words == "May b?" and answers == [("a", True)]
    wait_enabled(qtbot, line)
    click(line.no)
    assert answers[-1] == ("b", False) and line.words == "said before"


def test_a_click_meant_for_something_else_answers_nothing(qtbot: QtBot, line: PageLine) -> None:
    answers: list[tuple[str, bool]] = []
    line.ask(question("a", answers))
    line.ask(question("b", answers))
    click(line.yes)  # at once: it fell on a button that has just come
    assert answers == []
    wait_enabled(qtbot, line)
    click(line.yes)
    click(line.yes)  # the second half of a double click
    assert answers == [("a", True)]


def test_too_many_questions_are_answered_no(line: PageLine) -> None:
    answers: list[tuple[str, bool]] = []
    for number in range(1000):
        line.ask(question(str(number), answers))
    assert len(answers) == 1000 - MOST_ASKS and not any(is_yes for _, is_yes in answers)
    line.drop()
    assert len(answers) == 1000 and line.isHidden()


def test_the_same_question_again_takes_the_firsts_place(qtbot: QtBot, line: PageLine) -> None:
    answers: list[tuple[str, bool]] = []
    line.ask(question("a", answers))
    line.ask(question("a", answers))
    assert answers == [("a", False)] and line.words == "May a?"
    line.withdraw("a")
    line.withdraw("never asked")
    assert answers == [("a", False)] * 2 and line.isHidden()


def test_what_is_said_quietly_lies_beneath(line: PageLine) -> None:
    line.say_quietly("asleep")
    line.say("loud")
    assert line.words == "loud"
    line.clear()
    assert line.words == "asleep" and line.close_button.isHidden() and not line.isHidden()
    line.say_quietly("")
    assert line.isHidden()


def test_it_is_as_high_with_buttons_as_without(line: PageLine) -> None:
    line.say_quietly("asleep")
    said = line.sizeHint().height(), line.minimumHeight()
    line.ask(question("a", []))
    assert max(said) == max(line.sizeHint().height(), line.minimumHeight())
