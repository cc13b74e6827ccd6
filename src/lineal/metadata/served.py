"""The seam between what a store is asked and where it is answered.

A store that a server keeps has no database of its own. So whatever opens a transaction is a
function of a store and plain data, marked with `served`: where the database is, it simply runs;
elsewhere its name and its arguments go to the server, which runs the same function there. One
call is one round trip, and where it writes, one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from lineal.metadata.store import Store

__all__ = ["MODULES", "SERVED", "Elsewhere", "Served", "served"]

MODULES = (
    "batch.answers",
    "lineage",
    "log",
    "openlineage.outbox",
    "openlineage.receive",
    "reach",
    "search",
    "steps",
    "store",
)
"""Where served functions are; a server imports them all."""

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Elsewhere(Protocol):
    """Has a served function run by the server that keeps the store."""

    def __call__(
        self, name: str, arguments: Sequence[object], options: Mapping[str, object]
    ) -> object:
        """Return what the function returned there, or raise what it raised."""
        ...


@dataclass(frozen=True)
class Served:
    """A function that a server runs for others, and whether it writes."""

    name: str
    function: Callable[..., object]
    writes: bool


SERVED: dict[str, Served] = {}
"""Every served function by name; a server runs nothing else for its clients."""


def served(
    *, writes: bool = False
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
        SERVED[name] = Served(name, function, writes)

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
