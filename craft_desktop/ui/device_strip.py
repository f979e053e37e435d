"""The line beneath the bar while the page has a size of its own: the size, to be edited, and how it is shown."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from craft_desktop.model.device import LEAST, MOST, Device, custom
from craft_desktop.ui.commands import hint
from craft_desktop.ui.icons import Icons
from craft_desktop.ui.parts import ElidedLabel, label, tool_button
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S
from craft_desktop.ui.words import tr

_FIELD_WIDTH = 64
"""Four digits and their padding."""


class DeviceStrip(QWidget):
    """Two fields for the sides, a button to rotate, and the scale in per cent."""

    device_entered = Signal(object)
    rotate_requested = Signal()

    def __init__(self, icons: Icons, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deviceStrip")
        self._device = Device()
        self.width_field = self._field("deviceWidth", tr("Width in CSS pixels"))
        self.height_field = self._field("deviceHeight", tr("Height in CSS pixels"))
        self.scale = ElidedLabel("muted")
        self.scale.setObjectName("deviceScale")
        self.rotate_button = tool_button("stripRotateButton", hint("rotate"), icons, "rotate")
        self.rotate_button.clicked.connect(self.rotate_requested)
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP_L, 0, GAP, GAP_S)
        row.setSpacing(GAP_S)
        row.addWidget(self.width_field)
        row.addWidget(label("×", "muted"))
        row.addWidget(self.height_field)
        row.addWidget(self.rotate_button)
        row.addSpacing(GAP_S)
        row.addWidget(self.scale, 1)
        self.hide()

    def show_device(self, device: Device) -> None:
        """Show a device's sides; a person who types is not disturbed."""
        self._device = device
        self.setVisible(device.is_framed)
        for field, side in ((self.width_field, device.width), (self.height_field, device.height)):
            field.setText(str(side))

    def show_scale(self, scale: float) -> None:
        """Say how large the page is drawn, and what that means for it."""
        size = f"{self._device.width} × {self._device.height}"
        self.scale.setText(tr("shown at {0} %").format(round(scale * 100)))
        self.scale.setAccessibleName(tr("Laid out at {0} CSS pixels, shown at {1} %").format(size, round(scale * 100)))

    def begin_edit(self) -> None:
        """Put the cursor into the width."""
        self.width_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.width_field.selectAll()

    def _field(self, name: str, words: str) -> QLineEdit:
        made = QLineEdit()
        made.setObjectName(name)
        made.setAccessibleName(words)
        made.setToolTip(tr("{0}, {1} to {2}").format(words, LEAST, MOST))
        made.setValidator(QIntValidator(1, 99_999, made))  # brought within bounds once it is entered
        made.setFixedWidth(_FIELD_WIDTH)
        made.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        made.setAcceptDrops(False)
        made.editingFinished.connect(self._enter)
        return made

    def _enter(self) -> None:
        texts = self.width_field.text(), self.height_field.text()
        if not (self.width_field.isModified() or self.height_field.isModified()):
            return  # the cursor merely left
        if not all(text.isdecimal() for text in texts):
            self.show_device(self._device)
            return
        entered = custom(int(texts[0]), int(texts[1]))
        if (entered.width, entered.height) != (self._device.width, self._device.height):
            self.device_entered.emit(entered)
        else:
            self.show_device(self._device)
