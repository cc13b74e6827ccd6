"""Tell what the columns of a table of nodes mean, and turn them into values for the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lineal.errors import InvalidInput, NotFound
from lineal.metadata.batch.cells import check_text, encode
from lineal.metadata.batch.checks import kind_told
from lineal.metadata.batch.forms import StructCell, TypeForm
from lineal.metadata.model import ArtifactState, ExecutionState, PropertyType
from lineal.metadata.structs import pack_struct

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from lineal.metadata.batch.catalog import KnownType
    from lineal.metadata.batch.forms import Kind
    from lineal.metadata.batch.shapes import Shape

__all__ = ["Column", "plan_columns", "type_of_table"]

Holds = Literal["properties", "custom_properties"]
Cells = list[tuple[object, ...] | None]

_STATES = {"state": ArtifactState, "last_known_state": ExecutionState}
_NULL = "__MLMD_NULL__"
_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    "artifact": ("name", "external_id", "uri", "state"),
    "execution": ("name", "external_id", "state", "last_known_state"),
    "context": ("name", "external_id"),
}


@dataclass(frozen=True)
class Column:
    """One column of the table: a field of the nodes, or a property of theirs.

    `place` is where it stands in the table, `name` what it fills.
    """

    place: int
    name: str
    holds: Holds | None
    type: PropertyType

    def values(self, batch: pa.RecordBatch) -> Sequence[object]:
        """Return the values of the column, None for a null, as the database takes them."""
        import pyarrow as pa

        array = batch.column(self.place)
        if self.holds is None and self.name in _STATES:
            return _states(self.name, array)
        if self.type == PropertyType.STRUCT:
            what = f"the property {self.name!r}"
            return [
                None if value is None else StructCell(pack_struct(what, dict(value)))
                for value in array.to_pylist()
            ]
        wanted = {
            PropertyType.INT: pa.int64(),
            PropertyType.DOUBLE: pa.float64(),
            PropertyType.STRING: pa.string(),
            PropertyType.BOOLEAN: pa.bool_(),
        }[self.type]
        try:
            array = array.cast(wanted)
        except pa.ArrowInvalid as error:
            raise InvalidInput(
                f"the column {self.name!r} holds what does not fit {self.type.name}: {error}"
            ) from error
        self._check(array)
        return _plain(array)

    def rows(self, ids: Sequence[int], values: Sequence[object]) -> Cells:
        """Return the rows of the property table, None where there is no value."""
        name, custom = self.name, self.holds == "custom_properties"
        if self.type == PropertyType.INT:
            return [
                None if v is None else (i, name, custom, v, None, None, None, None)
                for i, v in zip(ids, values, strict=True)
            ]
        if self.type == PropertyType.DOUBLE:
            return [
                None if v is None else (i, name, custom, None, v, None, None, None)
                for i, v in zip(ids, values, strict=True)
            ]
        if self.type == PropertyType.STRING:
            return [
                None if v is None else (i, name, custom, None, None, v, None, None)
                for i, v in zip(ids, values, strict=True)
            ]
        return [
            None if v is None else (i, name, custom, *encode(name, v))  # type: ignore[arg-type]
            for i, v in zip(ids, values, strict=True)
        ]

    def _check(self, array: pa.Array) -> None:
        """Refuse what the database or a client would misread, as for single values."""
        import pyarrow.compute as pc

        if self.type == PropertyType.DOUBLE and pc.any(pc.is_nan(array)).as_py():
            raise InvalidInput(
                f"the column {self.name!r} holds NaN, which a database takes for no value; "
                "use nulls"
            )
        if self.type == PropertyType.STRING:
            doubtful = pc.or_(
                pc.match_substring_regex(array, r"\x00|^mlmd-struct::"), pc.equal(array, _NULL)
            )
            if pc.any(doubtful).as_py():
                text = array.filter(doubtful)[0].as_py()
                check_text(self.name, text, of="the column")


def plan_columns(shape: Shape, known: KnownType, schema: pa.Schema) -> list[Column]:
    """Return what each column of a table of such nodes fills, fields first, then by name."""
    found: list[Column] = []
    for place, field in enumerate(schema):
        column = _column(shape, known, place, field)
        if any((other.holds, other.name) == (column.holds, column.name) for other in found):
            raise InvalidInput(f"the column {field.name!r} is there twice")
        found.append(column)
    if shape.kind == "context" and not any(c.holds is None and c.name == "name" for c in found):
        raise InvalidInput("contexts need names; the table has no column 'name'")
    return sorted(found, key=lambda column: (column.name, column.holds or ""))


def type_of_table(kind: Kind, name: str, schema: pa.Schema) -> TypeForm:
    """Return a type that declares every column that is neither a field nor a custom property."""
    properties: dict[str, int] = {}
    for field in schema:
        whole, dot, rest = field.name.partition(".")
        if dot and whole == "custom_properties":
            continue
        if not (dot and whole == "properties"):
            rest = field.name
            if rest in _FIELDS[kind]:
                continue
        properties[rest] = int(_type_of(field))
    return TypeForm(name, properties=properties)


def _column(shape: Shape, known: KnownType, place: int, field: pa.Field) -> Column:
    whole, dot, name = field.name.partition(".")
    if dot and whole == "custom_properties":
        check_text("the name of a custom property", name)
        return Column(place, name, "custom_properties", _type_of(field))
    if dot and whole == "properties":
        if name not in known.properties:
            raise _no_property(shape, known, name)
        return _declared(known, place, name, field)
    if field.name in _FIELDS[shape.kind]:
        is_state = field.name in ("state", "last_known_state")
        filled = (shape.state or "") if is_state else field.name
        return Column(place, filled, None, PropertyType.STRING)
    if field.name in known.properties:
        return _declared(known, place, field.name, field)
    raise _no_property(shape, known, field.name)


def _declared(known: KnownType, place: int, name: str, field: pa.Field) -> Column:
    """Return the column of a declared property; refuse one of another type."""
    wanted, given = known.properties[name], _type_of(field)
    if (wanted, given) == (PropertyType.DOUBLE, PropertyType.INT):
        given = PropertyType.DOUBLE
    if wanted != given:
        raise InvalidInput(
            f"Found unmatched property type: {name} (its type wants {kind_told(wanted)}, "
            f"but the column is {field.type})"
        )
    return Column(place, name, "properties", given)


def _type_of(field: pa.Field) -> PropertyType:
    import pyarrow as pa

    kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    for test, found in (
        (pa.types.is_boolean, PropertyType.BOOLEAN),
        (pa.types.is_integer, PropertyType.INT),
        (pa.types.is_floating, PropertyType.DOUBLE),
        (pa.types.is_struct, PropertyType.STRUCT),
        (pa.types.is_map, PropertyType.STRUCT),
        (pa.types.is_null, PropertyType.STRING),
    ):
        if test(kind):
            return found
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or "string" in str(kind):
        return PropertyType.STRING
    raise InvalidInput(
        f"the column {field.name!r} is {field.type}, which no property can hold; "
        "cast it to numbers, text, booleans or structs"
    )


def _no_property(shape: Shape, known: KnownType, name: str) -> NotFound:
    names = [*shape.columns, *known.properties]
    return NotFound.among(
        f"{known.name} has neither a field nor a property",
        name,
        names,
        remedy="call the column custom_properties.NAME to make it a custom property",
    )


def _states(name: str, array: pa.Array) -> list[object]:
    """Return the numbers of states, given as numbers or by name."""
    states = _STATES[name]
    numbers: dict[Any, int | None] = {None: None}
    for value in array.unique().to_pylist():
        if value is None:
            continue
        try:
            numbers[value] = int(states[value] if isinstance(value, str) else states(value))
        except (KeyError, ValueError) as error:
            raise NotFound.among(
                "there is no state", str(value), [each.name for each in states]
            ) from error
    return [numbers[value] for value in array.to_pylist()]


def _plain(array: pa.Array) -> list[object]:
    """Return the values as Python's own, by NumPy where there are no nulls: it is quicker."""
    import pyarrow as pa

    if array.null_count and not pa.types.is_string(array.type):
        values: list[object] = array.to_pylist()
    else:
        values = array.to_numpy(zero_copy_only=False).tolist()
    return values
