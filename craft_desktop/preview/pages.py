"""What stands at a project's address while nothing serves there: waiting, failed, asleep and stopped.

One page in four kinds, made from `resources/pages/`. It loads nothing from outside, runs one script of ours that its
Content-Security-Policy names by hash, and holds foreign text only escaped. The script asks the gateway for `describe`
and tells changes in place; once the project serves it reloads, and the real page stands there.
"""

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from craft_desktop.model.session import StepRecord, StepState


class PageKind(StrEnum):
    """Why nothing serves."""

    WAITING = "waiting"
    """It is on its way."""
    FAILED = "failed"
    """It ended with a problem."""
    ASLEEP = "asleep"
    """Its sandbox is paused; a request wakes it."""
    STOPPED = "stopped"
    """Nobody has started it, or somebody stopped it."""


@dataclass(frozen=True, slots=True)
class PageState:
    """What the page says: a headline, the facts, the next step, and how far a start has come."""

    kind: PageKind
    title: str
    detail: str = ""
    remedy: str = ""
    steps: tuple[StepRecord, ...] = ()


# Said where a project has an upstream, but nobody answers there.
REFUSED = PageState(
    PageKind.WAITING,
    "The dev server does not answer",
    "It may be restarting. This page comes back by itself.",
)
UNKNOWN = PageState(
    PageKind.STOPPED,
    "No project has this address",
    "",
    "Open the project in Craft Desktop; its address stands above the preview.",
)


class Pages:
    """Makes the pages.

    :param folder: `resources/pages`.
    :raises OSError: a file of it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._layout = (folder / "page.html").read_text(encoding="utf-8")
        self._fixed = {
            "style": (folder / "page.css").read_text(encoding="utf-8"),
            "script": (folder / "page.js").read_text(encoding="utf-8"),
        }
        self.headers: Mapping[str, str] = {
            "Content-Type": "text/html; charset=utf-8",
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                f"default-src 'none'; style-src {_hash_of(self._fixed['style'])}; "
                f"script-src {_hash_of(self._fixed['script'])}; connect-src 'self'; "
                "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
            ),
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }

    def render(self, slug: str, state: PageState) -> str:
        """Give the page as HTML."""
        steps = "".join(
            f'<li data-state="{record.state.value}"><span>{html.escape(record.step.value)}</span>'
            f"<span>{html.escape(_note(record))}</span></li>"
            for record in state.steps
        )
        words = {
            "kind": state.kind.value,
            "slug": html.escape(slug),
            "title": html.escape(state.title),
            "detail": html.escape(state.detail),
            "remedy": html.escape(state.remedy),
            "steps": steps,
            **self._fixed,
        }
        # One pass, so that a text that looks like a placeholder stays text.
        return re.sub(r"\{\{(\w+)\}\}", lambda found: words[found[1]], self._layout)


def describe(state: PageState | None, revision: int) -> dict[str, object]:
    """Give what the page's script is told; no state means that the project serves.

    :param revision: differs after every change.
    """
    if state is None:
        return {"revision": str(revision), "serving": True}
    return {
        "revision": str(revision),
        "serving": False,
        "kind": state.kind.value,
        "title": state.title,
        "detail": state.detail,
        "remedy": state.remedy,
        "steps": [
            {"name": record.step.value, "state": record.state.value, "note": _note(record)} for record in state.steps
        ],
    }


def _note(record: StepRecord) -> str:
    if record.state is StepState.SKIPPED:
        return record.note
    return "" if record.seconds is None else f"{record.seconds:.1f} s"


def _hash_of(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
