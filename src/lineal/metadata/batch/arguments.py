"""What callers of the native API give, checked before anything is done with it.

Every check returns its value, and raises `InvalidInput` naming the field and the value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar, get_args

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.batch.cells import shown
from lineal.metadata.batch.forms import Kind, OrderBy
from lineal.metadata.integers import is_int64, is_several, whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import IntEnum

    from lineal.metadata.model import Path

__all__ = [
    "article",
    "enum_number",
    "instance",
    "instances",
    "is_ascending",
    "kind_of",
    "limit_given",
    "listed",
    "mapping",
    "one_of",
    "optional_text",
    "order_of",
    "path_of",
    "text",
    "texts",
    "unexpected",
]

_Item = TypeVar("_Item")


def instance(value: object, wanted: type[_Item], *, where: str = "") -> _Item:
    """Return `value` if it is a `wanted`."""
    if isinstance(value, wanted):
        return value
    raise unexpected(value, article(wanted.__name__), where=where)


def instances(values: Iterable[_Item], wanted: type[_Item], field: str) -> list[_Item]:
    """Return the values as a list if each one is a `wanted`."""
    return [instance(value, wanted) for value in listed(values, field)]


def unexpected(value: object, wanted: str, *, where: str = "") -> InvalidInput:
    """Return the error that `value` was given where something else is wanted."""
    told = "None" if value is None else f"{article(type(value).__name__)} ({shown(value)})"
    return InvalidInput(f"{told} was given{where} where {wanted} is wanted")


def listed(values: Iterable[_Item], field: str) -> list[_Item]:
    """Return the values as a list; a text is none."""
    if not is_several(values):
        example = f", such as [{shown(values)}]" if isinstance(values, str) else ""
        raise InvalidInput(f"{field} is {shown(values)}; give a list{example}")
    return list(values)


def texts(values: Iterable[str], field: str) -> list[str]:
    """Return the texts as a list."""
    given = listed(values, field)
    for value in given:
        if not isinstance(value, str):
            raise InvalidInput(f"{field} holds {shown(value)}; give texts")
    return given


def mapping(values: object, field: str) -> Mapping[str, object]:
    """Return the values by name as a mapping."""
    if not isinstance(values, Mapping):
        raise InvalidInput(f"{field} is {shown(values)}; give a dictionary")
    return values


def text(value: object, field: str) -> str:
    """Return a text."""
    if not isinstance(value, str):
        raise InvalidInput(f"the {field} is {shown(value)}; give a text")
    return value


def optional_text(value: object, field: str) -> str | None:
    """Return a text, or None."""
    if value is None or isinstance(value, str):
        return value
    raise InvalidInput(f"the {field} is {shown(value)}; give a text, or None")


def one_of(value: object, choices: Iterable[str], field: str) -> str:
    """Return a text that is one of the choices."""
    known = list(choices)
    if isinstance(value, str) and value in known:
        return value
    remedy = f"choose {' or '.join(known)}"
    if isinstance(value, str):
        raise InvalidInput(str(NotFound.among(f"the {field} is", value, known, remedy=remedy)))
    raise InvalidInput(f"the {field} is {shown(value)}; {remedy}")


def kind_of(value: object) -> Kind:
    """Return a kind of nodes."""
    return one_of(value, get_args(Kind), "kind")  # type: ignore[return-value] # as it says


def order_of(value: object) -> OrderBy:
    """Return what nodes can be ordered by."""
    return one_of(value, get_args(OrderBy), "order_by")  # type: ignore[return-value] # as it says


def is_ascending(value: object) -> bool:
    """Return whether an order ascends."""
    if not isinstance(value, bool):
        raise InvalidInput(f"ascending is {shown(value)}; give True or False")
    return value


def limit_given(value: object) -> int | None:
    """Return how many nodes are wanted at most; None for all of them."""
    if value is None:
        return None
    limit = whole(value, "limit")
    if limit < 1:
        raise InvalidInput(
            f"the limit is {limit}, which asks for no node; give 1 at least, or None"
        )
    return limit


def enum_number(value: object, wanted: type[IntEnum], field: str) -> int:
    """Return the number of one of an enum's values, given as such or as its number."""
    if type(value) is wanted:
        return int(value)
    if type(value) is int and value in wanted._value2member_map_:
        return value
    names = ", ".join(each.name for each in wanted)
    raise InvalidInput(f"the {field} is {shown(value)}; give one of {wanted.__name__}: {names}")


def path_of(path: object, field: str = "path of an event") -> Path:
    """Return an event's path, each step a key or an index."""
    if type(path) is tuple and not path:  # as often
        return ()
    if not isinstance(path, tuple | list):
        raise InvalidInput(f"the {field} is {shown(path)}; give a tuple of keys and indexes")
    return tuple([step if type(step) is str else _step(step) for step in path])


def _step(step: object) -> str | int:
    if isinstance(step, str):
        return str(step)
    number = whole(step, "step of an event's path")
    if not is_int64(number):
        raise InvalidInput(
            f"a step of an event's path is {shown(step)}, which does not fit 64 bits"
        )
    return number


def article(name: str) -> str:
    return f"{'an' if name[:1] in 'AEIOUaeiou' else 'a'} {name}"
