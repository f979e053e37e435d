"""How a project's run is: processors and memory as lines of the last minutes, and its facts."""

from collections import deque
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from craft_desktop.model.events import Measured
from craft_desktop.model.operations import Idleness
from craft_desktop.model.session import Session
from craft_desktop.ui import figures, present
from craft_desktop.ui.figures import KEPT_S
from craft_desktop.ui.parts import ElidedLabel, label
from craft_desktop.ui.sparkline import Sparkline
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, Theme
from craft_desktop.ui.words import tr

MOST = 200
"""Measurements kept: those of five minutes at the quickest pace, and some."""
COLUMNS = 3
"""Facts side by side: two rows fit the lowest pane."""
LEAST_GAUGE, LEAST_FACT = 132, 84
"""Widths: room for “312 MB of 16 GB”, and for a port, a process and most of a sandbox's id."""
LEAST_TOP_SHARE = 0.02
"""The memory's line is drawn up to its own highest, but never larger than a fiftieth of all: a hum is no mountain."""


class _Gauge(QWidget):
    """One figure: what it is, its value, and its line."""

    def __init__(self, theme: Theme, name: str, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = title
        self.value = ElidedLabel("headline", by_parts=True)
        self.value.setObjectName(f"{name}Value")
        self.line = Sparkline(theme, KEPT_S)
        self.line.setObjectName(f"{name}Line")
        self.setMinimumWidth(LEAST_GAUGE)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(label(title, "small"))
        column.addWidget(self.value)
        column.addSpacing(GAP_S)
        column.addWidget(self.line, 1)


class HealthView(QScrollArea):
    """Shows one project's figures."""

    def __init__(self, theme: Theme, now: Callable[[], float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("healthView")
        self.setAccessibleName(tr("Health"))
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._now = now
        self._session = Session("")
        self._idleness: Idleness | None = None
        self._measured: deque[Measured] = deque(maxlen=MOST)
        self._page_bytes = 0
        inside = QFrame(self.viewport())
        inside.setObjectName("health")
        self.cpu = _Gauge(theme, "cpu", tr("CPU"), inside)
        self.memory = _Gauge(theme, "memory", tr("Memory"), inside)
        self._facts: list[tuple[QLabel, ElidedLabel]] = []
        grid = QGridLayout()
        grid.setHorizontalSpacing(GAP_L)
        grid.setVerticalSpacing(GAP)
        grid.setRowStretch(2, 1)
        for place, _ in enumerate(figures.facts(self._session, None, 0.0, tr)):
            name, value = label("", "small"), ElidedLabel()
            value.setObjectName(f"fact{place}")
            value.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            cell = QVBoxLayout()
            cell.setSpacing(0)
            cell.addWidget(name)
            cell.addWidget(value)
            grid.addLayout(cell, place // COLUMNS, place % COLUMNS)
            self._facts.append((name, value))
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
            grid.setColumnMinimumWidth(column, LEAST_FACT)
        whole = QHBoxLayout(inside)
        whole.setContentsMargins(GAP_L, GAP, GAP_L, GAP)
        whole.setSpacing(GAP_L)
        whole.addWidget(self.cpu, 1)
        whole.addWidget(self.memory, 1)
        whole.addLayout(grid, 1)
        self.setWidget(inside)
        self._show_figures()
        self.tick()

    @property
    def last(self) -> Measured | None:
        """The last measurement of this run."""
        return self._measured[-1] if self._measured else None

    def show_session(self, session: Session) -> None:
        """Show a run; the figures of another sandbox are not its own."""
        if session.sandbox_id != self._session.sandbox_id and self._measured:
            self._measured.clear()
            self._show_figures()
        self._session = session
        self.tick()

    def show_measured(self, measured: Measured) -> None:
        """Take a measurement."""
        self._measured.append(measured)
        while measured.at - self._measured[0].at > KEPT_S:
            self._measured.popleft()
        self._show_figures()

    def show_page(self, size_bytes: int) -> None:
        """Take what the page has in this window; 0 where it has nothing, or nobody knows."""
        self._page_bytes = size_bytes
        self._show_memory()

    def show_idleness(self, idleness: Idleness | None) -> None:
        """Take how long nobody has used the project."""
        self._idleness = idleness

    def tick(self) -> None:
        """Show the times as they are now."""
        told = figures.facts(self._session, self._idleness, self._now(), tr)
        for (name, value), fact in zip(self._facts, told, strict=True):
            name.setText(fact.label)
            value.setText(fact.value)
            value.setAccessibleName(f"{fact.label}: {fact.value}")

    def _show_memory(self) -> None:
        used = figures.memory(self._measured[-1], tr) if self._measured else "–"
        self.memory.value.setText(figures.with_page(used, self._page_bytes, tr))
        self.memory.value.setAccessibleName(f"{self.memory.title}: {self.memory.value.text()}")

    def _show_figures(self) -> None:
        measured = tuple(self._measured)
        cpu = [each.cpu_percent for each in measured]
        memory = [float(each.memory_bytes) for each in measured]
        limit = measured[-1].memory_limit_bytes if measured else 0
        top = max([1.25 * max(memory, default=0.0), LEAST_TOP_SHARE * limit])
        self.cpu.line.show_points([(each.at, each.cpu_percent) for each in measured], 100.0)
        self.memory.line.show_points([(each.at, float(each.memory_bytes)) for each in measured], top)
        self.cpu.value.setText(figures.percent(cpu[-1], tr) if cpu else "–")
        self._show_memory()
        shares = [figures.percent(value, tr) for value in cpu]
        sizes = [present.size(each.memory_bytes, tr) for each in measured]
        self.cpu.line.setAccessibleName(figures.trend(self.cpu.title, shares, cpu, tr))
        self.memory.line.setAccessibleName(figures.trend(self.memory.title, sizes, memory, tr))
