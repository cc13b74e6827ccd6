"""Turn text into typed values and lose nothing silently.

DuckDB's own casts round 1.5 to the whole number 2, drop the offset of 03:04+02:00, and cut the
digits of a nanosecond. An expression made here is null for such a text instead.
"""

from __future__ import annotations

import pyarrow as pa

from lineal.engine.duckdb.text import literal, type_text

__all__ = ["converted", "looks_like"]

_LONGEST_MICROSECONDS = 26  # 2013-01-02T03:04:05.123456
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_ZONE = "([Zz]|[+-][0-9]{2}(:?[0-9]{2})?)"


def converted(text: str, arrow: pa.DataType) -> str:
    """Return SQL for the value that `text` (SQL of a VARCHAR) spells, null where it spells none.

    Times without a zone are read as UTC; those with an offset become UTC.
    """
    types = pa.types
    name = type_text(arrow)
    if types.is_string(arrow) or types.is_large_string(arrow) or types.is_string_view(arrow):
        return text
    if name == "BLOB":
        return f"encode({text})"
    if types.is_integer(arrow):
        same = f"CAST(TRY_CAST({text} AS {name}) AS VARCHAR) = {text}"
        whole = _matches(text, r"\s*[+-]?[0-9]+(\.0*)?\s*")
        return _when(f"{same} OR {whole}", text, name)
    if types.is_floating(arrow):
        return _when(_is_float(text, name), text, name)
    if types.is_decimal(arrow):
        digits = rf"\s*[+-]?[0-9]*(\.[0-9]{{0,{max(arrow.scale, 0)}}}0*)?\s*"
        return _when(_matches(text, digits), text, name)
    if types.is_date(arrow):
        same = looks_like(text, arrow)
        midnight = "([ T]00:00(:00([.]0*)?)?)?"
        other = _matches(text, rf"[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}{midnight}")
        return _when(f"{same} OR {other}", text, name)
    if types.is_timestamp(arrow):
        return _timestamp(text, arrow)
    if types.is_time(arrow):
        return _when(
            _matches(text, r"[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6}0*)?)?"), text, name
        )
    return f"TRY_CAST({text} AS {name})"


def looks_like(text: str, arrow: pa.DataType) -> str:
    """Return SQL that tells whether `text` is how a value of this type is written by machines.

    It is narrower than `converted`: 007 is a code and no number, 1 and yes are no truth values,
    and a whole number that a float can't hold exactly is no float.
    """
    types = pa.types
    name = type_text(arrow)
    if types.is_boolean(arrow):
        return f"{text} IN ('true', 'false', 'True', 'False', 'TRUE', 'FALSE')"
    if types.is_integer(arrow):
        return f"CAST(TRY_CAST({text} AS {name}) AS VARCHAR) = {text}"
    if types.is_floating(arrow):
        return f"{_is_float(text, name)} AND NOT ({_is_code(text)})"
    if types.is_date(arrow):
        # Begins with a digit: 'infinity' is a date to DuckDB.
        same = f"CAST(TRY_CAST({text} AS DATE) AS VARCHAR) = {text}"
        return f"{text} >= '0' AND {text} < ':' AND {same}"
    if types.is_time(arrow):
        pattern = "[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?"
    else:
        digits = 9 if arrow.unit == "ns" else 6
        zone = f"{_ZONE}?" if arrow.tz else ""
        pattern = (
            f"{_DATE}([ T][0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}([.][0-9]{{1,{digits}}})?)?{zone})?"
        )
    return f"{_matches(text, pattern)} AND TRY_CAST({text} AS {name}) IS NOT NULL"


def _timestamp(text: str, arrow: pa.DataType) -> str:
    # By way of the zoned type, which reads an offset; the plain one drops it.
    zoned = "TIMESTAMPTZ_NS" if arrow.unit == "ns" else "TIMESTAMPTZ"
    digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[arrow.unit]
    finer = rf"[.][0-9]{{{digits}}}[0-9]*[1-9]"
    longest = _LONGEST_MICROSECONDS if arrow.unit == "us" else len("2013-01-02T03:04:05")
    condition = (
        # Neither 'epoch' nor 'infinity'.
        f"{text} >= '0' AND {text} < ':' AND (length({text}) <= {longest} "
        f"OR NOT regexp_matches({text}, {literal(finer)}))"
    )
    value = _when(condition, text, zoned)
    return value if type_text(arrow) == zoned else f"CAST({value} AS {type_text(arrow)})"


def _is_float(text: str, name: str) -> str:
    value = f"TRY_CAST({text} AS {name})"
    infinite = f"isinf({value}) AND NOT contains(lower({text}), 'inf')"
    return f"{value} IS NOT NULL AND NOT contains({text}, '_') AND NOT ({infinite})"


def _is_code(text: str) -> str:
    """Tell whether digits would be lost as a float: a leading zero, or more than it can hold."""
    zero = f"({text} >= '00' AND {text} < '0:') OR ({text} >= '-00' AND {text} < '-0:')"
    long = f"length({text}) > 15 AND {_matches(text, '[+-]?[0-9]+')}"
    return f"{zero} OR ({long} AND abs(coalesce(TRY_CAST({text} AS HUGEINT), {2**54})) > {2**53})"


def _matches(text: str, pattern: str) -> str:
    return f"regexp_full_match({text}, {literal(pattern)})"


def _when(condition: str, text: str, name: str) -> str:
    return f"CASE WHEN {condition} THEN TRY_CAST({text} AS {name}) END"
