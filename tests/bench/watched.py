"""A main window that tells how a start went; `started` has it take QMainWindow's place."""

import json
import os
import sys
import time

from PySide6 import QtWidgets
from PySide6.QtCore import QEvent, QTimer

QUIET_S = 0.25
"""So long no gap: what a person does next is answered at once."""
LATE_S = 0.016
"""A frame at 60 a second."""


class Watched(QtWidgets.QMainWindow):
    """A main window that tells how the start went; its names are no names of the window that it stands below."""

    frame_at = idle_since = last_look = cpu_then = 0.0

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        # With this Qt paints all that changed and hands it to the screen.
        if not self.frame_at and event.type() is QEvent.Type.UpdateRequest:
            self.frame_at = self.idle_since = self.last_look = time.monotonic()
            self.cpu_then = time.process_time()
            QTimer.singleShot(0, self.begin_to_look)
        return done

    def begin_to_look(self) -> None:
        self.look_timer = QTimer(self, interval=1)
        self.look_timer.timeout.connect(self.look_whether_idle)
        self.look_timer.start()

    def look_whether_idle(self) -> None:
        now = time.monotonic()
        if now - self.last_look > LATE_S:
            self.idle_since, self.cpu_then = now, time.process_time()
        self.last_look = now
        if now - self.idle_since > QUIET_S:
            self.look_timer.stop()
            begun = float(os.environ["BENCH_BEGUN"])
            told = {"frame": self.frame_at - begun, "idle": self.idle_since - begun, "cpu": self.cpu_then}
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()
