from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from lineal.engine import EngineSettings, open_engine
from lineal.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lineal.engine import Engine


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """The embedded engine; what only it promises is tested with it."""
    opened = open_engine()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def spark() -> Iterator[Engine]:
    """Spark in a virtual machine of its own, started once."""
    try:
        opened = open_engine(EngineSettings(kind="spark", url="local[2]", threads=2))
    except Unavailable as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    yield opened
    opened.close()


@pytest.fixture(params=["duckdb", "spark"])
def each_engine(request: pytest.FixtureRequest) -> Engine:
    """Every engine that fills the protocol; what is tested with it holds for each."""
    found: Engine = request.getfixturevalue(
        "engine" if request.param == "duckdb" else request.param
    )
    assert found.name == request.param
    return found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out where Spark can't run, and how to get it."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = {str(each.longrepr[2]) for each in skipped if "Spark needs" in str(each.longrepr)}
    for reason in sorted(reasons):
        terminalreporter.write_line(f"left out: the tests on Spark. {reason}")
