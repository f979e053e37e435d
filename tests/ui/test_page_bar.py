import itertools

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from craft_desktop.model.device import PHONE, Device, Kind
from craft_desktop.ui.commands import COMMANDS
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.page_bar import PageBar
from craft_desktop.ui.preview_pane import PAGE_COMMANDS
from tests.ui.hands import click


@pytest.fixture
def bar(qtbot: QtBot, icons: Icons) -> PageBar:
    made = PageBar(icons, "shop-front.localhost:4100")
    qtbot.addWidget(made)
    made.resize(1100, 40)
    made.show()
    return made


def told(bar: PageBar) -> list[str]:
    names: list[str] = []
    bar.commanded.connect(names.append)
    return names


def open_menu(bar: PageBar, name: str) -> QMenu:
    menu = bar.findChild(QMenu, name)
    assert isinstance(menu, QMenu)
    return menu


def test_every_button_is_a_command_with_name_and_key(bar: PageBar) -> None:
    names = told(bar)
    keys = {command.name: command.keys for command in COMMANDS}
    bar.show_place("/", True, True)
    bar.show_device(PHONE)
    for name, button in bar.buttons.items():
        assert button.accessibleName() and button.toolTip() and button.objectName() == f"page-{name}"
        if name != "screenshot":
            assert not keys[name] or keys[name][0] in button.toolTip()
            click(button)
    assert names == [name for name in bar.buttons if name != "screenshot"]


@pytest.mark.parametrize("width", [350, 652, 1400])
def test_what_comes_back_stands_in_its_place_at_once(bar: PageBar, width: int) -> None:
    bar.resize(350, 40)
    bar.resize(width, 40)  # and no turn of the loop between: a window that is dragged is painted meanwhile
    seen = [button.geometry() for button in (*bar.buttons.values(), bar.more) if button.isVisible()]
    assert all(bar.rect().contains(place) for place in seen)
    assert not any(place.intersects(bar.field.geometry()) for place in seen)
    assert not any(one.intersects(other) for one, other in itertools.combinations(seen, 2))


@pytest.mark.parametrize("width", [350, 400, 480, 560, 652, 800, 1030, 1400])
def test_nothing_is_lost_at_any_width(bar: PageBar, width: int) -> None:
    names = told(bar)
    bar.resize(width, 40)
    bar.show_device(PHONE)
    bar.show_zoom(1.25)
    layout = bar.layout()
    assert layout is not None
    layout.activate()
    right = max(button.geometry().right() for button in (*bar.buttons.values(), bar.more) if button.isVisible())
    assert right < width and bar.field.width() >= 120
    click(bar.more)
    menu = open_menu(bar, "pageMenu")
    seen = {name for name, button in bar.buttons.items() if button.isVisible()}
    in_menu = {action.objectName().removeprefix("pageMenu-") for action in menu.actions() if not action.isSeparator()}
    assert seen | in_menu >= {*PAGE_COMMANDS, "browser"} - {"address"}
    for action in menu.actions():
        action.trigger()
    menu.close()
    assert set(names) == in_menu


@pytest.mark.parametrize(
    ("device", "ticked"), [(Device(), "full"), (PHONE.turned, "phone"), (Device(Kind.CUSTOM, 300, 300), "custom")]
)
def test_the_menu_ticks_the_size_in_force(bar: PageBar, device: Device, ticked: str) -> None:
    for shown in (Device(Kind.TABLET, 820, 1180), device):  # a menu that was open before too
        bar.show_device(shown)
        click(bar.more)
        menu = open_menu(bar, "pageMenu")
        said = [action.objectName() for action in menu.actions() if action.isChecked()]
        turns = {action.objectName(): action.isEnabled() for action in menu.actions()}["pageMenu-rotate"]
        menu.close()
    assert said == [f"pageMenu-{ticked}"] and turns is device.is_framed


def test_the_less_used_give_way_first(bar: PageBar) -> None:
    hidden = []
    for width in (1100, 652, 520, 350):
        bar.resize(width, 40)
        hidden.append({name for name, button in bar.buttons.items() if not button.isVisible()})
    assert hidden[0] == set()
    assert hidden[1] >= {"zoom-in", "zoom-out"} and not hidden[1] & {"phone", "tablet", "full", "pop-out"}
    assert hidden[1] < hidden[2] < hidden[3] == set(bar.buttons) - {"back", "forward", "reload"}
    assert bar.minimumSizeHint().width() <= 350


def test_screenshots_have_a_menu_of_their_own(bar: PageBar) -> None:
    names = told(bar)
    click(bar.buttons["screenshot"])
    menu = open_menu(bar, "shotMenu")
    entry = menu.findChild(QAction, "shotMenu-shot-copy-whole")
    assert isinstance(entry, QAction)
    entry.trigger()
    menu.close()
    assert names == ["shot-copy-whole"] and len(menu.actions()) == 4


def test_it_shows_place_zoom_and_device(bar: PageBar, icons: Icons) -> None:
    bar.show_place("/a", True, False)
    assert bar.field.edit.text() == "/a"
    assert bar.buttons["back"].isEnabled() and not bar.buttons["forward"].isEnabled()
    assert bar.buttons["full"].isChecked()
    bar.show_device(Device(Kind.CUSTOM, 300, 300))
    assert not any(bar.buttons[name].isChecked() for name in ("phone", "tablet", "full"))
    bar.show_popped(icons, True)
    assert "Back into" in bar.buttons["pop-out"].accessibleName()
    bar.show_popped(icons, False)
    assert bar.buttons["pop-out"].accessibleName() == "Open in its own window (Ctrl+Shift+O)"
