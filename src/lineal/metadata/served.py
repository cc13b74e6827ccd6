"""The seam between what a store is asked and where it is answered.

A store that a server keeps has no database of its own. So whatever opens a transaction is a
function of a store and plain data, marked with `served`: where the database is, it simply runs;
elsewhere its name and its arguments go to the server, which runs the same function there. One
call is one round trip, and where it writes, one transaction.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lineal.metadata.repeats import Done
    from lineal.metadata.store import Store

__all__ = ["MODULES", "SERVED", "Elsewhere", "Served", "served", "served_method"]

MODULES = (
    "batch.answers",
    "gaps",
    "batch.graph_writes",
    "lineage",
    "log",
    "openlineage.outbox",
    "openlineage.receive",
    "presence",
    "reach",
    "search",
    "steps",
    "store",
    "words",
)
"""Where served functions are; a server imports them all."""

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Owner = TypeVar("_Owner", bound="OfStore")


class Elsewhere(Protocol):
    """Has a served function run by the server that keeps the store."""

    def __call__(
        self, name: str, arguments: Sequence[object], options: Mapping[str, object]
    ) -> object:
        """Return what the function returned there, or raise what it raised."""
        ...


class OfStore(Protocol):
    """Something that is made of a store alone, such as its graph."""

    store: Store

    def __init__(self, store: Store) -> None: ...


@dataclass(frozen=True)
class Served:
    """A function that a server runs for others, and whether it writes.

    With `before`, a call whose answer was lost may be made again: it tells what the first try
    did (`repeats.Done`), or None if the function is to be run.
    """

    name: str
    function: Callable[..., object]
    writes: bool
    before: Callable[..., Done | None] | None = None


SERVED: dict[str, Served] = {}
"""Every served function by name; a server runs nothing else for its clients."""


def served(
    *, writes: bool = False, before: Callable[..., Done | None] | None = None
) -> Callable[[Callable[Concatenate[Store, _P], _R]], Callable[Concatenate[Store, _P], _R]]:
    """Have a function of a store run where its database is.

    Its arguments and what it returns must be plain: values of the model and of this part, in
    lists, tuples and mappings.
    """

    def mark(
        function: Callable[Concatenate[Store, _P], _R],
    ) -> Callable[Concatenate[Store, _P], _R]:
        module = function.__module__.removeprefix("lineal.metadata.")
        name = f"{module}.{function.__qualname__}"
        SERVED[name] = Served(name, function, writes, before)

        @wraps(function)
        def run(store: Store, /, *arguments: _P.args, **options: _P.kwargs) -> _R:
            if store.elsewhere is None and writes:
                from lineal.metadata.database import repeated

                return repeated(lambda: function(store, *arguments, **options))
            if store.elsewhere is None:
                return function(store, *arguments, **options)
            answer: _R = store.elsewhere(name, arguments, options)  # type: ignore[assignment]  # the same function's
            return answer

        return run

    return mark


def served_method(
    *, writes: bool = False
) -> Callable[[Callable[Concatenate[_Owner, _P], _R]], Callable[Concatenate[_Owner, _P], _R]]:
    """Have a method of something that is made of a store run where the store's database is."""

    def mark(
        method: Callable[Concatenate[_Owner, _P], _R],
    ) -> Callable[Concatenate[_Owner, _P], _R]:
        module, class_name = method.__module__, method.__qualname__.partition(".")[0]
        name = f"{module.removeprefix('lineal.metadata.')}.{method.__qualname__}"

        def there(store: Store, *arguments: _P.args, **options: _P.kwargs) -> _R:
            owner: type[_Owner] = getattr(sys.modules[module], class_name)
            return method(owner(store), *arguments, **options)

        SERVED[name] = Served(name, there, writes)

        @wraps(method)
        def run(owner: _Owner, /, *arguments: _P.args, **options: _P.kwargs) -> _R:
            if owner.store.elsewhere is None:
                return method(owner, *arguments, **options)
            answer: _R = owner.store.elsewhere(name, arguments, options)  # type: ignore[assignment]  # the same method's
            return answer

        return run

    return mark
