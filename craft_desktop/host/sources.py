"""Time and chance, handed in, so that tests hold them in their own hands."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

TOKEN_BYTES = 32  # 256 bits, beyond any guessing


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a host has them from.

    :param below: a secret random number in [0, n).
    :param token: a fresh secret.
    """

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    below: Callable[[int], int] = secrets.randbelow
    token: Callable[[], str] = lambda: secrets.token_hex(TOKEN_BYTES)
