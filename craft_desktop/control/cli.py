"""The command line: `preview`, `host`, `doctor`, `template`; without a command, the window."""

import argparse
import asyncio
import dataclasses
import json
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from craft_desktop.control.console import Console, JsonConsole, Lines, TextConsole
from craft_desktop.model.errors import CraftError, unexpected
from craft_desktop.model.project import Provider
from craft_desktop.model.report import Grade
from craft_desktop.model.session import Phase
from craft_desktop.paths import Paths
from craft_desktop.sandbox.local_host import HOST_COMMAND, host_environment
from craft_desktop.sandbox.template import DEFAULT_NAME, NEXT_VERSION, NODE_VERSION
from craft_desktop.tasks import Owner
from craft_desktop.workbench.assemble import open_workbench
from craft_desktop.workbench.diagnostics import diagnose

COMMANDS = ("preview", "host", "doctor", "template")
EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2

_MARKS = {Grade.OK: "ok     ", Grade.LIMITED: "limited", Grade.MISSING: "MISSING"}


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the commands; wrong usage exits 2."""
    parser = argparse.ArgumentParser(
        prog="craft-desktop",
        description="See your web project running, live, without a terminal.",
        epilog="Without a command the window opens; folders given are put on its list.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="{preview,host,doctor,template}")
    preview = commands.add_parser("preview", help="run one project without a window, until Ctrl-C")
    preview.add_argument("path", type=Path, help="the project's folder, or its package.json")
    preview.add_argument(
        "--provider", type=Provider, choices=list(Provider), metavar="{local,e2b}", help="where it runs"
    )
    preview.add_argument("--json", action="store_true", help="print one JSON object a line")
    host = commands.add_parser("host", help="run the embedded sandbox host alone, until Ctrl-C")
    host.add_argument("--port", type=_port, default=0, help="the API's port (default: any free one)")
    host.add_argument("--domain", help="the domain in preview addresses (default: localhost:<traffic port>)")
    host.add_argument(
        "--certificate",
        type=Path,
        metavar="PEM",
        help="key and certificate for *.DOMAIN: serve TLS there too, so that E2B_DOMAIN alone leads a client here",
    )
    host.add_argument("--json", action="store_true", help="print nothing but the ready line")
    doctor = commands.add_parser("doctor", help="say what this machine has and lacks")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    template = commands.add_parser("template", help="make what sandboxes on E2B begin with")
    acts = template.add_subparsers(dest="act", required=True, metavar="{build}")
    build = acts.add_parser("build", help="build a template with Node.js and Next.js, and use it from now on")
    build.add_argument("--name", default=DEFAULT_NAME, help=f"the template's name (default: {DEFAULT_NAME})")
    build.add_argument("--node", default=NODE_VERSION, help=f"the version of Node.js (default: {NODE_VERSION})")
    build.add_argument("--next", default=NEXT_VERSION, help=f"the version of Next.js (default: {NEXT_VERSION})")
    return parser


def run(arguments: Sequence[str], paths: Paths) -> int:
    """Run one command and give its exit code."""
    options = build_parser().parse_args(arguments)
    if options.command == "host":
        return _become_host(options.port, options.domain, options.certificate, paths, as_json=options.json)
    if options.command == "doctor":
        return asyncio.run(_doctor(paths, as_json=options.json))
    if options.command == "template":
        return asyncio.run(_build_template(options.name, options.node, options.next, paths))
    return asyncio.run(preview(options.path, options.provider, paths, as_json=options.json))


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
        async with watch, open_workbench(paths) as workbench:
            project = await workbench.add(path)
            workbench.subscribe(lambda event: console.show(event, project.id))
            failed = asyncio.Event()
            workbench.subscribe(lambda _: failed.set() if workbench.session(project.id).phase is Phase.FAILED else None)
            starting = watch.start(workbench.start(project.id, provider), name="start", awaited=True)
            await _first(watch, stop.wait(), failed.wait())
            await workbench.stop(project.id)
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


async def _first(owner: Owner, *waits: Coroutine[Any, Any, object]) -> None:
    tasks = [owner.start(wait, name="wait", awaited=True) for wait in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()


async def _doctor(paths: Paths, *, as_json: bool) -> int:
    report = await diagnose(paths)
    if as_json:
        checks = [dataclasses.asdict(check) for check in report.checks]
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


def _port(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"{text} is not a port (0 to 65535)")
    return number
