"""Components: plain typed functions whose runs are recorded, and reused where nothing changed."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Concatenate,
    Generic,
    ParamSpec,
    Protocol,
    TypeVar,
    cast,
    overload,
)

from lineal.errors import InvalidInput
from lineal.pipeline.graph import open_builder
from lineal.pipeline.signature import Signature, read_signature
from lineal.pipeline.sources import read_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from lineal.pipeline.code import CodeIdentity
    from lineal.pipeline.workspace import Workspace

__all__ = ["RUN_PREFIX", "Component", "component"]

RUN_PREFIX = "lineal_run_"
"""Begins the name of a module that was loaded from a file whose own name another module has."""

_P = ParamSpec("_P")
_R = TypeVar("_R")
_R_co = TypeVar("_R_co", covariant=True)
_W = TypeVar("_W", bound="Workspace")


@dataclass(frozen=True, eq=False)
class Component(Generic[_P, _R_co]):
    """A function that is a step of pipelines.

    Called while a pipeline is built, it becomes a node and returns its outputs as channels;
    called elsewhere, it runs as the function it is, with the workspace first if it takes one.
    """

    function: Callable[..., _R_co]
    id: str
    cache: bool
    signature: Signature
    source: str | None
    """The text of the function's file as it was when the function was defined."""

    @overload
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...
    @overload
    def __call__(self, workspace: Workspace, /, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...
    # mypy does not see that these take the second signature's arguments too.
    def __call__(self, *args: Any, **kwargs: Any) -> _R_co:  # type: ignore[misc]
        """Make a node of the pipeline that is being built, or else run the function."""
        builder = open_builder()
        if builder is None:
            return self._run_plainly(*args, **kwargs)
        bound = self._bind(args, kwargs)
        # The channels stand for what the function will return.
        return cast("_R_co", builder.add(self, dict(bound.arguments)))

    def with_id(self, id: str) -> Component[_P, _R_co]:  # noqa: A002 - the field's own name
        """Return the component under another node id, to use it twice in a pipeline."""
        if not id or not id.replace("-", "_").replace(".", "_").isidentifier():
            raise InvalidInput(
                f"{id!r} can't be a node's id: write letters, digits, '_', '-' or '.'"
            )
        return replace(self, id=id)

    @property
    def name(self) -> str:
        """The function's name."""
        return self.function.__name__

    @property
    def type_name(self) -> str:
        """The execution type that runs are recorded under: the file's name and the function's."""
        module = self.function.__module__
        code = getattr(inspect.unwrap(self.function), "__code__", None)
        if code is not None and (module == "__main__" or module.startswith(RUN_PREFIX)):
            module = Path(code.co_filename).stem if not code.co_filename.startswith("<") else module
        return f"{module}.{self.function.__qualname__.replace('<locals>.', '')}"

    @property
    def __lineal_function__(self) -> Callable[..., _R_co]:
        """What stands for the component where another component's code names it."""
        return self.function

    def code(self) -> CodeIdentity:
        """Return the identity of the component's code as it is now."""
        from lineal.pipeline.code import identify

        code = getattr(self.function, "__code__", None)
        known = self.source is not None and code is not None
        return identify(
            self.function, sources={code.co_filename: self.source or ""} if known and code else None
        )

    def _bind(self, args: tuple[object, ...], kwargs: dict[str, object]) -> inspect.BoundArguments:
        try:
            bound = self.signature.python.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidInput(f"node {self.id!r} ({self.type_name}): {error}") from error
        bound.apply_defaults()
        return bound

    def _run_plainly(self, *args: object, **kwargs: object) -> _R_co:
        given = bool(args) and getattr(type(args[0]), "__lineal_workspace__", False)
        if self.signature.wants_workspace and not given:
            raise InvalidInput(
                f"{self.name} takes the workspace first when it is called outside of a pipeline: "
                f"{self.name}(ws, ...)"
            )
        return self.function(*args, **kwargs)


class _Decorator(Protocol):
    """What `@component(...)` returns."""

    @overload
    def __call__(self, function: Callable[Concatenate[_W, _P], _R]) -> Component[_P, _R]: ...
    @overload
    def __call__(self, function: Callable[_P, _R]) -> Component[_P, _R]: ...


@overload
def component(function: Callable[Concatenate[_W, _P], _R], /) -> Component[_P, _R]: ...
@overload
def component(function: Callable[_P, _R], /) -> Component[_P, _R]: ...
@overload
def component(*, id: str | None = None, cache: bool = True) -> _Decorator: ...
def component(
    function: Callable[..., object] | None = None,
    /,
    *,
    id: str | None = None,  # noqa: A002 - the field's own name for it
    cache: bool = True,
) -> Component[..., object] | Callable[[Callable[..., object]], Component[..., object]]:
    """Make a component of a typed function.

    Inputs, outputs and parameters are told apart by the annotations. With `cache=False` it runs
    every time. Raises `InvalidInput` for annotations that say nothing useful.
    """
    caller = inspect.currentframe()
    frame = caller.f_back if caller is not None else None
    names = dict(frame.f_locals) if frame is not None else {}

    def make(function: Callable[..., object]) -> Component[..., object]:
        if not inspect.isfunction(function):
            raise InvalidInput(f"a component is a plain function, which {function!r} is not")
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise InvalidInput(f"component {function.__qualname__} must not be async or yield")
        signature = read_signature(function, names=names)
        made: Component[..., object] = Component(
            function,
            function.__name__,
            cache,
            signature,
            read_source(function.__code__.co_filename),
        )
        return made if id is None else made.with_id(id)

    return make if function is None else make(function)
