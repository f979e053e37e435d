"""The commands that ask a running program: list, open, status, close, health, restart, awake, logs."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from craft_desktop.control.client import Client, Reach, folder_of
from craft_desktop.control.console import PHASE_WORDS, Printer
from craft_desktop.model.errors import ControlError, CraftError, NotRunningError
from craft_desktop.model.session import Phase
from craft_desktop.tasks import Owner

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_NOBODY, EXIT_INACTIVE = 0, 1, 2, 3, 4


async def list_projects(state: Path, printer: Printer) -> int:
    """Show every project, and what runs of it."""
    async with Reach(state) as reach:
        reach.require()
        projects = [project for _, project in await reach.projects()]
        printer.answer({"projects": projects}, [_row(project) for project in projects] or ["The list is empty."])
    return EXIT_OK


async def open_project(state: Path, printer: Printer, name: str, provider: str | None) -> int:
    """Open a project, after putting its folder on the list where need be; done when it is live."""
    async with Reach(state) as reach, Owner("open") as owner:
        found = await reach.find(name)
        if found is None:
            client = reach.require()
            project = await client.ask("POST", "/api/projects", {"path": str(folder_of(name))}, limit_s=None)
        else:
            client, project = found
        if not printer.as_json:
            start = await client.ask("GET", f"{_at(project)}/logs", query=[("last", "0")])
            owner.start(_narrate(client, project["id"], start["lastEventId"], printer), name="narrate")
        body = {} if provider is None else {"provider": provider}
        answer = await client.ask("POST", _at(project), body, limit_s=None)
        was = {"created": "is live", "running": "runs already"}[answer["status"]]
        updated = f"; {answer['filesUpdated']} files were sent" if answer["filesUpdated"] else ""
        printer.answer(answer, [f"● {project['name']} {was}: {answer['url']}{updated}"])
    return EXIT_OK


async def show_status(state: Path, printer: Printer, name: str) -> int:
    """Say whether a project runs."""
    async with Reach(state) as reach:
        client, project = await _find(reach, name)
        answer = await client.ask("GET", _at(project))
        session = answer["session"]
        lines = [_row({**project, "phase": session["phase"], "status": answer["status"]})]
        if answer["sandboxId"]:
            lines.append(f"  Sandbox {answer['sandboxId']} ({session['provider']}), since {_clock(session['since'])}")
        problem = session["problem"]
        printer.answer(
            answer, lines if problem is None else [*lines, f"▲ {problem['title']}", f"  {problem['remedy']}"]
        )
        return EXIT_OK if answer["status"] == "running" else EXIT_INACTIVE


async def close_project(state: Path, printer: Printer, name: str) -> int:
    """Stop a project; done when nothing of it runs."""
    async with Reach(state) as reach:
        client, project = await _find(reach, name)
        answer = await client.ask("DELETE", _at(project), limit_s=None)
        printer.answer(answer, [f"{project['name']} is stopped."])
    return EXIT_OK


async def show_health(state: Path, printer: Printer, name: str) -> int:
    """Say whether a project's page answers, and when it goes to rest."""
    async with Reach(state) as reach:
        client, project = await _find(reach, name)
        answer = await client.ask("PATCH", _at(project))
        page = "its page answers" if answer["healthy"] else "its page does not answer"
        lines = [f"{project['name']}: {answer['status']}, {page}."]
        if answer["status"] == "running":
            rest = "no limit" if answer["timeoutIn"] is None else f"{answer['timeoutIn']:.0f} s until it goes to rest"
            lines.append(f"  Sandbox {answer['sandboxId']}; {answer['idleTime']:.0f} s unused, {rest}")
        printer.answer(answer, lines)
        if answer["healthy"]:
            return EXIT_OK
        return EXIT_FAILED if answer["status"] == "running" else EXIT_INACTIVE


async def restart_project(state: Path, printer: Printer, name: str, how: str = "restart") -> int:
    """Start a project's dev server anew; done when its page answers.

    :param how: the route that says what is deleted in the sandbox before.
    """
    async with Reach(state) as reach:
        client, project = await _find(reach, name)
        answer = await client.ask("POST", f"{_at(project)}/{how}", limit_s=None)
        printer.answer(answer, [f"● {project['name']} is live again: {answer['url']}"])
    return EXIT_OK


async def keep_awake(state: Path, printer: Printer, name: str, *, on: bool) -> int:
    """Choose whether a project goes to rest when nobody uses it."""
    async with Reach(state) as reach:
        client, project = await _find(reach, name)
        answer = await client.ask("PATCH", f"{_at(project)}/awake", {"on": on})
        words = "stays awake, used or not." if on else "goes to rest when nobody uses it."
        printer.answer(answer, [f"{project['name']} {words}"])
    return EXIT_OK


