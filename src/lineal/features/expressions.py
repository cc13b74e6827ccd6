"""Write an Ibis expression over one row down as plain JSON, and build it again.

A recorded view must be read back without running anybody's code, so nothing is pickled: an
expression is a tree of operations of Ibis, by name, over columns, by name. Only what depends
on the row alone is let through. What looks at other rows (a mean, a window, a subquery) could
look at later ones and leak the future; what differs from run to run (now, random) could not be
computed again.
"""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from lineal.errors import Corrupt, IncompatibleVersion, InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir

__all__ = ["Tree", "build_expression", "columns_of", "write_expression"]

Tree = bool | int | str | None | list["Tree"] | dict[str, "Tree"]
"""JSON without floats, so that equal trees have equal text."""


def write_expression(value: ir.Value, table: ir.Table, *, owner: str) -> Tree:
    """Return `value`, an expression over one row of `table`, as a tree.

    `owner` names the feature in messages. Raises `InvalidInput` for what a feature can't be.
    """
    return _Writer(table, owner).value(value.op())


def build_expression(tree: Tree, table: ir.Table, *, owner: str) -> ir.Value:
    """Return the expression that `tree` stands for, over `table`.

    Raises `NotFound` for a column that the table has no more, `Corrupt` for what is no tree of
    operations, and `IncompatibleVersion` for one that today's Ibis or column types refuse.
    """
    built = _build(tree, table, owner)
    to_expression = getattr(built, "to_expr", None)
    if to_expression is None:
        raise Corrupt(f"the recorded definition of {owner} is no expression: {tree!r}")
    return to_expression()


def columns_of(tree: Tree) -> frozenset[str]:
    """Return the names of the columns that the expression reads."""
    if isinstance(tree, list):
        return frozenset().union(*(columns_of(one) for one in tree))
    if isinstance(tree, dict):
        column = tree.get("column")
        if isinstance(column, str):
            return frozenset([column])
        return frozenset().union(*(columns_of(one) for one in tree.values()))
    return frozenset()


class _Writer:
    """Walks an expression down to its columns and literals."""

    def __init__(self, table: ir.Table, owner: str) -> None:
        self.table = table.op()
        self.owner = owner

    def value(self, node: object) -> Tree:
        from ibis.expr import operations as ops

        if isinstance(node, ops.Alias):
            return self.value(node.arg)
        if isinstance(node, ops.Field):
            if node.rel != self.table:
                raise InvalidInput(
                    f"{self.owner} uses column {node.name!r} of another table, or of one that "
                    "was filtered or changed; use the columns of the table that is given"
                )
            return {"column": node.name}
        self.check(node)
        if isinstance(node, ops.Literal):
            return {"literal": _write_scalar(node.value), "type": str(node.dtype)}
        return self.operation(node)

    def operation(self, node: Any) -> Tree:
        arguments: dict[str, Tree] = {
            name: self.argument(argument)
            for name, argument in zip(node.__argnames__, node.__args__, strict=True)
        }
        return {"op": type(node).__name__, **({"args": arguments} if arguments else {})}

    def check(self, node: object) -> None:
        """Refuse what looks at other rows, at the clock, or at code."""
        from ibis.expr import operations as ops

        name = type(node).__name__
        if isinstance(node, ops.Reduction):
            raise InvalidInput(
                f"{self.owner} takes a {name} of all rows, later ones too; use the running "
                "aggregates of lineal.features, such as mean(flights.dep_delay)"
            )
        if isinstance(node, ops.Analytic | ops.WindowFunction | ops.Subquery | ops.Relation):
            raise InvalidInput(
                f"{self.owner} looks at other rows ({name}), which can leak the future; use the "
                "columns of one row, or the running aggregates of lineal.features"
            )
        if isinstance(node, ops.Impure):
            raise InvalidInput(
                f"{self.owner} uses {name}: it runs a function or differs from run to run, so "
                "the feature could not be computed again"
            )
        if not _is_allowed(type(node)):
            raise InvalidInput(f"{self.owner} uses {name}, which a feature can't be made of")

    def argument(self, argument: object) -> Tree:
        from ibis.expr import datatypes as types
        from ibis.expr import operations as ops

        if isinstance(argument, ops.Node):
            return self.value(argument)
        if isinstance(argument, tuple):
            return [self.argument(one) for one in argument]
        if isinstance(argument, types.DataType):
            return {"type": str(argument)}
        if isinstance(argument, Enum):
            return {"enum": str(argument.value)}
        if argument is None or isinstance(argument, bool | int | str):
            return argument
        raise InvalidInput(
            f"{self.owner} uses {type(argument).__name__} {argument!r}, which can't be written down"
        )


