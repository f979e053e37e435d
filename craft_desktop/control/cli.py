"""The command line; without a command, the window.

Some commands run by themselves (`usage.ALONE`), the others ask a program that runs: an open window, or a `preview`.
`env` does so where one runs, and else changes what is kept.
"""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from craft_desktop.control.client import Reach
from craft_desktop.control.commands import (
    EXIT_FAILED,
    EXIT_OK,
    close_project,
    examine_project,
    exit_code_of,
    keep_awake,
    list_projects,
    open_project,
    restart_project,
    share_project,
    show_health,
    show_logs,
    show_status,
)
from craft_desktop.control.console import Console, JsonConsole, Lines, Printer, TextConsole
from craft_desktop.control.endpoint import Kind
from craft_desktop.control.server import open_served
from craft_desktop.control.usage import ALONE, build_parser
from craft_desktop.control.variables import change_variables, list_variables, read_assignments, read_file
from craft_desktop.model.errors import ControlError, CraftError, unexpected
from craft_desktop.model.events import Event, SessionChanged
from craft_desktop.model.project import Provider
from craft_desktop.model.report import Grade
from craft_desktop.paths import Paths
from craft_desktop.sandbox.local_host import HOST_COMMAND, host_environment
from craft_desktop.tasks import Owner
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.diagnostics import diagnose

EXIT_INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended
_log = logging.getLogger(__name__)
_MARKS = {Grade.OK: "ok     ", Grade.LIMITED: "limited", Grade.MISSING: "MISSING"}


def run(arguments: Sequence[str], paths: Paths) -> int:
    """Run one command and give its exit code."""
    options = build_parser().parse_args(arguments)
    if options.command not in ALONE or (options.command == "doctor" and options.project is not None):
        return _ask(options, paths.state)
    if options.command == "host":
        return _become_host(options.port, options.domain, options.certificate, paths, as_json=options.json)
    if options.command == "doctor":  # of this machine; a project's asks the program that runs it
        return asyncio.run(_doctor(paths, as_json=options.json))
    if options.command == "template":
        return asyncio.run(_build_template(options.name, options.node, options.next, paths))
    return asyncio.run(preview(options.path, options.provider, paths, as_json=options.json))


def _ask(options: argparse.Namespace, state: Path) -> int:
    printer = Printer(Lines(_nobody_reads), as_json=options.json)
    try:
        return _asked(options, state, printer)
    except KeyboardInterrupt:
        return EXIT_OK if options.command == "logs" else EXIT_INTERRUPTED


def _asked(options: argparse.Namespace, state: Path, printer: Printer) -> int:
    try:
        return asyncio.run(_command(options, state, printer))
    except CraftError as error:
        printer.fail(error.problem)
        return exit_code_of(error)


def _command(options: argparse.Namespace, state: Path, printer: Printer) -> Coroutine[Any, Any, int]:
    match options.command:
        case "list":
            return list_projects(state, printer)
        case "open":
            return open_project(state, printer, options.project, options.provider)
        case "status":
            return show_status(state, printer, options.project)
        case "close":
            return close_project(state, printer, options.project)
        case "health":
            return show_health(state, printer, options.project)
        case "restart":
            return restart_project(state, printer, options.project, options.how)
        case "awake":
            return keep_awake(state, printer, options.project, on=options.choice == "on")
        case "share":
            return share_project(state, printer, options.project, on=options.choice == "on")
        case "doctor":
            return examine_project(state, printer, options.project)
        case "logs":
            return show_logs(state, printer, options.project, options.stream, options.last, follow=options.follow)
        case _:
            return _env(options, state, printer)


def _env(options: argparse.Namespace, state: Path, printer: Printer) -> Coroutine[Any, Any, int]:
    match options.action:
        case "set":
            return change_variables(state, printer, options.project, put=read_assignments(options.assignments))
        case "unset":
            return change_variables(state, printer, options.project, put={}, drop=options.names)
        case "import":
            return change_variables(state, printer, options.project, put={}, dotenv=read_file(options.file))
        case _:
            return list_variables(state, printer, options.project, reveal=getattr(options, "reveal", False))


