from dataclasses import replace
from pathlib import Path

from craft_desktop.model.project import Project
from craft_desktop.model.script import Framework
from craft_desktop.model.session import Session
from craft_desktop.ui import row_words
from tests.ui.stand_in import NOW, failed, live, make_project, run_to


def test_name_state_time_and_problem() -> None:
    project = make_project(1, "shop-front")
    row = row_words.row(project, failed("p1"), NOW + 70, str)
    assert (row.line, row.problem) == ("Failed · 1 min", "The dependencies could not be installed")
    assert row.spoken == "shop-front, Failed, 1 min, The dependencies could not be installed"
    assert row_words.row(project, Session("p1"), NOW, str).line == "Stopped"
    assert row_words.problem_of(live("p1")) == ""


def test_every_framework_has_a_mark_of_its_own_and_is_spoken() -> None:
    rows = [row_words.row(make_project(1, "x", framework=each), Session("p1"), NOW, str) for each in Framework]
    assert all(rows) and len({row.mark for row in rows}) == len(Framework)
    assert [row.spoken for row in rows] == [f"x, {each.value}, Stopped" for each in Framework]
    assert row_words.row(make_project(1, "x"), Session("p1"), NOW, str).mark == ""


def test_progress_is_told_where_it_is_known() -> None:
    project, running = make_project(1, "shop"), run_to("p1", 3)
    began = running.steps[2].started_at
    assert began is not None
    assert row_words.row(project, running, began + 5, str).share is None
    usual = replace(running, steps=tuple(replace(record, usual_s=20.0) for record in running.steps))
    assert row_words.row(project, usual, began + 5, str).share == 0.25
    assert row_words.row(project, live("p1"), NOW + 90, str).share is None


def at(number: int, name: str, path: str) -> Project:
    return replace(make_project(number, name), path=Path(path))


def test_projects_of_one_name_are_told_apart_by_as_little_as_differs() -> None:
    projects = (
        at(1, "web", "/home/ada/acme/web"),
        at(2, "web", "/home/ada/beta/web"),
        at(3, "app", "/home/ada/one"),
        at(4, "app", "/home/ada/two"),
        at(5, "alone", "/home/ada/alone"),
    )
    told = {"p1": "acme", "p2": "beta", "p3": "one", "p4": "two"}
    assert row_words.apart(projects) == told
    assert row_words.apart((at(1, "x", "/x"), at(2, "x", "/a/x"))) == {"p1": "/", "p2": "a"}
    nested = at(1, "x", "/a/x"), at(2, "x", "/b/x"), at(3, "x", "/b/a/x")
    assert row_words.apart(nested) == {"p1": "/a", "p2": "/b", "p3": "b/a"}
    assert row_words.apart(()) == {}
