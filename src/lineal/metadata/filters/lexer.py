"""Cut the text of a filter into words, numbers, strings and signs.

The forms are those of GoogleSQL, which ML Metadata parses its filters with. A dotted name is one
token, because a part of it may be what no name of its own could be: `properties.1.int_value`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lineal.metadata.filters.fault import InvalidFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["LONGEST", "Token", "tokens"]

LONGEST = 1_000_000
"""How many characters a filter may have."""

TokenKind = Literal["name", "integer", "double", "string", "sign", "end"]

_TOKEN = re.compile(
    r"""
    (?P<space>(?:\s+|--[^\n]*|\#[^\n]*)+)
  | (?P<string>(?P<prefix>[rRbB]{0,2})(?P<quote>'''|\"\"\"|'|\"))
  | (?P<name>(?:[A-Za-z_][A-Za-z0-9_]*|`[^`\n]+`)(?:\.(?:[A-Za-z0-9_]+|`[^`\n]+`))*)
  | (?P<double>(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+)
  | (?P<integer>0[xX][0-9A-Fa-f]+|[0-9]+)
  | (?P<sign><>|!=|<=|>=|<<|>>|\|\||[=<>+\-*/&|^~(),])
    """,
    re.VERBOSE,
)
_PART = re.compile(r"[A-Za-z0-9_]+|`[^`\n]+`")
_ESCAPE = re.compile(
    r"""\\(?:(?P<plain>[abfnrtv\\?"'`])|(?P<octal>[0-3][0-7]{2})|[xX](?P<byte>[0-9A-Fa-f]{2})"""
    r"""|u(?P<short>[0-9A-Fa-f]{4})|U(?P<long>[0-9A-Fa-f]{8})|\n)"""
)
_PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_LAST_CHARACTER = 0x10FFFF
_SURROGATES = range(0xD800, 0xE000)
_MOST_DIGITS = 400


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the filter. `parts` are a name's, without backquotes."""

    kind: TokenKind
    at: int
    end: int
    text: str
    parts: tuple[str, ...] = ()
    value: int | float | str = ""
    quoted: bool = False


def tokens(text: str) -> Iterator[Token]:
    """Return the tokens of `text`, the last of kind "end"; raise `InvalidFilter` on the way."""
    _check(text)
    at = 0
    while at < len(text):
        if text.startswith("/*", at):
            at = _after_comment(text, at)
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise InvalidFilter(_why_not(text, at), text, at)
        kind = match.lastgroup
        if kind == "space":
            at = match.end()
            continue
        token = _string(text, match) if match["quote"] else _plain(text, match)
        at = token.end
        yield token
    yield Token("end", len(text), len(text), "")


def _check(text: str) -> None:
    if len(text) > LONGEST:
        raise InvalidFilter(
            f"it has {len(text):,} characters, more than {LONGEST:,}", text[:LONGEST], 0
        )
    nul = text.find("\0")
    if nul >= 0:
        raise InvalidFilter("it holds a NUL character, which text can't carry", text, nul)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidFilter(
            "it holds half a character (a lone surrogate)", text, error.start
        ) from None


def _after_comment(text: str, at: int) -> int:
    end = text.find("*/", at + 2)
    if end < 0:
        raise InvalidFilter("the comment has no end (*/)", text, at)
    return end + 2


def _why_not(text: str, at: int) -> str:
    if text[at] == "`":
        return "the name has no closing backquote"
    if text[at] in "@?":
        return f"parameters ({text[at]}) can't be used; write the value itself"
    if text[at] == "%":
        return "there is no operator %; write MOD(a, b)"
    return f"unexpected {text[at]!r}"


def _plain(text: str, match: re.Match[str]) -> Token:
    at, end, said = match.start(), match.end(), match[0]
    if match["name"]:
        parts = tuple(part.strip("`") for part in _PART.findall(said))
        return Token("name", at, end, said, parts, quoted=said[0] == "`")
    if match["sign"]:
        return Token("sign", at, end, said)
    if re.match(r"[A-Za-z0-9_.]", text[end : end + 1]):
        raise InvalidFilter("a number ends here, but no space follows", text, end)
    if len(said) > _MOST_DIGITS:
        raise InvalidFilter("the number has too many digits", text, at)
    if match["integer"]:
        number = int(said, 16 if said[:2].lower() == "0x" else 10)
        return Token("integer", at, end, said, value=number)
    double = float(said)
    if double == float("inf"):
        raise InvalidFilter("the number is too large for a double", text, at)
    return Token("double", at, end, said, value=double)


def _string(text: str, match: re.Match[str]) -> Token:
    at, start, quote, prefix = match.start(), match.end(), match["quote"], match["prefix"].lower()
    if "b" in prefix or prefix == "rr":
        raise InvalidFilter("bytes can't be compared; write the text without the prefix", text, at)
    end = start
    while not text.startswith(quote, end):
        if end >= len(text) or (len(quote) == 1 and text[end] == "\n"):
            raise InvalidFilter("the text has no closing quote", text, at)
        end += 2 if text[end] == "\\" else 1
    held = text[start:end]
    if prefix != "r":
        held = _unescaped(text, start, end)
    if "\0" in held:
        raise InvalidFilter("the text holds a NUL character, which text can't carry", text, at)
    return Token("string", at, end + len(quote), text[at : end + len(quote)], value=held)


def _unescaped(text: str, start: int, end: int) -> str:
    held: list[str] = []
    at = start
    while (slash := text.find("\\", at, end)) >= 0:
        held.append(text[at:slash])
        match = _ESCAPE.match(text, slash, end)
        if match is None:
            raise InvalidFilter(
                f"there is no escape {text[slash : slash + 2]}; write \\\\ for a backslash",
                text,
                slash,
            )
        held.append(_character(text, match))
        at = match.end()
    return "".join((*held, text[at:end]))


def _character(text: str, match: re.Match[str]) -> str:
    if match["plain"]:
        return _PLAIN.get(match["plain"], match["plain"])
    hexadecimal = match["byte"] or match["short"] or match["long"]
    if hexadecimal is None and match["octal"] is None:
        return ""  # a backslash at the end of a line joins it with the next
    code = int(hexadecimal, 16) if hexadecimal else int(match["octal"], 8)
    if code > _LAST_CHARACTER or code in _SURROGATES:
        raise InvalidFilter("there is no such character", text, match.start())
    return chr(code)
