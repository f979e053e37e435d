from dataclasses import replace

import pytest

from craft_desktop.model.errors import Action, Problem
from craft_desktop.model.events import Pushed, Stream, SyncChanged
from craft_desktop.model.origin import Origin
from craft_desktop.model.project import Provider
from craft_desktop.model.session import (
    Installed,
    Phase,
    SandboxReady,
    Session,
    SleepAsked,
    Step,
    StepRecord,
    StepState,
    advance,
)
from craft_desktop.ui import present, row_words
from craft_desktop.ui.present import Button, Shape, Tone
from tests.ui.stand_in import NOW, failed, live, make_project, run_to

READY, HIDDEN, BUSY = Button.READY, Button.HIDDEN, Button.BUSY


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_words_colour_and_shape(phase: Phase) -> None:
    shown = present.state(Session("p", phase), str)
    assert shown.words and shown.tone and shown.shape


def test_no_two_tones_share_a_shape() -> None:
    shown = [present.state(Session("p", phase), str) for phase in Phase]
    assert len({state.shape for state in shown}) == len({(state.tone, state.shape) for state in shown})


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (Phase.STOPPED, (READY, HIDDEN, HIDDEN)),
        (Phase.FAILED, (READY, HIDDEN, HIDDEN)),
        (Phase.CREATING, (BUSY, READY, HIDDEN)),
        (Phase.UPLOADING, (BUSY, READY, HIDDEN)),
        (Phase.INSTALLING, (BUSY, READY, HIDDEN)),
        (Phase.STARTING, (BUSY, READY, HIDDEN)),
        (Phase.WAITING, (BUSY, READY, HIDDEN)),
        (Phase.LIVE, (HIDDEN, READY, READY)),
        (Phase.BROKEN, (HIDDEN, READY, READY)),
        (Phase.STOPPING, (HIDDEN, BUSY, HIDDEN)),
    ],
)
def test_buttons_stand_where_they_make_sense(phase: Phase, expected: tuple[Button, Button, Button]) -> None:
    buttons = present.buttons(Session("p", phase))
    assert (buttons.start, buttons.stop, buttons.restart) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-3, "0 s"), (0.9, "0 s"), (59.9, "59 s"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (11_100, "3 h 5 min"),
     (86_400, "1 d"), (200_000, "2 d")],
)  # fmt: skip
def test_durations(seconds: float, expected: str) -> None:
    assert present.duration(seconds, str) == expected


@pytest.mark.parametrize(
    ("seconds", "is_ticking", "expected"),
    [
        (0.01, False, "under 0.1 s"),
        (0.2, False, "0.2 s"),
        (9.96, False, "10 s"),
        (13.6, False, "14 s"),
        (72.4, False, "1 min 12 s"),
        (0.9, True, "0 s"),
        (13.9, True, "13 s"),
        (59.99, True, "59 s"),
        (59.6, False, "1 min 0 s"),
    ],
)
def test_stopwatch(seconds: float, is_ticking: bool, expected: str) -> None:
    assert present.stopwatch(seconds, str, is_ticking=is_ticking) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (34_567, "35 kB"), (999_600, "1.0 MB"), (1_843_200, "1.8 MB"),
     (214_000_000, "214 MB"), (5_400_000_000, "5.4 GB")],
)  # fmt: skip
def test_sizes(size: int, expected: str) -> None:
    assert present.size(size, str) == expected


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("214 files, 1843200 bytes", "214 files, 1.8 MB"),
        ("1 files, 12 bytes", "1 file, 12 B"),
        ("1234567 files, 12 bytes", "1\u202f234\u202f567 files, 12 B"),
        ("0 files, 0 bytes", "nothing to copy"),
        ("reused", "reused"),
        ("nothing to install", "nothing to install"),
        ("saved 31 s · from snapshot", "saved 31 s · from snapshot"),
        ("saved 72 s · from snapshot", "saved 1 min 12 s · from snapshot"),
        ("", ""),
    ],
)
def test_notes_are_in_human_units(note: str, expected: str) -> None:
    assert present.note(note, str) == expected


