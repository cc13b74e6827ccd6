"""Write values the way the page shows them."""

from __future__ import annotations

import math
from datetime import date, datetime, timedelta
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.validation.results import Number

__all__ = ["escaped", "percent", "plain", "shortened"]


def escaped(text: str) -> str:
    """Return `text` safe for HTML, attributes too; what can't be encoded is replaced."""
    return escape(text.encode("utf-8", "replace").decode())


def shortened(text: str, length: int = 28) -> str:
    """Cut a long text; an empty one is made visible."""
    if not text.strip():
        return f"“{text}”"
    return text if len(text) <= length else text[: length - 1] + "…"


def plain(value: Number | timedelta | str | None) -> str:
    """Write a value for reading: thousands apart, few digits, times to the second."""
    match value:
        case None:
            return "–"
        case str():
            return value
        case datetime():
            text = value.strftime("%Y-%m-%d %H:%M:%S").removesuffix(":00")
            return text.removesuffix(" 00:00")
        case date():
            return value.isoformat()
        case timedelta():
            return str(timedelta(seconds=round(value.total_seconds())))
        case int():
            return f"{value:,}"
    return _float(value)


def _float(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value and not 1e-3 <= abs(value) < 1e9:
        return f"{value:.3e}"
    digits = 4 if abs(value) < 1000 else 5
    return f"{value:,.{digits}g}" if abs(value) < 1e5 else f"{value:,.0f}"


def percent(part: float, whole: float) -> str:
    """Write a share; a small one is not rounded to nothing."""
    if whole == 0:
        return "–"
    share = 100 * part / whole
    if part and share < 0.1:
        return "<0.1%"
    if part != whole and share > 99.9:
        return ">99.9%"
    return f"{share:.1f}%".replace(".0%", "%")
