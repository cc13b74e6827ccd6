"""The functions and operators of filters: what they take and what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from lineal.metadata.filters.syntax import Type

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FUNCTIONS", "NUMBERS", "OPERATORS", "REFUSED", "Signature"]

NUMBERS = (Type.INT64, Type.DOUBLE)

Takes = Literal["text", "whole", "number", "truth", "same"]
Gives = Type | Literal["same"]


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives.

    `takes` are the arguments' sorts, the last `optional` of them may be left out, and with
    `repeats` the last may be given again. "same" arguments have one common type, which
    "same" gives back.
    """

    takes: tuple[Takes, ...]
    gives: Gives
    optional: int = 0
    repeats: bool = False


_TEXT_TO_TEXT = Signature(("text",), Type.STRING)
_TRIM = Signature(("text", "text"), Type.STRING, optional=1)
_TWO_TEXTS: tuple[Takes, ...] = ("text", "text")
_NUMBER = Signature(("number",), "same")
_WHOLE = Signature(("whole", "whole"), Type.INT64)

FUNCTIONS: Mapping[str, Signature] = {
    "LOWER": _TEXT_TO_TEXT,
    "UPPER": _TEXT_TO_TEXT,
    "LENGTH": Signature(("text",), Type.INT64),
    "CHAR_LENGTH": Signature(("text",), Type.INT64),
    "SUBSTR": Signature(("text", "whole", "whole"), Type.STRING, optional=1),
    "LEFT": Signature(("text", "whole"), Type.STRING),
    "TRIM": _TRIM,
    "LTRIM": _TRIM,
    "RTRIM": _TRIM,
    "REPLACE": Signature(("text", "text", "text"), Type.STRING),
    "CONCAT": Signature(("text",), Type.STRING, repeats=True),
    "STRPOS": Signature(_TWO_TEXTS, Type.INT64),
    "STARTS_WITH": Signature(_TWO_TEXTS, Type.BOOL),
    "ENDS_WITH": Signature(_TWO_TEXTS, Type.BOOL),
    "ABS": _NUMBER,
    "SIGN": _NUMBER,
    "ROUND": Signature(("number", "whole"), Type.DOUBLE, optional=1),
    "FLOOR": Signature(("number",), Type.DOUBLE),
    "CEIL": Signature(("number",), Type.DOUBLE),
    "MOD": _WHOLE,
    "DIV": _WHOLE,
    "COALESCE": Signature(("same",), "same", repeats=True),
    "IFNULL": Signature(("same", "same"), "same"),
    "NULLIF": Signature(("same", "same"), "same"),
    "IF": Signature(("truth", "same", "same"), "same"),
    "GREATEST": Signature(("same",), "same", repeats=True),
    "LEAST": Signature(("same",), "same", repeats=True),
}

_ARITHMETIC = Signature(("number", "number"), "same")
OPERATORS: Mapping[str, Signature] = {
    "+": _ARITHMETIC,
    "-": _ARITHMETIC,
    "*": _ARITHMETIC,
    "/": Signature(("number", "number"), Type.DOUBLE),
    "&": _WHOLE,
    "|": _WHOLE,
    "^": _WHOLE,
    "<<": _WHOLE,
    ">>": _WHOLE,
    "||": Signature(_TWO_TEXTS, Type.STRING),
    "~": Signature(("whole",), Type.INT64),
    "negate": _NUMBER,
}

REFUSED: Mapping[str, str] = {
    "REGEXP_CONTAINS": "not every database has regular expressions; use LIKE",
    "SAFE_CAST": "use CAST, which gives 0 for text that is no number",
    "COUNT": "nothing can be counted; a condition on a neighbour says that there is one",
    "EXISTS": "there are no queries inside of filters; a neighbour's name says that there is one",
}
