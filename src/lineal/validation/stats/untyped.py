"""Count columns of text, and tell their types from the same counts.

A column has the first of `TEXT_TYPES` that all its values are written as. That is asked of each
distinct text once, and only these are converted, so text is read in one scan and parsed little.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import ibis

from lineal.engine.functions import has_type, number_of, text_bytes
from lineal.engine.text_types import TEXT_TYPES
from lineal.validation.stats.collect import DATA, READ
from lineal.validation.stats.reduce import Row, number_rows, shaped, text_rows, union

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from lineal.validation.stats.reduce import Limits

__all__ = ["untyped_expression"]


@lru_cache(maxsize=32)
def untyped_expression(names: tuple[str, ...], limits: Limits) -> ir.Table:
    """Return the computation, over the unbound table `DATA` of texts, of all counts."""
    data = ibis.table(dict.fromkeys(names, "string"), name=DATA)
    base = data.select(**{f"s{place}": data[name] for place, name in enumerate(names)}).alias(READ)
    examples = shaped(base.aggregate(count=base.count()), Row.EXAMPLES)
    if not names:
        return examples
    counts = union([_counts(base, place) for place in range(len(names))])
    types = _types(counts)
    typed = counts.join(types, "series")
    texts = typed.filter(typed["type"].isnull())
    numbers = typed.filter(typed["type"].notnull())
    return union(
        [
            examples,
            shaped(types.select("series", count=types["type"].cast("float64")), Row.TYPE),
            *number_rows(numbers.select("series", "count", number=_number(numbers)), limits),
            *text_rows(
                texts.select(
                    "series",
                    "text",
                    "count",
                    bytes=text_bytes(texts["text"]),
                    invalid=ibis.literal(False),
                ),
                limits,
            ),
        ]
    )


def _counts(base: ir.Table, place: int) -> ir.Table:
    texts = base.select(text=base[f"s{place}"])
    counts = texts.group_by("text").aggregate(count=texts.count())
    return counts.select("text", "count", series=ibis.literal(place, "int32"))


def _types(counts: ir.Table) -> ir.Table:
    """Find the type of each series: the first that every text fits; null if none, or no text."""
    text = counts["text"]
    others = {
        f"other{number}": (~has_type(text, number)).sum(where=text.notnull())
        for number in range(len(TEXT_TYPES))
    }
    asked = counts.group_by("series").aggregate(**others)
    # Where there is no text, the sums are null, and so is every answer.
    answers = [
        (asked[f"other{number}"] == 0, ibis.literal(number, "int8"))
        for number in range(len(TEXT_TYPES))
    ]
    return asked.select("series", type=ibis.cases(*answers))


def _number(typed: ir.Table) -> ir.FloatingValue:
    return ibis.cases(
        *[
            (typed["type"] == number, number_of(typed["text"], number))
            for number in range(len(TEXT_TYPES))
        ]
    )
