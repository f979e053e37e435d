"""The patterns of one ignore file, matched exactly as git matches them.

The law is git's own (`dir.c`: parse_path_pattern, trim_trailing_spaces, match_basename, match_pathname;
`wildmatch.c`: dowild), oddities included, and `tests/sync/test_ignore.py` holds it against the real git. pathspec's
GitIgnoreSpec was held against the same git first: it differs in `[[:digit:]]`, `?` beside non-ASCII names, a tab at a
line's end and `a**/b`, fails on a lone `!`, and asks every pattern for every path.

A whole file becomes two regular expressions, one for names and one for paths, whose alternatives stand in reverse:
the first that matches is the last in the file, which is the one that counts.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

_SPECIAL = b"*?[\\"
_SLASH = ord("/")
_CLASSES: dict[bytes, bytes] = {
    b"alnum": rb"[0-9A-Za-z]",
    b"alpha": rb"[A-Za-z]",
    b"blank": rb"[ \t]",
    b"cntrl": rb"[\x00-\x1f\x7f]",
    b"digit": rb"[0-9]",
    b"graph": rb"[\x21-\x7e]",
    b"lower": rb"[a-z]",
    b"print": rb"[\x20-\x7e]",
    b"punct": rb"[!-/:-@\[-`{-~]",
    b"space": rb"[ \t\n\r\x0b\x0c]",
    b"upper": rb"[A-Z]",
    b"xdigit": rb"[0-9A-Fa-f]",
}


@dataclass(frozen=True, slots=True)
class _Rule:
    regex: bytes
    is_negated: bool
    has_slash: bool


@dataclass(frozen=True, slots=True)
class _Side:
    """One regular expression for many rules; group n of it is `ranks[n - 1]`."""

    regex: re.Pattern[bytes]
    ranks: tuple[int, ...]
    """Place in the file, counted from 1, negative for a rule that re-includes."""

    @classmethod
    def join(cls, rules: list[tuple[int, _Rule]]) -> Self | None:
        if not rules:
            return None
        rules = rules[::-1]
        regex = b"|".join(b"(" + rule.regex + b")" for _, rule in rules)
        ranks = tuple(-place if rule.is_negated else place for place, rule in rules)
        return cls(re.compile(regex, re.DOTALL), ranks)

    def rank(self, text: bytes) -> int:
        found = self.regex.fullmatch(text)
        return self.ranks[(found.lastindex or 1) - 1] if found else 0


@dataclass(frozen=True, slots=True)
class Patterns:
    """One ignore file, ready to match. Equal when their texts are equal."""

    text: bytes
    _names: _Side | None
    _paths: _Side | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Patterns) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Parse the text of an ignore file; nothing in it is an error, as for git."""
        rules = [rule for line in _lines(text) if (rule := _parse_line(line)) is not None]
        placed = list(enumerate(rules, start=1))
        return cls(
            text,
            _Side.join([(place, rule) for place, rule in placed if not rule.has_slash]),
            _Side.join([(place, rule) for place, rule in placed if rule.has_slash]),
        )

    def verdict(self, path: bytes, name: bytes, is_directory: bool) -> bool | None:
        """Say what the file says: ignored (True), re-included (False), or nothing (None).

        :param path: relative to the ignore file's folder, without a slash at its end.
        :param name: its last part.
        """
        end = b"/" if is_directory else b""
        by_name = self._names.rank(name + end) if self._names else 0
        by_path = self._paths.rank(path + end) if self._paths else 0
        rank = by_name if abs(by_name) > abs(by_path) else by_path
        return None if rank == 0 else rank > 0


def _lines(text: bytes) -> Iterator[bytes]:
    for line in text.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
        line = line.removesuffix(b"\r")
        # git holds lines as C strings.
        line = line.partition(b"\0")[0]
        if line and not line.startswith(b"#"):
            yield _trim(line)


def _trim(line: bytes) -> bytes:
    """Cut spaces at the end that no backslash protects."""
    bare = line.rstrip(b" ")
    backslashes = len(bare) - len(bare.rstrip(b"\\"))
    return bare + b" " if backslashes % 2 and len(bare) < len(line) else bare


def _parse_line(line: bytes) -> _Rule | None:
    is_negated = line.startswith(b"!")
    glob = line[is_negated:]
    directories_only = glob.endswith(b"/")
    if directories_only:
        glob = glob[:-1]
    has_slash = b"/" in glob
    regex = _translate(glob.removeprefix(b"/"), has_slash)
    if regex is None:
        return None
    return _Rule(regex + (b"/" if directories_only else b"/?"), is_negated, has_slash)


