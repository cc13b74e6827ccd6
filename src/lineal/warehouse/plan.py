"""Which files a version of a table consists of: made once, so that reading needs no PyIceberg.

A plan is an object of the lake, named by its content; the version's artifact says which. Files
that were there for long lie in segments, objects too, which the plans of later versions share:
so a table that is loaded a thousand times does not keep a thousand lists of a thousand files.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Literal

from lineal.errors import Corrupt, IncompatibleVersion
from lineal.warehouse.locations import present_path
from lineal.warehouse.schema import TableSchema

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lineal.lake import ObjectStore

__all__ = ["Plan", "PlanFile", "Plans"]

_FORMAT = 1
_SEGMENT_FILES = 64

ReadBy = Literal["engine", "iceberg"]


@dataclass(frozen=True)
class PlanFile:
    """One data file. The path is relative to the warehouse's folder where it lies in it."""

    path: str
    size: int
    rows: int
    sha256: str = ""


@dataclass(frozen=True)
class Plan:
    """The files, the deletes and the schema of one snapshot.

    `read_by` is "iceberg" for what the engine can't read by field id exactly: files without ids,
    deletion vectors, columns with a default, files that are no Parquet.
    """

    snapshot_id: int
    schema: TableSchema
    segments: tuple[str, ...] = ()
    files: tuple[PlanFile, ...] = ()
    deletes: tuple[str, ...] = ()
    read_by: ReadBy = "engine"

    def extended(self, snapshot_id: int, schema: TableSchema, files: Iterable[PlanFile]) -> Plan:
        """Return the plan of the next snapshot, which adds `files`."""
        return replace(self, snapshot_id=snapshot_id, schema=schema, files=(*self.files, *files))


@dataclass(frozen=True)
class StoredPlan:
    """Where a plan lies, and the segments that were made with it."""

    sha256: str
    new_segments: tuple[str, ...]


class Plans:
    """Keeps plans among the objects of the lake."""

    def __init__(self, objects: ObjectStore, folder: Path) -> None:
        self._objects = objects
        self._folder = folder

    def put(self, plan: Plan) -> StoredPlan:
        """Store `plan`; files beyond a handful move into a new segment."""
        made: list[str] = []
        while len(plan.files) > _SEGMENT_FILES:
            moved, kept = plan.files[:_SEGMENT_FILES], plan.files[_SEGMENT_FILES:]
            made.append(self._put([asdict(file) for file in moved]))
            plan = replace(plan, segments=(*plan.segments, made[-1]), files=kept)
        sha256 = self._put(
            {
                "lineal_plan": _FORMAT,
                "snapshot_id": plan.snapshot_id,
                "schema": json.loads(plan.schema.text),
                "segments": plan.segments,
                "files": [asdict(file) for file in plan.files],
                "deletes": plan.deletes,
                "read_by": plan.read_by,
            }
        )
        return StoredPlan(sha256, tuple(made))

    def get(self, sha256: str) -> Plan:
        """Return the plan; its segments are read when its files are asked for."""
        document = self._get(sha256)
        if not isinstance(document, dict) or document.get("lineal_plan") != _FORMAT:
            raise IncompatibleVersion(
                f"the plan {sha256} is not of the format {_FORMAT}; a newer Lineal wrote it: "
                "update this one"
            )
        return Plan(
            snapshot_id=document["snapshot_id"],
            schema=TableSchema.parse(json.dumps(document["schema"])),
            segments=tuple(document["segments"]),
            files=tuple(PlanFile(**file) for file in document["files"]),
            deletes=tuple(document["deletes"]),
            read_by=document["read_by"],
        )

    def files(self, plan: Plan) -> list[PlanFile]:
        """Return all data files of the plan, oldest first."""
        older = [file for sha256 in plan.segments for file in self._segment(sha256)]
        return [*older, *plan.files]

    def located(self, path: str) -> Path:
        """Return where a file of a plan lies."""
        return self._folder / path  # an absolute path stays itself

    def relative(self, path: Path) -> str:
        """Return how a plan writes the path of a file."""
        inside = path.is_relative_to(self._folder)
        return str(path.relative_to(self._folder) if inside else path)

    def present(self, location: str) -> Path:
        """Return where a file that Iceberg names lies now."""
        return present_path(location, self._folder)

    def _put(self, document: object) -> str:
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
        return self._objects.put_bytes(text.encode()).sha256

    def _get(self, sha256: str) -> object:
        try:
            return json.loads(self._objects.read(sha256))
        except ValueError as error:
            raise Corrupt(f"the object {sha256} is no plan of a table: {error}") from error

    def _segment(self, sha256: str) -> list[PlanFile]:
        segment = self._get(sha256)
        if not isinstance(segment, list):
            raise Corrupt(f"the object {sha256} is no segment of a plan")
        return [PlanFile(**file) for file in segment]
