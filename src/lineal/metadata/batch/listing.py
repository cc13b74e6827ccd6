"""List nodes page by page, filtered, in the order of their ids or times.

A page begins behind the place that the one before ended at, found by index: the thousandth page
costs what the first one does, and no row is lost or told twice, whatever was written between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata.batch.assembly import TABLES, assemble, node_columns
from lineal.metadata.batch.choosing import conditions, given
from lineal.metadata.batch.density import (
    along_the_order,
    dense_parts,
    has_dense_hits,
    in_order,
    of_any_type,
)
from lineal.metadata.batch.forms import Kind, OrderBy, Page, PageRequest
from lineal.metadata.batch.selects import Query, Row, Slots, fetch
from lineal.metadata.batch.tokens import Place, read_token, write_token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lineal.metadata.filters import Compiled

__all__ = ["PAGE_LIMIT", "Meaning", "limit_of", "list_given", "list_nodes", "page_rows"]

PAGE_LIMIT = 100
"""The most nodes on a page of ML Metadata's; its clients ask for more by asking again."""

Meaning = Literal["mlmd", "lineal"]
"""What a filter means: what ML Metadata makes of it, or what people expect of it."""

_COLUMNS: Mapping[OrderBy, str] = {
    "id": "id",
    "create_time": "create_time_since_epoch",
    "last_update_time": "last_update_time_since_epoch",
}
_PLACES: Mapping[OrderBy, int] = {"id": 0, "create_time": 6, "last_update_time": 7}
"""Where the values that pages are ordered by stand among `node_columns`."""

_MOST = 2**31 - 1
_FEW = {"ids", "uris", "external_ids", "name"}
"""Choices that leave few nodes, which are quickly sorted."""

_Part = Literal["first", "ties", "after"]
"""Where a page begins: at the very start, among what equals the last value, or behind it."""


def list_nodes(
    connection: sa.Connection,
    kind: Kind,
    request: PageRequest,
    *,
    type_name: str | None = None,
    type_version: str | None = None,
    every_version: bool = False,
    context_id: int | None = None,
    filter_meaning: Meaning = "mlmd",
    most: int | None = PAGE_LIMIT,
) -> Page:
    """Return the nodes that fit everything given: a page, or with `limit=None` all of them.

    No page is longer than `most`, however long a one was asked for. Ties in a time are broken by
    id, in the same direction. Raises `InvalidInput` for a limit below 1, and for a token that
    can't be read or belongs to another order.
    """
    values = given(
        type_name=type_name,
        type_version=type_version,
        every_version=every_version,
        context_id=context_id,
    )
    return list_given(connection, kind, request, values, filter_meaning=filter_meaning, most=most)


def list_given(
    connection: sa.Connection,
    kind: Kind,
    request: PageRequest,
    values: Mapping[str, object],
    *,
    filter_meaning: Meaning,
    most: int | None,
) -> Page:
    """Return the same for the nodes that have what `choosing.given` returned."""
    rows, token = page_rows(
        connection, kind, request, values, filter_meaning=filter_meaning, most=most
    )
    return Page(assemble(connection, kind, rows), token)


def page_rows(
    connection: sa.Connection,
    kind: Kind,
    request: PageRequest,
    values: Mapping[str, object],
    *,
    filter_meaning: Meaning,
    most: int | None,
) -> tuple[list[Row], str]:
    """Return the rows of `node_columns` of a page's nodes, and the token to go on with."""
    limit = limit_of(request, most)
    place = read_token(request)
    parts: tuple[_Part, ...] = ("first",)
    if place is not None:
        # Two seeks, since databases look through all ties for `(value, id) > (…, …)`.
        parts = ("after",) if request.order_by == "id" else ("ties", "after")
    rows: list[Row] = []
    for part in parts:
        bound = dict(values)
        if place is not None:
            bound["value"] = place.value
        if place is not None and part == "ties":
            bound["id"] = place.id
        if limit is not None:
            bound["limit"] = min(limit, _MOST) + 1 - len(rows)
        rows += _part_rows(connection, kind, request, part, bound, filter_meaning)
        if limit is not None and len(rows) > limit:
            return rows[:limit], _token(request, rows[:limit])
    return rows, ""


