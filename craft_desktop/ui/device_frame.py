"""The ground on which the page lies: all of it, or a device's size in its middle, drawn smaller where the room is.

The web engine lays a page out at its view's size divided by its zoom. So a view of 195 points at a zoom of 0.5 is a
page 390 CSS pixels wide: media queries, `vw` and `innerWidth` all say 390, and `devicePixelRatio` says what is true.
"""

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QPixmap, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QWidget

from craft_desktop.model.device import FULL, Device, fit
from craft_desktop.ui.theme import GAP


class _Ground(QWidget):
    resized = Signal()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.resized.emit()


class DeviceFrame(QScrollArea):
    """Places one view."""

    scaled = Signal(float)
    """Screen points for each of the page's pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("deviceFrame")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setWidgetResizable(True)
        self._ground = _Ground(self.viewport())
        self._ground.setObjectName("deviceGround")
        self._ground.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._ground.resized.connect(self._place)
        self._edge = QFrame(self._ground)
        self._edge.setObjectName("deviceEdge")
        self._edge.hide()
        self._still = QLabel(self)
        self._still.hide()
        self._view: QWidget | None = None
        self._device, self._zoom, self._told = FULL, 1.0, 0.0
        self._stretched: QSize | None = None
        self.setWidget(self._ground)

    def set_view(self, view: QWidget | None) -> None:
        """Take a view, or let it go."""
        self._view, self._told = view, 0.0
        if view is not None:
            view.setParent(self._ground)
            view.show()
        self._place()

    def show_device(self, device: Device, zoom: float) -> None:
        """Lay the page out for `device`; `zoom` enlarges what is drawn, as far as the room goes."""
        self._device, self._zoom = device, zoom
        self._place()

    def stretch(self, size: QSize, still: QPixmap) -> None:
        """Lay the view out at `size`, however large, behind a picture of how it was; until `relax`."""
        self._still.setPixmap(still)
        self._still.setGeometry(self._seen())
        self._still.raise_()
        self._still.show()
        self._stretched = size
        self._place()

    def relax(self) -> None:
        """Show the view as before."""
        self._stretched = None
        self._place()
        self._still.hide()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Place the view anew."""
        super().resizeEvent(event)
        self._place()

    def _seen(self) -> QRect:
        """Give where the view is, as far as it is in sight."""
        if self._view is None:
            return QRect()
        corner = self._view.mapTo(self, self._view.rect().topLeft())
        return QRect(corner, self._view.size()).intersected(self.viewport().geometry())

    def _place(self) -> None:
        view = self._view
        if view is None:
            self._edge.hide()
            return
        if self._stretched is not None:
            self._ground.setMinimumSize(0, 0)
            view.setGeometry(QRect(view.pos(), self._stretched))
            return
        self._edge.setVisible(self._device.is_framed)
        if not self._device.is_framed:
            self._ground.setMinimumSize(0, 0)
            view.setGeometry(self._ground.rect())
            self._tell(self._zoom)
            return
        room = self.maximumViewportSize()
        width, height = max(1, room.width() - 2 * GAP), max(1, room.height() - 2 * GAP)
        shown = fit(self._device, width, height, self._zoom)
        if shown.height > height:  # it scrolls, and the bar takes its room
            width = max(1, width - self.verticalScrollBar().sizeHint().width())
            shown = fit(self._device, width, height, self._zoom)
        self._ground.setMinimumSize(shown.width + 2 * GAP, shown.height + 2 * GAP)
        size = QSize(shown.width, shown.height)
        place = QRect((self._ground.width() - shown.width) // 2, GAP, size.width(), size.height())
        spare = self._ground.height() - shown.height
        place.moveTop(max(GAP, spare // 2))
        view.setGeometry(place)
        self._edge.setGeometry(place.adjusted(-1, -1, 1, 1))
        self._edge.lower()
        self._tell(shown.scale)

    def _tell(self, scale: float) -> None:
        if scale != self._told:
            self._told = scale
            self.scaled.emit(scale)
