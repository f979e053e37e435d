"""What holds a loop up, told apart: its own work, what it waits for, and when others had the processors."""

import dataclasses
import os
import threading
import time

from PySide6.QtCore import QTimer


class Clock:
    """Tells a thread's own time, and the time that it was denied, from what the kernel counts of it."""

    def __init__(self) -> None:
        self._file = os.open(f"/proc/self/task/{threading.get_native_id()}/schedstat", os.O_RDONLY)

    def read(self) -> tuple[float, float]:
        """Give the seconds of work, and those of waiting for a processor."""
        denied = int(os.pread(self._file, 64, 0).split()[1]) / 1e9
        return time.thread_time(), denied

    def close(self) -> None:
        os.close(self._file)


@dataclasses.dataclass(frozen=True, slots=True)
class Gap:
    """Seconds between two ticks: in all, of the thread's own work, and denied to it."""

    late: float
    own: float
    denied: float

    @property
    def counted(self) -> float:
        """Without what others had: how busy the machine is says nothing about the program."""
        return self.late - self.denied


class Pulse:
    """Ticks as often as the loop lets it."""

    def __init__(self) -> None:
        self._gaps: list[Gap] = []
        self._clock = Clock()
        self._last, (self._own, self._denied) = time.perf_counter(), self._clock.read()
        self._timer = QTimer(interval=0)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now, (own, denied) = time.perf_counter(), self._clock.read()
        self._gaps.append(Gap(now - self._last, own - self._own, denied - self._denied))
        self._last, self._own, self._denied = now, own, denied

    def stop(self) -> list[Gap]:
        """Give all gaps, the longest first by what is counted."""
        self._timer.stop()
        self._clock.close()
        return sorted(self._gaps, key=lambda gap: -gap.counted)
