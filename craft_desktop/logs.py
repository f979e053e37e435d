"""Log files: one rotating file, secrets struck out by value before a line is written."""

import logging
import logging.handlers
from collections.abc import Iterable
from pathlib import Path

# Two files of this size hold days of use and fit in a mail.
FILE_SIZE_BYTES = 2 * 1024 * 1024
STRUCK = "•••"
# A shorter value would strike innocent words.
SHORTEST_SECRET = 8


class Redactor(logging.Filter):
    """Strikes every known secret out of a record, wherever it stands in it: message, arguments or traceback."""

    def __init__(self) -> None:
        super().__init__()
        self._secrets: tuple[str, ...] = ()

    def hide(self, secret: str) -> None:
        """Strike `secret` from now on; each line of it too, for it may be shown line by line."""
        self.hide_all((secret,))

    def hide_all(self, secrets: Iterable[str]) -> None:
        """Strike each of them from now on, as `hide` does."""
        pieces = (piece for secret in secrets for piece in (secret, *secret.splitlines()))
        found = {piece for piece in pieces if len(piece) >= SHORTEST_SECRET}
        # The longest first: a secret may begin with another one.
        self._secrets = tuple(sorted({*self._secrets, *found}, key=len, reverse=True))

    def strike(self, text: str) -> str:
        """Give `text` without any known secret."""
        for secret in self._secrets:
            text = text.replace(secret, STRUCK)
        return text

    def filter(self, record: logging.LogRecord) -> bool:
        """Strike the record's text; every record passes."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            # A line whose words and values do not fit is our mistake; it must not end what it tells of.
            message = f"{record.msg} {record.args}"
        record.msg = self.strike(message)
        record.args = None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.strike(record.exc_text)
        if record.stack_info:
            record.stack_info = self.strike(record.stack_info)
        return True


def open_log(folder: Path, name: str = "craft-desktop.log") -> Redactor:
    """Send this program's log lines to a file in `folder`; answer what strikes secrets out of them.

    A second call takes the place of the first. The folder must exist.
    """
    redactor = Redactor()
    handler = logging.handlers.RotatingFileHandler(
        folder / name, maxBytes=FILE_SIZE_BYTES, backupCount=1, encoding="utf-8", delay=True
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    handler.addFilter(redactor)
    package = logging.getLogger("craft_desktop")
    for old in package.handlers[:]:
        package.removeHandler(old)
        old.close()
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    return redactor
