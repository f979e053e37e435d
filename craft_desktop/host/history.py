"""What sandboxes used in the last hour: one measurement every few seconds, bounded. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping

PERIOD_S = 5.0  # E2B's own
KEPT = 720  # an hour of them, 0.3 MB a sandbox; E2B keeps days, but here nobody looks back further
# envd's names; in this order the values of one measurement are held, at a quarter of a dict's memory
GAUGES = ("ts", "cpu_count", "cpu_used_pct", "mem_total", "mem_used", "mem_cache", "disk_total", "disk_used")


class History:
    """The measurements of each sandbox, oldest first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._told: dict[str, deque[tuple[float, ...]]] = {}

    def add(self, sandbox_id: str, gauges: Mapping[str, float]) -> None:
        """Keep a measurement; the oldest goes when there are too many.

        :raises KeyError: a gauge is missing.
        """
        kept = self._told.setdefault(sandbox_id, deque(maxlen=self._kept))
        kept.append(tuple(gauges[name] for name in GAUGES))

    def between(self, sandbox_id: str, start_s: float | None, end_s: float | None) -> list[dict[str, float]]:
        """Those taken from `start_s` to `end_s`, in Unix seconds, both included; None leaves a side open."""
        return [
            dict(zip(GAUGES, values, strict=True))
            for values in self._told.get(sandbox_id, ())
            if (start_s is None or values[0] >= start_s) and (end_s is None or values[0] <= end_s)
        ]

    def latest(self, sandbox_id: str) -> dict[str, float] | None:
        """The last one, None when there is none."""
        kept = self._told.get(sandbox_id)
        return dict(zip(GAUGES, kept[-1], strict=True)) if kept else None

    def keep_only(self, sandbox_ids: Iterable[str]) -> None:
        """Forget every sandbox that is not named."""
        named = set(sandbox_ids)
        for sandbox_id in [each for each in self._told if each not in named]:
            del self._told[sandbox_id]
