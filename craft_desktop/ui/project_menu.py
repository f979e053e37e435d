"""The menu of one project: in the list by right click, in the header behind the three dots. Made from the commands."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Session
from craft_desktop.ui import present
from craft_desktop.ui.commands import COMMANDS, OF_PROJECT
from craft_desktop.ui.palette_entry import native
from craft_desktop.ui.words import tr

BELOW_PLACES = "port"
"""The command above which the places stand where a project can run; no command of their own, for they are several."""

Choose = Callable[[str, str], None]
"""Takes a command's name and the project's id."""


def make_menu(
    parent: QWidget,
    project: Project,
    session: Session,
    default: Provider,
    choose: Choose,
    choose_provider: Callable[[str, Provider | None], None],
) -> QMenu:
    """Make the menu; it deletes itself once it is closed."""
    menu = QMenu(parent)
    menu.setObjectName("projectMenu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for command in COMMANDS:
        if command.menu != OF_PROJECT:
            continue
        if command.gap:
            menu.addSeparator()
        if command.name == BELOW_PLACES:
            _add_providers(menu, project, default, choose_provider)
        # The key as text, not as the action's shortcut: the window's own action has that, and two would be none.
        keys = native(command.keys)
        action = menu.addAction(tr(command.words) + (f"\t{keys}" if keys else ""))
        action.setObjectName(f"menu-{command.name}")
        action.setEnabled(present.makes_sense(command.name, session))
        action.setCheckable(command.ticks)
        action.setChecked(present.is_ticked(command.name, project))
        action.triggered.connect(lambda _on=False, name=command.name: choose(name, project.id))
    return menu


def _add_providers(
    menu: QMenu, project: Project, default: Provider, choose: Callable[[str, Provider | None], None]
) -> None:
    places = menu.addMenu(tr("Where it runs"))
    places.setObjectName("menu-where")
    group = QActionGroup(places)
    as_set = tr("As in the settings ({0})").format(present.provider(default, tr))
    for provider, words in ((None, as_set), *((value, present.provider(value, tr)) for value in Provider)):
        action = places.addAction(words)
        action.setObjectName(f"menu-where-{provider.value if provider else 'default'}")
        action.setCheckable(True)
        action.setChecked(project.provider is provider)
        action.triggered.connect(lambda _on=False, provider=provider: choose(project.id, provider))
        group.addAction(action)
