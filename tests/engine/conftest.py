from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lineal.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.engine import Engine


@pytest.fixture(scope="module", params=["duckdb"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Every engine that fills the protocol; what is tested with it holds for each."""
    opened = open_engine()
    assert opened.name == request.param
    yield opened
    opened.close()
