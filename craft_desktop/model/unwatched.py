"""Whether a dev script is a program run by Node.js alone, which reads its source once; and what that source is.

In a terminal nobody shows an edit of such a project until a person stops the server and starts it. Here a save does.
In doubt the answer is no: a server that watches for itself is not to be ended by somebody else. What only a running
server tells, whether it watches anyway (Next.js and Vite can be called by a program), is asked of it
(`sandbox/watching.py`).
"""

import re
from collections.abc import Collection, Mapping

from craft_desktop.model.script import tokens_of

# These run one program from its source; each has its own way to watch, which is told by a word below.
_RUNNERS = frozenset({"node", "nodejs", "tsx", "ts-node", "ts-node-esm", "bun"})
# `concurrently`, `nodemon` and all the others are runners of their own, and none of ours; these are words for ours.
_WATCHES = re.compile(r"watch|^--hot$|nodemon|hmr|live-?reload|hot-?reload", re.IGNORECASE)
# What follows is no program on disk, or none that serves: code in the line, a question, the test runner.
_NO_PROGRAM = frozenset({"-e", "--eval", "-p", "--print", "-pe", "-i", "-c", "--check", "--test", "-v", "--version"})
# Flags of Node.js whose value may stand in a word of its own (`node --help`); of others it stands behind a `=`.
_WITH_VALUE = frozenset(
    {
        *("-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--env-file"),
        *("--env-file-if-exists", "--title", "--disable-warning", "--experimental-config-file", "--tsconfig"),
        *("-P", "--project", "--input-type", "--experimental-default-type"),
    }
)
# Programs that lie in there are tools: a tool that serves watches.
_TOOLS = "node_modules"
_MANAGERS = frozenset({"npm", "pnpm", "yarn", "bun"})
_PREFIXES = frozenset({"cross-env", "env", "exec", "npx", "bunx", "--yes", "-y"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
# How deep scripts that name scripts are followed: three is deep, ten is a circle.
_DEEPEST = 10

# What Node.js loads, and what programs parse at their start; what a page shows (its styles, pictures, markup and
# templates) is read again for each request by the servers that are written for it.
_SOURCE = re.compile(r"\.(?:[cm]?[jt]sx?|json5?|node|wasm|ya?ml|toml|graphql|gql|proto)$", re.IGNORECASE)
# Their changes are judged by themselves (`changes.py`), or are nobody's source.
_ELSEWHERE = frozenset({"package.json", "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "tsconfig.json"})


def is_unwatched(script: str, scripts: Mapping[str, object]) -> bool:
    """Does the script run a program by Node.js alone, with nothing that would look at its source again?

    :param scripts: the manifest's, for those that the script names.
    """
    return _is_unwatched(script, scripts, 0)


def has_source(changed: Collection[str]) -> bool:
    """Is there source of such a program among these paths?"""
    return any(is_source(relpath) for relpath in changed)


def has_shown(changed: Collection[str]) -> bool:
    """Is there something among these paths that a page may show, and no source?"""
    return any(_is_project(relpath.split("/")) and "." in relpath.rpartition("/")[2] for relpath in changed)


def is_source(relpath: str) -> bool:
    """May a program have read this file once, at its start?"""
    parts = relpath.split("/")
    return _is_project(parts) and _SOURCE.search(parts[-1]) is not None


def _is_project(parts: list[str]) -> bool:
    return parts[-1] not in _ELSEWHERE and not any(part.startswith(".") or part == _TOOLS for part in parts)


def _is_unwatched(script: str, scripts: Mapping[str, object], depth: int) -> bool:
    tokens = tokens_of(script)
    if depth > _DEEPEST or any(_WATCHES.search(token) for token in tokens):
        return False
    if any(token in ("&", "||", "|&", ";;") for token in tokens):  # something runs beside it, or in its stead
        return False
    # The last command is the one that goes on; what stands behind a pipe only reads what it says.
    last = max((at for at, token in enumerate(tokens) if token in ("&&", ";")), default=-1)
    command = tokens[last + 1 :]
    words = _bare(command[: command.index("|")] if "|" in command else command)
    if not words:
        return False
    named = _named(words, scripts)
    if named is not None:
        return _is_unwatched(named, scripts, depth + 1)
    return words[0].rpartition("/")[2] in _RUNNERS and _runs_program(words)


def _bare(words: list[str]) -> list[str]:
    """Leave out assignments and what only hands them on."""
    at = 0
    while at < len(words) and (words[at] in _PREFIXES or _ASSIGNMENT.fullmatch(words[at])):
        at += 1
    words = words[at:]
    if words and words[0] in ("dotenv", "dotenvx") and "--" in words:
        return _bare(words[words.index("--") + 1 :])
    return words


def _named(words: list[str], scripts: Mapping[str, object]) -> str | None:
    """Give the script that the words run, if they run one: `npm run x`, `npm start`, `yarn x`, `node --run x`."""
    if words[0] == "node" and words[1:2] == ["--run"]:
        name = "".join(words[2:3])
    elif words[0] in _MANAGERS:
        rest = [word for word in words[1:] if word not in ("-s", "--silent", "--quiet")]
        is_run = rest[:1] in (["run"], ["run-script"])
        if not is_run and words[0] == "npm" and rest[:1] not in (["start"], ["test"]):
            return None
        name = "".join(rest[1:2] if is_run else rest[:1])
    else:
        return None
    script = scripts.get(name)
    return script if isinstance(script, str) else None


def _runs_program(words: list[str]) -> bool:
    rest = words[1:]
    if words[0] == "bun" and rest[:1] == ["run"]:
        rest = rest[1:]
    while rest:
        word = rest[0]
        if word in _NO_PROGRAM:
            return False
        if not word.startswith("-"):
            # A command of tsx or bun is no file: `bun install`. Node.js takes any name, without its ending too.
            is_file = words[0].startswith("node") or "." in word or "/" in word
            return is_file and _TOOLS not in word.split("/")
        rest = rest[2:] if word in _WITH_VALUE else rest[1:]
    return False
