"""How features stand in the graph."""

from __future__ import annotations

from lineal.metadata.model import ArtifactType, ExecutionType, PropertyType

__all__ = [
    "DEFINE",
    "ENTITY",
    "MAKE_TRAINING_SET",
    "MATERIALIZE",
    "ONLINE_VIEW",
    "SERVICE",
    "TRAINING_SET",
    "VIEW",
]

_TEXT, _WHOLE, _RECORD = PropertyType.STRING, PropertyType.INT, PropertyType.STRUCT
_DEFINED = {"sha256": _TEXT, "owner": _TEXT, "description": _TEXT}

ENTITY = ArtifactType(
    "lineal.Entity",
    {**_DEFINED, "keys": _TEXT},
    description="A kind of thing that features are about, and the columns that identify one",
)
VIEW = ArtifactType(
    "lineal.FeatureView",
    {**_DEFINED, "keys": _TEXT, "table": _TEXT, "features": _TEXT, "source": _TEXT},
    description="Features of one kind of thing, taken from one table",
)
SERVICE = ArtifactType(
    "lineal.FeatureService",
    {**_DEFINED, "views": _TEXT},
    description="The feature views that one model reads",
)
TRAINING_SET = ArtifactType(
    "lineal.TrainingSet",
    {
        "sha256": _TEXT,
        "rows": _WHOLE,
        "size": _WHOLE,
        "at": _TEXT,
        "views": _RECORD,
        "read_as_utc": _TEXT,
    },
    description="Rows joined with features as they were known at each row's time; one Parquet file",
)
ONLINE_VIEW = ArtifactType(
    "lineal.OnlineView",
    {"view": _TEXT, "values": _TEXT, "table": _TEXT, "moment": _TEXT, "entities": _WHOLE},
    description="The newest features of every entity of a view, in an online store",
)
DEFINE = ExecutionType("lineal.define", description="Feature definitions recorded")
MATERIALIZE = ExecutionType("lineal.materialize", description="An online store brought up to date")
MAKE_TRAINING_SET = ExecutionType(
    "lineal.training_set", description="Rows joined with features, each as of its time"
)
