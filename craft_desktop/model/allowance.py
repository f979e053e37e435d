"""How much of something may be said: so many at once, so many a second. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """A bucket that fills with time: `burst` is its size, `rate` what comes in each second.

    `left` is in it at `at` (seconds of any clock that never goes back); `refused` counts what found it empty since
    something last passed.
    """

    burst: float
    rate: float
    left: float
    at: float
    refused: int = 0

    @classmethod
    def full(cls, burst: float, rate: float, at: float) -> "Allowance":
        """Give a full one."""
        return cls(burst, rate, burst, at)

    def ask(self, at: float) -> tuple[bool, "Allowance"]:
        """May one more be said now? Answers that, and the allowance after it."""
        left = min(self.burst, self.left + max(0.0, at - self.at) * self.rate)
        if left < 1:
            return False, Allowance(self.burst, self.rate, left, at, self.refused + 1)
        return True, Allowance(self.burst, self.rate, left - 1, at)
