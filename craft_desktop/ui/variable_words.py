"""What the environment variables' dialog says. No Qt: rules of words, told by values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from craft_desktop.model.env_files import EnvFiles
from craft_desktop.model.environment_draft import Draft, Standing
from craft_desktop.store.secrets import KeySource

Tr = Callable[[str], str]

MASK = "•" * 8
"""Always so many: the number of bullets must not tell how long a value is."""
LONGEST_SHOWN = 300
"""Characters of a revealed value in the table: more than its widest column shows; the whole is in the editor."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. `standing` is None for what only a file of the project sets."""

    name: str
    standing: Standing | None
    note: str = ""
    is_masked: bool = True


def rows(draft: Draft, files: EnvFiles, tr: Tr) -> list[Row]:
    """Give the table's lines: the draft's variables, then what the project's files alone set."""
    here = [Row(name, standing, note(name, standing, files, tr)) for name, standing in draft.standings().items()]
    there = sorted(files.names() - {row.name for row in here})
    return here + [Row(name, None, tr("Set by {0}").format(files.setting(name)[0]), is_masked=False) for name in there]


def note(name: str, standing: Standing, files: EnvFiles, tr: Tr) -> str:
    """Say how a variable stands to what is in force, and to the project's files."""
    said = {
        Standing.KEPT: "",
        Standing.ADDED: tr("New"),
        Standing.CHANGED: tr("Changed"),
        Standing.REMOVED: tr("Will be removed"),
    }[standing]
    setting = files.setting(name)
    if not setting:
        return said
    if standing is Standing.REMOVED:
        return tr("Will be removed; {0} sets it").format(setting[0])
    beside = (tr("wins over {0}") if files.is_settled else tr("also in {0}")).format(setting[0])
    return f"{said}, {beside}" if said else beside[0].upper() + beside[1:]


def place(source: KeySource, tr: Tr) -> str:
    """Say where the variables are kept."""
    return {
        KeySource.KEYRING: tr("Values are kept in the system’s keyring."),
        KeySource.MEMORY: tr("There is no keyring here: values are kept for this run only."),
    }.get(source, tr("The system’s keyring does not answer now."))


def precedence(files: EnvFiles, tr: Tr) -> str:
    """Say what wins where the project's files set the same names; empty where no file does."""
    if not files.files:
        return ""
    names = [file.name for file in files.files]
    found = names[0] if len(names) == 1 else tr("{0} and {1}").format(", ".join(names[:-1]), names[-1])
    if files.is_settled:
        return tr("What is set here wins over {0}: {1} keeps a value that is set already.").format(
            found, files.framework.value
        )
    return tr("The project has {0}. What is set here usually wins; the program that reads the files decides.").format(
        found
    )


def restart(draft: Draft, is_running: bool, tr: Tr) -> str:
    """Say what saving does, for as many changes as there are."""
    if not draft.changes:
        return tr("The dev server and the install get these variables.")
    count = tr("1 change.") if draft.changes == 1 else tr("{0} changes.").format(draft.changes)
    if is_running:
        return f"{count} {tr('Saving restarts the dev server, once.')}"
    return f"{count} {tr('In force from the next start.')}"


def unsaved(draft: Draft, tr: Tr) -> str:
    """Ask what is to become of changes that are not saved."""
    return (
        tr("1 change is not saved.") if draft.changes == 1 else tr("{0} changes are not saved.").format(draft.changes)
    )


def heading(draft: Draft, tr: Tr) -> str:
    """Say how many variables there will be."""
    count = len(draft.names)
    return {0: tr("No variables yet"), 1: tr("1 variable")}.get(count, tr("{0} variables").format(f"{count:,}"))


def beside(name: str, files: EnvFiles, tr: Tr) -> str:
    """Say, under a name being typed, what else sets it and who will see it."""
    said = []
    setting = files.setting(name)
    if setting and files.is_settled:
        said.append(tr("{0} sets it too; what is set here wins.").format(setting[0]))
    elif setting:
        said.append(tr("{0} sets it too; what is set here usually wins.").format(setting[0]))
    if files.is_public(name):
        said.append(tr("Everybody who opens the page can read it."))
    return " ".join(said)


def imported(fine: Mapping[str, str], left_out: Mapping[str, str], draft: Draft, tr: Tr) -> list[Row]:
    """Give the preview's lines: what will be set, then what is left out, with why."""
    taken = [
        Row(name, Standing.CHANGED, tr("Replaces the value here"))
        if name in draft.names
        else Row(name, Standing.ADDED, tr("New"))
        for name in sorted(fine)
    ]
    return taken + [Row(name, Standing.REMOVED, why, is_masked=False) for name, why in sorted(left_out.items())]


def import_heading(fine: int, left_out: int, tr: Tr) -> str:
    """Say what a pasted text brings."""
    if not fine and not left_out:
        return tr("There is no NAME=VALUE line in that text.")
    said = {0: tr("Nothing can be added."), 1: tr("1 variable will be added or replaced.")}.get(
        fine, tr("{0} variables will be added or replaced.").format(f"{fine:,}")
    )
    if not left_out:
        return said
    rest = tr("1 is left out.") if left_out == 1 else tr("{0} are left out.").format(f"{left_out:,}")
    return f"{said} {rest}"


def one_line(value: str) -> str:
    """Give a value as one line of a table can show it."""
    cut = value[:LONGEST_SHOWN]
    shown = "".join("⏎" if each == "\n" else each if each.isprintable() else "�" for each in cut)
    return f"{shown}…" if len(value) > LONGEST_SHOWN else shown
