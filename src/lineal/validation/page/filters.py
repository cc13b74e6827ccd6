"""Say in SQL which rows break a rule, for whoever has the data and not only its statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.validation.page.text import quoted, sql_text

if TYPE_CHECKING:
    from lineal.validation.feature import Feature
    from lineal.validation.report import Anomaly

__all__ = ["row_filter"]

_MISSING = {
    "FEATURE_TYPE_LOW_FRACTION_PRESENT",
    "FEATURE_TYPE_LOW_NUMBER_PRESENT",
    "FEATURE_TYPE_NOT_PRESENT",
}
_BELOW = {"INT_TYPE_SMALL_INT", "FLOAT_TYPE_SMALL_FLOAT"}
_ABOVE = {"INT_TYPE_BIG_INT", "FLOAT_TYPE_BIG_FLOAT"}
_BOOLEAN = {"BOOL_TYPE_SMALL_INT", "BOOL_TYPE_BIG_INT", "BOOL_TYPE_UNEXPECTED_FLOAT"}


def row_filter(anomaly: Anomaly, rule: Feature) -> str:
    """Return the condition of a WHERE clause, or "" where no row alone breaks the rule."""
    column = ".".join(quoted(step) for step in rule.path)
    parts: dict[str, None] = {}
    for kind in anomaly.types:
        if part := _condition(kind, column, rule):
            parts[part] = None
    return " OR ".join(parts)


def _condition(kind: str, column: str, rule: Feature) -> str:
    domain = rule.domain
    bounds = domain if isinstance(domain, tuple) else (None, None)
    if kind in _MISSING:
        return f"{column} IS NULL"
    if kind in _BELOW and bounds[0] is not None:
        return f"{column} < {bounds[0]}"
    if kind in _ABOVE and bounds[1] is not None:
        return f"{column} > {bounds[1]}"
    if kind in _BOOLEAN:
        return f"{column} NOT IN (0, 1)"
    if kind == "ENUM_TYPE_UNEXPECTED_STRING_VALUES" and isinstance(domain, list):
        return f"{column} NOT IN ({', '.join(sql_text(each) for each in domain)})"
    if kind == "FLOAT_TYPE_HAS_NAN":
        return f"isnan({column})"
    return f"isinf({column})" if kind == "FLOAT_TYPE_HAS_INF" else ""
