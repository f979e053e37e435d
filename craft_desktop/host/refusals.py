"""What the traffic listener says when it cannot pass a request on: JSON for programs, a page for a browser. Pure.

Words and status codes are E2B's (e2b-dev/infra, `packages/shared/pkg/proxy`); the SDK reads them: "was not found"
means the sandbox is gone, "port is not open" that it runs.
"""

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass

NOT_FOUND = "The sandbox was not found"
PORT_CLOSED = "The sandbox is running but port is not open"
GUEST_SILENT = "The sandbox was paused, and its daemon does not answer; resume it without its memory"
TOKEN_MISSING = "Sandbox is secured with traffic access token. Token is missing"
TOKEN_WRONG = "Sandbox is secured with traffic access token. Token is invalid"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{title}</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<style>body{{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto 0;padding:0 1rem}}
h1{{font-size:1.25rem}}code{{font-size:.9em}}</style></head>
<body><h1>{title}</h1><p>{detail}</p><p><code>{sandbox_id}</code></p></body></html>
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer of the proxy itself.

    :param port: told only where the port is the matter.
    """

    code: int
    message: str
    sandbox_id: str = ""
    port: int | None = None

    def body(self) -> dict[str, object]:
        """The JSON form."""
        told: dict[str, object] = {"sandboxId": self.sandbox_id, "message": self.message, "code": self.code}
        if self.port is not None:
            told["port"] = self.port
        return told

    def write(self, headers: Mapping[str, str]) -> tuple[str, str]:
        """Content type and text, as the asker would have it."""
        if not is_navigation(headers):
            return "application/json", json.dumps(self.body())
        detail = "Nothing answers here now." if self.code != 403 else "This address is not open to everybody."
        if self.port is not None:
            detail = f"Nothing listens on port {self.port} in this sandbox yet. Reload the page when it does."
        page = _PAGE.format(
            title=html.escape(self.message), detail=html.escape(detail), sandbox_id=html.escape(self.sandbox_id)
        )
        return "text/html", page


def is_navigation(headers: Mapping[str, str]) -> bool:
    """Whether a person's browser asks for a page, and not a program or a page's script."""
    if "mozilla" not in headers.get("User-Agent", "").lower():
        return False
    if headers.get("Sec-Fetch-Dest", "document") not in ("document", "iframe"):
        return False
    return "application/json" not in headers.get("Accept", "")