def _nobody_reads() -> None:
    signal.raise_signal(signal.SIGINT)  # `… | head`: the end, as by Ctrl-C


async def preview(path: Path, provider: Provider | None, paths: Paths, *, as_json: bool) -> int:
    """Run one project until a signal comes or nobody reads any more (exit code 0), or it fails (1)."""
    stop = asyncio.Event()
    lines = Lines(stop.set)
    console: Console = JsonConsole(lines) if as_json else TextConsole(lines)
    loop = asyncio.get_running_loop()
    watch = Owner("command line")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    try:
        await _refuse_twice(path, paths.state)
        async with watch, open_served(paths, Kind.PREVIEW) as workbench:
            project = await workbench.add(path)
            workbench.subscribe(lambda event: console.show(event, project.id))
            starting = watch.start(workbench.open(project.id, provider), name="start", awaited=True)
            ended = asyncio.Event()  # by its own failure, for nobody used it, or because `close` was asked
            workbench.subscribe(lambda event: ended.set() if _is_end(event, project.id) else None)
            await _first(watch, stop.wait(), ended.wait())
            await workbench.close(project.id)
            await starting
            problem = workbench.session(project.id).problem
            if problem is not None:
                console.fail(problem)
                return EXIT_FAILED
            return EXIT_OK
    except CraftError as error:
        console.fail(error.problem)
    except Exception as error:  # the last door: whoever reads standard output must learn of every end
        console.fail(unexpected(error))
        raise
    return EXIT_FAILED


def _is_end(event: Event, project_id: str) -> bool:
    return isinstance(event, SessionChanged) and event.session.project_id == project_id and not event.session.is_active


async def _refuse_twice(path: Path, state: Path) -> None:
    """Refuse to run a project that a program runs already: two would serve it at two addresses.

    :raises ControlError: one does.
    """
    async with Reach(state) as reach:
        try:
            found = await reach.find(str(path.absolute())) if reach.clients else None
        except ControlError as error:
            _log.warning("%s", error)  # one that hangs must not keep others from running
            return
    if found is not None and found[1]["status"] == "running":
        client, project = found
        raise ControlError(
            "The project runs already",
            f"{project['name']} is {project['phase']} at {project['url']} (process {client.endpoint.pid}).",
            f"Look at it there, or stop it first: craft-desktop close {project['slug']}",
        )


async def _first(owner: Owner, *waits: Coroutine[Any, Any, object]) -> None:
    tasks = [owner.start(wait, name="wait", awaited=True) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def _doctor(paths: Paths, *, as_json: bool) -> int:
    report = await diagnose(paths)
    if as_json:
        checks = [
            {"name": each.name, "grade": each.grade.value, "detail": each.detail, "remedy": each.remedy}
            for each in report.checks
        ]
        print(json.dumps({"usable": report.is_usable, "checks": checks}, ensure_ascii=False))
    else:
        for check in report.checks:
            print(f"{_MARKS[check.grade]}  {check.name}: {check.detail}")
            if check.remedy:
                print(f"         {check.remedy}")
        print("Previews can run on this computer." if report.is_usable else "Previews cannot run on this computer.")
    return EXIT_OK if report.is_usable else EXIT_FAILED


async def _build_template(name: str, node: str, next_version: str, paths: Paths) -> int:
    try:
        async with open_workbench(paths) as workbench:
            template_id = await workbench.build_template(name, node, next_version, lambda line: print(line, flush=True))
    except CraftError as error:
        print(f"{error.problem.title}: {error.problem.detail}\n{error.problem.remedy}", file=sys.stderr)
        return EXIT_FAILED
    print(f"The template “{name}” ({template_id}) is built. Projects on E2B start from it from now on.")
    return EXIT_OK


def _become_host(port: int, domain: str | None, certificate: Path | None, paths: Paths, *, as_json: bool) -> int:
    # The same process, so that its pid, its signals and its end are the host's own.
    command = [*HOST_COMMAND, "--port", str(port), "--state", str(paths.state / "host")]
    command += ["--domain", domain] if domain else []
    command += ["--certificate", str(certificate)] if certificate else []
    command += ["--json"] if as_json else []
    os.execve(sys.executable, command, host_environment())
