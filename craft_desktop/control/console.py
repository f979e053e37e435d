"""Shows what the workbench announces: as text for a person, or as one JSON object a line for a program."""

import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TextIO

from craft_desktop.control.wire import problem_json
from craft_desktop.model.errors import Problem
from craft_desktop.model.events import Event, LogLine, Notice, Pushed, SessionChanged, Stream
from craft_desktop.model.session import Phase, Session

PHASE_WORDS = {
    Phase.CREATING: "Getting a sandbox",
    Phase.UPLOADING: "Copying the folder",
    Phase.INSTALLING: "Installing dependencies",
    Phase.STARTING: "Starting the dev server",
    Phase.WAITING: "Waiting for the first page",
    Phase.ASLEEP: "Asleep",
    Phase.WAKING: "Waking up",
    Phase.BROKEN: "Waiting for a save",
    Phase.STOPPING: "Stopping",
    Phase.STOPPED: "Stopped",
}
# A save is told by its push and by the page that follows it; the steps between are no news.
_FOR_SAVE = frozenset({Phase.STARTING, Phase.WAITING, Phase.LIVE})


# Whatever a terminal would take for a command: titles and links (OSC and its like) with their end, cursor moves, and
# every control character but the tab. Colours are found too, and kept.
_COMMANDS = re.compile(
    r"(?P<colour>\x1b\[[0-9;:]*m)"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"
    r"|\x1b\[[0-?]*[ -/]*[@-~]"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f]"
)


def harmless(text: str) -> str:
    """Give a line without whatever a terminal would take for a command; colours stay, and end with it."""
    plain = _COMMANDS.sub(lambda code: code[0] if code["colour"] else "", text)
    # A colour left on would run into the lines after it.
    return plain + "\x1b[0m" if "\x1b" in plain else plain


class Console(Protocol):
    """Takes what is to be shown."""

    def show(self, event: Event, project_id: str) -> None:
        """Show an event, if it is of this project."""

    def fail(self, problem: Problem) -> None:
        """Show why the command ends."""


class Lines:
    """Lines to a stream, each at once; told when nobody reads them any more (`… --json | head`)."""

    def __init__(self, on_closed: Callable[[], None], out: TextIO | None = None) -> None:
        self._on_closed = on_closed
        self._out = out or sys.stdout

    def put_text(self, line: str) -> None:
        """Write one line; what the stream's encoding lacks becomes question marks."""
        encoding = self._out.encoding or "utf-8"
        self.put(line.encode(encoding, "replace").decode(encoding))

    def put(self, line: str) -> None:
        """Write one line."""
        try:
            self._out.write(line + "\n")
            self._out.flush()
        except BrokenPipeError:
            # What is still to come goes nowhere, also what Python itself flushes at its end.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._out.fileno())
            os.close(nowhere)
            self._on_closed()


class Printer:
    """Prints what a program answered: its JSON, or lines for a person.

    :param as_json: one JSON object a line, and nothing else.
    """

    def __init__(self, lines: Lines, *, as_json: bool) -> None:
        self._lines = lines
        self.as_json = as_json

    def answer(self, value: Mapping[str, object], words: Sequence[str]) -> None:
        """Print an answer: `value` or `words`."""
        if self.as_json:
            self._lines.put(json.dumps(value))
            return
        for line in words:
            self._lines.put_text(harmless(line))

    def row(self, value: Mapping[str, object], words: str) -> None:
        """Print one of many lines: `value` or `words`."""
        self.answer(value, [words])

    def fail(self, problem: Problem) -> None:
        """Print why the command ends."""
        self.answer({"event": "failed", **problem_json(problem)}, told(problem))


class JsonConsole:
    """One JSON object a line on standard output, and nothing else."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def show(self, event: Event, project_id: str) -> None:
        """Show an event, if it is of this project."""
        match event:
            case SessionChanged(session=session) if session.project_id == project_id:
                self._show_session(session)
            case LogLine(stream=Stream.INSTALL | Stream.SERVER, project_id=owner) if owner == project_id:
                self._put({"event": "log", "stream": event.stream.value, "text": event.text})
            case Pushed(project_id=owner) if owner == project_id:
                self._put(
                    {
                        "event": "pushed",
                        "files": event.files,
                        "deleted": event.deleted,
                        "bytes": event.size_bytes,
                        "ms": round(event.duration_ms, 1),
                    }
                )
            case _:
                pass

    def fail(self, problem: Problem) -> None:
        """Show why the command ends."""
        self._put({"event": "failed", "title": problem.title, "detail": problem.detail, "remedy": problem.remedy})

    def _show_session(self, session: Session) -> None:
        seconds = round(session.since - session.started_at, 3)
        self._put({"event": "phase", "phase": session.phase.value, "at": session.since, "seconds": seconds})
        if session.phase is Phase.LIVE:
            self._put({"event": "live", "url": session.url, "sandbox_id": session.sandbox_id, "seconds": seconds})

    def _put(self, value: dict[str, object]) -> None:
        # ASCII: no locale refuses it, and no reader takes a U+2028 inside a text for a line end.
        self._lines.put(json.dumps(value))


class TextConsole:
    """Lines for a person: steps with their seconds, the project's own output indented.

    The code inside a sandbox may print anything; of its control codes a terminal gets colours alone.
    """

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def show(self, event: Event, project_id: str) -> None:
        """Show an event, if it is of this project."""
        match event:
            case SessionChanged(session=session) if session.project_id == project_id:
                self._show_session(session)
            case LogLine(stream=Stream.INSTALL | Stream.SERVER, project_id=owner) if owner == project_id:
                self._put(f"    {event.text}")
            case Pushed(project_id=owner) if owner == project_id:
                self._put(f"  Saved: {_counted(event)} in {event.duration_ms:.0f} ms")
            case Notice(project_id=owner, is_over=False) if owner in (project_id, None):
                self._show_problem(event.problem)
            case _:
                pass

    def fail(self, problem: Problem) -> None:
        """Show why the command ends."""
        self._show_problem(problem)

    def _show_session(self, session: Session) -> None:
        seconds = session.since - session.started_at
        if session.is_for_save and session.phase in _FOR_SAVE:
            if session.phase is Phase.LIVE:
                self._put("● Live again")
        elif session.phase is Phase.LIVE:
            self._put(f"● Live after {seconds:.1f} s: {session.url}")
            self._put("  Ctrl-C stops it.")
        elif session.phase in PHASE_WORDS:
            self._put(f"{time.strftime('%H:%M:%S', time.localtime(session.since))}  {PHASE_WORDS[session.phase]}")
        if session.phase is Phase.BROKEN and session.problem is not None:
            self._show_problem(session.problem)

    def _show_problem(self, problem: Problem) -> None:
        for line in told(problem):
            self._put(line)

    def _put(self, line: str) -> None:
        self._lines.put_text(harmless(line))


def told(problem: Problem) -> list[str]:
    """Give the lines that tell a problem to a person."""
    lines = [f"▲ {problem.title}", *(f"    {line}" for line in problem.detail.splitlines())]
    return [*lines, f"  {problem.remedy}"] if problem.remedy else lines


def _counted(event: Pushed) -> str:
    files = f"{event.files} file{'' if event.files == 1 else 's'}"
    return f"{files}, {event.deleted} deleted" if event.deleted else files
