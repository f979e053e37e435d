"""The JSON of the control API: what each value of the workbench looks like on the wire. Pure.

The answers to the four operations carry the names that the web service's had (`sandboxId`, `filesUpdated`, `idleTime`);
times are Unix seconds, durations seconds.
"""

from collections.abc import Mapping

from craft_desktop.model.errors import Problem
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
    SettingsChanged,
    SyncChanged,
)
from craft_desktop.model.levels import level_of
from craft_desktop.model.operations import Health, Opened, Status
from craft_desktop.model.project import Project
from craft_desktop.model.report import Check, Diagnosis
from craft_desktop.model.saved import Saved
from craft_desktop.model.session import Session

Json = dict[str, object]


def project_json(project: Project, status: Status, url: str) -> Json:
    """Give a project of the list with what runs of it."""
    return {
        "id": project.id,
        "slug": project.slug,
        "name": project.name,
        "path": str(project.path),
        "url": url,
        "status": status.state.value,
        "phase": status.session.phase.value,
        "sandboxId": status.session.sandbox_id,
        "keepAwake": project.keep_awake,
        "shared": project.is_shared,
        "publicUrl": status.session.public_url,
    }


def opened_json(opened: Opened, url: str) -> Json:
    """Give the answer to open."""
    return {
        "sandboxId": opened.session.sandbox_id,
        "url": url,
        "status": opened.status.value,
        "filesUpdated": opened.files_updated,
    }


def status_json(status: Status, url: str) -> Json:
    """Give the answer to status."""
    return {
        "status": status.state.value,
        "sandboxId": status.session.sandbox_id,
        "url": url,
        "session": session_json(status.session),
    }


def health_json(health: Health, status: Status) -> Json:
    """Give the answer to health; `timeoutIn` is null while nothing counts down."""
    return {
        "healthy": health.is_healthy,
        "status": status.state.value,
        "sandboxId": health.session.sandbox_id,
        "idleTime": round(health.idle_s, 3),
        "timeoutIn": None if health.timeout_in_s is None else round(health.timeout_in_s, 3),
    }


def session_json(session: Session) -> Json:
    """Give a project's run."""
    return {
        "project": session.project_id,
        "phase": session.phase.value,
        "since": session.since,
        "startedAt": session.started_at,
        "provider": session.provider.value,
        "sandboxId": session.sandbox_id,
        "pid": session.pid,
        "port": session.port,
        "url": session.url,
        "problem": None if session.problem is None else problem_json(session.problem),
        "steps": [
            {
                "step": record.step.value,
                "state": record.state.value,
                "startedAt": record.started_at,
                "seconds": record.seconds,
                "usualSeconds": record.usual_s,
                "note": record.note,
            }
            for record in session.steps
        ],
    }


def problem_json(problem: Problem) -> Json:
    """Give a failure: a headline, the facts, the next step."""
    return {"title": problem.title, "detail": problem.detail, "remedy": problem.remedy}


def read_problem(value: Mapping[str, object]) -> Problem:
    """Read what `problem_json` wrote."""
    title, detail, remedy = (str(value.get(name) or "") for name in ("title", "detail", "remedy"))
    return Problem(title, detail, remedy)


def saved_json(saved: Saved) -> Json:
    """Give how long a save took to the screen, and its stages, in milliseconds."""
    stages = {"watchMs": saved.watch_ms, "pushMs": saved.push_ms, "compileMs": saved.compile_ms}
    stages |= {"paintMs": saved.paint_ms, "ms": saved.total_ms}
    return {name: round(value, 1) for name, value in stages.items()}


def diagnosis_json(diagnosis: Diagnosis) -> Json:
    """Give an examination of a preview, the worst first."""
    return {
        "checks": [check_json(check) for check in diagnosis.worst_first],
        "listeners": [
            {"address": each.address, "port": each.port, "pid": each.pid, "command": each.command}
            for each in diagnosis.listeners
        ],
        "processes": [
            {"pid": each.pid, "memoryBytes": each.memory_bytes, "state": each.state, "command": each.command}
            for each in diagnosis.processes
        ],
        "tail": list(diagnosis.tail),
        "seconds": round(diagnosis.seconds, 3),
    }


def check_json(check: Check) -> Json:
    """Give one check; `place` is null where the cause stands in no file."""
    place = check.place
    return {
        "id": check.id,
        "name": check.name,
        "grade": check.grade.value,
        "detail": check.detail,
        "remedy": check.remedy,
        "action": check.action.value,
        "place": None if place is None else {"path": place.path, "line": place.line, "column": place.column},
    }


def line_json(line: LogLine) -> Json:
    """Give a line of a log."""
    level = level_of(line.text) if line.level is None else line.level
    return {"stream": line.stream.value, "text": line.text, "at": line.at, "level": level.name.lower()}


def event_json(event: Event) -> tuple[str, str | None, Json]:
    """Give an event's kind, its project (None: the program as a whole), and its fields."""
    match event:
        case ProjectsChanged(projects=projects):
            return "projects", None, {"projects": [project.id for project in projects]}
        case SettingsChanged():
            return "settings", None, {}
        case SessionChanged(session=session):
            return "session", session.project_id, session_json(session)
        case LogLine(project_id=project_id):
            return "log", project_id, {"project": project_id, **line_json(event)}
        case Pushed(project_id=project_id):
            fields: Json = {"files": event.files, "deleted": event.deleted, "bytes": event.size_bytes}
            fields |= {"ms": round(event.duration_ms, 1), "revision": event.revision}
            fields |= {"savedAt": event.saved_at, "at": event.at}
            return "pushed", project_id, {"project": project_id, **fields}
        case SyncChanged(project_id=project_id):
            fields = {"revision": event.revision, "verified_at": event.verified_at}
            fields |= {"halted": event.is_halted, "polling": event.is_polling}
            return "sync", project_id, {"project": project_id, **fields}
        case Measured(project_id=project_id):
            fields = {"at": event.at, "cpuPercent": round(event.cpu_percent, 2)}
            fields |= {"memoryBytes": event.memory_bytes, "memoryLimitBytes": event.memory_limit_bytes}
            return "measured", project_id, {"project": project_id, **fields}
        case SaveSeen(project_id=project_id):
            fields = {"at": event.saved.at, **saved_json(event.saved), "usual": saved_json(event.usual)}
            return "saved", project_id, {"project": project_id, **fields}
        case CompileChanged(project_id=project_id, place=place):
            fields = {"title": event.title, "path": place.path if place else None}
            fields |= {"line": place.line if place else None, "column": place.column if place else None}
            return "compile", project_id, {"project": project_id, **fields}
        case PageStale(project_id=project_id):
            return "stale", project_id, {"project": project_id}
        case Notice(project_id=project_id):
            fields = {"over": event.is_over, **problem_json(event.problem)}
            return "notice", project_id, {"project": project_id, **fields}
