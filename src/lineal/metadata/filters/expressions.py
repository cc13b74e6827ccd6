"""Turn values and comparisons into SQL, the same for both meanings, as each database spells it.

Literals are bound. What databases do differently is brought to what SQLite does: a division by
zero is NULL, text that is no number casts to 0, GREATEST of NULL is NULL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

from lineal.metadata.filters import spelling
from lineal.metadata.filters.spelling import SQL_TYPES
from lineal.metadata.filters.syntax import (
    And,
    Attribute,
    Between,
    Call,
    Case,
    Cast,
    Compare,
    In,
    Is,
    Like,
    Node,
    Not,
    Or,
    StateIn,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    Column = sa.ColumnElement[Any]
    Condition = sa.ColumnElement[bool]

__all__ = ["Expressions", "all_of", "any_of"]

_WIDEST = 200  # SQLite's parser nests a long AND or OR as deep as it is long, up to 1000


class Resolver(Protocol):
    """Says where attributes stand, and compiles the conditions that are no plain comparisons."""

    def attribute(self, attribute: Attribute) -> Column:
        """Return the column of an attribute."""
        ...

    def special(self, node: Node) -> Condition:
        """Return the condition of a `Has`, `Reach` or `Exists`."""
        ...


class Expressions:
    """Compiles the values of one filter for one database."""

    def __init__(self, resolver: Resolver, dialect: str, *, same_everywhere: bool) -> None:
        self.resolver = resolver
        self.dialect = dialect
        self.same_everywhere = same_everywhere

    def value(self, node: Node) -> Column:
        """Return the SQL of a value or of a condition, NULL where it is unknown."""
        make = _MAKERS.get(type(node))
        if make is not None:
            return make(self, node)
        return self.resolver.special(node)

    def literal(self, node: Value) -> Column:
        """Return a literal, bound."""
        if node.value is None:
            return sa.literal_column("NULL")  # of any type, which a bound one is not everywhere
        return sa.literal(node.value, SQL_TYPES[node.type])

    def attribute(self, node: Attribute) -> Column:
        """Return the column of an attribute."""
        return self.resolver.attribute(node)

    def compare(self, node: Compare) -> Column:
        """Return a comparison."""
        left, right = self.value(node.left), self.value(node.right)
        match node.operator:
            case "=":
                return left == right
            case "!=":
                return left != right
            case "<":
                return left < right
            case "<=":
                return left <= right
            case ">":
                return left > right
            case _:
                return left >= right

    def among(self, node: In) -> Column:
        """Return an IN."""
        value = self.value(node.value)
        options: Sequence[object] = [self.value(each) for each in node.options]
        if all(isinstance(each, Value) and each.type == node.value.type for each in node.options):
            # Then their number makes no difference to SQLAlchemy's cache of statements.
            options = [each.value for each in node.options if isinstance(each, Value)]
        return value.not_in(options) if node.negated else value.in_(options)

    def state_in(self, node: StateIn) -> Column:
        """Return the test of a state."""
        state = self.value(node.attribute)
        if not node.negated:
            return state.in_(node.numbers) if len(node.numbers) > 1 else state == node.numbers[0]
        return sa.or_(state.is_(None), state.not_in(node.numbers))

    def between(self, node: Between) -> Column:
        """Return a BETWEEN."""
        value, low, high = (self.value(each) for each in (node.value, node.low, node.high))
        found = sa.and_(value >= low, value <= high)
        return sa.not_(found) if node.negated else found

    def like(self, node: Like) -> Column:
        """Return a LIKE, as the database does it or the same everywhere."""
        value, pattern = self.value(node.value), self.value(node.pattern)
        escape = None
        if self.same_everywhere and self.dialect != "sqlite":
            escape = ""  # a backslash is a plain character
        if self.same_everywhere and self.dialect != "sqlite":
            found = value.ilike(pattern, escape=escape)
        else:
            found = value.like(pattern, escape=escape)
        return sa.not_(found) if node.negated else found

    def whether(self, node: Is) -> Column:
        """Return an IS."""
        value = self.value(node.value)
        what: object = {None: None, True: sa.true(), False: sa.false()}[node.what]
        return value.is_not(what) if node.negated else value.is_(what)

    def case(self, node: Case) -> Column:
        """Return a CASE."""
        whens = [(self.value(test), self.value(result)) for test, result in node.whens]
        otherwise = self.value(node.otherwise) if node.otherwise else None
        return sa.case(*whens, else_=otherwise)

    def cast(self, node: Cast) -> Column:
        """Return a CAST."""
        return spelling.cast(self.value(node.value), node.value.type, node.type, self.dialect)

    def call(self, node: Call) -> Column:
        """Return a function or operator."""
        arguments = [self.value(each) for each in node.arguments]
        types = [each.type for each in node.arguments]
        return spelling.call(node, arguments, types, self.dialect)

    def all_parts(self, node: And) -> Column:
        """Return an AND."""
        return all_of([self.value(part) for part in node.parts])

    def any_part(self, node: Or) -> Column:
        """Return an OR."""
        return any_of([self.value(part) for part in node.parts])

    def contrary(self, node: Not) -> Column:
        """Return a NOT."""
        return sa.not_(self.value(node.part))


_MAKERS: dict[type[Node], Callable[[Expressions, Any], Column]] = {
    Value: Expressions.literal,
    Attribute: Expressions.attribute,
    Compare: Expressions.compare,
    In: Expressions.among,
    StateIn: Expressions.state_in,
    Between: Expressions.between,
    Like: Expressions.like,
    Is: Expressions.whether,
    Case: Expressions.case,
    Cast: Expressions.cast,
    Call: Expressions.call,
    And: Expressions.all_parts,
    Or: Expressions.any_part,
    Not: Expressions.contrary,
}


def all_of(parts: Sequence[Column] | Sequence[Condition]) -> Column:
    """Join conditions by AND, in groups if there are many."""
    return _grouped(parts, sa.and_)


def any_of(parts: Sequence[Column] | Sequence[Condition]) -> Column:
    """Join conditions by OR, in groups if there are many."""
    return _grouped(parts, sa.or_)


def _grouped(
    parts: Sequence[Column] | Sequence[Condition], join: Callable[..., Condition]
) -> Column:
    while len(parts) > _WIDEST:
        parts = [
            # Of a type of its own, or SQLAlchemy makes one flat list again.
            sa.type_coerce(Grouping(join(*parts[begin : begin + _WIDEST])), sa.Boolean())
            for begin in range(0, len(parts), _WIDEST)
        ]
    return join(*parts) if len(parts) > 1 else parts[0]
