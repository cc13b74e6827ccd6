"""Numbers too large for 64 bits are cast to the largest there is, in every database."""

import math
from contextlib import closing

import pytest
from tests.services import database, server

from lineal.metadata import Artifact, ArtifactType, Graph, PropertyType, Store

LARGE = {1: 1e300, 2: -1e300, 3: 2.5, 4: -2.5, 5: 9.3e18}


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql"])
def graph(request):
    urls = [None] if request.param == "sqlite" else database(server(request.param))
    for url in urls:
        with closing(Store.open(url)) as store:
            graph = Graph(store)
            graph.put_types([ArtifactType("A", {"d": PropertyType.DOUBLE})])
            # MySQL stores no infinity.
            most = 1.7e308 if request.param == "mysql" else math.inf
            values = [*LARGE.values(), most, -most]
            graph.put_artifacts([Artifact("A", properties={"d": value}) for value in values])
            yield graph


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ("> 9223372036854770000", [1, 5, 6]),
        ("< -9223372036854770000", [2, 7]),
        ("= 2", [3]),
        ("= -2", [4]),
    ],
)
def test_a_stored_number_is_cut_to_a_whole_one_of_64_bits(graph, test, found):
    filter_text = f"CAST(properties.d.double_value AS INT64) {test}"
    assert [each.id for each in graph.artifacts(filter=filter_text)] == found
