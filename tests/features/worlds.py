"""Small random tables and queries, full of ties, nulls, late rows and equal times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import strategies as st

INSTANT = pa.timestamp("us", "UTC")
START = datetime(2013, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SCHEMA = pa.schema(
    [
        ("airport", pa.string()),
        ("gate", pa.int32()),
        ("event", INSTANT),
        ("known", INSTANT),
        ("number", pa.int64()),
        ("real", pa.float64()),
        ("row", pa.int64()),
    ]
)
QUERIES = pa.schema(
    [("q", pa.int64()), ("airport", pa.string()), ("gate", pa.int32()), ("at", INSTANT)]
)

# Few airports, gates and hours, so that equal keys and equal times are common.
airports = st.sampled_from(["JFK", "LGA", "", None])
gates = st.sampled_from([1, 2, None])
hours = st.none() | st.integers(0, 6).map(lambda hour: START + hour * HOUR)


@dataclass(frozen=True)
class World:
    """Rows of a table, and queries for it."""

    rows: list[dict]
    queries: list[dict]


@st.composite
def worlds(draw, *, most_rows: int = 40, most_queries: int = 25) -> World:
    """Draw rows and queries; each row knows its place in `row`, each query in `q`."""
    row = st.fixed_dictionaries(
        {
            "airport": airports,
            "gate": gates,
            "event": hours,
            "known": hours,
            "number": st.none() | st.integers(-5, 5),
            "real": st.none() | st.sampled_from([0.1, 0.2, 0.3, -1.5, 1e16]),
        }
    )
    query = st.fixed_dictionaries({"airport": airports, "gate": gates, "at": hours})
    rows = draw(st.lists(row, min_size=1, max_size=most_rows))
    queries = draw(st.lists(query, min_size=1, max_size=most_queries))
    return World(
        [{**one, "row": i} for i, one in enumerate(rows)],
        [{**one, "q": i} for i, one in enumerate(queries)],
    )
