import json
from pathlib import Path

import pytest

from craft_desktop.control.wire import (
    check_json,
    diagnosis_json,
    event_json,
    health_json,
    opened_json,
    problem_json,
    project_json,
    read_problem,
    session_json,
    status_json,
)
from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.events import (
    CompileChanged,
    Event,
    LogLine,
    Measured,
    Notice,
    PageStale,
    ProjectsChanged,
    Pushed,
    SaveSeen,
    SessionChanged,
    Stream,
    SyncChanged,
)
from craft_desktop.model.levels import Level
from craft_desktop.model.operations import Health, Opened, OpenStatus, RunState, Status
from craft_desktop.model.places import Place
from craft_desktop.model.project import Project
from craft_desktop.model.report import Check, Diagnosis, Grade, Listener
from craft_desktop.model.saved import Saved
from craft_desktop.model.session import Phase, Session

PROBLEM = Problem("It failed", "facts", "Do this.")
SESSION = Session("p1", Phase.LIVE, 12.0, 10.0, sandbox_id="i1", pid=7, port=3000, url="http://shop.localhost:4100/")
PROJECT = Project("p1", "shop", "Shop", Path("/shop"), 1.0, 2.0)
URL = "http://shop.localhost:4100/"


def test_the_four_answers_carry_the_web_services_names() -> None:
    status = Status(RunState.RUNNING, SESSION)
    assert opened_json(Opened(OpenStatus.CREATED, SESSION, 3), URL) == {
        "sandboxId": "i1",
        "url": URL,
        "status": "created",
        "filesUpdated": 3,
    }
    assert status_json(status, URL) == {
        "status": "running",
        "sandboxId": "i1",
        "url": URL,
        "session": session_json(SESSION),
    }
    assert health_json(Health(True, SESSION, 1.23456, 898.76544), status) == {
        "healthy": True,
        "status": "running",
        "sandboxId": "i1",
        "idleTime": 1.235,
        "timeoutIn": 898.765,
    }
    assert health_json(Health(False, SESSION, 0, None), status)["timeoutIn"] is None
    assert project_json(PROJECT, status, URL)["path"] == "/shop"


@pytest.mark.parametrize("phase", Phase)
def test_every_session_is_json(phase: Phase) -> None:
    told = session_json(Session("p1", phase, problem=PROBLEM))
    assert json.loads(json.dumps(told))["phase"] == phase.value
    assert told["problem"] == problem_json(PROBLEM)
    assert [step["step"] for step in json.loads(json.dumps(told))["steps"]] == [
        "Sandbox",
        "Upload",
        "Install",
        "Dev server",
        "First page",
    ]


@pytest.mark.parametrize(
    ("event", "kind", "project_id"),
    [
        (ProjectsChanged((PROJECT,)), "projects", None),
        (SessionChanged(SESSION), "session", "p1"),
        (LogLine("p1", Stream.SERVER, "ready", 1.0), "log", "p1"),
        (Pushed("p1", 1, 2, 3, 4.56, 7), "pushed", "p1"),
        (SyncChanged("p1", 7, 1.0), "sync", "p1"),
        (Measured("p1", 1.0, 3.5, 312_000_000, 4_000_000_000), "measured", "p1"),
        (CompileChanged("p1", "Unexpected token", Place("app/page.tsx", 4, 5)), "compile", "p1"),
        (CompileChanged("p1"), "compile", "p1"),
        (PageStale("p1"), "stale", "p1"),
        (SaveSeen("p1", Saved(1.0, 3, 38, 259, 112), Saved(0.5, 3, 38, 200, 112)), "saved", "p1"),
        (Notice("p1", PROBLEM), "notice", "p1"),
        (Notice(None, PROBLEM), "notice", None),
        (Notice("p1", PROBLEM, is_over=True), "notice", "p1"),
    ],
)
def test_every_event_has_its_kind_and_project(event: Event, kind: str, project_id: str | None) -> None:
    told_kind, told_project, fields = event_json(event)
    assert (told_kind, told_project) == (kind, project_id)
    assert json.loads(json.dumps(fields)) == fields
    assert fields.get("project") == project_id


def test_a_save_is_told_by_stage() -> None:
    _, _, fields = event_json(SaveSeen("p1", Saved(9.0, 3.21, 38, 259, 112), Saved(0.5, 3, 38, 200, 112)))
    told = {"watchMs": 3.2, "pushMs": 38, "compileMs": 259, "paintMs": 112, "ms": 412.2}
    usual = {"watchMs": 3, "pushMs": 38, "compileMs": 200, "paintMs": 112, "ms": 353}
    assert fields == {"project": "p1", "at": 9.0, **told, "usual": usual}


@pytest.mark.parametrize(
    ("line", "level"),
    [
        (LogLine("p1", Stream.SERVER, "npm error code 1", 1.0), "error"),
        (LogLine("p1", Stream.BROWSER, "fine", 1.0, Level.WARNING), "warning"),
        (LogLine("p1", Stream.BROWSER, "Error: only said", 1.0, Level.INFO), "info"),
    ],
)
def test_a_line_says_how_grave_it_is(line: LogLine, level: str) -> None:
    assert event_json(line)[2]["level"] == level


def test_a_problem_comes_back_as_it_was() -> None:
    assert read_problem(problem_json(PROBLEM)) == PROBLEM
    assert read_problem({"title": None, "detail": 3}) == Problem("", "3", "")


def test_a_check_with_its_place() -> None:
    check = Check("Disk", Grade.BAD, "full", "Make room.", "disk", Action.RESTART_CLEAN, Place("a.ts", 3, 1))
    fine = Check("Port", Grade.OK, "3000", id="port")
    told = diagnosis_json(Diagnosis((fine, check), (Listener("::1", 1, 2, "n"),), seconds=0.12345))
    assert told["checks"] == [check_json(check), check_json(fine)]
    assert check_json(check)["place"] == {"path": "a.ts", "line": 3, "column": 1}
    assert told["seconds"] == 0.123 and told["listeners"] == [{"address": "::1", "port": 1, "pid": 2, "command": "n"}]
