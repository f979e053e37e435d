from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.report import Check, Diagnosis, Grade, Report


@given(st.lists(st.sampled_from(Grade)))
def test_a_machine_serves_unless_something_needed_is_missing(grades: list[Grade]) -> None:
    report = Report(tuple(Check("Node.js", grade, "24") for grade in grades))
    assert report.is_usable is (Grade.MISSING not in grades)


@given(st.lists(st.sampled_from(Grade)))
def test_the_worst_comes_first_and_of_one_grade_the_order_stays(grades: list[Grade]) -> None:
    diagnosis = Diagnosis(tuple(Check(str(place), grade, "") for place, grade in enumerate(grades)))
    order = [Grade.BAD, Grade.MISSING, Grade.LIMITED, Grade.UNKNOWN, Grade.OK]
    told = [(order.index(check.grade), int(check.name)) for check in diagnosis.worst_first]
    assert told == sorted(told)
    assert diagnosis.is_clean is ({*grades} <= {Grade.OK, Grade.UNKNOWN})
