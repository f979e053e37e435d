from dataclasses import replace

import pytest

from craft_desktop.model.errors import Problem
from craft_desktop.model.session import Phase
from craft_desktop.ui.tidings import LONGEST, tidings
from tests.ui.stand_in import NOW, failed, live, run_to


def test_a_start_that_ended_well_is_told_once() -> None:
    told = tidings(Phase.WAITING, live(), "shop-front", str)
    assert told is not None and (told.project_id, told.title) == ("p1", "shop-front is live")
    assert told.text == "The first page came after 19 s."
    assert tidings(Phase.LIVE, live(), "shop-front", str) is None


def test_a_save_that_shows_is_no_news_and_one_that_breaks_is() -> None:
    assert tidings(Phase.WAITING, replace(live(), is_for_save=True), "shop-front", str) is None
    broken = replace(failed(), phase=Phase.BROKEN, is_for_save=True)
    told = tidings(Phase.WAITING, broken, "blog", str)
    assert told is not None and told.title == "blog failed"


@pytest.mark.parametrize("before", [Phase.INSTALLING, Phase.LIVE, Phase.WAKING])
def test_a_failure_is_told_wherever_it_comes_from(before: Phase) -> None:
    told = tidings(before, failed(), "blog", str)
    assert told is not None and told.title == "blog failed" and told.text == "The dependencies could not be installed"
    assert tidings(Phase.FAILED, failed(), "blog", str) is None


@pytest.mark.parametrize(
    ("before", "phase"),
    [
        (Phase.STOPPED, Phase.CREATING),
        (Phase.CREATING, Phase.UPLOADING),
        (Phase.WAKING, Phase.LIVE),
        (Phase.LIVE, Phase.ASLEEP),
        (Phase.LIVE, Phase.STOPPING),
        (Phase.STOPPING, Phase.STOPPED),
    ],
)
def test_steps_and_what_was_asked_for_are_no_news(before: Phase, phase: Phase) -> None:
    assert tidings(before, replace(run_to("p1", 1, NOW), phase=phase), "shop-front", str) is None


def test_a_hostile_name_and_error_bring_no_markup_and_no_flood() -> None:
    problem = Problem("<b>x</b>&\n" * 100, "", "")
    told = tidings(Phase.LIVE, failed(problem=problem), "<img src=x>\nblog", str)
    assert told is not None and told.title == "‹img src=x› blog failed"
    assert len(told.text) == LONGEST and not set(told.text) & set("<>&\n")
