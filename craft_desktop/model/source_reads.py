"""Which environment variables a project's source reads, and which of them nothing provides. Pure.

What is read with a default, compared, or only asked for does without; `process.env.X!` and what is handed on do not.
Vite replaces `import.meta.env.X` in the page's code (its names begin with VITE_, Astro's with PUBLIC_), Next.js
`process.env.NEXT_PUBLIC_X`: another name is undefined there, whatever its value.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from craft_desktop.model.places import Place
from craft_desktop.model.script import Framework

_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,80}"
_READ = re.compile(
    rf"(?P<what>process\.env|import\.meta\.env)(?:\?)?(?:\.(?P<dot>{_NAME})|\[\s?[\"'`](?P<key>{_NAME})[\"'`]\s?\])"
)
_TAKEN_APART = re.compile(r"\{([^{}]{1,2000})\}\s?=\s?(?P<what>process\.env|import\.meta\.env)\b(?![.\[])")
# Behind a read: a default, a comparison, a question, or a write. `?.` is a use.
_DOES_WITHOUT = re.compile(r"\s{0,4}(?:\?\?|\|\||&&|[!=]==?|\?(?!\.)|=(?!=))")
# Before one: a question about it.
_ASKED = re.compile(r"(?:!|&&|\bif\s?\(|\btypeof\s|\bdelete\s|\bin\s)\s?\(?$")
_REFUSED = re.compile(r"^[^;{}]{0,40}\{?[^;{}]{0,20}\bthrow\b", re.DOTALL)
_DIRECTIVE = re.compile(r"['\"]use client['\"]")

# What Node.js, the shell, the frameworks and their hosts set themselves, or where nothing is the usual value.
_PROVIDED = frozenset(
    re.findall(
        r"\w+",
        "NODE_ENV PORT HOST HOSTNAME HOME PATH PWD USER SHELL TZ LANG TMPDIR CI DEBUG NODE_OPTIONS NO_COLOR "
        "FORCE_COLOR MODE BASE_URL PROD DEV SSR SITE ASSETS_PREFIX BROWSER ANALYZE TURBOPACK VITEST JEST_WORKER_ID "
        "STORYBOOK NEXT_RUNTIME NEXT_PHASE NEXT_TELEMETRY_DISABLED NEXT_DEPLOYMENT_ID NETLIFY RENDER CF_PAGES",
    )
)
_PROVIDED_PREFIXES = ("npm_", "VERCEL", "NEXT_PUBLIC_VERCEL_", "__", "GITHUB_", "RAILWAY_", "CRAFT_DESKTOP_", "SENTRY_")
_SHOWN_PREFIXES = {Framework.VITE: "VITE_", Framework.ASTRO: "PUBLIC_", Framework.NEXT: "NEXT_PUBLIC_"}


@dataclass(frozen=True, slots=True)
class Read:
    """A variable that a file reads and cannot do without; `is_of_page` where the page's own code reads it."""

    name: str
    place: Place
    is_of_page: bool = False


def find_reads(relpath: str, text: str) -> list[Read]:
    """Give what a source file reads and needs; what stands in a comment's line does not count."""
    if "process.env" not in text and "import.meta.env" not in text:
        return []
    is_client = _is_client(text[:4000])
    found: list[Read] = []

    def note(name: str, at: int, what: str) -> None:
        line = text.count("\n", 0, at) + 1
        column = at - (text.rfind("\n", 0, at) + 1) + 1
        found.append(Read(name, Place(relpath, line, column), is_client or what == "import.meta.env"))

    for match in _READ.finditer(text):
        if _is_comment(text, match.start()):
            continue
        behind = text[match.end() : match.end() + 120]
        before = text[max(0, match.start() - 12) : match.start()]
        is_asked = _ASKED.search(before) is not None or _DOES_WITHOUT.match(behind) is not None
        if not is_asked or (_ASKED.search(before) is not None and _REFUSED.match(behind)):
            note(match["dot"] or match["key"], match.start(), match["what"])
    for match in _TAKEN_APART.finditer(text):
        for part in match[1].split(","):
            name = part.partition(":")[0].strip()
            if "=" not in part and re.fullmatch(_NAME, name) and not _is_comment(text, match.start()):
                note(name, match.start(), match["what"])
    return found


def missing(reads: Iterable[Read], provided: Collection[str]) -> list[Read]:
    """Give the first read of each variable that nothing provides, in the order of the reads."""
    first: dict[str, Read] = {}
    for read in reads:
        if read.name not in provided and not is_provided(read.name):
            first.setdefault(read.name, read)
    return list(first.values())


def hidden(reads: Iterable[Read], provided: Collection[str], framework: Framework) -> list[Read]:
    """Give the first read of each variable that is set, but never reaches the page that reads it."""
    prefix = _SHOWN_PREFIXES.get(framework)
    first: dict[str, Read] = {}
    for read in reads:
        is_hidden = prefix is not None and read.is_of_page and not read.name.startswith(prefix)
        if is_hidden and read.name in provided and not is_provided(read.name):
            first.setdefault(read.name, read)
    return list(first.values())


def shown_prefix(framework: Framework) -> str:
    """Give what the names begin with of variables that reach the page; empty where there is no such rule."""
    return _SHOWN_PREFIXES.get(framework, "")


def is_provided(name: str) -> bool:
    """Is a variable set by somebody else, or usually by nobody?"""
    return name in _PROVIDED or name.startswith(_PROVIDED_PREFIXES)


def assigned_in(script: str) -> set[str]:
    """Give the variables that a script sets for its command: `A=b next dev`, `cross-env A=b next dev`."""
    return set(re.findall(rf"(?:^|[\s;&|]|cross-env )({_NAME})=", script))


def _is_client(start: str) -> bool:
    """Does a file begin with React's directive, behind comments at most?"""
    rest = start.lstrip()
    while rest.startswith(("//", "/*")):
        end = "\n" if rest.startswith("//") else "*/"
        rest = rest[2:].partition(end)[2].lstrip()
    return _DIRECTIVE.match(rest) is not None


def _is_comment(text: str, at: int) -> bool:
    start = text.rfind("\n", 0, at) + 1
    return text[start:at].lstrip().startswith(("//", "*", "/*", "<!--", "#"))
