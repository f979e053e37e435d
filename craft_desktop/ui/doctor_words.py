"""What the preview doctor's panel says: grades as shapes, the whole in a sentence, a report to be sent. No Qt."""

from craft_desktop.model.report import Check, Diagnosis, Grade
from craft_desktop.ui.present import Shape, State, Tone, Tr, action_label, size

_STATES: dict[Grade, State] = {
    Grade.OK: State("In order", Tone.GOOD, Shape.CHECK),
    Grade.LIMITED: State("Worth a look", Tone.BUSY, Shape.DIAMOND),
    Grade.MISSING: State("Missing", Tone.BAD, Shape.TRIANGLE),
    Grade.BAD: State("Keeps the page from showing", Tone.BAD, Shape.TRIANGLE),
    Grade.UNKNOWN: State("Not looked at", Tone.QUIET, Shape.DASH),
}
WAITING = State("Not made yet", Tone.QUIET, Shape.RING)
"""Some forty wait at a time, while the line above them counts: that many spinners would only be restless."""
LONGEST_WORD = 24
"""Letters of one word; where a line must break, a path or an address is broken after these."""


def state(grade: Grade, tr: Tr) -> State:
    """Tell a grade in words, colour and shape."""
    found = _STATES[grade]
    return State(tr(found.words), found.tone, found.shape)


def progress(made: int, of: int, tr: Tr) -> str:
    """Say how far an examination is."""
    return tr("Looking: {0} of {1} checks made…").format(made, of)


def summary(diagnosis: Diagnosis, tr: Tr) -> str:
    """Say what an examination came to."""
    bad = sum(check.grade in (Grade.BAD, Grade.MISSING) for check in diagnosis.checks)
    limited = sum(check.grade is Grade.LIMITED for check in diagnosis.checks)
    unknown = sum(check.grade is Grade.UNKNOWN for check in diagnosis.checks)
    if bad:
        said = (
            tr("One thing keeps the page from showing")
            if bad == 1
            else tr("{0} things keep the page from showing").format(bad)
        )
        if limited:
            more = tr("one more is worth a look") if limited == 1 else tr("{0} more are worth a look").format(limited)
            said = f"{said}; {more}"
    elif limited:
        said = tr("One thing is worth a look") if limited == 1 else tr("{0} things are worth a look").format(limited)
    elif unknown:
        said = tr("No trouble was found; {0}").format(group(unknown, Grade.UNKNOWN, tr))
    else:
        said = tr("No trouble was found: every check passed")
    return f"{said}."


def hint(diagnosis: Diagnosis, tr: Tr) -> str:
    """Say what to do where nothing was found."""
    if not diagnosis.is_clean:
        return ""
    return tr("If the page is still not right, look at the Browser log, and try the page in your own browser.")


def group(count: int, grade: Grade, tr: Tr) -> str:
    """Name a group of checks that need no attention."""
    if grade is Grade.OK:
        return tr("1 check passed") if count == 1 else tr("{0} checks passed").format(count)
    return tr("1 check could not be made") if count == 1 else tr("{0} checks could not be made").format(count)


def listeners(diagnosis: Diagnosis, tr: Tr) -> list[str]:
    """Say who listens."""
    found = [
        tr("{0} port {1}, PID {2}: {3}").format(each.address, each.port, each.pid, each.command)
        for each in diagnosis.listeners
    ]
    return found or [tr("Nothing listens.")]


def processes(diagnosis: Diagnosis, tr: Tr) -> list[str]:
    """Say which processes there are, and what memory each has."""
    found = [
        tr("PID {0}, {1}: {2}").format(each.pid, size(each.memory_bytes, tr), each.command)
        for each in diagnosis.processes
    ]
    return found or [tr("The dev server has no process running.")]


def tail(diagnosis: Diagnosis, tr: Tr) -> list[str]:
    """Give the log's end."""
    return [line for line in diagnosis.tail if line.strip()] or [tr("The log is empty.")]


def as_text(diagnosis: Diagnosis, name: str, tr: Tr) -> str:
    """Write an examination down, to be sent to somebody who helps."""
    lines = [tr("Preview doctor: {0}").format(name), summary(diagnosis, tr), ""]
    for check in diagnosis.worst_first:
        if check.grade in (Grade.OK, Grade.UNKNOWN):
            lines.append(f"[{check.grade.value}] {check.name}: {check.detail}")
            continue
        lines += [f"[{check.grade.value}] {check.name}", *(f"    {line}" for line in check.detail.splitlines())]
        lines += [f"    {part}" for part in (_place(check), check.remedy) if part]
        if action := action_label(check.action, tr):
            lines.append(f"    → {action}")
    for title, part in (
        (tr("Listening"), listeners(diagnosis, tr)),
        (tr("Processes"), processes(diagnosis, tr)),
        (tr("The log’s end"), tail(diagnosis, tr)),
    ):
        lines += ["", title, *(f"    {line}" for line in part)]
    return "\n".join(lines) + "\n"


def breakable(text: str) -> str:
    """Give a text that fits any width: without what cannot be seen, and its long words broken where they may."""
    seen = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
    return "\n".join(" ".join(_broken(word) for word in line.split(" ")) for line in seen.split("\n"))


def _broken(word: str) -> str:
    return "\u200b".join(word[at : at + LONGEST_WORD] for at in range(0, len(word), LONGEST_WORD))


def _place(check: Check) -> str:
    return f"{check.place.path}:{check.place.line}" if check.place is not None else ""