def test_a_running_step_ticks() -> None:
    record = StepRecord(Step.INSTALL, StepState.RUNNING, NOW)
    assert present.step(record, NOW + 14.9, str).time == "14 s"
    assert present.step(record, NOW + 15.0, str).spoken == "Install, running, 15 s"
    usual = replace(record, usual_s=20.0)
    assert present.step(usual, NOW + 15.0, str).time == "15 s of about 20 s"
    assert present.step(usual, NOW + 31.0, str).time == "31 s, slower than usual"
    assert present.step(replace(record, usual_s=0.3), NOW + 1.0, str).time == "1 s"


@pytest.mark.parametrize(
    ("usual_s", "after_s", "share"), [(None, 5.0, None), (0.3, 1.0, None), (20.0, 5.0, 0.25), (20.0, 60.0, 1.0)]
)
def test_a_running_step_tells_its_share_of_the_usual_time(
    usual_s: float | None, after_s: float, share: float | None
) -> None:
    record = StepRecord(Step.INSTALL, StepState.RUNNING, started_at=NOW, usual_s=usual_s)
    assert present.step(record, NOW + after_s, str).share == share
    assert present.step(replace(record, state=StepState.DONE, seconds=5.0), NOW + after_s, str).share is None


def test_the_steps_of_a_run() -> None:
    session = run_to("p", 2)
    session = advance(run_to("p", 1), SandboxReady("i", Origin.ADOPTED), NOW + 0.1)
    views = [present.step(record, NOW + 1, str) for record in session.steps]
    assert [view.shape for view in views] == [Shape.CHECK, Shape.SPINNER, Shape.RING, Shape.RING, Shape.RING]
    assert views[0].note == "reused"
    skipped = advance(run_to("p", 3), Installed(skipped=True), NOW + 1)
    assert present.step(skipped.steps[2], NOW, str).spoken == "Install, skipped, nothing to install"
    ended = present.step(failed("p").steps[2], NOW, str)
    assert (ended.tone, ended.shape, ended.time) == (Tone.BAD, Shape.TRIANGLE, "9.1 s")


def test_lines_about_a_project() -> None:
    session = live("p1")
    assert present.state_line(session, Provider.LOCAL, NOW + 79.1, str) == "Live · This computer · 1 min"


def test_where_a_project_runs() -> None:
    project = make_project(1, "shop-front")
    idle, running = Session("p1"), live("p1")
    assert present.where(project, idle, Provider.E2B) is Provider.E2B
    assert present.where(replace(project, provider=Provider.LOCAL), idle, Provider.E2B) is Provider.LOCAL
    assert present.where(replace(project, provider=Provider.E2B), running, Provider.E2B) is Provider.LOCAL


def test_status_lines() -> None:
    pushed = Pushed("p1", 1, 0, 412, 38.2, 41)
    sync = SyncChanged("p1", 41, NOW - 3)
    assert present.sync_line(live(), sync, NOW, str) == "In sync · rev 41 · verified 3 s ago"
    assert present.sync_line(live(), replace(sync, verified_at=None), NOW, str) == "In sync · rev 41"
    assert present.sync_line(live(), replace(sync, is_polling=True), NOW, str).endswith("looked at every second")
    assert present.sync_line(live(), replace(sync, is_halted=True), NOW, str).startswith("Sync halted")
    assert present.sync_line(live(), None, NOW, str) == "In sync"
    assert present.sync_line(run_to("p1", 3), sync, NOW, str) == ""
    asleep = advance(live(), SleepAsked(), NOW)
    assert present.sync_line(asleep, sync, NOW, str) == "Asleep; an edit wakes it"
    assert present.push_line(pushed, str) == "Last save → sandbox 38 ms"
    assert present.push_line(None, str) == ""


@pytest.mark.parametrize("action", Action)
def test_every_action_but_none_has_a_label(action: Action) -> None:
    assert bool(present.remedy_label(Problem("t", "d", "r", action), str)) is (action is not Action.NONE)


def test_names_of_logs_and_places() -> None:
    assert [present.stream(stream, str) for stream in Stream] == ["Install", "Dev server", "Browser", "Activity"]
    assert all(present.provider(provider, str) for provider in Provider)


def test_all_words_pass_the_translator() -> None:
    said: list[str] = []

    def tr(text: str) -> str:
        said.append(text)
        return text

    row_words.row(make_project(1, "x"), failed("p1"), NOW, tr)
    present.step(run_to("p", 3).steps[1], NOW, tr)
    assert {"Failed", "Upload", "{0} files", "MB", "{0} s"} <= set(said)