def _part_rows(
    connection: sa.Connection,
    kind: Kind,
    request: PageRequest,
    part: _Part,
    values: Mapping[str, object],
    filter_meaning: Meaning,
) -> list[Row]:
    names = frozenset(values)
    order = (request.order_by, request.ascending)
    table = TABLES[kind][0]
    wanted = _wanted(connection, kind, request, filter_meaning)

    typed = None if wanted is None else of_any_type(kind, wanted.where)

    def asked(slots: Slots) -> list[sa.ColumnElement[bool]]:
        filtering = [] if wanted is None else [wanted.where]
        if typed is not None:
            filtering.append(typed)
        return [*conditions(kind, slots, names), *filtering]

    asking = (kind, names, request.filter, filter_meaning)
    dense, ordered = frozenset[int](), False
    few = bool(names & _FEW) or typed is not None
    if "limit" in names and not few:
        if wanted is None or wanted.source is table:
            dense = dense_parts(connection, kind, asking, asked, values)
        elif not wanted.repeats:
            ordered = has_dense_hits(connection, kind, asking, wanted.source, asked, values)

    def build(slots: Slots) -> Query:
        column = table.c[_COLUMNS[request.order_by]]
        places = tuple(dict.fromkeys((column, table.c.id)))
        repeats = wanted is not None and wanted.repeats
        query: sa.Select[Any] = sa.select(*(places if repeats else node_columns(kind)))
        source = table if wanted is None else wanted.source
        query = query.select_from(in_order(source) if ordered else source)
        query = query.where(*along_the_order(kind, asked(slots), dense))
        if part == "ties":
            query = query.where(
                column == slots.number("value"),
                _beyond(table.c.id, slots.number("id"), ascending=request.ascending),
            )
        elif part == "after":
            query = query.where(_beyond(column, slots.number("value"), ascending=request.ascending))
        query = query.order_by(*(c.asc() if request.ascending else c.desc() for c in places))
        if "limit" in names:
            query = query.limit(slots.number("limit"))
        return _with_columns(kind, query.distinct(), request) if repeats else query

    return fetch(connection, ("page", part, order, dense, ordered, *asking), build, values)


def _wanted(
    connection: sa.Connection, kind: Kind, request: PageRequest, meaning: Meaning
) -> Compiled | None:
    """Return the request's filter as a query, if it has one."""
    if not request.filter:
        return None
    from lineal.metadata.filters import compile_filter

    return compile_filter(request.filter, kind, meaning=meaning, dialect=connection.dialect.name)


def _beyond(
    column: sa.ColumnElement[int], value: sa.ColumnElement[int], *, ascending: bool
) -> sa.ColumnElement[bool]:
    return column > value if ascending else column < value


def _with_columns(kind: Kind, places: sa.Select[Any], request: PageRequest) -> Query:
    """Return the nodes' columns for a page that was found first, each node once."""
    table = TABLES[kind][0]
    page = places.subquery("page")
    query = sa.select(*node_columns(kind)).join(page, page.c.id == table.c.id)
    return query.order_by(*(c.asc() if request.ascending else c.desc() for c in page.c))


def limit_of(request: PageRequest, most: int | None) -> int | None:
    """Return how many nodes the page may hold at most; None for all there are."""
    limit = request.limit
    if limit is None:
        return None
    if limit <= 0:
        raise InvalidInput(
            f"max_result_size={limit} asks for no node; give at least 1, or none for all"
        )
    return limit if most is None else min(limit, most)


def _token(request: PageRequest, rows: Sequence[Row]) -> str:
    place = _PLACES[request.order_by]
    last = rows[-1][place]
    ties = [row[0] for row in rows if row[place] == last]
    return write_token(request, Place(last, rows[-1][0]), ties)
