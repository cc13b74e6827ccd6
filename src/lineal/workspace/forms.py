"""How what components return is kept in this workspace, and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.pipeline import FileForm, Forms, VerbForm, frame_form, primitive_forms
from lineal.validation import Report, Schema, Statistics
from lineal.workspace.checking import keep
from lineal.workspace.recorded import ANOMALIES, SCHEMA, STATISTICS, recorded
from lineal.workspace.resolving import handle

if TYPE_CHECKING:
    from lineal.metadata import Version
    from lineal.workspace.workspace import Workspace

__all__ = ["forms_of"]


def forms_of(workspace: Workspace) -> Forms:
    """Return every form that values can have: frames, protos, files, plain values.

    Versions need none: they are handed on with the handle of their kind.
    """
    return Forms(
        [
            frame_form(workspace.warehouse.save),
            *(
                _proto_form(workspace, kind, type_name)
                for kind, type_name in (
                    (Statistics, STATISTICS.name),
                    (Schema, SCHEMA.name),
                    (Report, ANOMALIES.name),
                )
            ),
            FileForm(workspace.objects),
            *primitive_forms(workspace.objects),
        ],
        handle=lambda version: handle(workspace, version.artifact, version.row),
    )


def _proto_form(workspace: Workspace, kind: type, type_name: str) -> VerbForm:
    def save(value: object, name: str) -> object:
        if not isinstance(value, Statistics | Schema | Report):
            raise InvalidInput(f"{value!r} is no {kind.__name__}")
        return keep(workspace, value, name)

    def load(version: Version, _kind: type) -> object:
        return recorded(workspace, version)

    return VerbForm((type_name,), lambda wanted: issubclass(wanted, kind), save, load)
