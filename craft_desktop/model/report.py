"""A diagnosis: what this machine has and lacks, each lack with a remedy."""

from dataclasses import dataclass
from enum import StrEnum


class Grade(StrEnum):
    """How a check ended."""

    OK = "ok"
    LIMITED = "limited"
    """It works, with something missing that a person should know of."""
    MISSING = "missing"
    """Previews on this computer cannot run without it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: `name` what was looked at, `detail` what was found, `remedy` what to do (empty when OK)."""

    name: str
    grade: Grade
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings."""

    checks: tuple[Check, ...]

    @property
    def is_usable(self) -> bool:
        """Can a preview run on this computer?"""
        return all(check.grade is not Grade.MISSING for check in self.checks)
