"""Keep what the Anomalies proto has no field for, so that a report's file keeps it too.

Values, limits and warnings go, as JSON, into a field that the proto does not define: TensorFlow's
readers pass over it. The text form of a proto drops it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tensorflow_metadata.proto.v0 import anomalies_pb2

__all__ = ["DETAILS_FIELD", "Details", "read_details", "without_details", "write_details"]

DETAILS_FIELD = 8191
"""The number of the field in `Anomalies`."""
_TAG = b"\xfa\xff\x03"  # field 8191, bytes with their length


@dataclass(frozen=True)
class Details:
    """Values beside the reasons, in their order, and warnings as pairs of path and message."""

    anomalies: Mapping[str, Sequence[Mapping[str, float | int | str | None]]] = field(
        default_factory=dict
    )
    dataset: Sequence[Mapping[str, float | int | str | None]] = ()
    warnings: Sequence[Sequence[str]] = ()


def write_details(report: anomalies_pb2.Anomalies, details: Details) -> None:
    """Put `details` into the proto; none leave it as it is."""
    if not (details.anomalies or details.dataset or details.warnings):
        return
    content = json.dumps(asdict(details)).encode()
    size, length = len(content), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    report.MergeFromString(_TAG + bytes(length) + content)


def read_details(report: anomalies_pb2.Anomalies) -> Details:
    """Return the details that the proto carries; none if TFDV wrote it."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    for unknown in UnknownFieldSet(report):  # type: ignore[attr-defined]  # it can be iterated
        if unknown.field_number == DETAILS_FIELD:
            try:
                return Details(**json.loads(unknown.data))
            except (ValueError, TypeError):
                return Details()  # somebody else's field
    return Details()


def without_details(report: anomalies_pb2.Anomalies) -> anomalies_pb2.Anomalies:
    """Return a copy of what the proto itself says."""
    plain = type(report)()
    plain.CopyFrom(report)
    plain.DiscardUnknownFields()
    return plain
