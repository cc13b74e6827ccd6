"""The one grammar of names: `ops.flights`, `ops.flights@3`, `model:best`, `artifact/12`.

reference := node | name [selector]
node      := ("artifact" | "execution") "/" digits
name      := plain | '"' text '"'          (a quote inside is doubled)
selector  := "@" digits                      version number
           | "@" date or time                as known then
           | "@sha256:" hex                  by content, six digits or more
           | ":" alias                        without "@", ":" and "/"
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lineal.errors import InvalidInput
from lineal.metadata.moments import as_moment

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Reference", "check_alias", "check_name", "format_name", "parse", "parse_target"]

_NODE = re.compile(r"(artifact|execution)/([0-9]{1,18})")
_CONTENT = re.compile(r"sha256:([0-9a-f]{6,64})")
_NUMBER = re.compile(r"[0-9]{1,18}")
_MAX_BYTES = 230  # MLMD's names are VARCHAR(255), and the version's "@number" follows
_UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")  # Unicode's controls, surrogates, line separators


@dataclass(frozen=True)
class Reference:
    """What a text refers to: a name with at most one selector, or a node by its id."""

    name: str = ""
    number: int | None = None
    moment: datetime | None = None
    alias: str | None = None
    content: str | None = None
    kind: Literal["artifact", "execution"] | None = None
    id: int | None = None


def check_name(name: str) -> str:
    """Return `name` if a version may be called so; raise `InvalidInput` that says why not."""
    if not name or name != name.strip():
        raise InvalidInput(f"{name!r} can't be a name: it is empty or has blanks at its ends")
    if any(unicodedata.category(character) in _UNPRINTABLE for character in name):
        raise InvalidInput(f"{name!r} can't be a name: it holds control or broken characters")
    if name.startswith("/") or any(part in ("", ".", "..") for part in name.split("/")):
        raise InvalidInput(
            f"{name!r} can't be a name: it looks like a path; "
            "leave out leading slashes, '.' and '..' (give one with name=)"
        )
    if _NODE.fullmatch(name):
        raise InvalidInput(f"{name!r} can't be a name: that is how a node is addressed by its id")
    if len(format_name(name).encode()) > _MAX_BYTES:
        raise InvalidInput(f"the name {name[:40]!r}… is longer than {_MAX_BYTES} bytes, quoted")
    return name


def check_alias(alias: str) -> str:
    """Return `alias` if a version may have it beside its number; raise `InvalidInput` if not."""
    if not alias or alias != alias.strip() or set("@:/") & set(alias):
        raise InvalidInput(f"{alias!r} can't be an alias: it is empty, has blanks, @, : or /")
    if any(unicodedata.category(character) in _UNPRINTABLE for character in alias):
        raise InvalidInput(f"{alias!r} can't be an alias: it holds control or broken characters")
    if len(alias.encode()) > _MAX_BYTES:
        raise InvalidInput(f"the alias {alias[:40]!r}… is longer than {_MAX_BYTES} bytes")
    return alias


def format_name(name: str, number: int | None = None) -> str:
    """Return `name` as a reference that parses back to it, with `@number` if one is given."""
    quoted = '"' + name.replace('"', '""') + '"' if set('@:"') & set(name) else name
    return quoted if number is None else f"{quoted}@{number}"


def parse(text: str) -> Reference:
    """Return what `text` refers to; raise `InvalidInput` if it does not follow the grammar."""
    node = _NODE.fullmatch(text)
    if node:
        kind: Literal["artifact", "execution"] = (
            "artifact" if node[1] == "artifact" else "execution"
        )
        return Reference(kind=kind, id=int(node[2]))
    name, selector = _split(text)
    if not name:
        raise InvalidInput(
            f"{text!r} names nothing; write NAME, NAME@3, NAME@2013-06-30, NAME:best"
        )
    if not selector:
        return Reference(name=name)
    if selector[0] == ":":
        return Reference(name=name, alias=check_alias(selector[1:]))
    return _at(name, selector[1:], text)


def parse_target(text: str) -> str:
    """Return the name that `text` gives to what is to be made, without its quotes.

    Raises `InvalidInput` for a selector: a version comes to be, it can't be written to.
    """
    try:
        found = parse(text)
    except InvalidInput as error:
        if not set("@:") & set(text) or text.startswith('"'):
            raise
        raise _no_target(text) from error
    if found.kind is None and found != Reference(name=found.name):
        raise _no_target(text)
    return check_name(text if found.kind is not None else found.name)


def _no_target(text: str) -> InvalidInput:
    name, _ = _split(text)
    plain = format_name(name)
    return InvalidInput(
        f"{text!r} can't be written to: what follows @ or : chooses a version of {plain}; "
        f"write {plain}, or {format_name(text)} in quotes if the name itself holds them"
    )


def _split(text: str) -> tuple[str, str]:
    """Cut `text` into its name, without quotes, and the selector with its sign."""
    if text.startswith('"'):
        match = re.fullmatch(r'"((?:[^"]|"")+)"(|[@:].*)', text, re.DOTALL)
        if not match:
            raise InvalidInput(f'{text!r} has an open quote; a name is quoted as "a@b"@3')
        return match[1].replace('""', '"'), match[2]
    at = min((i for i in (text.find("@"), text.find(":")) if i >= 0), default=len(text))
    return text[:at], text[at:]


def _at(name: str, selector: str, text: str) -> Reference:
    if _NUMBER.fullmatch(selector):
        return Reference(name=name, number=int(selector))
    content = _CONTENT.fullmatch(selector)
    if content:
        return Reference(name=name, content=content[1])
    try:
        return Reference(name=name, moment=as_moment(selector))
    except InvalidInput as error:
        raise InvalidInput(
            f"{text!r}: {selector!r} after @ is no version number, time or sha256; "
            f"write {name}@3, {name}@2013-06-30 or {name}@sha256:9f86d0 "
            "(a name that holds @ or : is quoted)"
        ) from error
