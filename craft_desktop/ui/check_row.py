"""One check of the preview doctor: while it is made, and with its evidence and its remedy."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from craft_desktop.model.errors import Action
from craft_desktop.model.places import Place
from craft_desktop.model.report import Check, Grade
from craft_desktop.ui import doctor_words, present
from craft_desktop.ui.glyph import Glyph
from craft_desktop.ui.parts import label, push_button, tip
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, ICON, Theme
from craft_desktop.ui.words import tr

_SMALL = (Grade.OK, Grade.UNKNOWN)
ROOM = 328
"""Points that the narrowest panel (`doctor_panel.WIDTH`) leaves beside edges, mark and scroll bar. Buttons that are
wider side by side stand one below the other: a row wider than the panel would be cut off at its edge."""
_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse


class CheckRow(QFrame):
    """A shape and a name; evidence, remedy and buttons where something was found."""

    remedy_requested = Signal(Action)
    place_requested = Signal(object)
    """A `Place`."""

    def __init__(self, theme: Theme, key: str, name: str) -> None:
        super().__init__()
        self.key = key
        self.check: Check | None = None
        self.setObjectName(f"check-{key}")
        self._glyph = Glyph(theme, ICON)
        self.name = label(tr(name), wraps=True)
        self.detail = label("", "small", wraps=True)
        self.detail.setTextInteractionFlags(_SELECTABLE)
        self.remedy = label("", wraps=True)
        self.act = push_button(f"checkAct-{key}", "")
        self.act.clicked.connect(self._act)
        self.open = push_button(f"checkOpen-{key}", "", "flat")
        self.open.clicked.connect(self._open)
        self._buttons = QWidget()
        row = self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._buttons)
        row.setContentsMargins(0, GAP_S, 0, 0)
        row.setSpacing(GAP)
        for button in (self.act, self.open):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        row.addStretch(1)
        words = QVBoxLayout()
        words.setSpacing(GAP_S)
        for part in (self.name, self.detail, self.remedy, self._buttons):
            words.addWidget(part)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP_L, GAP_S, GAP_L, GAP_S)
        row.setSpacing(GAP)
        row.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        self.show_waiting()

    def show_waiting(self) -> None:
        """Show that it is being made."""
        self.check = None
        self._show(doctor_words.WAITING, "")

    def show_check(self, check: Check) -> None:
        """Show what it found."""
        self.check = check
        self._show(doctor_words.state(check.grade, tr), doctor_words.breakable(check.detail))

    def _show(self, state: present.State, detail: str) -> None:
        check = self.check
        is_found = check is not None and check.grade not in _SMALL
        self._glyph.show_shape(state.shape, state.tone)
        self.name.setProperty("role", "headline" if is_found else "")
        self.name.style().polish(self.name)
        self.detail.setText(detail)
        self.detail.setVisible(bool(detail))
        self.remedy.setText(tr(check.remedy) if check is not None else "")
        self.remedy.setVisible(is_found and bool(self.remedy.text()))
        action = present.action_label(check.action, tr) if check is not None and is_found else ""
        self.act.setText(action)
        self.act.setVisible(bool(action))
        place = check.place if check is not None and is_found else None
        opening = tr("Open {0}").format(place.label) if place is not None else ""
        self._show_place(opening)
        self._buttons.setVisible(bool(action) or place is not None)
        for button, said in ((self.act, action), (self.open, opening)):
            button.setAccessibleName(f"{said}: {self.name.text()}" if said else "")
        self.setAccessibleName(f"{self.name.text()}: {state.words}. {detail}".strip())

    def _show_place(self, said: str) -> None:
        button = self.open
        button.setText(said)
        button.setToolTip(tip(said))
        button.setVisible(bool(said))
        is_wide = bool(said and self.act.text()) and self._width_of(self.act) + GAP + self._width_of(button) > ROOM
        self._row.setSpacing(0 if is_wide else GAP)
        self._row.setDirection(QBoxLayout.Direction.TopToBottom if is_wide else QBoxLayout.Direction.LeftToRight)
        padding = self._width_of(button) - button.fontMetrics().horizontalAdvance(said)
        button.setText(button.fontMetrics().elidedText(said, Qt.TextElideMode.ElideMiddle, ROOM - padding))

    @staticmethod
    def _width_of(button: QWidget) -> int:
        button.ensurePolished()
        return button.sizeHint().width()

    def _act(self) -> None:
        if self.check is not None:
            self.remedy_requested.emit(self.check.action)

    def _open(self) -> None:
        if self.check is not None and isinstance(self.check.place, Place):
            self.place_requested.emit(self.check.place)
