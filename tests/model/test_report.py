from hypothesis import given
from hypothesis import strategies as st

from craft_desktop.model.report import Check, Grade, Report


@given(st.lists(st.sampled_from(Grade)))
def test_a_machine_serves_unless_something_needed_is_missing(grades: list[Grade]) -> None:
    report = Report(tuple(Check("Node.js", grade, "24") for grade in grades))
    assert report.is_usable is (Grade.MISSING not in grades)
