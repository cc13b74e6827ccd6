"""The words that filters can't use for names, and what to write instead of some."""

from __future__ import annotations

__all__ = ["CALLABLE", "FOLLOWING", "OWN", "REMEDIES", "RESERVED"]

_WORDS = """
    ALL AND ANY ARRAY AS ASC BETWEEN BY CASE CAST COLLATE CREATE CROSS DEFAULT DESC DISTINCT ELSE
    END ESCAPE EXCEPT EXISTS EXTRACT FALSE FETCH FOR FROM FULL GROUP HAVING IF IGNORE IN INNER
    INTERSECT INTERVAL INTO IS JOIN LEFT LIKE LIMIT NATURAL NO NOT NULL NULLS ON OR ORDER
    OUTER OVER PARTITION RANGE RIGHT ROWS SELECT SET SOME STRUCT THEN TO TRUE UNION UNNEST USING
    WHEN WHERE WINDOW WITH WITHIN
"""
RESERVED = frozenset(_WORDS.split())
CALLABLE = frozenset(("LEFT", "IF"))  # reserved words that are functions, too
# What may stand right behind a value and is no operator.
FOLLOWING = frozenset(("AND", "OR", "AS", "WHEN", "THEN", "ELSE", "END"))
# The words of conditions, which nobody means for a name.
OWN = FOLLOWING | {"NOT", "IN", "IS", "LIKE", "BETWEEN", "CASE", "CAST", "SELECT", "NULL"}
REMEDIES = {
    "ISNULL": "write IS NULL",
    "NOTNULL": "write IS NOT NULL",
    "COLLATE": "compare LOWER(…) with text in small letters",
    "ILIKE": "LIKE makes no difference between large and small letters",
}
