"""How what components return is kept in this workspace, and read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.lake import LakeVersion
from lineal.metadata import Version
from lineal.pipeline import FileForm, Forms, VerbForm, frame_form, primitive_forms
from lineal.validation import Report, Schema, Statistics
from lineal.workspace.checking import keep
from lineal.workspace.recorded import ANOMALIES, SCHEMA, STATISTICS, recorded
from lineal.workspace.resolving import handle

if TYPE_CHECKING:
    from lineal.workspace.workspace import Workspace

__all__ = ["forms_of"]


def forms_of(workspace: Workspace) -> Forms:
    """Return every form that values can have: versions, frames, protos, files, plain values."""
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
            _version_form(workspace, ("lineal.File", "lineal.Folder"), LakeVersion),
            FileForm(workspace.objects),
            *primitive_forms(workspace.objects),
            _version_form(workspace, ("lineal.TrainingSet",), Version),
        ]
    )


def _proto_form(workspace: Workspace, kind: type, type_name: str) -> VerbForm:
    def save(value: object, name: str) -> object:
        if not isinstance(value, Statistics | Schema | Report):
            raise InvalidInput(f"{value!r} is no {kind.__name__}")
        return keep(workspace, value, name)

    def load(version: Version, _kind: type) -> object:
        return recorded(workspace, version)

    return VerbForm((type_name,), lambda wanted: issubclass(wanted, kind), save, load)


def _version_form(workspace: Workspace, types: tuple[str, ...], kind: type) -> VerbForm:
    """Return the form of handles: only a verb makes them, and they are read as themselves."""

    def save(value: object, _name: str) -> object:
        raise InvalidInput(f"{value!r} is no version; return what a verb of the workspace made")

    def load(version: Version, _kind: type) -> object:
        return handle(workspace, version.artifact, version.row)

    return VerbForm(types, lambda wanted: issubclass(wanted, kind), save, load)
