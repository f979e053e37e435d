"""What a provider answers: values without the client."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What a sandbox used at a moment (Unix seconds); processors in percent of all that it may use."""

    at: float
    cpu_percent: float
    memory_bytes: int
    memory_limit_bytes: int


@dataclass(frozen=True, slots=True)
class Found:
    """A sandbox in the provider's list; `is_paused` when it sleeps."""

    sandbox_id: str
    metadata: Mapping[str, str]
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class FoundSnapshot:
    """A snapshot in the provider's list; `names` without the team's before them and the tag behind them."""

    snapshot_id: str
    names: tuple[str, ...]


def last_usage(told: Sequence[Any]) -> Usage | None:
    """Give the newest of the client's measurements (`SandboxMetrics`); None where there is none."""
    if not told:
        return None
    last = max(told, key=lambda each: each.timestamp)
    return Usage(last.timestamp.timestamp(), float(last.cpu_used_pct), int(last.mem_used), int(last.mem_total))
