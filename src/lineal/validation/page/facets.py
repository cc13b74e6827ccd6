"""Write statistics in the form that Facets Overview reads: features by name, data sets named.

Facets' `featureStatistics` protos are an older shape of the same messages: numbers of fields
agree, but a feature has a name and no path, and what came later is unknown to its reader.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lineal.validation.results import Statistics

__all__ = ["facets", "facets_base64"]


def facets(statistics: Mapping[str, Statistics]) -> bytes:
    """Return the data sets, by their names, as one serialized list."""
    from tensorflow_metadata.proto.v0 import statistics_pb2

    from lineal.validation.views import the_dataset

    found = statistics_pb2.DatasetFeatureStatisticsList()
    for name, each in statistics.items():
        dataset = the_dataset(each.proto)
        added = found.datasets.add(name=name, num_examples=dataset.num_examples)
        for feature in dataset.features:
            if feature.WhichOneof("stats") in {None, "struct_stats"}:
                continue  # Facets knows neither structs nor features that the schema derives
            copy = added.features.add()
            copy.CopyFrom(feature)
            if feature.HasField("path"):
                copy.name = ".".join(feature.path.step)
            del copy.custom_stats[:]
    serialized: bytes = found.SerializeToString(deterministic=True)
    return serialized


def facets_base64(statistics: Mapping[str, Statistics]) -> str:
    """Return the same as text, for `<facets-overview proto-input="…">`."""
    return base64.b64encode(facets(statistics)).decode()
