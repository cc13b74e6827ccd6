"""Pipelines: functions in which calling components wires them."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, ParamSpec, overload

from lineal.errors import InvalidInput, NotFound
from lineal.pipeline.graph import Graph, building
from lineal.pipeline.parameters import check, from_text, spell
from lineal.pipeline.signature import Parameter, read_parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lineal.metadata import Version
    from lineal.pipeline.result import RunResult
    from lineal.pipeline.workspace import Workspace

__all__ = ["Pipeline", "pipeline"]

_P = ParamSpec("_P")
_MAX_NAME = 63


@dataclass(frozen=True, eq=False)
class Pipeline(Generic[_P]):
    """A pipeline: what it is called, and the function that wires it."""

    function: Callable[_P, object]
    name: str
    parameters: Mapping[str, Parameter]

    def build(self, *args: _P.args, **kwargs: _P.kwargs) -> Graph:
        """Wire the pipeline for these parameters, and check the wiring; nothing runs."""
        bound = self._bind(args, kwargs)
        with building(self.name) as builder:
            self.function(*bound.args, **bound.kwargs)
        if not builder.nodes:
            raise InvalidInput(f"pipeline {self.name!r} has no node; call components in it")
        return Graph(list(builder.nodes.values()), pipeline=self.name)

    def run(self, workspace: Workspace, /, *args: _P.args, **kwargs: _P.kwargs) -> RunResult:
        """Build the pipeline and run it here; `build(...).run(...)` takes more options."""
        return self.build(*args, **kwargs).run(workspace)

    def read_arguments(
        self,
        texts: Mapping[str, str],
        *,
        resolve: Callable[[str], Version] | None = None,
    ) -> dict[str, object]:
        """Turn parameters given as text, as on a command line, into those of `build`.

        `resolve` finds the version that a text names, for parameters that take one.
        """
        arguments: dict[str, object] = {}
        for name, text in texts.items():
            parameter = self.parameters.get(name)
            if parameter is None:
                known = ", ".join(self.parameters) or "none"
                raise NotFound.among(
                    f"pipeline {self.name!r} has no parameter",
                    name,
                    self.parameters,
                    remedy=f"it has {known}",
                )
            what = f"parameter {name!r} of pipeline {self.name!r}"
            if parameter.is_plain:
                arguments[name] = from_text(text, parameter.annotation, what)
            elif resolve is not None:
                arguments[name] = resolve(text)
            else:
                raise InvalidInput(f"{what} takes a {spell(parameter.annotation)}, not text")
        missing = [
            name for name, each in self.parameters.items() if each.required and name not in texts
        ]
        if missing:
            raise InvalidInput(f"pipeline {self.name!r} needs {', '.join(missing)}")
        return arguments

    def _bind(self, args: tuple[object, ...], kwargs: dict[str, object]) -> inspect.BoundArguments:
        signature = inspect.signature(self.function)
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidInput(f"pipeline {self.name!r}: {error}") from error
        bound.apply_defaults()
        for name, value in bound.arguments.items():
            parameter = self.parameters[name]
            if parameter.is_plain:
                what = f"parameter {name!r} of pipeline {self.name!r}"
                bound.arguments[name] = check(value, parameter.annotation, what)
        return bound


@overload
def pipeline(function: Callable[_P, object], /) -> Pipeline[_P]: ...
@overload
def pipeline(*, name: str) -> Callable[[Callable[_P, object]], Pipeline[_P]]: ...
def pipeline(
    function: Callable[..., object] | None = None, /, *, name: str | None = None
) -> Pipeline[...] | Callable[[Callable[..., object]], Pipeline[...]]:
    """Make a pipeline of a function that calls components; its arguments are its parameters."""

    def make(function: Callable[..., object]) -> Pipeline[...]:
        if not inspect.isfunction(function):
            raise InvalidInput(f"a pipeline is a plain function, which {function!r} is not")
        called = function.__name__ if name is None else name
        if not 0 < len(called) <= _MAX_NAME or called != called.strip() or "/" in called:
            raise InvalidInput(
                f"{called!r} can't be a pipeline's name: give 1 to {_MAX_NAME} characters "
                "without '/' or blanks at the ends"
            )
        return Pipeline(function, called, read_parameters(function))

    return make if function is None else make(function)