async def share_project(state: Path, printer: Printer, name: str, *, on: bool) -> int:
    """Choose whether everybody who has its address sees a project's page on E2B."""
    async with Reach(state) as reach:
        client, project = await _find(reach, name)
        answer = await client.ask("PATCH", f"{_at(project)}/share", {"on": on}, limit_s=None)
        if not on:
            words = f"{project['name']} is private again."
        elif answer["publicUrl"]:
            words = f"Everybody who has this address sees {project['name']}: {answer['publicUrl']}"
        else:
            words = f"{project['name']} has a public address from its next start on E2B."
        printer.answer(answer, [words])
    return EXIT_OK


async def examine_project(state: Path, printer: Printer, name: str) -> int:
    """Say what keeps a project's page from showing; what was found first, and what is in order in one line."""
    async with Reach(state) as reach:
        client, project = await _find(reach, name)
        answer = await client.ask("POST", f"{_at(project)}/doctor")
        printer.answer(answer, list(_told_by_doctor(answer)))
        return EXIT_FAILED if any(check["grade"] == "bad" for check in answer["checks"]) else EXIT_OK


async def show_logs(
    state: Path, printer: Printer, name: str, streams: Sequence[str], last: int | None, *, follow: bool
) -> int:
    """Show what is kept of a project's logs; with `follow` also what comes, until the program ends."""
    async with Reach(state) as reach:
        client, project = await _find(reach, name)
        query = [("stream", stream) for stream in streams] + ([] if last is None else [("last", str(last))])
        answer = await client.ask("GET", f"{_at(project)}/logs", query=query)
        for line in answer["lines"]:
            _show_line(printer, line, streams)
        if follow:
            async with contextlib.aclosing(client.events(project["id"], answer["lastEventId"])) as events:
                async for event in events:
                    if event.kind == "log":
                        _show_line(printer, event.fields, streams)
                    elif event.kind == "gap":
                        printer.row({"gap": True}, "… lines are missing here: they came faster than they were read")
    return EXIT_OK


async def _narrate(client: Client, project_id: str, last_id: str, printer: Printer) -> None:
    with contextlib.suppress(ControlError):  # whoever waits for the answer is told
        async with contextlib.aclosing(client.events(project_id, last_id)) as events:
            async for event in events:
                phase = event.fields.get("phase")
                if event.kind == "session" and phase in PHASE_WORDS:
                    printer.row({}, f"{_clock(event.fields['since'])}  {PHASE_WORDS[Phase(phase)]}")


async def _find(reach: Reach, name: str) -> tuple[Client, dict[str, Any]]:
    found = await reach.find(name)
    if found is None:
        raise unknown(name)
    return found


def unknown(name: str) -> ControlError:
    """Make the error for a project that is not on the list."""
    return ControlError(
        "The project is not on the list",
        f"Neither a name in the list nor a folder of it: {name}",
        "“craft-desktop list” shows the list; “craft-desktop open PATH” puts a folder on it.",
    )


def exit_code_of(error: CraftError) -> int:
    """Give the exit code for a failure."""
    return EXIT_NOBODY if isinstance(error, NotRunningError) else EXIT_FAILED


def _at(project: dict[str, Any]) -> str:
    return f"/api/sandbox/{project['id']}"


def _row(project: dict[str, Any]) -> str:
    mark = "●" if project["phase"] == "live" else " "
    return f"{mark} {project['phase']:<10}  {project['slug']:<20}  {project['url']}  {project['path']}"


def _told_by_doctor(answer: dict[str, Any]) -> Iterator[str]:
    checks = answer["checks"]
    for check in checks:
        if check["grade"] in _DOCTORS_MARKS:
            first, *more = check["detail"].splitlines() or [""]
            yield f"{_DOCTORS_MARKS[check['grade']]}  {check['name']}: {first}"
            yield from (f"         {line}" for line in more)
            if check["place"] is not None:
                yield f"         {check['place']['path']}:{check['place']['line']}"
            yield f"         {check['remedy']}"
    for grade, words in (("unknown", "could not be looked at"), ("ok", "in order")):
        named = [check["name"] for check in checks if check["grade"] == grade]
        if named:
            yield f"{len(named)} {words}: {', '.join(named)}"
    yield "Listening:"
    yield from (
        f"  {each['address']}:{each['port']}  PID {each['pid']}  {each['command']}" for each in answer["listeners"]
    )
    yield "Processes:"
    for each in answer["processes"]:
        yield f"  PID {each['pid']}  {each['memoryBytes'] / 1_000_000:.0f} MB  {each['command']}"
    yield "The log's end:"
    yield from (f"  {line}" for line in answer["tail"])


_DOCTORS_MARKS = {"bad": "BAD    ", "limited": "limited"}


def _show_line(printer: Printer, line: dict[str, Any], streams: Sequence[str]) -> None:
    if not streams or line["stream"] in streams:
        fields = {name: line[name] for name in ("stream", "text", "at")}
        printer.row(fields, f"{_clock(line['at'])}  {line['text']}")


def _clock(at: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(at))
