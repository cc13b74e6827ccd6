"""Statements that batches run: built once by SQLAlchemy for each database, then kept as text.

A statement's way through SQLAlchemy to the driver costs as much as small statements themselves;
as text on the driver's own cursor they cost what the database needs.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import sqlalchemy as sa

from lineal.metadata.integers import is_int64

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from lineal.errors import LinealError
    from lineal.metadata.commit import Commit

__all__ = ["Change", "Clash", "Lookup", "atomic", "clashes", "single"]

Condition = sa.ColumnElement[bool]
Column = sa.ColumnElement[int] | sa.ColumnElement[str]


class _Prepared(NamedTuple):
    """A lookup's text, the name of its parameter if it goes by name, and how that takes a list."""

    text: str
    name: str | None
    as_json: bool


class Lookup:
    """A select of rows that have one of a list's values, which is bound as one parameter.

    `build` makes the select of the condition.
    """

    def __init__(self, column: Column, build: Callable[[Condition], sa.Select[Any]]) -> None:
        self._column = column
        self._is_number = isinstance(column.type, sa.Integer)
        self._build = build
        self._texts: dict[str, _Prepared] = {}

    def rows(self, commit: Commit, values: Iterable[int | str]) -> list[tuple[Any, ...]]:
        """Return the rows for `values`, as the driver gives them, in no order."""
        given = (
            [v for v in values if isinstance(v, int) and is_int64(v)]
            if self._is_number
            else list(values)
        )
        if not given:
            return []
        text, name, as_json = self._texts.get(commit.backend.name) or self._prepare(commit)
        bound = json.dumps(given) if as_json else given
        cursor = _cursor(commit)
        cursor.execute(text, (bound,) if name is None else {name: bound})
        return cast("list[tuple[Any, ...]]", cursor.fetchall())

    def _prepare(self, commit: Commit) -> _Prepared:
        clause = commit.backend.among(self._column, [0] if self._is_number else [""])
        compiled = self._build(clause).compile(dialect=commit.connection.dialect)
        ((parameter, name),) = compiled.bind_names.items()
        prepared = self._texts[commit.backend.name] = _Prepared(
            compiled.string,
            None if compiled.positional else name,
            # The sample tells how this database takes a list: as it is, or as JSON text.
            isinstance(parameter.value, str),
        )
        return prepared


class Change:
    """An update or delete of one row at a time, whose parameters are named by `names`."""

    def __init__(self, statement: sa.Update | sa.Delete, names: Sequence[str]) -> None:
        self._statement = statement
        self._names = names
        self._texts: dict[str, tuple[str, list[int] | None]] = {}

    def run(self, commit: Commit, rows: Sequence[tuple[object, ...]]) -> None:
        """Run it once for each row of parameters, given in the order of the names."""
        if not rows:
            return
        text, order = self._texts.get(commit.backend.name) or self._prepare(commit)
        parameters: list[tuple[object, ...]] | list[dict[str, object]]
        if order is None:
            parameters = [dict(zip(self._names, row, strict=True)) for row in rows]
        else:
            parameters = [tuple([row[place] for place in order]) for row in rows]
        _cursor(commit).executemany(text, parameters)
        commit.touch()

    def _prepare(self, commit: Commit) -> tuple[str, list[int] | None]:
        compiled = self._statement.compile(dialect=commit.connection.dialect)
        order = None
        if compiled.positional:
            order = [self._names.index(name) for name in compiled.positiontup or ()]
        self._texts[commit.backend.name] = prepared = (compiled.string, order)
        return prepared


def single(commit: Commit, statement: sa.Select[Any], texts: dict[str, str]) -> tuple[Any, ...]:
    """Return the one row of a select without parameters, whose text `texts` keeps."""
    text = texts.get(commit.backend.name)
    if text is None:
        text = str(statement.compile(dialect=commit.connection.dialect))
        texts[commit.backend.name] = text
    cursor = _cursor(commit)
    cursor.execute(text)
    return cast("tuple[Any, ...]", cursor.fetchone())


class Clash(Exception):  # noqa: N818 -- never leaves this part
    """The database refused a row because another one like it is there.

    `explain` finds out which, once the statements before it are undone: a database that refused
    one answers nothing more until then.
    """

    def __init__(self, explain: Callable[[], LinealError]) -> None:
        super().__init__("a row like this is there already")
        self.explain = explain


@contextmanager
def atomic(commit: Commit) -> Iterator[None]:
    """Undo everything done inside if it ends with an error, though the transaction goes on."""
    cursor, mark = _cursor(commit), commit.mark()
    cursor.execute("SAVEPOINT lineal_batch")
    try:
        yield
    except BaseException as error:
        if commit.backend.name == "sqlite":  # elsewhere ids that were given stay given
            commit.back_to(mark)
        if not _is_broken(commit, error):
            cursor.execute("ROLLBACK TO SAVEPOINT lineal_batch")
        if isinstance(error, Clash):
            raise error.explain() from error.__cause__
        raise
    cursor.execute("RELEASE SAVEPOINT lineal_batch")


def clashes(commit: Commit) -> tuple[type[Exception], ...]:
    """Return the errors by which this database says that a row is there already."""
    driver = commit.connection.dialect.loaded_dbapi
    return (cast("type[Exception]", driver.IntegrityError), sa.exc.IntegrityError)


def _is_broken(commit: Commit, error: BaseException) -> bool:
    """Tell whether the connection, or the whole transaction, is gone with the error."""
    driver = commit.connection.dialect.loaded_dbapi
    return isinstance(error, driver.OperationalError | sa.exc.OperationalError)


def _cursor(commit: Commit) -> Any:  # each driver's own class
    return commit.connection.connection.cursor()
