"""Whatever a store holds, it is the same after an export and an import."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.metadata import Store, tables
from lineal.metadata.exchange import export_store, import_store
from lineal.metadata.exchange.contents import TABLES, stream
from lineal.metadata.structs import pack

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NAMES = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8
)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
PLAIN = st.none() | st.booleans() | st.floats(allow_nan=False) | TEXT
STRUCTS = st.dictionaries(TEXT, PLAIN | st.lists(PLAIN, max_size=3), max_size=3)
CELLS = st.one_of(
    INTEGERS.map(lambda value: ("int_value", value)),
    st.floats(allow_nan=False).map(lambda value: ("double_value", value)),
    TEXT.map(lambda value: ("string_value", value)),
    STRUCTS.map(lambda value: ("string_value", pack("p", value))),
    st.booleans().map(lambda value: ("bool_value", value)),
    st.just(("proto_value", "Chh0eXBlLmdvb2dsZWFwaXMuY29tL3BlZXI=")),
)
NODES = st.lists(
    st.tuples(TEXT, st.dictionaries(st.tuples(NAMES, st.booleans()), CELLS, max_size=4)), max_size=5
)
PATHS = st.lists(st.lists(NAMES | st.integers(0, 2**31 - 1), max_size=4), max_size=5)
VALUES = ("int_value", "double_value", "string_value", "proto_value", "bool_value")


def everything(store: Store) -> dict[str, list[object]]:
    with store.reading() as (connection, _):
        return {
            table.name: [row for rows in stream(connection, table) for row in rows]
            for table in TABLES
            if table is not tables.origin
        }


def filled(nodes: list[tuple[str, dict]], paths: list[list[str | int]]) -> Store:
    store = Store(None)
    with store.write() as transaction:
        commit = transaction.commit
        ids = commit.reserve(tables.artifact, len(nodes))
        commit.insert_rows(
            tables.artifact,
            ("id", "type_id", "uri"),
            [(number, 1, uri) for number, (uri, _) in zip(ids, nodes, strict=True)],
        )
        commit.insert_rows(
            tables.artifact_property,
            ("artifact_id", "name", "is_custom_property", *VALUES),
            [
                (number, name, custom, *(value if column == one else None for one in VALUES))
                for number, (_, properties) in zip(ids, nodes, strict=True)
                for (name, custom), (column, value) in properties.items()
            ],
        )
        for number, path in enumerate(paths, start=1):
            event = {"artifact_id": number, "execution_id": 1, "type": 3}
            event_id = commit.insert_one(tables.event, event)
            commit.insert_rows(
                tables.event_path,
                ("event_id", "is_index_step", "step_index", "step_key"),
                [
                    (event_id, is_index, step if is_index else None, None if is_index else step)
                    for step in path
                    for is_index in [isinstance(step, int)]
                ],
            )
    return store


@pytest.mark.parametrize("layout", ["parquet", "jsonl"])
@given(nodes=NODES, paths=PATHS)
@settings(max_examples=20, deadline=None)
def test_import_of_an_export_is_the_same(
    layout: str, nodes: list[tuple[str, dict]], paths: list[list[str | int]]
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(filled(nodes, paths)) as store,
        closing(Store(None)) as copy,
    ):
        export_store(store, Path(folder) / "out", layout=layout)

        import_store(copy, Path(folder) / "out")

        assert everything(copy) == everything(store)
