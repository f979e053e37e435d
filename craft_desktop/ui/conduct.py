"""What a person wants, carried out: every command by its name, every remedy by its action.

The window connects; here stands what then happens. A command without a project means the one in sight.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication

from craft_desktop.model.errors import Action
from craft_desktop.model.project import Project, Provider
from craft_desktop.ui import address, present
from craft_desktop.ui.bridge import Bridge
from craft_desktop.ui.commands import COMMANDS, PROJECT_KEYS
from craft_desktop.ui.dialogs import Dialogs
from craft_desktop.ui.palette_entry import Entry, native
from craft_desktop.ui.present import Button
from craft_desktop.ui.preview_pane import PAGE_COMMANDS
from craft_desktop.ui.project_pane import PANE_COMMANDS, ProjectPane
from craft_desktop.ui.words import tr

SHOW = "show"
"""Brings a project into sight; in no menu, for the list does it, but in the palette."""


class Conduct:
    """Knows no widget but the pane in sight, the dialogs, and where to say a word in passing.

    :param pane: gives the pane in sight, None while there is none.
    :param say: tells a short sentence that needs no answer.
    :param quit: begins the program's end.
    :param filter: puts the cursor where the list is filtered.
    :param choose: brings a project into sight.
    :param palette: opens the palette.
    """

    def __init__(
        self,
        bridge: Bridge,
        dialogs: Dialogs,
        pane: Callable[[], ProjectPane | None],
        say: Callable[[str], None],
        quit: Callable[[], None],
        filter: Callable[[], None],
        choose: Callable[[str], None],
        palette: Callable[[], None],
    ) -> None:
        self._bridge, self._dialogs, self._pane, self._say, self._quit = bridge, dialogs, pane, say, quit
        self._of_program: Mapping[str, Callable[[], None]] = {
            "open": dialogs.open_folder,
            "sample": bridge.add_sample,
            "settings": self.open_settings,
            "quit": self.quit,
            "palette": palette,
            "filter": filter,
            "shortcuts": dialogs.open_shortcuts,
        }
        self._of_project: Mapping[str, Callable[[Project], None]] = {
            SHOW: lambda project: choose(project.id),
            "start": lambda project: bridge.start(project.id),
            "stop": lambda project: bridge.stop(project.id),
            "restart": lambda project: bridge.restart(project.id),
            "restart-clean": lambda project: bridge.upkeep.restart_clean(project.id),
            "reinstall": lambda project: bridge.upkeep.reinstall(project.id),
            "browser": lambda project: open_outside(bridge.address(project.id)),
            "folder": lambda project: _open_folder(project),
            "editor": lambda project: bridge.insight.open_folder(project.id, project.path),
            "port": dialogs.ask_port,
            "keep-awake": lambda project: bridge.upkeep.keep_awake(project.id, not project.keep_awake),
            "share": self._share,
            "copy-address": self._copy_address,
            "copy-public-address": self._copy_public_address,
            "environment": lambda project: dialogs.environments.open(project, bridge.session(project.id)),
            "remove": lambda project: bridge.remove(project.id),
        }

    @property
    def names(self) -> frozenset[str]:
        """Every command that can be carried out."""
        return frozenset({*self._of_program, *self._of_project, *PANE_COMMANDS})

    def command(self, name: str, project_id: str = "") -> None:
        """Carry a command out; one for a project that is gone, or for none in sight, does nothing."""
        of_program = self._of_program.get(name)
        if of_program is not None:
            of_program()
            return
        pane = self._pane()
        of_pane = PANE_COMMANDS.get(name)
        if of_pane is not None:
            if pane is not None:
                of_pane(pane)
            return
        wanted = project_id or (pane.project.id if pane is not None else "")
        project = next((known for known in self._bridge.projects if known.id == wanted), None)
        if project is not None:
            self._of_project[name](project)

    def remedy(self, project_id: str, action: Action) -> None:
        """Do what the button beside a problem says."""
        match action:
            case Action.START:
                self.command("start", project_id)
            case Action.OPEN_FOLDER:
                self.command("folder" if project_id else "open", project_id)
            case Action.OPEN_SETTINGS:
                self.open_settings()
            case Action.ALLOW_UNISOLATED if project_id:
                self._bridge.allow_unisolated(project_id)
            case Action.SEND_EMPTINESS:
                self._bridge.send_emptiness(project_id)
            case Action.RESTART:
                self.command("restart", project_id)
            case Action.RESTART_CLEAN:
                self.command("restart-clean", project_id)
            case Action.REINSTALL:
                self.command("reinstall", project_id)
            case Action.OPEN_ENVIRONMENT:
                self.command("environment", project_id)
            case Action.REMOVE_PROJECT:
                self.command("remove", project_id)

    def quit(self) -> None:
        """End the program, after the questions what becomes of changes not saved and of what runs at E2B, if any."""
        if not self._dialogs.environments.ask_to_leave():
            return
        if self._bridge.asks_at_quit:
            self._dialogs.ask_quit()
        else:
            self._quit()

    def quit_so(self, keep: bool) -> None:
        """End the program as that question was answered."""
        self._bridge.keep_at_quit(keep)
        self._quit()

    def start_if_stopped(self, project_id: str) -> None:
        """Start a project unless it runs."""
        if present.buttons(self._bridge.session(project_id)).start is Button.READY:
            self._bridge.start(project_id)

    def open_settings(self) -> None:
        """Open the settings."""
        self._dialogs.open_settings(self._bridge.settings)
        self._bridge.options.ask_key()
        self._bridge.control.ask()

    def is_possible(self, name: str) -> bool:
        """Does a command make sense now, for the project in sight?"""
        if name in self._of_program:
            return True
        pane = self._pane()
        if pane is None:
            return False
        if name in PAGE_COMMANDS:
            return pane.preview.is_live
        return name in PANE_COMMANDS or present.makes_sense(name, pane.session)

    def is_ticked(self, name: str) -> bool:
        """Is what a command switches on, for the project in sight?"""
        pane = self._pane()
        return pane is not None and present.is_ticked(name, pane.project)

    def entries(self) -> list[Entry]:
        """Give all that can be done now, for the palette: commands first, then every project."""
        pane = self._pane()
        found = []
        for command in COMMANDS:
            if command.name != "palette" and self.is_possible(command.name):
                words = tr(command.words).rstrip("…")
                if self.is_ticked(command.name):
                    words = tr("{0}: switch off").format(words)
                found.append(Entry(command.name, words, keys=native(command.keys)))
        for number, project in enumerate(self._bridge.projects, start=1):
            keys = native((f"Ctrl+{number}",)) if number <= PROJECT_KEYS else ""
            found.append(Entry(SHOW, tr("Go to {0}").format(project.name), project.id, str(project.path), keys))
            if pane is None or project.id != pane.project.id:
                buttons = present.buttons(self._bridge.session(project.id))
                for name, words, button in (
                    ("start", tr("Start {0}"), buttons.start),
                    ("stop", tr("Stop {0}"), buttons.stop),
                    ("restart", tr("Restart {0}"), buttons.restart),
                ):
                    if button is Button.READY:
                        found.append(Entry(name, words.format(project.name), project.id))
        return found

    def _copy_address(self, project: Project) -> None:
        QGuiApplication.clipboard().setText(self._bridge.address(project.id))
        self._say(tr("Address copied"))

    def _copy_public_address(self, project: Project) -> None:
        public = self._bridge.session(project.id).public_url
        if public is not None:
            QGuiApplication.clipboard().setText(public)
            self._say(tr("Public address copied"))

    def _share(self, project: Project) -> None:
        session = self._bridge.session(project.id)
        is_here = present.where(project, session, self._bridge.settings.provider) is Provider.LOCAL
        if project.is_shared or is_here:  # of the latter the workbench says why not
            self._bridge.upkeep.share(project.id, not project.is_shared)
        else:
            self._dialogs.ask_share(project, is_running=session.is_active)


def open_outside(url: str) -> None:
    """Open an address in the system browser, if it is one that leads there."""
    if address.is_outside(url):
        QDesktopServices.openUrl(QUrl(url))


def _open_folder(project: Project) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(project.path)))
