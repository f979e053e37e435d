"""What a dev server's answer to a browser means: its status and time, where it leads, what is in it. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from craft_desktop.model.checkup import NAMES, SLOW_S, unknown
from craft_desktop.model.errors import Action
from craft_desktop.model.plain import plain
from craft_desktop.model.report import Check, Grade

# Of a body that is no page, what a glance takes in.
SHOWN_LETTERS = 160
_TAG = re.compile(r"<[^<>]*>")
_SEEN = re.compile(r"<(?:script|img|svg|canvas|iframe|video|object|input|button)\b", re.IGNORECASE)
# As Vite prints a base path: `Local:   http://localhost:5173/docs/`.
_LOCAL_PATH = re.compile(r"\bLocal\b:?\s{1,12}https?://[^\s/]{1,100}(/[^\s\"']{1,200})")


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """What came of a question for the page (`preview/probe.py`). Times in seconds.

    `trouble` says why nothing came: "refused", "silent" or "broken"; then the rest is empty. `hops` are the paths that
    were asked for, the first one first; `leads_away` is a redirect to another site, which was not followed.
    """

    status: int = 0
    first_byte_s: float = 0.0
    content_type: str = ""
    policy: str = ""
    start: bytes = b""
    hops: tuple[str, ...] = ()
    is_loop: bool = False
    leads_away: str = ""
    trouble: str = ""


def local_path(lines: Iterable[str]) -> str:
    """Give the path below which a dev server says that its page is; "/" where it says nothing of it."""
    for line in lines:
        found = _LOCAL_PATH.search(plain(line, 400))
        if found is not None:
            return found[1]
    return "/"


def check_answer(answer: PageAnswer, limit_s: float, base: str) -> Check:
    """Is the answer a page?

    :param limit_s: how long was waited; `base` the path that the dev server itself prints.
    """
    text = answer.start.decode(errors="replace")
    shown = _words(text)[:SHOWN_LETTERS]
    if answer.trouble == "refused":
        return _bad("Nothing answers at its port.", "Look at the Dev server log, then restart.", Action.RESTART)
    if answer.trouble == "broken":
        return _bad(
            "It answers, but not in HTTP.", "If it speaks HTTPS, take that out of its configuration.", Action.RESTART
        )
    if answer.trouble == "silent":
        return _bad(
            f"No byte of an answer within {limit_s:g} s.",
            "It may be compiling: look at the Dev server log. If nothing moves there, restart.",
            Action.RESTART,
        )
    if answer.leads_away or answer.is_loop:
        return unknown("answer", NAMES["answer"], "It leads elsewhere; see Redirects.")
    said = f"{answer.status} at {answer.hops[-1] if answer.hops else '/'}"
    if answer.status == 403 and "not allowed" in text:
        remedy = "Allow “.localhost” in server.allowedHosts of vite.config, then restart."
        return _bad(f"{said}: {shown}", remedy, Action.RESTART)
    if answer.status == 404 and base != "/":
        return _bad(f"{said}; the dev server serves below {base}.", f"Type {base} into the address field.")
    if answer.status == 404:
        remedy = (
            "The project has no page at “/”: in Next.js app/page, elsewhere index.html; or its page has another path."
        )
        return _bad(f"{said}. {shown}".strip(), remedy, Action.OPEN_FOLDER)
    if answer.status in (401, 407):
        return _limited(f"{said}: a password is wanted.", "Take the password away for development.")
    if answer.status >= 500:
        return _bad(f"{said}. {shown}".strip(), "The server failed at it: the Dev server log says why.")
    if answer.status >= 400:
        return _bad(f"{said}. {shown}".strip(), "Look at who refuses it: a middleware, or the server’s own rules.")
    if not answer.start:
        return _bad(f"{said}, and nothing in it.", "Look at what the server sends for “/”.")
    kind = answer.content_type.partition(";")[0].strip().lower()
    if kind and kind not in ("text/html", "application/xhtml+xml"):
        remedy = "This may be an API beside the page. Name the page’s port in the dev script if it has another one."
        return _limited(f"{said} is {kind}, not a page: {shown}", remedy)
    if not _SEEN.search(text) and not _words(text):
        return _bad(f"{said}, a page without anything in it.", "Look at what the server sends for “/”.")
    return Check(NAMES["answer"], Grade.OK, f"{said}, {kind or 'no type named'}.", id="answer")


def check_speed(answer: PageAnswer, limit_s: float) -> Check:
    """Does the answer come soon?"""
    name = NAMES["speed"]
    if answer.trouble == "silent":
        detail = f"More than {limit_s:g} s."
        return Check(name, Grade.BAD, detail, "Wait for its compile, or restart.", "speed", Action.RESTART)
    if answer.trouble:
        return unknown("speed", name, "Nothing came.")
    told = f"{1000 * answer.first_byte_s:.0f} ms"
    if answer.first_byte_s > SLOW_S:
        remedy = "What “/” asks for before it answers takes long: look for slow requests and databases in its code."
        return Check(name, Grade.LIMITED, told, remedy, "speed")
    return Check(name, Grade.OK, told, id="speed")


def check_redirects(answer: PageAnswer) -> Check:
    """Do the redirects lead to a page of the project?"""
    name = NAMES["redirects"]
    way = " → ".join(hop[:60] for hop in answer.hops[:6])
    if answer.is_loop:
        remedy = "Look at the middleware and the redirects of the configuration: each sends on what the other sent."
        return Check(name, Grade.BAD, f"They go round in a circle: {way}", remedy, "redirects")
    if answer.leads_away:
        remedy = "The preview stays at its own address. Set the project’s own address (often a variable) to it."
        detail = f"They lead away to {answer.leads_away[:120]}."
        return Check(name, Grade.BAD, detail, remedy, "redirects", Action.OPEN_ENVIRONMENT)
    if answer.trouble:
        return unknown("redirects", name, "Nothing came.")
    return Check(name, Grade.OK, way if len(answer.hops) > 1 else "None.", id="redirects")


def check_policy(answer: PageAnswer) -> Check:
    """Does the page's own policy let it run in development?"""
    name = NAMES["policy"]
    if answer.trouble or not answer.status:
        return unknown("policy", name, "Nothing came.")
    policy = answer.policy.lower()
    if "upgrade-insecure-requests" in policy:
        remedy = "Send that policy in production alone: the preview is plain HTTP on this computer."
        return Check(name, Grade.LIMITED, "It sends every request of the page to HTTPS.", remedy, "policy")
    scripts = next((part for part in policy.split(";") if part.strip().startswith("script-src ")), "")
    if scripts and "'unsafe-eval'" not in scripts and "'nonce-" not in scripts and "'strict-dynamic'" not in scripts:
        remedy = "Development builds evaluate code: allow 'unsafe-eval' in script-src outside production."
        return Check(name, Grade.LIMITED, scripts.strip()[:SHOWN_LETTERS], remedy, "policy")
    return Check(name, Grade.OK, "None that hinders it." if policy else "It sends none.", id="policy")


def _words(text: str) -> str:
    """Give the words of a page as far as it is there: no tags, and nothing of its head, scripts and styles."""
    body = text.partition("</head>")[2] or text
    for name in ("script", "style"):
        kept, rest = "", body
        while f"<{name}" in rest:  # each turn goes on behind what it found, so that all of them read the text once
            before, _, behind = rest.partition(f"<{name}")
            kept += f"{before} "
            rest = behind.partition(f"</{name}>")[2]
        body = kept + rest
    return " ".join(_TAG.sub(" ", body).split())


def _bad(detail: str, remedy: str, action: Action = Action.NONE) -> Check:
    return Check(NAMES["answer"], Grade.BAD, detail, remedy, "answer", action)


def _limited(detail: str, remedy: str) -> Check:
    return Check(NAMES["answer"], Grade.LIMITED, detail, remedy, "answer")
