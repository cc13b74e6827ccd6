"""Define the functions of `lineal.engine.functions` in Spark's SQL.

They are written out where they are used, so that a session needs no functions of its own. Texts
are told by patterns, not by Spark's casts, which read more than DuckDB's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import sqlglot as sg
import sqlglot.expressions as sge

from lineal.engine.text_types import TEXT_TYPES

if TYPE_CHECKING:
    import ibis.expr.datatypes as dt

__all__ = ["defined"]

_FLOAT = r"[+-]?(([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?|nan|inf|infinity)"
_CODE = "[-]?0[0-9].*"
_DATE = "([0-9]{4})-([0-9]{2})-([0-9]{2})"
_CLOCK = "([01][0-9]|2[0-3]):([0-5][0-9])"
_ZONE = "([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)"
_LARGEST_EXACT = 2**53


def defined(name: str, argument: sge.Expression, kind: dt.DataType) -> sge.Expression | None:
    """Return what the function called `name` is of an argument of this type; None if unknown."""
    if name == "lineal_microseconds":
        return _parsed(_microseconds(kind), argument)
    text = _TEXTS.get(name)
    if text is None:
        return None
    return _parsed(text, argument)


def _microseconds(kind: dt.DataType) -> str:
    if kind.is_timestamp() or kind.is_date():
        return "UNIX_MICROS(CAST(:x AS TIMESTAMP))"
    return ":x"  # carried as microseconds


def _parsed(text: str, argument: sge.Expression) -> sge.Expression:
    parsed = sg.parse_one(text, dialect="spark")
    return sge.paren(
        parsed.transform(
            lambda node: (
                argument.copy() if isinstance(node, sge.Placeholder) and node.name == "x" else node
            )
        ),
        copy=False,
    )


def _matches(pattern: str, text: str = ":x") -> str:
    quoted = pattern.replace("\\", "\\\\").replace("'", "\\'")
    return f"REGEXP_LIKE({text}, '^(?:{quoted})$')"


def _is_boolean() -> str:
    return ":x IN ('true', 'false', 'True', 'False', 'TRUE', 'FALSE')"


def _is_integer() -> str:
    return "CAST(TRY_CAST(:x AS BIGINT) AS STRING) = :x"


def _is_float() -> str:
    number = "TRY_CAST(:x AS DOUBLE)"
    infinite = f"(ABS({number}) = DOUBLE('inf') AND NOT CONTAINS(LOWER(:x), 'inf'))"
    digits = "TRY_CAST(:x AS DECIMAL(38, 0))"
    long = (
        f"(LENGTH(:x) > 15 AND {_matches('[+-]?[0-9]+')} "
        f"AND ABS(COALESCE({digits}, {2 * _LARGEST_EXACT})) > {_LARGEST_EXACT})"
    )
    pattern = _matches(rf"(?i:\s*{_FLOAT}\s*)")
    return f"{pattern} AND NOT {infinite} AND NOT {_matches(_CODE)} AND NOT {long}"


def _is_date() -> str:
    return f"{_matches(_DATE)} AND CAST(TRY_CAST(:x AS DATE) AS STRING) = :x AND :x >= '0001'"


def _is_timestamp(digits: int, *, zoned: bool) -> str:
    zone = f"{_ZONE}?" if zoned else ""
    clock = f"{_CLOCK}(:[0-5][0-9]([.][0-9]{{1,{digits}}})?)?"
    pattern = _matches(f"{_DATE}([ T]{clock}{zone})?")
    day = "SUBSTRING(:x, 1, 10)"
    # The patterns leave days that no month has.
    return f"{pattern} AND TRY_CAST({day} AS DATE) IS NOT NULL AND :x >= '0001'"


def _is_time() -> str:
    return _matches(f"{_CLOCK}:[0-5][0-9]([.][0-9]{{1,6}})?")


def _part(pattern: str) -> str:
    """Return a group of digits as a number, 0 where the text has none."""
    quoted = pattern.replace("\\", "\\\\")
    return f"COALESCE(TRY_CAST(REGEXP_EXTRACT(:x, '{quoted}', 1) AS BIGINT), 0)"


def _micros_of_clock(before: str) -> str:
    digits = f"REGEXP_EXTRACT(:x, '{before}..:..:..[.]([0-9]+)', 1)"
    fraction = f"RPAD(SUBSTRING({digits}, 1, 6), 6, '0')"
    return (
        f"(({_part(before + '([0-9]{2}):')} * 60 + {_part(before + '..:([0-9]{2})')}) * 60 + "
        f"{_part(before + '..:..:([0-9]{2})')}) * 1000000 + "
        f"COALESCE(TRY_CAST({fraction} AS BIGINT), 0)"
    )


def _micros_of_timestamp() -> str:
    before = "^.{10}[ T]"
    zone = "^.{10}[ T][^Zz+-]*[+-]"
    sign = f"IF(REGEXP_LIKE(:x, '{zone[:-4]}-'), -1, 1)"
    offset = (
        f"{sign} * ({_part(zone + '([0-9]{2})')} * 60 + {_part(zone + '[0-9]{2}:?([0-9]{2})')})"
    )
    day = "UNIX_DATE(TRY_CAST(SUBSTRING(:x, 1, 10) AS DATE))"
    return (
        f"CAST({day} AS BIGINT) * 86400000000 + {_micros_of_clock(before)} - ({offset}) * 60000000"
    )


def _tests() -> dict[str, str]:
    found = {}
    for number, arrow in enumerate(TEXT_TYPES):
        test, value = _of_text(arrow)
        found[f"lineal_is_{number}"] = f"COALESCE({test}, FALSE)"
        found[f"lineal_number_{number}"] = f"CAST({value} AS DOUBLE)"
    return found


def _of_text(arrow: pa.DataType) -> tuple[str, str]:
    """Return the test whether a text is a value of the type, and the value as a number."""
    types = pa.types
    if types.is_boolean(arrow):
        return _is_boolean(), "IF(LOWER(:x) = 'true', 1, 0)"
    if types.is_integer(arrow):
        return _is_integer(), "TRY_CAST(:x AS BIGINT)"
    if types.is_floating(arrow):
        return _is_float(), "TRY_CAST(:x AS DOUBLE)"
    if types.is_date(arrow):
        return _is_date(), "UNIX_DATE(TRY_CAST(:x AS DATE))"
    if types.is_time(arrow):
        return _is_time(), _micros_of_clock("^")
    digits = 9 if arrow.unit == "ns" else 6
    return _is_timestamp(digits, zoned=arrow.tz is not None), _micros_of_timestamp()


_TEXTS: dict[str, str] = {
    "lineal_text_bytes": "CAST(OCTET_LENGTH(:x) AS BIGINT)",
    "lineal_bytes": "CAST(OCTET_LENGTH(:x) AS BIGINT)",
    "lineal_text": "TRY_VALIDATE_UTF8(CAST(:x AS STRING))",
    "lineal_distinct": "ARRAY_DISTINCT(ARRAY_COMPACT(:x))",
    **_tests(),
}
