"""A workspace's parts in a folder of its own, as far as features need them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.engine import EngineSettings, open_engine
from lineal.features import Features
from lineal.lake import Lake, ObjectStore
from lineal.metadata import Recorder, Store
from lineal.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from lineal.engine import Engine
    from lineal.warehouse import TableVersion

INSTANT = pa.timestamp("us", "UTC")


@dataclass
class Home:
    """The parts, opened on one folder."""

    root: Path
    recorder: Recorder
    lake: Lake
    warehouse: Warehouse
    features: Features
    engine: Engine

    @classmethod
    def open(cls, root: Path, engine: Engine, store: Store | None = None) -> Home:
        recorder = Recorder(store or Store(root / "metadata.db"))
        lake = Lake(recorder, ObjectStore(root))
        warehouse = Warehouse(recorder, lake, engine, root)
        features = Features(recorder, warehouse, engine, root)
        return cls(root, recorder, lake, warehouse, features, engine)

    def at(self, moment: datetime) -> Home:
        """The same folder as it was known at a moment."""
        return Home.open(self.root, self.engine, self.recorder.store.as_of(moment))

    def load(self, table: str, rows: Sequence[dict], schema: pa.Schema, **more) -> TableVersion:
        """Append rows to a table."""
        frame = pa.Table.from_pylist(list(rows), schema)
        return self.warehouse.ingest(table, frame, **more)

    def close(self) -> None:
        self.features.close()
        self.recorder.store.close()


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    engine = open_engine(EngineSettings(threads=1))
    yield engine
    engine.close()


@pytest.fixture
def home(tmp_path: Path, engine: Engine) -> Iterator[Home]:
    home = Home.open(tmp_path, engine)
    yield home
    home.close()
