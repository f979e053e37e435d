"""The five steps between Start and the page, as a strip or as a list."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from craft_desktop.model.errors import Problem
from craft_desktop.model.session import Session, Step, StepRecord
from craft_desktop.ui import present
from craft_desktop.ui.glyph import Glyph
from craft_desktop.ui.parts import BETWEEN, ElidedLabel, label, set_property, tip
from craft_desktop.ui.present import StepView, Tone
from craft_desktop.ui.theme import GAP, GAP_L, GAP_S, Theme
from craft_desktop.ui.words import tr

_SHARES = {Step.SANDBOX: 4, Step.UPLOAD: 9, Step.INSTALL: 7, Step.SERVER: 5, Step.PAGE: 5}
"""Of the strip's width: “214 files, 1.8 MB” and “14 s of about 18 s” need more than a time. Fixed, for times tick."""
_EQUAL_FROM = 960
"""Width of the strip in which five equal parts have room for all of that, and look calmer."""
BAR_WIDTH = 120
"""Points of the bar of a step whose usual time is known: a second of a minute's install moves it by two."""


class StepItem(QWidget):
    """One step: its shape, its name, its seconds and its note; in the list a bar too, where its usual time is known."""

    def __init__(self, theme: Theme, step: Step, parent: QWidget, *, is_large: bool) -> None:
        super().__init__(parent)
        self.setObjectName(f"step-{step.name.lower()}")
        self._glyph = Glyph(theme, 20 if is_large else 16)
        self._title = label("", "name" if is_large else "")
        self._time = label("", "muted" if is_large else "small")
        self._note = ElidedLabel("muted" if is_large else "small", by_parts=True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedWidth(BAR_WIDTH)
        self.bar.setRange(0, BAR_WIDTH)
        self.bar.hide()
        self._is_large = is_large
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(3 * GAP_S if is_large else GAP)
        if is_large:
            row.addWidget(self._glyph)
            row.addWidget(self._title)
            row.addWidget(self._note, 1)
            row.addWidget(self.bar)
            row.addWidget(self._time)
        else:
            column = QVBoxLayout()
            column.setSpacing(0)
            column.addWidget(self._title)
            column.addWidget(self._note)
            row.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
            row.addLayout(column, 1)
            self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_step(self, step: StepView) -> None:
        """Show a step."""
        self._glyph.show_shape(step.shape, step.tone)
        self._title.setText(step.title)
        if self._is_large:
            self._time.setText(step.time)
            self._note.setText(step.note)
            self.bar.setVisible(step.share is not None)
            self.bar.setValue(round((step.share or 0) * BAR_WIDTH))
            self.bar.setAccessibleName(step.title)
        else:
            # What went wrong is worth the room more than how long that took.
            has_failed = step.tone is Tone.BAD and bool(step.note)
            self._note.setText(step.note if has_failed else BETWEEN.join(filter(None, (step.time, step.note))))
        is_waiting = step.shape is present.Shape.RING
        set_property(self._title, "tone", "bad" if step.tone is Tone.BAD else "quiet" if is_waiting else "")
        self.setAccessibleName(step.spoken)
        self.setToolTip(tip(step.spoken))


class Stepper(QWidget):
    """All five. `is_large`: one below the other, for the middle of the pane; else side by side, for a strip."""

    def __init__(
        self, theme: Theme, now: Callable[[], float], *, is_large: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("steps" if is_large else "stepStrip")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(tr("Steps"))
        self._now = now
        self._records: tuple[StepRecord, ...] = ()
        self._problem: Problem | None = None
        self.items = {step: StepItem(theme, step, self, is_large=is_large) for step in Step}
        box: QHBoxLayout | QVBoxLayout
        if is_large:
            box = QVBoxLayout(self)
            box.setContentsMargins(0, 0, 0, 0)
            box.setSpacing(GAP)
        else:
            box = QHBoxLayout(self)
            box.setContentsMargins(GAP_L, GAP, GAP_L, GAP)
            box.setSpacing(3 * GAP_S)
        for item in self.items.values():
            box.addWidget(item)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Share the width out."""
        super().resizeEvent(event)
        box = self.layout()
        if isinstance(box, QHBoxLayout):
            for at, step in enumerate(self.items):
                box.setStretch(at, 1 if self.width() >= _EQUAL_FROM else _SHARES[step])

    def show_session(self, session: Session) -> None:
        """Show a run's steps."""
        self._records, self._problem = session.steps, session.problem
        self.tick()

    def tick(self) -> None:
        """Show the seconds as they are now."""
        now = self._now()
        for record in self._records:
            self.items[record.step].show_step(present.step(record, now, tr, self._problem))
