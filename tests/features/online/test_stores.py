"""What every online store does, alike; a store is added to STORES and to nothing else."""

from __future__ import annotations

import itertools
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import Conflict, Corrupt, IncompatibleVersion
from lineal.features.online import Progress, StoredRow, StoredView
from lineal.features.online.keys import KeyKind, KeyLayout
from lineal.features.online.packing import Layout
from lineal.features.online.sqlite import SqliteStore

STORES = {"sqlite": lambda folder: SqliteStore(folder / "online.db")}
NUMBERS = KeyLayout.of({"id": KeyKind.INTEGER})
TEXTS = KeyLayout.of({"origin": KeyKind.TEXT})
LAYOUT = Layout(pa.schema([("x", pa.int64())]))
START = datetime(2013, 1, 1, tzinfo=UTC)


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    store = STORES[request.param](tmp_path)
    yield store
    store.close()


def view(name: str = "weather", keys: KeyLayout = NUMBERS, layout: Layout = LAYOUT) -> StoredView:
    return StoredView(name, keys, layout)


def progress(version: int = 1, moment: datetime = START) -> Progress:
    return Progress("ops.weather", version, moment)


def batch(*rows: tuple[int | bytes, int, int, bytes]) -> pa.RecordBatch:
    kind = pa.binary() if rows and isinstance(rows[0][0], bytes) else pa.int64()
    columns = zip(*rows, strict=True) if rows else [[]] * 4
    types = [kind, pa.int64(), pa.int64(), pa.binary()]
    arrays = [pa.array(one, of) for one, of in zip(columns, types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=["key", "event", "known", "blob"])


def rows(store, of: StoredView, keys) -> dict:
    with store.snapshot() as snapshot:
        (found,) = snapshot.rows([(of, keys)])
        return dict(found)


def test_what_was_written_is_found_by_its_key(store):
    store.write(view(), [batch((1, 10, 11, b"a"), (2, 20, 21, b"b"))], progress())
    assert rows(store, view(), [2, 3]) == {2: StoredRow(20, 21, b"b")}


def test_keys_that_are_bytes(store):
    texts = view(keys=TEXTS)
    store.write(texts, [batch((b"t\0", 1, 1, b"a"), (b"", 1, 1, b"b"))], progress())
    assert set(rows(store, texts, [b"", b"t\0", b"t"])) == {b"", b"t\0"}


def test_many_keys_in_one_read(store):
    store.write(view(), [batch(*((i, 1, 1, b"%d" % i) for i in range(5000)))], progress())
    found = rows(store, view(), [*range(0, 10_000, 3), 0, 3])
    assert len(found) == len(range(0, 5000, 3))
    assert found[2997].blob == b"2997"


def test_several_views_in_one_read(store):
    other = view("planes", TEXTS)
    store.write(view(), [batch((1, 1, 1, b"a"))], progress())
    store.write(other, [batch((b"k", 1, 1, b"b"))], progress())
    with store.snapshot() as snapshot:
        first, second, third = snapshot.rows([(view(), [1]), (other, [b"k"]), (view(), [])])
    assert (first[1].blob, second[b"k"].blob, dict(third)) == (b"a", b"b", {})


def test_how_a_view_is_stored_is_told(store):
    layout = Layout(pa.schema([("x", pa.timestamp("us", "UTC")), ("y", pa.list_(pa.float32()))]))
    store.write(view(layout=layout), [batch()], progress())
    with store.snapshot() as snapshot:
        found = snapshot.view("weather")
        assert snapshot.view("never written") is None
    assert (found.id, found.keys) == ("weather", NUMBERS)
    assert found.layout.schema == layout.schema


def test_progress_is_kept_with_the_rows(store):
    assert store.progress("weather") is None
    told = Progress("ops.weather", 3, START, due=START + timedelta(microseconds=1))
    store.write(view(), [batch()], told)
    assert store.progress("weather") == told


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_newest_event_wins_and_of_equal_events_what_was_known_last(store, order):
    writes = [(1, 10, 15, b"old"), (1, 20, 21, b"first"), (1, 20, 25, b"corrected")]
    store.write(view(), [batch()], progress())
    for index in order:
        store.write(view(), [batch(writes[index])], progress(), after=progress())
    assert rows(store, view(), [1]) == {1: StoredRow(20, 25, b"corrected")}


def test_an_equal_row_replaces_an_equal_one(store):
    store.write(view(), [batch((1, 20, 21, b"a"))], progress())
    store.write(view(), [batch((1, 20, 21, b"b"))], progress(), after=progress())
    assert rows(store, view(), [1])[1].blob == b"b"


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_order_and_repetition_of_writes_make_no_difference(tmp_path_factory, data):
    times = st.integers(0, 3)
    key = st.integers(0, 2)
    found = data.draw(st.lists(st.tuples(key, times, times), unique=True, max_size=8))
    writes = [(k, e, n, b"%d.%d.%d" % (k, e, n)) for k, e, n in found]
    orders = [writes, data.draw(st.permutations(writes + writes[:2]))]
    for make in STORES.values():
        states = []
        for order in orders:
            store = make(tmp_path_factory.mktemp("online"))
            cut = len(order) // 2
            batches = [batch(*order[:cut]), batch(*order[cut:])]
            store.write(view(), batches, progress())
            states.append(rows(store, view(), [0, 1, 2]))
            store.close()
        assert states[0] == states[1]


def test_replacing_leaves_nothing_of_before(store):
    store.write(view(), [batch((1, 90, 90, b"a"), (2, 1, 1, b"b"))], progress(1))
    assert store.write(view(), [batch((1, 5, 5, b"c"))], progress(2)) == 1
    assert rows(store, view(), [1, 2]) == {1: StoredRow(5, 5, b"c")}


def test_another_layout_or_key_may_only_replace_what_was_there(store):
    store.write(view(), [batch((1, 1, 1, b"a"))], progress(1))
    wider = view(layout=Layout(pa.schema([("x", pa.float64())])))
    texts = view(keys=TEXTS)
    for other, row in ((wider, (2, 1, 1, b"b")), (texts, (b"k", 1, 1, b"c"))):
        with pytest.raises(Conflict, match="materialize again"):
            store.write(other, [batch(row)], progress(2), after=progress(1))
    assert set(rows(store, view(), [1, 2])) == {1}
    store.write(texts, [batch((b"k", 1, 1, b"c"))], progress(3))
    assert set(rows(store, texts, [b"k"])) == {b"k"}


def test_what_builds_on_more_than_is_there_is_refused(store):
    with pytest.raises(Conflict):
        store.write(view(), [batch((1, 1, 1, b"a"))], progress(2), after=progress(1))
    store.write(view(), [batch()], progress(1))
    with pytest.raises(Conflict):
        store.write(view(), [batch((1, 1, 1, b"a"))], progress(3), after=progress(2))
    assert store.progress("weather") == progress(1)


def test_a_slow_writer_does_not_undo_what_a_newer_one_wrote(store):
    store.write(view(), [batch((1, 9, 9, b"new"))], progress(3))
    assert store.write(view(), [batch((1, 1, 1, b"old"))], progress(2)) is None
    earlier = progress(3, START - timedelta(seconds=1))
    assert store.write(view(), [batch((1, 1, 1, b"old"))], earlier) is None
    assert rows(store, view(), [1])[1].blob == b"new"
    assert store.progress("weather") == progress(3)


def test_a_write_that_fails_changes_nothing(store):
    store.write(view(), [batch((1, 1, 1, b"a"))], progress(1))

    def broken():
        yield batch((1, 9, 9, b"b"), (2, 9, 9, b"c"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(view(), broken(), progress(2))
    assert rows(store, view(), [1, 2]) == {1: StoredRow(1, 1, b"a")}
    assert store.progress("weather") == progress(1)


def test_a_reader_sees_one_moment_while_another_thread_writes(store):
    store.write(view(), [batch((1, 1, 1, b"a"))], progress(1))
    with store.snapshot() as snapshot:
        assert snapshot.rows([(view(), [1])])[0][1].blob == b"a"
        writer = threading.Thread(
            target=lambda: store.write(view(), [batch((1, 2, 2, b"b"))], progress(2))
        )
        writer.start()
        writer.join()
        assert snapshot.rows([(view(), [1])])[0][1].blob == b"a"
    assert rows(store, view(), [1])[1].blob == b"b"


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
import pyarrow as pa
from lineal.features.online import Progress, StoredView
from lineal.features.online.keys import KeyKind, KeyLayout
from lineal.features.online.packing import Layout
from lineal.features.online.sqlite import SqliteStore

number = int(sys.argv[2])
view = StoredView(
    "weather", KeyLayout.of({"id": KeyKind.INTEGER}), Layout(pa.schema([("x", pa.int64())]))
)
row = pa.record_batch({"key": [number], "event": [1], "known": [1], "blob": [b"x"]})
progress = Progress("ops.weather", 1, datetime(2013, 1, 1, tzinfo=UTC))
SqliteStore(Path(sys.argv[1])).write(view, [row], progress, after=progress)
"""


def test_processes_that_write_at_once_all_succeed(tmp_path):
    path = tmp_path / "online.db"
    store = SqliteStore(path)
    store.write(view(), [batch()], progress())
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [subprocess.Popen([*command, str(number)]) for number in range(4)]
    assert [writer.wait() for writer in writers] == [0, 0, 0, 0]
    assert set(rows(store, view(), [0, 1, 2, 3])) == {0, 1, 2, 3}
    store.close()


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / "online.db").write_bytes(b"no database" * 100)
    store = SqliteStore(tmp_path / "online.db")
    with pytest.raises(Corrupt, match="remove it and materialize"):
        store.progress("weather")


def test_a_file_of_a_newer_lineal_is_refused(tmp_path):
    import sqlite3

    connection = sqlite3.connect(tmp_path / "online.db")
    connection.execute("PRAGMA user_version=99")
    connection.close()
    store = SqliteStore(tmp_path / "online.db")
    with pytest.raises(IncompatibleVersion, match="format 99"):
        store.progress("weather")
