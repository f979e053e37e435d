from dataclasses import replace

import pytest

from craft_desktop.model.report import Check, Diagnosis, Grade
from craft_desktop.ui import doctor_words
from craft_desktop.ui.present import Shape
from tests.ui.stand_in import CLEAN, DIAGNOSIS


def of(*grades: Grade) -> Diagnosis:
    return Diagnosis(tuple(Check("Disk", grade, "x") for grade in grades))


@pytest.mark.parametrize(
    ("diagnosis", "said"),
    [
        (of(Grade.BAD), "One thing keeps the page from showing."),
        (of(Grade.BAD, Grade.BAD, Grade.LIMITED), "2 things keep the page from showing; one more is worth a look."),
        (
            of(Grade.BAD, Grade.LIMITED, Grade.LIMITED),
            "One thing keeps the page from showing; 2 more are worth a look.",
        ),
        (of(Grade.LIMITED, Grade.UNKNOWN), "One thing is worth a look."),
        (of(Grade.LIMITED, Grade.LIMITED), "2 things are worth a look."),
        (of(Grade.OK, Grade.UNKNOWN), "No trouble was found; 1 check could not be made."),
        (of(Grade.OK), "No trouble was found: every check passed."),
    ],
)
def test_the_whole_in_a_sentence(diagnosis: Diagnosis, said: str) -> None:
    assert doctor_words.summary(diagnosis, str) == said


def test_where_nothing_was_found_the_next_step_is_said() -> None:
    assert "Browser log" in doctor_words.hint(CLEAN, str)
    assert doctor_words.hint(DIAGNOSIS, str) == ""


def test_every_grade_has_words_and_a_shape() -> None:
    shapes = {grade: doctor_words.state(grade, str).shape for grade in Grade}
    assert shapes[Grade.OK] is Shape.CHECK and shapes[Grade.BAD] is Shape.TRIANGLE
    assert shapes[Grade.LIMITED] not in (shapes[Grade.BAD], shapes[Grade.OK])
    assert all(doctor_words.state(grade, str).words for grade in Grade)
    assert doctor_words.group(1, Grade.OK, str) == "1 check passed"
    assert doctor_words.group(2, Grade.UNKNOWN, str) == "2 checks could not be made"


def test_the_report_to_be_sent_has_all_of_it() -> None:
    text = doctor_words.as_text(DIAGNOSIS, "shop-front", str)
    assert text.startswith("Preview doctor: shop-front\n")
    for part in ("@acme/design-tokens", "app/page.tsx:3", "Reinstall dependencies", "127.0.0.1 port 3000", "PID 42"):
        assert part in text
    assert text.index("[bad]") < text.index("[limited]") < text.index("[unknown]") < text.index("[ok]")
    empty = doctor_words.as_text(replace(CLEAN, tail=("", " ")), "a", str)
    assert "Nothing listens." in empty and "The log is empty." in empty


def test_hostile_evidence_fits_and_shows_nothing_unseen() -> None:
    shown = doctor_words.breakable("a\u202eb\x1b[31m " + "x" * 100 + "\nnext")
    assert "\u202e" not in shown and "\x1b" not in shown and shown.endswith("\nnext")
    words = shown.replace("\n", " ").replace("\u200b", " ").split(" ")
    assert max(len(word) for word in words) == doctor_words.LONGEST_WORD
