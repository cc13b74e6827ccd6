"""Statistics, schemas and reports that stand in the graph: the pure values, with their version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import Corrupt, NotFound
from lineal.metadata import ArtifactType, PropertyType
from lineal.validation import Report, Schema, Statistics

if TYPE_CHECKING:
    from lineal.metadata import Lineage, Value, Version, VersionRow
    from lineal.metadata.lineage import Direction
    from lineal.workspace.workspace import Workspace

__all__ = [
    "ANOMALIES",
    "FILES",
    "SCHEMA",
    "STATISTICS",
    "Recorded",
    "RecordedReport",
    "RecordedSchema",
    "RecordedStatistics",
    "encode",
    "recorded",
]

_SPLITS = {"span": PropertyType.INT, "split_names": PropertyType.STRING}

STATISTICS = ArtifactType("ExampleStatistics", _SPLITS, base="mlmd.Statistics")
SCHEMA = ArtifactType("Schema")
ANOMALIES = ArtifactType("ExampleAnomalies", _SPLITS)

FILES = {
    STATISTICS.name: "Split-all/FeatureStats.pb",
    SCHEMA.name: "schema.pbtxt",
    ANOMALIES.name: "Split-all/SchemaDiff.pb",
}
"""The file under the artifact's URI, as TFX names it; the data that we look at is one split."""


class Recorded:
    """What a recorded value can tell of itself, beside its content."""

    version: Version

    @property
    def ref(self) -> str:
        """What finds exactly this version again."""
        return self.version.ref

    @property
    def versions(self) -> list[VersionRow]:
        """All versions of the same name, oldest first."""
        return self.version.versions

    def describe(self) -> dict[str, object]:
        """Return what is known of this version, in plain values."""
        return self.version.describe()

    def lineage(self, direction: Direction = "upstream") -> Lineage:
        """Return what led to this version, what came of it (`downstream`), or `both`."""
        return self.version.lineage(direction)

    def label(self, **labels: Value) -> None:
        """Set labels on this version."""
        self.version.label(**labels)


class RecordedStatistics(Recorded, Statistics):
    """Statistics that stand in the graph."""


class RecordedSchema(Recorded, Schema):
    """A schema that stands in the graph; once it is edited, saving makes the next version."""


class RecordedReport(Recorded, Report):
    """A report of anomalies that stands in the graph."""


def encode(value: Statistics | Schema | Report) -> bytes:
    """Return the bytes that a value is kept as: equal values give equal bytes."""
    if isinstance(value, Schema):
        from google.protobuf import text_format

        return text_format.MessageToString(value.proto).encode()
    serialized: bytes = value.proto.SerializeToString(deterministic=True)
    return serialized


def recorded(
    workspace: Workspace, version: Version
) -> RecordedStatistics | RecordedSchema | RecordedReport | None:
    """Return the value that `version` is, or None if it is of another kind."""
    kind = version.artifact.type
    if kind not in FILES:
        return None
    if not version.content:
        raise NotFound(
            f"{version.ref} was made by another program, which kept it at {version.artifact.uri}; "
            "load it from there (Schema.load, Statistics.load, Report.load) and save it here"
        )
    data = workspace.objects.read(version.content)
    try:
        value = _decode(kind, data)
    except ValueError as error:
        raise Corrupt(f"{version.ref} does not hold a {kind}: {error}") from error
    value.version = version
    return value


def _decode(kind: str, data: bytes) -> RecordedStatistics | RecordedSchema | RecordedReport:
    from google.protobuf import text_format
    from google.protobuf.message import DecodeError
    from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

    try:
        if kind == SCHEMA.name:
            return RecordedSchema(text_format.Parse(data.decode(), schema_pb2.Schema()))
        if kind == STATISTICS.name:
            return RecordedStatistics(statistics_pb2.DatasetFeatureStatisticsList.FromString(data))
        return RecordedReport(anomalies_pb2.Anomalies.FromString(data))
    except (DecodeError, text_format.ParseError) as error:
        raise ValueError(str(error)) from error
