"""The bar above the page: where it is, at what size, and what can be done with it.

Everything in the bar is a command of `commands.py`. Where the window is narrow the less used buttons give way; the
menu at the end holds all of them at any width.
"""

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QMenu, QToolButton, QWidget

from craft_desktop.model.device import Device, Kind
from craft_desktop.ui.address_field import LEAST, AddressField
from craft_desktop.ui.commands import COMMANDS, hint, words
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import tool_button
from craft_desktop.ui.theme import GAP, GAP_S
from craft_desktop.ui.words import tr

_BEFORE = (("back", "back"), ("forward", "forward"), ("reload", "reload"))
_AFTER = (
    ("phone", "phone"),
    ("tablet", "tablet"),
    ("full", "full"),
    ("zoom-out", "minus"),
    ("zoom-reset", "search"),
    ("zoom-in", "plus"),
    ("screenshot", "camera"),
    ("tools", "code"),
    ("pop-out", "pop-out"),
    ("browser", "outside"),
)
_GIVE_WAY = (
    ("zoom-out", "zoom-in"),
    ("screenshot",),
    ("tools",),
    ("browser",),
    ("zoom-reset",),
    ("pop-out",),
    ("phone", "tablet", "full"),
)
"""In this order, together: what has a short key, or is said elsewhere, goes first."""
SHOTS = ("shot-save", "shot-copy", "shot-save-whole", "shot-copy-whole")
_MENU = (
    ("phone", "tablet", "full", "custom", "rotate"),
    ("zoom-in", "zoom-out", "zoom-reset"),
    SHOTS,
    ("tools", "pop-out", "browser"),
)
_KINDS = {"phone": Kind.PHONE, "tablet": Kind.TABLET, "full": Kind.FULL}
_SIZES = {**_KINDS, "custom": Kind.CUSTOM}
"""Of these one is ticked in the menu."""
_COMFORT = 220
"""Points of the address field for which the less used buttons already give way."""


class PageBar(QWidget):
    """Emits the name of a command, or an address that was typed."""

    commanded = Signal(str)
    entered = Signal(str)

    def __init__(self, icons: Icons, host: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pageBar")
        self.field = AddressField(host)
        self.field.entered.connect(self.entered)
        self.buttons: dict[str, QToolButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, GAP_S, GAP, GAP_S)
        row.setSpacing(GAP_S // 2)
        row.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)  # buttons give way instead
        for name, icon in _BEFORE:
            row.addWidget(self._button(icons, name, icon))
        row.addSpacing(GAP_S)
        row.addWidget(self.field, 1)
        row.addSpacing(GAP_S)
        for name, icon in _AFTER:
            row.addWidget(self._button(icons, name, icon))
        percent = self.buttons["zoom-reset"]
        percent.setProperty("role", "text")
        percent.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        percent.setText("100 %")
        for name in _KINDS:
            self.buttons[name].setCheckable(True)
        self._menus: dict[str, QMenu] = {}
        self._device = Device()
        self.more = tool_button("pageMoreButton", tr("More for this page"), icons, "more")
        self.more.clicked.connect(lambda: self._open_menu(self.more, "pageMenu", _MENU))
        row.addWidget(self.more)
        self.show_device(Device())

    def show_place(self, path: str, can_go_back: bool, can_go_forward: bool) -> None:
        """Show where the page is."""
        self.field.show_path(path)
        self.buttons["back"].setEnabled(can_go_back)
        self.buttons["forward"].setEnabled(can_go_forward)

    def show_zoom(self, zoom: float) -> None:
        """Show the zoom in per cent."""
        percent = self.buttons["zoom-reset"]
        percent.setText(f"{round(zoom * 100)} %")
        percent.setAccessibleName(tr("{0}, now {1}").format(hint("zoom-reset"), percent.text()))
        self._arrange()

    def show_device(self, device: Device) -> None:
        """Show what the page is looked at as."""
        for name, kind in _KINDS.items():
            self.buttons[name].setChecked(device.kind is kind)
        self._device = device

    def show_popped(self, icons: Icons, is_popped: bool) -> None:
        """Let the button say whether it takes the page out or puts it back."""
        button = self.buttons["pop-out"]
        icons.bind(button, "pop-in" if is_popped else "pop-out")
        said = tr("Back into the main window ({0})").format("Ctrl+Shift+O") if is_popped else hint("pop-out")
        button.setToolTip(said)
        button.setAccessibleName(said)

    def minimumSizeHint(self) -> QSize:
        """Ask for what cannot give way alone."""
        kept = (*(self.buttons[name] for name, _ in _BEFORE), self.more)
        fixed = sum(button.sizeHint().width() + GAP_S // 2 for button in kept) + LEAST + 4 * GAP_S + 2 * GAP
        return QSize(fixed, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let buttons give way, or come back."""
        super().resizeEvent(event)
        self._arrange()

    def _button(self, icons: Icons, name: str, icon: str) -> QToolButton:
        said = tr("Screenshot") if name == "screenshot" else hint(name)
        button = tool_button(f"page-{name}", said, icons, icon)
        if name == "screenshot":
            button.clicked.connect(lambda: self._open_menu(button, "shotMenu", (SHOTS,)))
        else:
            button.clicked.connect(lambda: self.commanded.emit(name))
        self.buttons[name] = button
        return button

    def _arrange(self) -> None:
        room = self.width() - self.minimumSizeHint().width() - (_COMFORT - LEAST)
        widths = {name: self.buttons[name].sizeHint().width() + GAP_S // 2 for name, _ in _AFTER}
        hidden: set[str] = set()
        for group in _GIVE_WAY:
            if sum(width for name, width in widths.items() if name not in hidden) <= room:
                break
            hidden.update(group)
        for name in widths:
            self.buttons[name].setVisible(name not in hidden)
        row = self.layout()
        if row is not None:  # at once: until the next turn one that comes back would lie over the address
            row.activate()

    def _open_menu(self, button: QToolButton, name: str, groups: tuple[tuple[str, ...], ...]) -> None:
        menu = self._menus.get(name)
        if menu is None:
            menu = self._menus[name] = QMenu(self)
            menu.setObjectName(name)
            keys = {command.name: command.keys for command in COMMANDS}
            for place, group in enumerate(groups):
                if place:
                    menu.addSeparator()
                for command in group:
                    entry = menu.addAction(words(command))
                    entry.setObjectName(f"{name}-{command}")
                    if keys[command]:  # shown, not listened to: the window's own action does
                        entry.setText(f"{words(command)}\t{QKeySequence(keys[command][0]).toString()}")
                    entry.triggered.connect(lambda _on=False, command=command: self.commanded.emit(command))
        for entry in menu.actions():
            command = entry.objectName().removeprefix(f"{name}-")
            if command == "rotate":
                entry.setEnabled(self._device.is_framed)
            elif command in _SIZES:
                entry.setCheckable(True)
                entry.setChecked(_SIZES[command] is self._device.kind)
        corner = button.mapToGlobal(QPoint(button.width(), button.height() + 2))
        menu.popup(corner - QPoint(menu.sizeHint().width(), 0))
