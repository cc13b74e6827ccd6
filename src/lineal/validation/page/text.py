"""Write what the page holds: texts for HTML, values for JSON, names for SQL."""

from __future__ import annotations

import json
import math
from html import escape

__all__ = ["as_json", "cut", "escaped", "finite", "quoted", "sql_text"]

LONGEST = 300
"""Characters of a value that are kept; a picture needs no more."""


def escaped(text: str) -> str:
    """Return `text` safe for HTML, attributes too; what can't be encoded is replaced."""
    return escape(text.encode("utf-8", "replace").decode())


def cut(text: str, length: int = LONGEST) -> str:
    """Cut a long text, and say how long it was."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= length else f"{text[:length]}… ({len(text):,} characters)"


def finite(number: float) -> float | str:
    """Return `number` as JSON can hold it: NaN and the infinities as their names."""
    if math.isfinite(number):
        return int(number) if number.is_integer() and abs(number) < 2**53 else number
    return "NaN" if math.isnan(number) else "∞" if number > 0 else "-∞"


def as_json(value: object) -> str:
    """Return JSON that no HTML parser takes for the end of a script."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def quoted(name: str) -> str:
    """Return a name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def sql_text(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
