"""Mask what looks like a password, a key or a token, before anything of it is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["MASK", "is_secret", "mask", "mask_arguments", "mask_values"]

MASK = "***"

_WORDS = (
    r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|auth[_-]?key"
    r"|private[_-]?key|credential|connection[_-]?string|dsn)"
)
# A word of the list as a part of a name: `HF_TOKEN`, `db-password`, but not `tokenizer`, `tokens`.
_NAME = re.compile(rf"(?i)(?:^|[^a-z]){_WORDS}s?(?:$|[^a-z])|{_WORDS}$")
_COUNTED = re.compile(r"(?i)(?:max|min|num|n|new|total|count|per)[_-]?\w*tokens?$|tokens$")

_KNOWN = re.compile(
    r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|sk-[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{20,}|xox[abeoprs]-[\w-]{10,}"
    r"|(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[\w-]{35}"
    r"|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+)"
)
_BEARER = re.compile(r"(?i)(\bbearer\s+)[\w.~+/-]{8,}=*")
_URL = re.compile(r"(?<!\w)(\w{1,30}://[^\s/:@'\"]{0,100}:)[^\s/@'\"]{1,500}(?=@)")
_BLOCK = re.compile(
    r"(-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----)(?:(?!-----BEGIN).){0,20000}?"
    r"(-----END [A-Z ]{0,20}PRIVATE KEY-----)",
    re.DOTALL,
)
# All patterns are bounded, so that a long line takes no longer than it is.
# name = "…", "name": "…", name="…"; the name's quotes and a type hint may stand between, and the
# quotes may be those of text in text: \"name\": \"…\".
_ASSIGNED = re.compile(
    r"(?<![\w.])(?<!\w-)(?P<before>(?P<name>[A-Za-z_][\w.-]{0,100})\\?[\"']?\]?"
    r"\s{0,9}(?::\s{0,9}[\w.\[\]| ]{1,60})?\s{0,9}(?:=(?!=)|:)\s{0,9}[bru]{0,2})"
    r"(?P<quote>\\?(?:\"\"\"|'''|[\"']))(?P<value>(?:(?!(?P=quote))(?:\\.|[^\\])){1,5000})"
    r"(?P=quote)"
)
# A line of a YAML, INI or .env file, maybe in a difference: the value goes to the line's end.
_LINE = re.compile(
    r"(?m)^(?P<before>[+\- ]?[ \t]{0,80}(?:export[ \t]{1,9}|-[ \t]{1,9})?"
    r"(?P<name>[A-Za-z_][\w.-]{0,100})[ \t]{0,40}(?P<sign>=(?!=)|:(?=[ \t]))[ \t]{0,40})"
    r"(?P<value>[^\s\"'`#][^\r\n]{0,2000})"
)
# name=value, --name value, and name: value with a digit in it, anywhere: in commands, logs, errors.
_BARE = re.compile(
    r"(?<![\w.])(?<!\w-)(?P<before>(?P<name>[A-Za-z_][\w.-]{0,100})[\"']?(?P<sign>=(?!=)|:[ \t]))"
    r"(?P<value>[^\s\"'`&]{1,2000})"
)
_FLAG = re.compile(
    r"(?<![\w-])(?P<before>--(?P<name>[A-Za-z][\w-]{0,60})(?P<sign>[ \t]{1,9}))"
    r"(?P<value>[^\s\"'`-][^\s\"'`]{0,2000})"
)
_TAIL = re.compile(r"[\\,;.)\]}]*$")
# What is no secret but says where one comes from: a call, a variable, a type, a placeholder.
_SOURCE = re.compile(
    r"[$%{<*]|[A-Za-z_][\w.]{0,200}[(\[]|(?:self|cls|args|config|settings|os)\.[\w.]+$"
    r"|(?:None|null|True|False|true|false|str|bytes|int|bool|float|object|Any|Optional|SecretStr"
    r"|await\s.*|lambda\b.*)(?=$|[\s|=,)])",
)
_OPTION = re.compile(r"(?P<before>-{0,2}(?P<name>[A-Za-z_][\w.-]*)[=:])(?P<value>.+)", re.DOTALL)


def is_secret(name: str) -> bool:
    """Tell whether a variable, parameter or option of that name holds a secret."""
    bare = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name.lstrip("-"))
    return bool(_NAME.search(bare)) and not _COUNTED.search(bare)


def mask(text: str) -> str:
    """Return source code or other text with its secrets replaced."""
    text = _ASSIGNED.sub(_assigned, text)
    for pattern in (_LINE, _BARE, _FLAG):
        text = pattern.sub(_bare, text)
    text = _BLOCK.sub(rf"\1{MASK}\2", text)
    text = _URL.sub(rf"\1{MASK}", text)
    text = _BEARER.sub(rf"\1{MASK}", text)
    return _KNOWN.sub(MASK, text)


def mask_arguments(arguments: Iterable[str]) -> list[str]:
    """Return command line arguments with their secrets replaced: `--token X`, `KEY=X`, URLs."""
    masked: list[str] = []
    follows = False
    for argument in arguments:
        if follows and not argument.startswith("-"):
            masked.append(MASK)
            follows = False
            continue
        given = _OPTION.fullmatch(argument)
        if given is not None and is_secret(given["name"]):
            masked.append(given["before"] + MASK)
            follows = False
            continue
        follows = argument.startswith("-") and is_secret(argument)
        masked.append(mask(argument))
    return masked


def mask_values(values: Mapping[str, object]) -> dict[str, object]:
    """Return named values, those of secrets replaced."""
    return {
        name: MASK if is_secret(name) else mask(value) if isinstance(value, str) else value
        for name, value in values.items()
    }


def _assigned(found: re.Match[str]) -> str:
    if not is_secret(found["name"].rpartition(".")[2]):
        return found[0]
    return f"{found['before']}{found['quote']}{MASK}{found['quote']}"


def _bare(found: re.Match[str]) -> str:
    name = found["name"].rpartition(".")[2]
    if not is_secret(name):
        return found[0]
    tail = _TAIL.search(found["value"])
    value = found["value"][: tail.start() if tail is not None else None]
    is_anywhere = found["sign"].startswith(":") and found.re is _BARE
    if (
        value.strip("*") == ""
        or value == name
        or _SOURCE.match(value)
        or (is_anywhere and not any(sign.isdigit() for sign in value))
    ):
        return found[0]
    return found["before"] + MASK + found["value"][len(value) :]
