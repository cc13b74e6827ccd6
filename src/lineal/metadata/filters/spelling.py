"""Spell operators, functions and casts as SQLite, PostgreSQL and MySQL do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.sql.elements import Grouping

from lineal.errors import InvalidInput
from lineal.metadata.filters.syntax import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from lineal.metadata.filters.syntax import Call

    Column = sa.ColumnElement[Any]

__all__ = ["SQL_TYPES", "call", "cast"]

SQL_TYPES: dict[Type, sa.types.TypeEngine[Any]] = {
    Type.BOOL: sa.Boolean(),
    Type.INT64: sa.BigInteger(),
    Type.TIME: sa.BigInteger(),
    Type.DOUBLE: sa.Double(),
    Type.STRING: sa.String(),
    Type.NULL: sa.types.NullType(),
}
# Databases don't agree on how tightly these bind.
_GROUPED = frozenset(("&", "|", "^", "<<", ">>", "~", "||", "CONCAT", "MOD", "DIV", "negate"))

_WHOLE = r"^[ \t\n\r\f\v]*([+-]?[0-9]{1,18})"
_NUMBER = r"^[ \t\n\r\f\v]*([+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?)"


_MOST_CHARACTERS = 2**31 - 1
_LEAST, _MOST = -(2.0**63), 2.0**63 - 1024  # the outermost doubles of 64 bits


def call(node: Call, arguments: Sequence[Column], types: Sequence[Type], dialect: str) -> Column:
    """Return the call of a function or an operator."""
    make = _SPECIAL.get(node.name)
    if make is not None:
        found = make(list(arguments), list(types), dialect)
    else:
        found = _PLAIN[node.name](*arguments)
    if node.name in _GROUPED:
        found = Grouping(found)
    # A function's own type is not known to SQLAlchemy, a comparison's bound values need it.
    return sa.type_coerce(found, SQL_TYPES[node.type])


def cast(value: Column, given: Type, wanted: Type, dialect: str) -> Column:
    """Return a value as another type."""
    if given == wanted or given == Type.NULL:
        return value
    if wanted == Type.BOOL:
        return value != 0
    if given == Type.BOOL:
        words: tuple[object, object] = ("true", "false") if wanted == Type.STRING else (1, 0)
        return sa.case((value.is_(sa.true()), words[0]), (value.is_(sa.false()), words[1]))
    if wanted == Type.STRING:
        return sa.cast(value, sa.CHAR if dialect in ("mysql", "mariadb") else sa.Text)
    kind: sa.types.TypeEngine[Any] = sa.Double() if wanted == Type.DOUBLE else sa.BigInteger()
    if wanted == Type.INT64 and given == Type.DOUBLE and dialect != "sqlite":
        value = sa.func.trunc(value) if dialect == "postgresql" else sa.func.truncate(value, 0)
        # What is beyond would be an error, on PostgreSQL an infinity, too.
        least: Column = sa.literal(_LEAST, sa.Double())
        most: Column = sa.literal(_MOST, sa.Double())
        value = sa.func.least(sa.func.greatest(value, least), most)
    if given == Type.STRING and dialect == "postgresql":
        pattern = _WHOLE if wanted == Type.INT64 else _NUMBER
        found = sa.func.coalesce(sa.func.substring(value, pattern), "0")
        return sa.case((value.is_not(None), sa.cast(found, kind)))
    if wanted == Type.DOUBLE and dialect in ("mysql", "mariadb"):
        return value + sa.literal(0.0, sa.Double())
    return sa.cast(value, kind)


def _named(name: str, arguments: Sequence[Column]) -> Column:
    found: Column = getattr(sa.func, name)(*arguments)
    return found


def _divide(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
    left, right = arguments
    if dialect in ("mysql", "mariadb"):
        left = left + sa.literal(0.0, sa.Double())
    else:
        left = sa.cast(left, sa.Double())
    return left.op("/", precedence=8, return_type=sa.Double())(sa.func.nullif(right, 0))


def _div(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
    left, right = arguments
    sign = "DIV" if dialect in ("mysql", "mariadb") else "/"
    by = left.op(sign, precedence=8, return_type=sa.BigInteger())
    return by(sa.func.nullif(right, 0))


def _mod(arguments: list[Column], _types: list[Type], _dialect: str) -> Column:
    left, right = arguments
    return left % sa.func.nullif(right, 0)


def _xor(arguments: list[Column], _types: list[Type], _dialect: str) -> Column:
    left, right = arguments
    # No sign for it means the same everywhere; these three do.
    return left.bitwise_or(right) - left.bitwise_and(right)


def _signed(make: Callable[..., Column]) -> Callable[[list[Column], list[Type], str], Column]:
    def spell(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
        found = make(*arguments)
        # MySQL's bits have no sign.
        return sa.cast(found, sa.BigInteger) if dialect in ("mysql", "mariadb") else found

    return spell


def _shift(sign: str) -> Callable[[list[Column], list[Type], str], Column]:
    def spell(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
        value, by = arguments
        if dialect == "postgresql":
            value, by = sa.cast(value, sa.BigInteger), sa.cast(by, sa.Integer)
        found = value.bitwise_lshift(by) if sign == "<<" else value.bitwise_rshift(by)
        return sa.cast(found, sa.BigInteger) if dialect in ("mysql", "mariadb") else found

    return spell


def _length(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
    return sa.func.length(*arguments) if dialect == "sqlite" else sa.func.char_length(*arguments)


def _substr(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
    text, start, *length = arguments
    if dialect == "sqlite":
        return sa.func.substr(*arguments)
    # A start below one counts from the end, which PostgreSQL doesn't know; nothing is before it.
    whole = sa.func.char_length(text)
    begin = sa.case((start < 0, whole + start + 1), (start == 0, sa.literal(1)), else_=start)
    least = sa.func.greatest(begin, 1)
    if not length:
        return sa.func.substr(text, _small(least, dialect))
    end = sa.case((start == 0, length[0]), else_=begin + length[0])
    count = sa.func.greatest(end - least, 0)
    return sa.func.substr(text, _small(least, dialect), _small(count, dialect))


def _small(number: Column, dialect: str) -> Column:
    """Return a number of characters, which PostgreSQL wants in 32 bits."""
    if dialect != "postgresql":
        return number
    return sa.cast(sa.func.least(number, _MOST_CHARACTERS), sa.Integer)


def _left(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
    text, count = arguments
    none = sa.case((count < 0, sa.literal(0)), else_=count)
    return sa.func.substr(text, 1, _small(none, dialect))


def _strpos(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
    name = "strpos" if dialect == "postgresql" else "instr"
    return _named(name, arguments)


def _starts_with(arguments: list[Column], types: list[Type], dialect: str) -> Column:
    text, start = arguments
    length = _small(_length([start], types, dialect), dialect)
    return sa.func.substr(text, 1, length) == start


def _ends_with(arguments: list[Column], types: list[Type], dialect: str) -> Column:
    text, end = arguments
    length, held = _length([end], types, dialect), _length([text], types, dialect)
    return sa.case(
        (length > held, sa.false()), else_=sa.func.substr(text, held - length + 1) == end
    )


def _concat(arguments: list[Column], _types: list[Type], _dialect: str) -> Column:
    found: Column = sa.type_coerce(arguments[0], sa.String())
    for each in arguments[1:]:
        found = found.concat(sa.type_coerce(each, sa.String()))
    return found


def _trim(
    name: str, mysql: str, postgresql: str
) -> Callable[[list[Column], list[Type], str], Column]:
    def spell(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
        if dialect in ("mysql", "mariadb") and len(arguments) > 1:
            raise InvalidInput(f"{mysql} with characters of one's own can't be said in MySQL")
        spelled = postgresql if dialect == "postgresql" else name
        return _named(spelled, arguments)

    return spell


def _round(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
    number, *digits = arguments
    if dialect != "sqlite" and not digits:  # theirs rounds a half to the even number
        half = sa.func.floor(sa.func.abs(number) + sa.literal(0.5, sa.Double()))
        return half * sa.case((number < 0, -1), else_=1)
    if dialect == "postgresql":
        number = sa.cast(number, sa.Numeric)
        return sa.cast(sa.func.round(number, sa.cast(digits[0], sa.Integer)), sa.Double)
    return sa.func.round(number, *digits, type_=sa.Double())


def _floor(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
    number = arguments[0]
    if dialect != "sqlite":
        return sa.func.floor(number, type_=sa.Double())
    whole = sa.cast(number, sa.BigInteger)  # SQLite may have been built without floor
    return sa.cast(whole - sa.case((number < whole, 1), else_=0), sa.Double)


def _ceil(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
    number = arguments[0]
    if dialect != "sqlite":
        return sa.func.ceil(number, type_=sa.Double())
    whole = sa.cast(number, sa.BigInteger)
    return sa.cast(whole + sa.case((number > whole, 1), else_=0), sa.Double)


def _absolute(arguments: list[Column], _types: list[Type], _dialect: str) -> Column:
    number = arguments[0]
    return sa.case((number < 0, -number), else_=number)  # abs of the least integer is an error


def _sign(arguments: list[Column], _types: list[Type], _dialect: str) -> Column:
    number = arguments[0]
    return sa.case((number > 0, 1), (number < 0, -1), (number == 0, 0))


def _coalesce(arguments: list[Column], _types: list[Type], _dialect: str) -> Column:
    return sa.func.coalesce(*arguments) if len(arguments) > 1 else arguments[0]


def _if(arguments: list[Column], _types: list[Type], _dialect: str) -> Column:
    test, then, otherwise = arguments
    return sa.case((test, then), else_=otherwise)


def _extreme(lite: str, name: str) -> Callable[[list[Column], list[Type], str], Column]:
    def spell(arguments: list[Column], _types: list[Type], dialect: str) -> Column:
        if len(arguments) == 1:
            return arguments[0]
        if dialect == "sqlite":
            return _named(lite, arguments)
        known = sa.and_(*(each.is_not(None) for each in arguments))
        return sa.case((known, getattr(sa.func, name)(*arguments)))

    return spell


_PLAIN: dict[str, Callable[..., Column]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "negate": lambda value: -value,
    "LOWER": sa.func.lower,
    "UPPER": sa.func.upper,
    "REPLACE": sa.func.replace,
    "NULLIF": sa.func.nullif,
}
_SPECIAL: dict[str, Callable[[list[Column], list[Type], str], Column]] = {
    "/": _divide,
    "DIV": _div,
    "MOD": _mod,
    "&": _signed(lambda left, right: left.bitwise_and(right)),
    "|": _signed(lambda left, right: left.bitwise_or(right)),
    "<<": _shift("<<"),
    ">>": _shift(">>"),
    "~": _signed(lambda value: value.bitwise_not()),
    "^": _xor,
    "||": _concat,
    "CONCAT": _concat,
    "LENGTH": _length,
    "CHAR_LENGTH": _length,
    "SUBSTR": _substr,
    "LEFT": _left,
    "STRPOS": _strpos,
    "STARTS_WITH": _starts_with,
    "ENDS_WITH": _ends_with,
    "TRIM": _trim("trim", "TRIM", "btrim"),
    "LTRIM": _trim("ltrim", "LTRIM", "ltrim"),
    "RTRIM": _trim("rtrim", "RTRIM", "rtrim"),
    "ROUND": _round,
    "FLOOR": _floor,
    "CEIL": _ceil,
    "ABS": _absolute,
    "SIGN": _sign,
    "COALESCE": _coalesce,
    "IFNULL": _coalesce,
    "IF": _if,
    "GREATEST": _extreme("max", "greatest"),
    "LEAST": _extreme("min", "least"),
}
