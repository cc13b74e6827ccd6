"""Convert a schema, and find out what was lost by converting it back."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from tensorflow_metadata.proto.v0 import schema_pb2

from lineal.errors import InvalidInput, NotFound, Unavailable
from lineal.validation.conversion.column import columns_of, features_of
from lineal.validation.schema import Schema

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lineal.validation.conversion.column import Column

__all__ = ["FORMS", "Converted", "Loss", "convert_from", "convert_to"]

FORMS = ("arrow", "iceberg", "json-schema", "odcs", "pandera")
_EXTRAS = {"pandera": "pandera", "odcs": "contracts"}


class _Form(Protocol):
    def write(self, columns: Sequence[Column]) -> object: ...

    def read(self, value: object) -> Sequence[Column]: ...

    def described(self, value: object) -> dict[str, str]:
        """Return each part of a value of the form in words, by its path."""
        ...


@dataclass(frozen=True)
class Loss:
    """Something that the other form does not say."""

    path: str
    """The feature; empty for the schema as a whole."""
    reason: str


@dataclass(frozen=True)
class Converted:
    """What a conversion gave, and what it could not carry; without losses it can be undone."""

    value: object
    losses: tuple[Loss, ...]

    @property
    def lossless(self) -> bool:
        """Whether converting back gives an equal schema."""
        return not self.losses


def convert_to(form: str, schema: Schema) -> Converted:
    """Return the schema in another form: one of `FORMS`.

    Its losses are what differs when it is converted back, so none means that nothing is lost.
    """
    home = _form(form)
    value = home.write(columns_of(schema.proto))
    back = _schema(home.read(value))
    losses = [
        Loss(change.feature, _lost(change.rule, change.before, change.after))
        for change in schema.diff(back)
    ]
    if not losses and back.proto != schema.proto:
        losses.append(Loss("", "names of shared domains, and how equal rules are written"))
    return Converted(value, tuple(losses))


def convert_from(form: str, value: object) -> Converted:
    """Return the `Schema` that says what a value of another form does.

    Its losses are what differs when the schema is written in that form again.
    """
    home = _form(form)
    schema = _schema(home.read(value))
    before = home.described(value)
    after = home.described(home.write(columns_of(schema.proto)))
    losses = [
        Loss(path, f"{before[path]} becomes {after.get(path, 'nothing')}")
        for path in before
        if before[path] != after.get(path)
    ]
    return Converted(schema, tuple(losses))


def _schema(columns: Sequence[Column]) -> Schema:
    return Schema(schema_pb2.Schema(feature=features_of(columns)))


def _lost(rule: str, before: str, after: str) -> str:
    if not after:
        return f"{rule} is not carried: {before}"
    return f"{rule} {before or 'unset'} becomes {after}"


def _form(form: str) -> _Form:
    if form not in FORMS:
        raise NotFound.among(
            "there is no form", form, FORMS, remedy=f"there are {', '.join(FORMS)}"
        )
    try:
        module = import_module(f"lineal.validation.conversion.{form.replace('-', '_')}")
    except ImportError as error:
        extra = _EXTRAS.get(form)
        if extra is None:
            raise InvalidInput(f"the form {form} can't be used: {error}") from error
        raise Unavailable(
            f"schemas as {form} need another package: pip install 'lineal[{extra}]' brings it"
        ) from error
    return cast("_Form", module)