def _is_allowed(kind: type) -> bool:
    """Say whether an operation is Ibis's own and gives one value for one row."""
    from ibis.expr import operations as ops

    refused = (
        ops.Reduction,
        ops.Analytic,
        ops.WindowFunction,
        ops.Subquery,
        ops.Impure,
        ops.Unnest,
        ops.RowID,
        ops.Argument,
    )
    return (
        getattr(ops, kind.__name__, None) is kind
        and issubclass(kind, ops.Value)
        and not issubclass(kind, refused)
    )


def _build(tree: Tree, table: ir.Table, owner: str) -> object:
    """Return the node, type or plain value that `tree` stands for."""
    from ibis.expr import datatypes as types

    if isinstance(tree, list):
        return tuple(_build(one, table, owner) for one in tree)
    if not isinstance(tree, dict):
        return tree
    match tree:
        case {"column": str(column)}:
            if column not in table.columns:
                raise NotFound.among(
                    f"{owner} reads a column that its table does not have:", column, table.columns
                )
            return table[column].op()
        case {"literal": value, "type": str(kind)}:
            return _literal(value, kind)
        case {"op": str(name)}:
            return _operation(name, tree.get("args", {}), table, owner)
        case {"type": str(kind)}:
            return types.dtype(kind)
        case {"enum": str(value)}:
            return value
        case _:
            raise Corrupt(f"the recorded definition of {owner} is no expression: {tree!r}")


def _operation(name: str, arguments: Tree, table: ir.Table, owner: str) -> object:
    from ibis.common.annotations import ValidationError
    from ibis.expr import operations as ops

    kind = getattr(ops, name, None)
    if not isinstance(kind, type) or not _is_allowed(kind) or not isinstance(arguments, dict):
        raise Corrupt(f"the recorded definition of {owner} has no valid operation {name!r}")
    built = {key: _build(one, table, owner) for key, one in arguments.items()}
    try:
        return kind(**built)
    except (ValidationError, TypeError, ValueError) as error:
        raise IncompatibleVersion(
            f"{owner} can't be computed any more, its {name} does not take today's column types "
            f"({error}); define it again"
        ) from error


def _literal(value: Tree, kind: str) -> object:
    from ibis.expr import datatypes as types
    from ibis.expr import operations as ops

    return ops.Literal(_read_scalar(value), dtype=types.dtype(kind))


_TAGGED: tuple[tuple[str, type, Callable[[Any], str], Callable[[str], object]], ...] = (
    ("float", float, lambda value: value.hex(), float.fromhex),
    ("bytes", bytes, lambda value: value.hex(), bytes.fromhex),
    ("decimal", Decimal, str, Decimal),
    ("datetime", datetime, datetime.isoformat, datetime.fromisoformat),
    ("date", date, date.isoformat, date.fromisoformat),  # after datetime, which is a date too
    ("time", time, time.isoformat, time.fromisoformat),
    ("uuid", UUID, str, UUID),
)
"""Literals that JSON lacks, or would round: tag, type, how to write and how to read one."""


def _write_scalar(value: object) -> Tree:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, tuple):
        return [_write_scalar(one) for one in value]
    for tag, kind, write, _ in _TAGGED:
        if isinstance(value, kind):
            return {tag: write(value)}
    raise InvalidInput(f"a literal of type {type(value).__name__} can't be written down")


def _read_scalar(value: Tree) -> object:
    if isinstance(value, list):
        return tuple(_read_scalar(one) for one in value)
    if not isinstance(value, dict):
        return value
    for tag, _, _, read in _TAGGED:
        if tag in value:
            return read(str(value[tag]))
    raise Corrupt(f"a recorded literal is not one: {value!r}")
