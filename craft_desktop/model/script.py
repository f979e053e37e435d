"""What a dev script is: which framework it runs, which port it names, and whether flags behind it would arrive.

A script is a line for the shell, so flags that a package manager appends reach its last command alone:
`prisma generate && next dev` takes them, `concurrently "next dev" "tsc -w"` does not. Where they would not arrive, the
dev server is told its port by environment (PORT), and where it listens is found out.
"""

import re
import shlex
from collections.abc import Collection, Mapping
from enum import StrEnum
from fnmatch import fnmatchcase


class Framework(StrEnum):
    """Who serves the page; decides how host and port are told to it, and what it reloads by itself."""

    NEXT = "Next.js"
    VITE = "Vite"
    ASTRO = "Astro"
    NUXT = "Nuxt"
    REMIX = "Remix"
    OTHER = "Node.js"


# The package that a project must name, the commands it brings, and their words that start a dev server ("" for none).
_COMMANDS: tuple[tuple[Framework, tuple[str, ...], Mapping[str, Collection[str]]], ...] = (
    (Framework.NEXT, ("next",), {"next": ("", "dev")}),
    (Framework.ASTRO, ("astro",), {"astro": ("dev", "start")}),
    (Framework.NUXT, ("nuxt", "nuxt-nightly"), {"nuxt": ("dev",), "nuxi": ("dev",)}),
    (
        Framework.REMIX,
        ("@remix-run/dev", "@react-router/dev"),
        {"remix": ("vite:dev",), "react-router": ("dev",)},
    ),
    (Framework.VITE, ("vite", "rolldown-vite", "vite-plus"), {"vite": ("", "dev", "serve")}),
)
_PORT_FLAGS: Mapping[Framework, tuple[str, ...]] = {Framework.NEXT: ("-p", "--port")}
_HOST_FLAGS: Mapping[Framework, tuple[str, ...]] = {
    Framework.NEXT: ("-H", "--hostname"),
    Framework.NUXT: ("--host", "-h"),
}
# What those commands do besides serving; any other word behind them is a folder: `next ./web`, `vite app`.
_OTHER_VERBS = frozenset({"build", "preview", "start", "lint", "export", "info", "optimize", "telemetry", "typegen"})
_OPERATORS = frozenset({"&&", "||", ";", "|", "&", ";;", "|&"})
# Commands that run the rest of their words as a command, after assignments of their own.
_WRAPPERS = frozenset({"cross-env", "env", "npx", "bunx", "exec", "yarn", "pnpm", "bun", "--bun", "--yes", "-y"})
# Commands that run what follows a `--`.
_DASHED_WRAPPERS = frozenset({"dotenv", "dotenvx", "env-cmd", "doppler", "infisical", "op", "varlock"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_PORT = re.compile(r"(?:^|[\s\"'])(?:-p|--port|PORT)[=\s]\s*(\d{2,5})(?=[\s\"']|$)")
# How deep scripts that name scripts are followed: three is deep, ten is a circle.
_DEEPEST = 10


def declared_port(script: str) -> int | None:
    """Give the port that a script names, if it names one."""
    found = _PORT.search(script)
    port = int(found[1]) if found else 0
    return port if 0 < port < 65536 else None


def flags_for(framework: Framework, script: str, port: int, host: str) -> list[str]:
    """Give the flags for host and port that may stand behind the script, where it has not set them itself."""
    words = reached_command(script)
    if not _starts_server(framework, words):
        return []
    return [
        *_unless(words, _PORT_FLAGS.get(framework, ("--port", "-p")), str(port)),
        *_unless(words, _HOST_FLAGS.get(framework, ("--host",)), host),
    ]


def takes_port(framework: Framework, script: str) -> bool:
    """Does a dev server that this script starts listen where it is told, by the script or by flags?"""
    return declared_port(script) is not None or _starts_server(framework, reached_command(script))


def reached_command(script: str) -> list[str]:
    """Give the words of the command that flags behind the script would reach; none where that cannot be told.

    Assignments and wrappers (`cross-env A=b`, `dotenv -e .env --`, `npx`) are left out.
    """
    tokens = tokens_of(script)
    last = max((index for index, token in enumerate(tokens) if token in _OPERATORS), default=-1)
    words = tokens[last + 1 :]
    while words:
        first = words[0]
        if _ASSIGNMENT.fullmatch(first) or first in _WRAPPERS:
            words = words[1:]
        elif first in _DASHED_WRAPPERS and "--" in words:
            words = words[words.index("--") + 1 :]
        else:
            break
    return words


def tokens_of(script: str) -> list[str]:
    """Give the words and operators of a script; none where they cannot be told: groups, comments, an open quote."""
    lexer = shlex.shlex(script, posix=True, punctuation_chars=True)
    lexer.commenters = ""
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError:  # a quote without its pair
        return []
    if any(token in ("(", ")", "{", "}") or token.startswith("#") for token in tokens):
        return []
    return tokens


def framework_of(packages: Collection[str], script: str, scripts: Mapping[str, object]) -> Framework:
    """Give the framework whose command the script runs, itself or by a script that it names.

    :param packages: the names of the project's dependencies; a command counts where its package is among them.
    """
    words = _all_words(script, scripts, 0)
    for framework, names, commands in _COMMANDS:
        if any(name in packages for name in names) and any(command in words for command in commands):
            return framework
    return Framework.OTHER


def serves_a_build(script: str) -> bool:
    """Does a `start` script serve what a build made, so that it shows no edit (and fails without a build)?"""
    words = _all_words(script, {}, 0)
    return any(
        words & commands and words & verbs
        for commands, verbs in (
            ({"next", "astro", "nuxt", "nuxi", "vite"}, {"start", "preview"}),
            ({"remix-serve", "react-router-serve"}, {"remix-serve", "react-router-serve"}),
            ({"serve", "http-server"}, {"build", "dist", "out", "./build", "./dist", "./out"}),
        )
    ) and not ({"astro", "dev"} <= words)


def _all_words(script: str, scripts: Mapping[str, object], depth: int) -> set[str]:
    words = {word.rpartition("/.bin/")[2] for word in re.split(r"[\s;&|()\"']+", script) if word}
    if depth < _DEEPEST:
        for named in _named_by(tuple(words), scripts):
            if named != script:
                words |= _all_words(named, scripts, depth + 1)
    return words


def _named_by(words: Collection[str], scripts: Mapping[str, object]) -> list[str]:
    """Give the scripts that words name: plainly, behind `npm:` (concurrently), or by `dev:*` (that and npm-run-all)."""
    patterns = {re.sub(r"^(?:npm|yarn|pnpm|bun):", "", word) for word in words}
    # A star alone names every script, `build` too; it stands for files more often.
    globs = [pattern for pattern in patterns if "*" in pattern and pattern.strip("*:")]
    return [
        text
        for name, text in scripts.items()
        if isinstance(text, str) and (name in patterns or any(fnmatchcase(name, glob) for glob in globs))
    ]


def _starts_server(framework: Framework, words: list[str]) -> bool:
    if not words:
        return False
    command = words[0].rpartition("/")[2]
    verb = next((word for word in words[1:2] if not word.startswith("-")), "")
    for known, _, commands in _COMMANDS:
        if known is framework and command in commands:
            return verb in commands[command] or ("" in commands[command] and verb not in _OTHER_VERBS)
    return False


def _unless(words: list[str], names: tuple[str, ...], value: str) -> list[str]:
    taken = any(word == name or word.startswith(f"{name}=") for word in words for name in names)
    return [] if taken else [names[0], value]
