"""The tables of ML Metadata on SQLite are those that its wheel makes, to the index."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.metadata import Store

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden" / "mlmd_schema_10.json").read_text())

dump: Callable[[str], dict[str, object]] = runpy.run_path(str(HERE / "schema_dump.py"))["dump"]


def test_a_fresh_store_has_the_tables_and_rows_that_the_wheel_makes(
    store: Store, path: Path
) -> None:
    store.close()

    assert dump(str(path)) == GOLDEN


def test_the_golden_file_is_what_the_wheel_makes(wheel, path: Path) -> None:
    wheel("create", path)

    assert dump(str(path)) == GOLDEN


def test_our_tables_added_to_the_wheels_file_leave_its_own_as_they_were(wheel, path: Path) -> None:
    wheel("create", path)

    Store(path).close()

    assert dump(str(path)) == GOLDEN