def _translate(glob: bytes, has_slash: bool) -> bytes | None:
    """Translate a glob to a regular expression; None if it can never match."""
    # What stands between two stars that go through slashes, and these stars.
    chunks: list[list[bytes]] = [[b""]]
    deep: list[bytes] = []
    # git compares the part before the first special byte by itself and hands the rest to its matcher, so that
    # `**` right after it counts as standing at the beginning.
    plain_end = next((at for at, byte in enumerate(glob) if byte in _SPECIAL), len(glob))
    at = 0
    while at < len(glob):
        byte = glob[at : at + 1]
        if byte == b"*":
            end = at
            while glob[end : end + 1] == b"*":
                end += 1
            starts = at == plain_end or glob[at - 1 : at] == b"/"
            rest = glob[end : end + 2]
            if has_slash and end - at > 1 and starts and (not rest or rest[:1] == b"/" or rest == b"\\/"):
                # Paths of folders end with a slash here, hence `.+`: `a/**` is not `a/`.
                deep.append(b".+" if not rest else b"(?:.*?/)??" if rest[:1] == b"/" else b".*?")
                chunks.append([b""])
                end += rest[:1] == b"/"
            else:
                chunks[-1].append(b"")
            at = end
            continue
        if byte == b"?":
            regex = b"[^/]"
            at += 1
        elif byte == b"[":
            found = _byte_class(glob, at + 1)
            if found is None:
                return None
            members, at = found
            regex = b"[" + b"".join(b"\\x%02x" % member for member in sorted(members)) + b"]" if members else b"(?!)"
        else:
            if byte == b"\\":
                at += 1
                if at == len(glob):
                    return None
            regex = re.escape(glob[at : at + 1])
            at += 1
        chunks[-1][-1] += regex
    return _join(chunks, deep)


def _join(chunks: list[list[bytes]], deep: list[bytes]) -> bytes:
    """Join what stands between stars, so that no text is tried in more ways than it is long.

    `chunks` holds the parts between two `deep` ones, each cut at its stars within a name. What follows a star is taken
    where it fits first, and that is settled (`(?>…)`): the next star takes as much as a later place would have given.
    Only behind the last one the end must fit as well. A pattern of a project nobody knows (`*a*a*a*a*a*a*b`) would
    otherwise hold the program up for hours.
    """
    *settled, last = chunks
    out: list[bytes] = []
    for number, parts in enumerate(settled):
        chunk = parts[0] + b"".join(b"(?>[^/]*?" + part + b")" for part in parts[1:])
        out.append(b"(?>" + deep[number - 1] + chunk + b")" if number else chunk)
    if settled:
        out.append(deep[-1])
    first, *more = last
    out.append(first)
    out += [b"(?>[^/]*?" + part + b")" for part in more[:-1]]
    out += [b"[^/]*" + part for part in more[-1:]]
    return b"".join(out)


def _byte_class(glob: bytes, at: int) -> tuple[set[int], int] | None:
    """Read a class from behind its bracket: its bytes and where it ends; None if it never closes."""
    is_negated = glob[at : at + 1] in (b"!", b"^")
    at += is_negated
    members: set[int] = set()
    low: int | None = None
    is_first = True
    while True:
        byte = glob[at : at + 1]
        if not byte:
            return None
        if byte == b"]" and not is_first:
            break
        is_first = False
        if byte == b"-" and low is not None and glob[at + 1 : at + 2] not in (b"", b"]"):
            at += 1
            if glob[at : at + 1] == b"\\":
                at += 1
                if at == len(glob):
                    return None
            members.update(range(low, glob[at] + 1))
            low = None
        elif byte == b"[" and glob[at + 1 : at + 2] == b":":
            close = glob.find(b"]", at + 2)
            if close < 0:
                return None
            if close > at + 2 and glob[close - 1 : close] == b":":
                kind = _CLASSES.get(glob[at + 2 : close - 1])
                if kind is None:
                    return None
                members.update(value for value in range(256) if re.fullmatch(kind, bytes((value,))))
                at, low = close, None
            else:
                members.add(byte[0])
                low = byte[0]
        else:
            if byte == b"\\":
                at += 1
                if at == len(glob):
                    return None
            members.add(glob[at])
            low = glob[at]
        at += 1
    if is_negated:
        members = set(range(256)) - members
    members.discard(_SLASH)
    return members, at + 1
