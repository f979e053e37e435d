"""Each phase has its page."""

from pathlib import Path

import pytest

from craft_desktop.model.errors import Problem
from craft_desktop.model.project import Project
from craft_desktop.model.session import Phase, Session
from craft_desktop.preview.pages import PageKind
from craft_desktop.workbench.page_state import page_state

PROJECT = Project("id", "shop", "Shop", Path("/shop"), 0, 0)


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_says_something(phase: Phase) -> None:
    problem = Problem("Title", "Detail", "Remedy") if phase in (Phase.FAILED, Phase.BROKEN) else None
    state = page_state(PROJECT, Session("id", phase, problem=problem))
    if phase in (Phase.FAILED, Phase.BROKEN):
        assert (state.kind, state.title, state.detail, state.remedy) == (PageKind.FAILED, "Title", "Detail", "Remedy")
    else:
        kinds = {Phase.STOPPED: PageKind.STOPPED, Phase.ASLEEP: PageKind.ASLEEP}
        assert state.kind is kinds.get(phase, PageKind.WAITING)
        assert state.title.startswith("Shop is ")
