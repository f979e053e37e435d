"""How long the last save took to the screen: a line in the status bar, and by stage what stands behind it."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from craft_desktop.model.events import SaveSeen
from craft_desktop.ui import figures
from craft_desktop.ui.parts import PushButton, label
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S
from craft_desktop.ui.words import tr


class SaveDetail(QFrame):
    """The stages of the last save beside those of the usual one; a click elsewhere or Escape closes it."""

    def __init__(self, seen: SaveSeen, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("saveDetail")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Saved → on screen"))
        self.setAccessibleDescription(figures.save_stages(seen, tr))
        grid = QGridLayout(self)
        grid.setContentsMargins(GAP_L, GAP, GAP_L, GAP)
        grid.setHorizontalSpacing(GAP_L)
        grid.setVerticalSpacing(GAP_S)
        for row, cells in enumerate(figures.save_table(seen, tr)):
            for column, text in enumerate(cells):
                is_figure = column in (1, 2)
                made = label(text, "" if row and column < 2 else "small")
                side = Qt.AlignmentFlag.AlignRight if is_figure else Qt.AlignmentFlag.AlignLeft
                grid.addWidget(made, row, column, side | Qt.AlignmentFlag.AlignVCenter)


class SaveItem(PushButton):
    """The line. It opens the stages."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("statusSave")
        self.setAutoDefault(False)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(tr("Saved → on screen"))
        self._seen: SaveSeen | None = None
        self.clicked.connect(self.open_detail)
        self.hide()

    def show_save(self, seen: SaveSeen | None) -> None:
        """Show a save; None: there is none to show."""
        if seen != self._seen:
            self._seen = seen
            self.setText(figures.save_line(seen, tr))
            self.setAccessibleName(self.text() or tr("Saved → on screen"))
            self.setToolTip(figures.save_stages(seen, tr))
            self.setAccessibleDescription(self.toolTip())
        self.setVisible(seen is not None)

    def open_detail(self) -> None:
        """Show the stages above the line."""
        if self._seen is None:
            return
        detail = SaveDetail(self._seen, self)
        detail.adjustSize()
        corner = self.mapToGlobal(QPoint(0, -detail.height() - GAP_S))
        left = self.window().mapToGlobal(QPoint(0, 0)).x() + self.window().width() - detail.width() - GAP
        detail.move(min(corner.x(), left), corner.y())
        detail.show()
        detail.setFocus(Qt.FocusReason.PopupFocusReason)
