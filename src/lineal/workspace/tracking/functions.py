"""Record each call of a function as an execution of its own."""

from __future__ import annotations

import functools
import hashlib
import inspect
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast, overload

from lineal.errors import InvalidInput
from lineal.metadata import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lineal.metadata import Artifact
    from lineal.workspace.tracking.run import Run
    from lineal.workspace.workspace import Workspace

__all__ = ["step"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


@overload
def step(function: Callable[_P, _R], /) -> Callable[_P, _R]: ...


@overload
def step(
    *, name: str | None = None, workspace: Workspace | None = None
) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]: ...


def step(
    function: Callable[_P, _R] | None = None,
    /,
    *,
    name: str | None = None,
    workspace: Workspace | None = None,
) -> Callable[_P, _R] | Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Record each call of the decorated function as an execution.

    Plain arguments are its parameters; versions, tables and recorded values among the arguments
    its inputs, and among what it returns (alone, or in a tuple, list or dictionary) its outputs.
    What it reads and saves inside is recorded as in any run, and a step called by a step is its
    child. Coroutine functions are recorded from their start to their end. Generators are
    refused, since their body runs between other code.

    Without a `workspace` the one of the first version among the arguments is meant, else that of
    the run around, else the one found upwards from the current folder.
    """
    if function is None:
        return lambda given: step_of(given, name, workspace)
    return step_of(function, name, workspace)


def step_of(
    function: Callable[_P, _R], name: str | None, workspace: Workspace | None
) -> Callable[_P, _R]:
    """Return the function with its calls recorded."""
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise InvalidInput(
            f"{function.__qualname__} is a generator, whose body runs between other code; "
            "record the function that consumes it"
        )
    called = name or function.__qualname__.replace("<locals>.", "")
    signature = inspect.signature(function)

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_later(*arguments: _P.args, **options: _P.kwargs) -> object:
            given = _bound(signature, arguments, options)
            with _recorded(function, called, given, workspace) as (_, outputs):
                made: object = await function(*arguments, **options)
                outputs.append(made)
            return made

        return cast("Callable[_P, _R]", call_later)

    @functools.wraps(function)
    def call(*arguments: _P.args, **options: _P.kwargs) -> _R:
        given = _bound(signature, arguments, options)
        with _recorded(function, called, given, workspace) as (_, outputs):
            made = function(*arguments, **options)
            outputs.append(made)
        return made

    return call


@contextmanager
def _recorded(
    function: Callable[..., object],
    name: str,
    given: Mapping[str, object],
    workspace: Workspace | None,
) -> Iterator[tuple[Run, list[object]]]:
    from lineal.workspace.tracking.facts import as_parameters
    from lineal.workspace.tracking.opening import STEP, open_run

    inputs = {key: found for key, value in given.items() if (found := _artifacts(value))}
    plain = {key: value for key, value in given.items() if key not in inputs and _is_plain(value)}
    where = workspace or _workspace(given)
    made: list[object] = []
    with open_run(where, STEP, name, parameters=as_parameters(plain), code=_code(function)) as (
        run,
        _,
    ):
        pairs = [(key, artifact) for key, found in inputs.items() for artifact in found]
        if pairs:
            run.running.add_inputs(pairs)
        yield run, made
        _put_outputs(run, made)


def _put_outputs(run: Run, made: list[object]) -> None:
    """Make what the function returned the outputs of its execution, where it is in the graph."""
    from lineal.metadata import ArtifactType, Output

    artifacts = [artifact for value in made for artifact in _artifacts(value)]
    distinct = list({artifact.id: artifact for artifact in artifacts}.values())
    keys = ["return"] if len(distinct) == 1 else [f"return/{i}" for i in range(len(distinct))]
    run.running.add_outputs(
        [Output(key, ArtifactType(each.type)) for key, each in zip(keys, distinct, strict=True)]
    )
    for key, artifact in zip(keys, distinct, strict=True):
        run.running.same(key, artifact)


def _bound(
    signature: inspect.Signature, arguments: tuple[object, ...], options: Mapping[str, object]
) -> dict[str, object]:
    bound = signature.bind(*arguments, **options)  # a wrong call is refused as it always is
    bound.apply_defaults()
    given: dict[str, object] = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            given |= value
        elif name not in ("self", "cls"):
            given[name] = value
    return given


def _versions(value: object) -> list[Version]:
    """Return the versions that a value is or holds."""
    from lineal.warehouse import Table
    from lineal.workspace.recorded import Recorded

    if isinstance(value, Table):
        return [value.newest]
    if isinstance(value, Recorded):
        return [value.version]
    if isinstance(value, Version):
        return [value]
    if isinstance(value, list | tuple):
        return [version for each in value for version in _versions(each)]
    if isinstance(value, dict):
        return [version for each in value.values() for version in _versions(each)]
    return []


def _artifacts(value: object) -> list[Artifact]:
    return [version.artifact for version in _versions(value)]


def _workspace(given: Mapping[str, object]) -> Workspace:
    from lineal.metadata import open_runs
    from lineal.workspace.opening import current_workspace
    from lineal.workspace.workspace import workspace_by, workspace_of

    for value in given.values():
        if getattr(type(value), "__lineal_workspace__", False):
            return cast("Workspace", value)
        for version in _versions(value):
            return workspace_of(version).present
    for recorder, _ in open_runs.entries():
        around = workspace_by(recorder)
        if around is not None:
            return around.present
    return current_workspace()


def _is_plain(value: object) -> bool:
    """Tell whether a value says all of itself as text: what a parameter is."""
    if isinstance(value, list | tuple | set | frozenset):
        return all(_is_plain(each) for each in value)
    if isinstance(value, dict):
        return all(_is_plain(each) for each in value.values())
    if value is None or isinstance(value, bool | int | float | str):
        return True
    return callable(getattr(value, "isoformat", None)) or hasattr(value, "__fspath__")


def _code(function: Callable[..., object]) -> str:
    """Return the identity of the function's code and all that it reaches."""
    from lineal.pipeline.code import identify

    called = f"{function.__module__}.{function.__qualname__}"
    plain = inspect.unwrap(function)
    try:
        return f"{called} {identify(plain).fingerprint}"
    except SyntaxError:  # it was not compiled from a file of Python, but from a part of another
        code = getattr(plain, "__code__", None)
        bare = b"" if code is None else code.co_code + repr(code.co_consts).encode()
        return f"{called} {hashlib.sha256(bare).hexdigest()}"
