"""The menu of one project: in the list by right click, in the header behind the three dots."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from craft_desktop.model.project import Project, Provider
from craft_desktop.model.session import Session
from craft_desktop.ui import present
from craft_desktop.ui.present import Button
from craft_desktop.ui.words import tr

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
    buttons = present.buttons(session)
    entries: tuple[tuple[str, str, bool] | None, ...] = (
        ("start", tr("Start"), buttons.start is Button.READY),
        ("stop", tr("Stop"), buttons.stop is Button.READY),
        ("restart", tr("Restart"), buttons.restart is Button.READY),
        None,
        ("browser", tr("Open in Browser"), True),
        ("folder", tr("Open Folder in File Manager"), True),
        ("copy-address", tr("Copy Address"), True),
        None,
    )
    for entry in entries:
        if entry is None:
            menu.addSeparator()
            continue
        name, words, is_enabled = entry
        action = menu.addAction(words)
        action.setObjectName(f"menu-{name}")
        action.setEnabled(is_enabled)
        action.triggered.connect(lambda _on=False, name=name: choose(name, project.id))
    _add_providers(menu, project, default, choose_provider)
    menu.addSeparator()
    remove = menu.addAction(tr("Remove from List"))
    remove.setObjectName("menu-remove")
    remove.triggered.connect(lambda: choose("remove", project.id))
    return menu


def _add_providers(
    menu: QMenu, project: Project, default: Provider, choose: Callable[[str, Provider | None], None]
) -> None:
    places = menu.addMenu(tr("Where It Runs"))
    places.setObjectName("menu-where")
    group = QActionGroup(places)
    as_set = tr("As in Settings ({0})").format(present.provider(default, tr))
    for provider, words in ((None, as_set), *((value, present.provider(value, tr)) for value in Provider)):
        action = places.addAction(words)
        action.setObjectName(f"menu-where-{provider.value if provider else 'default'}")
        action.setCheckable(True)
        action.setChecked(project.provider is provider)
        action.triggered.connect(lambda _on=False, provider=provider: choose(project.id, provider))
        group.addAction(action)
