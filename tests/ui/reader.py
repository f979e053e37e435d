"""What a screen reader meets: the tree of Qt's accessibility interface, and the walk by Tab."""

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

Role = QAccessible.Role

OPERATED = frozenset(
    {
        *(Role.Button, Role.ButtonMenu, Role.ButtonDropDown, Role.CheckBox, Role.RadioButton, Role.ComboBox),
        *(Role.EditableText, Role.List, Role.ListItem, Role.Table, Role.Cell, Role.Tree, Role.TreeItem, Role.Splitter),
        *(Role.PageTabList, Role.PageTab, Role.MenuItem, Role.Link, Role.SpinBox, Role.Slider, Role.Grip),
        *(Role.WebDocument, Role.StaticText, Role.Document),  # a page; a text that can be selected by keys
    }
)
"""Roles that tell a person what can be done."""


@dataclass(frozen=True, slots=True)
class Met:
    """One thing of the tree. `path` names its place, for the words of a failure."""

    path: str
    role: QAccessible.Role
    name: str
    description: str
    owner: object
    is_operated: bool
    """It takes the focus, or can be pressed."""
    is_checkable: bool
    is_checked: bool
    is_read_only: bool
    siblings: tuple[str, ...]
    """The names of the operated ones beside it."""


def meet(root: QWidget) -> list[Met]:
    """Give all that is to be seen below `root`, in the reader's order."""
    found = QAccessible.queryAccessibleInterface(root)
    assert found is not None
    return list(_walk(found, "", ()))


def _is_hidden(at: QAccessibleInterface) -> bool:
    return bool(at.state().invisible)


def _is_operated(at: QAccessibleInterface) -> bool:
    state, actions = at.state(), at.actionInterface()
    names = actions.actionNames() if actions is not None else []
    return bool(state.focusable) or bool({"Press", "Toggle", "ShowMenu"} & set(names))


def _walk(at: QAccessibleInterface, path: str, siblings: tuple[str, ...]) -> Iterator[Met]:
    if not at.isValid() or _is_hidden(at) or at.role() is Role.WebDocument:  # a page's own tree is its author's
        return
    state, owner = at.state(), at.object()
    name = at.text(QAccessible.Text.Name)
    here = f"{path}/{owner.objectName() if owner is not None else ''}:{at.role().name}"
    yield Met(
        here, at.role(), name, at.text(QAccessible.Text.Description), owner, _is_operated(at),
        bool(state.checkable), bool(state.checked), bool(state.readOnly), siblings,
    )  # fmt: skip
    children = [at.child(number) for number in range(at.childCount())]
    seen = [child for child in children if child is not None and child.isValid() and not _is_hidden(child)]
    names = [child.text(QAccessible.Text.Name) if _is_operated(child) else "" for child in seen]
    for number, child in enumerate(seen):
        yield from _walk(child, here, tuple(name for at, name in enumerate(names) if name and at != number))


@dataclass(frozen=True, slots=True)
class Stop:
    """Where Tab came to: a widget, its place in its window, and how it looked without and with the focus."""

    widget: QWidget
    place: QRect
    before: QImage
    after: QImage


def stops(window: QWidget, most: int = 200) -> list[Stop]:
    """Press Tab until the focus is where it was; `window` is to be the active one."""
    focused = QApplication.focusWidget()
    if focused is not None:
        focused.clearFocus()
    window.setFocus(Qt.FocusReason.OtherFocusReason)
    base, found = window.grab().toImage(), list[Stop]()
    for _ in range(most):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        at = QApplication.focusWidget()
        if at is None or at.window() is not window or any(stop.widget is at for stop in found):
            break
        place = QRect(at.mapTo(window, QPoint()), at.size())
        pixels = QRect(place.topLeft() * base.devicePixelRatio(), place.size() * base.devicePixelRatio())
        around = pixels.adjusted(-2, -2, 2, 2)  # a frame may be drawn by what holds it
        found.append(Stop(at, place, base.copy(around), window.grab().toImage().copy(around)))
    return found


def operable(window: QWidget) -> set[QWidget]:
    """Give every widget in sight and in force that says Tab comes to it."""
    return {
        widget
        for widget in window.findChildren(QWidget)
        if widget.window() is window
        and widget.isVisibleTo(window)
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.focusProxy() is None
    }
