"""How a further statistic joins the usual ones: a function of what was asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import statistics_pb2

    from lineal.engine import Engine, Source
    from lineal.validation.options import StatisticsOptions
    from lineal.validation.stats.plan import FeaturePlan

__all__ = ["Asked", "ExtraStatistic", "Found", "add_extra"]


@dataclass(frozen=True)
class Asked:
    """What a statistic is computed of. `source` can be read as often as it takes."""

    plans: Sequence[FeaturePlan]
    engine: Engine
    source: Source
    options: StatisticsOptions


@dataclass(frozen=True)
class Found:
    """What a statistic adds to features, by path, and to the data set."""

    features: Mapping[tuple[str, ...], Sequence[statistics_pb2.CustomStatistic]] = field(
        default_factory=dict
    )
    cross_features: Sequence[statistics_pb2.CrossFeatureStatistics] = ()


ExtraStatistic = Callable[[Asked], Found]
"""Computes one more statistic of all examples."""


def add_extra(
    dataset: statistics_pb2.DatasetFeatureStatistics,
    statistics: Sequence[ExtraStatistic],
    asked: Asked,
) -> None:
    """Compute further statistics and put them where they belong; unknown paths become entries."""
    known = {tuple(feature.path.step): feature for feature in dataset.features}
    for compute in statistics:
        found = compute(asked)
        for path, added in found.features.items():
            if path not in known:
                known[path] = dataset.features.add()
                known[path].path.step.extend(path)
            known[path].custom_stats.extend(added)
        dataset.cross_features.extend(found.cross_features)
