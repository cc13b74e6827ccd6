"""Which value of a stored node is none that ML Metadata's messages can carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from lineal.errors import Corrupt
from lineal.metadata.batch.cells import shown
from lineal.metadata.batch.forms import ProtoCell, StructCell
from lineal.mlmd.proto import metadata_store_pb2 as pb

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lineal.metadata.batch.forms import Cell, NodeForm

__all__ = ["damage"]


def damage(message: pb.Artifact | pb.Execution | pb.Context, form: NodeForm) -> Corrupt:
    """Return the error that names the node and the column whose value can't be read."""
    node = f"{type(message).__name__.lower()}/{form.id}"
    for where, value, what in _unfit(message, form):
        return Corrupt(
            f"{where} of {node} is {shown(value)} in the database, which is no {what}; "
            "correct it there, or restore the database from a copy"
        )
    return Corrupt(f"{node} can't be read; restore the database from a copy")


def _unfit(
    message: pb.Artifact | pb.Execution | pb.Context, form: NodeForm
) -> Iterator[tuple[str, object, str]]:
    """Yield place, value and wanted kind of what doesn't fit."""
    state = "last_known_state" if isinstance(message, pb.Execution) else "state"
    columns: tuple[tuple[str, object, str], ...] = (
        ("id", form.id, "number"),
        ("type_id", form.type_id, "number"),
        ("name", form.name, "text"),
        ("type", form.type, "text"),
        ("external_id", form.external_id, "text"),
        ("create_time_since_epoch", form.created, "number"),
        ("last_update_time_since_epoch", form.updated, "number"),
        ("uri", form.uri, "text"),
        (state, form.state, "state"),
    )
    for column, value, what in columns:
        if value is None:
            continue
        try:
            setattr(type(message)(), column, value)
        except (ValueError, TypeError):
            yield column, value, what
    for values in (form.properties, form.custom):
        yield from _unfit_values(values)


def _unfit_values(values: Mapping[str, Cell | None]) -> Iterator[tuple[str, object, str]]:
    for name, cell in values.items():
        where = f"the property {name!r}"
        try:
            if isinstance(cell, StructCell):
                pb.Value().struct_value.MergeFromString(cell)
            elif isinstance(cell, ProtoCell):
                pb.Value().proto_value.MergeFromString(cell)
            elif isinstance(cell, str):
                pb.Value(string_value=cell)
            elif type(cell) is int:
                pb.Value(int_value=cell)
        except DecodeError:
            yield where, bytes(cell), "Struct" if isinstance(cell, StructCell) else "message"  # type: ignore[arg-type]
        except (ValueError, TypeError):
            yield where, cell, "text" if isinstance(cell, str) else "number"
