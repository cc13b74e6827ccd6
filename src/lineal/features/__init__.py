"""Features of entities, as they were known at a time: definitions, training sets, online reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.features.aggregates import (
    Aggregate,
    AggregateKind,
    count,
    largest,
    mean,
    smallest,
    total,
)
from lineal.features.definitions import (
    Entity,
    FeatureService,
    FeatureView,
    Role,
    entity,
    feature_view,
    service,
)
from lineal.features.online.protocol import Status

if TYPE_CHECKING:
    from lineal.features.materialize import MaterializedView, MaterializeResult
    from lineal.features.registry import Defined, FeatureDefinition
    from lineal.features.resolving import Change, ChangeKind
    from lineal.features.serving import OnlineReply
    from lineal.features.training_set import MostlyMissing, TrainingSet, ViewRecord
    from lineal.features.verbs import Features

__all__ = [
    "Aggregate",
    "AggregateKind",
    "Change",
    "ChangeKind",
    "Defined",
    "Entity",
    "FeatureDefinition",
    "FeatureService",
    "FeatureView",
    "Features",
    "MaterializeResult",
    "MaterializedView",
    "MostlyMissing",
    "OnlineReply",
    "Role",
    "Status",
    "TrainingSet",
    "ViewRecord",
    "count",
    "entity",
    "feature_view",
    "largest",
    "mean",
    "service",
    "smallest",
    "total",
]

# These read the graph, and so need SQLAlchemy: loaded when asked for.
_LAZY = {
    "Change": "resolving",
    "ChangeKind": "resolving",
    "Defined": "registry",
    "FeatureDefinition": "registry",
    "Features": "verbs",
    "MaterializeResult": "materialize",
    "MaterializedView": "materialize",
    "MostlyMissing": "training_set",
    "OnlineReply": "serving",
    "TrainingSet": "training_set",
    "ViewRecord": "training_set",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(f"lineal.features.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
