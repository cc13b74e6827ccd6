"""What a component's annotations say: which arguments are inputs, which parameters, what it makes.

    @component
    def train(ws: Workspace, rows: Table, loss: Input[float], *, depth: int = 3) -> Model: ...

A first argument annotated as a workspace is handed in by the runner. An argument annotated with
an artifact's class (a table, a file, statistics, any class inside `Input[...]`) is an input; one
annotated with plain data is a parameter. What is returned is the output; a `NamedTuple` or a
dataclass of such classes has one output for each field.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, TypeAlias, TypeVar

from lineal.errors import InvalidInput
from lineal.pipeline.kinds import PRIMITIVES, is_artifact_kind
from lineal.pipeline.parameters import is_plain, spell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = [
    "Input",
    "InputSlot",
    "Named",
    "OutputSlot",
    "Parameter",
    "Signature",
    "read_parameters",
    "read_signature",
]

_T = TypeVar("_T")


@dataclass(frozen=True)
class _InputMark:
    """Marks an annotation as an input's."""


Input: TypeAlias = Annotated[_T, _InputMark()]
"""`Input[float]` takes an output of that class as it is; artifact classes need no mark."""


@dataclass(frozen=True)
class Named:
    """Names an output: `Annotated[Model, Named("delay_model")]` makes versions of that name."""

    name: str


@dataclass(frozen=True)
class InputSlot:
    """An input: one artifact of a class, or a list of them."""

    name: str
    kind: type
    many: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Parameter:
    """A parameter of plain data."""

    name: str
    annotation: object
    default: object = inspect.Parameter.empty
    is_plain: bool = True
    """Whether it is plain data; a pipeline's may be a version that exists already instead."""

    @property
    def required(self) -> bool:
        """Whether it has no default."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True)
class OutputSlot:
    """An output: its key, its class, and the name of its versions if one was given."""

    key: str
    kind: type
    name: str | None = None
    optional: bool = False


@dataclass(frozen=True)
class Signature:
    """A component's inputs, parameters and outputs."""

    inputs: Mapping[str, InputSlot]
    parameters: Mapping[str, Parameter]
    outputs: Mapping[str, OutputSlot]
    wants_workspace: bool
    returns: type | None
    """The class that bundles several outputs; None for a single one, or for none."""
    python: inspect.Signature = field(compare=False)
    """The arguments without the workspace."""


def read_signature(
    function: Callable[..., object], *, names: Mapping[str, object] | None = None
) -> Signature:
    """Read a component's annotations; `names` are the names visible where it is defined.

    Raises `InvalidInput` for an annotation that is missing, unknown, or of no use.
    """
    what = f"component {function.__qualname__.replace('<locals>.', '')}"
    hints = _hints(function, names or {}, what)
    arguments = list(inspect.signature(function).parameters.values())
    wants_workspace = bool(arguments) and _is_workspace(hints.get(arguments[0].name))
    arguments = arguments[wants_workspace:]
    inputs: dict[str, InputSlot] = {}
    parameters: dict[str, Parameter] = {}
    for argument in arguments:
        annotation = _annotation(argument, hints, what)
        slot = _input(argument, annotation)
        if slot is not None:
            inputs[argument.name] = slot
        elif is_plain(annotation):
            parameters[argument.name] = Parameter(argument.name, annotation, argument.default)
        else:
            raise InvalidInput(
                f"{what}: argument {argument.name!r} is annotated {spell(annotation)}, which is "
                "neither plain data nor an artifact's class; write Input[...] around it if "
                "another component makes it"
            )
    returns, outputs = _outputs(hints, names or {}, what)
    python = inspect.Signature([argument.replace(annotation=object) for argument in arguments])
    return Signature(inputs, parameters, outputs, wants_workspace, returns, python)


def read_parameters(function: Callable[..., object]) -> dict[str, Parameter]:
    """Read the arguments of a pipeline's function: plain data, or versions that exist already."""
    what = f"pipeline {function.__qualname__.replace('<locals>.', '')}"
    hints = _hints(function, {}, what)
    parameters: dict[str, Parameter] = {}
    for argument in inspect.signature(function).parameters.values():
        annotation = _annotation(argument, hints, what)
        plain = _input(argument, annotation) is None
        if plain and not is_plain(annotation):
            raise InvalidInput(
                f"{what}: parameter {argument.name!r} is annotated {spell(annotation)}, "
                "which is neither plain data nor an artifact's class"
            )
        parameters[argument.name] = Parameter(argument.name, annotation, argument.default, plain)
    return parameters


