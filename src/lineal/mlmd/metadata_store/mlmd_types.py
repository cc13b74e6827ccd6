"""ML Metadata's simple types, to be the `base_type` of types of one's own."""

from __future__ import annotations

from typing import TypeAlias

from lineal.mlmd.proto import metadata_store_pb2 as pb

__all__ = [
    "Dataset",
    "Deploy",
    "Evaluate",
    "Metrics",
    "Model",
    "Process",
    "Statistics",
    "Train",
    "Transform",
]

_Kind: TypeAlias = "pb.ArtifactType.SystemDefinedBaseType | pb.ExecutionType.SystemDefinedBaseType"


class _SimpleType:
    """A simple type: its name, and its number among the base types."""

    _base: _Kind

    @property
    def name(self) -> str:
        """The type's name, such as `mlmd.Dataset`."""
        return f"mlmd.{type(self).__name__}"

    @property
    def system_type(self) -> _Kind:
        """What to give as `base_type`."""
        return self._base


class Dataset(_SimpleType):
    """Data that is read or made."""

    _base = pb.ArtifactType.DATASET


class Model(_SimpleType):
    """A trained model."""

    _base = pb.ArtifactType.MODEL


class Metrics(_SimpleType):
    """Numbers that tell how good something is."""

    _base = pb.ArtifactType.METRICS


class Statistics(_SimpleType):
    """Statistics of data."""

    _base = pb.ArtifactType.STATISTICS


class Train(_SimpleType):
    """What makes a model."""

    _base = pb.ExecutionType.TRAIN


class Transform(_SimpleType):
    """What makes data of data."""

    _base = pb.ExecutionType.TRANSFORM


class Process(_SimpleType):
    """Any other work."""

    _base = pb.ExecutionType.PROCESS


class Evaluate(_SimpleType):
    """What measures a model."""

    _base = pb.ExecutionType.EVALUATE


class Deploy(_SimpleType):
    """What brings a model to where it is used."""

    _base = pb.ExecutionType.DEPLOY