def _hints(
    function: Callable[..., object], names: Mapping[str, object], what: str
) -> dict[str, object]:
    try:
        return dict(typing.get_type_hints(function, localns=dict(names), include_extras=True))
    except NameError as error:
        raise InvalidInput(
            f"{what}: the annotation {error.name!r} has no meaning while running; "
            "import it outside of `if TYPE_CHECKING`"
        ) from error


def _annotation(argument: inspect.Parameter, hints: Mapping[str, object], what: str) -> object:
    if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD):
        raise InvalidInput(f"{what}: give each argument a name instead of *{argument.name}")
    if argument.kind is argument.POSITIONAL_ONLY:
        raise InvalidInput(f"{what}: argument {argument.name!r} must be callable by name")
    if argument.name not in hints:
        raise InvalidInput(f"{what}: argument {argument.name!r} needs an annotation")
    return hints[argument.name]


def _input(argument: inspect.Parameter, annotation: object) -> InputSlot | None:
    """Return the input that an argument is, or None if it is a parameter."""
    inner, optional = _without_none(annotation)
    marked = any(isinstance(each, _InputMark) for each in getattr(inner, "__metadata__", ()))
    inner = _without_marks(inner)
    many = typing.get_origin(inner) is list
    if many:
        (inner,) = typing.get_args(inner)
        marked |= any(isinstance(each, _InputMark) for each in getattr(inner, "__metadata__", ()))
        inner = _without_marks(inner)
    kind = typing.get_origin(inner) or inner
    if not isinstance(kind, type) or not (marked or is_artifact_kind(kind)):
        return None
    has_default = argument.default is not inspect.Parameter.empty
    return InputSlot(argument.name, kind, many=many, optional=optional or has_default)


def _outputs(
    hints: Mapping[str, object], names: Mapping[str, object], what: str
) -> tuple[type | None, dict[str, OutputSlot]]:
    if "return" not in hints:
        raise InvalidInput(f"{what} needs a return annotation; write -> None if it makes nothing")
    annotation = hints["return"]
    if annotation is None or annotation is type(None):
        return None, {}
    fields = _fields(annotation, names)
    if fields is None:
        return None, {"output": _output("output", annotation, what)}
    slots = {name: _output(name, each, what) for name, each in fields.items()}
    return typing.cast("type", annotation), slots


def _fields(annotation: object, visible: Mapping[str, object]) -> dict[str, object] | None:
    """Return the fields of a bundle of outputs; None for a class that is an output itself."""
    if not isinstance(annotation, type) or is_artifact_kind(annotation):
        return None
    names: tuple[str, ...] = getattr(annotation, "_fields", ())
    if not (issubclass(annotation, tuple) and names):
        if not dataclasses.is_dataclass(annotation):
            return None
        names = tuple(each.name for each in dataclasses.fields(annotation))
    hints = typing.get_type_hints(annotation, localns=dict(visible), include_extras=True)
    return {name: hints[name] for name in names}


def _output(key: str, annotation: object, what: str) -> OutputSlot:
    inner, optional = _without_none(annotation)
    named = [each for each in getattr(inner, "__metadata__", ()) if isinstance(each, Named)]
    inner = _without_marks(inner)
    kind = typing.get_origin(inner) or inner
    keepable = inner in PRIMITIVES or not is_plain(inner)
    if not isinstance(kind, type) or not (keepable or is_artifact_kind(kind)):
        raise InvalidInput(
            f"{what} returns {spell(annotation)} as {key!r}, which can't be kept as an artifact; "
            "return an artifact's class, a frame, a number, text, or a NamedTuple of those"
        )
    return OutputSlot(key, kind, name=named[0].name if named else None, optional=optional)


def _without_none(annotation: object) -> tuple[object, bool]:
    if typing.get_origin(annotation) not in (typing.Union, types.UnionType):
        return annotation, False
    rest = [each for each in typing.get_args(annotation) if each is not type(None)]
    return (rest[0], True) if len(rest) == 1 else (annotation, False)


def _without_marks(annotation: object) -> object:
    if typing.get_origin(annotation) is Annotated:
        inner: object = typing.get_args(annotation)[0]
        return inner
    return annotation


def _is_workspace(annotation: object) -> bool:
    return isinstance(annotation, type) and bool(getattr(annotation, "__lineal_workspace__", False))
