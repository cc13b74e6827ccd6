"""Opening a store: what is damaged, foreign, locked or unwritable is told by the right error."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import warnings
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineal.errors import Conflict, Corrupt, IncompatibleVersion, Unavailable
from lineal.metadata import Recorder, Store
from lineal.metadata.model import ArtifactState, ExecutionState

if TYPE_CHECKING:
    from collections.abc import Iterator


def execute(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return list(connection.iterdump())


@pytest.fixture
def holder(made: Path) -> Iterator[sqlite3.Connection]:
    """A connection as another process has it, which holds the write lock."""
    with closing(sqlite3.connect(made, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


@pytest.fixture
def made(graph, path: Path) -> Path:
    """The file of a store with one version in it."""
    graph.make("thing", "a")
    graph.store.close()
    return path


def test_text_in_place_of_a_database_is_corrupt(path: Path) -> None:
    path.write_text("not a database, but long enough to be asked about " * 100)

    with pytest.raises(Corrupt, match=r"metadata\.db is damaged.*restore it from a copy"):
        Store(path)


def test_a_page_overwritten_in_the_middle_is_corrupt(made: Path) -> None:
    data = bytearray(made.read_bytes())
    for start in range(4096, len(data), 4096):
        data[start : start + 64] = b"\xff" * 64
    made.write_bytes(data)

    with pytest.raises(Corrupt, match="is damaged"):
        Store(made).versions("thing")


def test_a_lost_table_of_ml_metadata_is_corrupt_and_named(made: Path) -> None:
    execute(made, "DROP TABLE EventPath")

    with pytest.raises(Corrupt, match="lacks the tables EventPath"):
        Store(made)


@pytest.mark.parametrize(
    ("statement", "remedy"),
    [
        ("DELETE FROM MLMDEnv", r"10 by its tables\); upgrade it first"),
        ("INSERT INTO MLMDEnv VALUES (9)", r"\(9, 10\).* version 10: keep that row"),
    ],
    ids=["none", "two"],
)
def test_other_than_one_stated_schema_version_is_corrupt(
    made: Path, statement: str, remedy: str
) -> None:
    execute(made, statement)

    with pytest.raises(Corrupt, match=remedy):
        Store(made)


@pytest.mark.parametrize(
    ("statement", "remedy"),
    [
        ("UPDATE MLMDEnv SET schema_version = 11", "use a newer Lineal"),
        ("UPDATE MLMDEnv SET schema_version = 6", "lineal metadata upgrade URL"),
        ("UPDATE lineal_store SET value = '2' WHERE key = 'schema'", "upgrade Lineal to open it"),
        ("DROP TABLE MLMDEnv", "lineal metadata upgrade URL"),
    ],
    ids=["newer ML Metadata", "older ML Metadata", "newer Lineal", "before 0.14"],
)
def test_another_versions_file_is_refused_with_the_remedy_and_left_alone(
    made: Path, statement: str, remedy: str
) -> None:
    execute(made, statement)
    before = dump(made)

    with pytest.raises(IncompatibleVersion, match=remedy):
        Store(made)

    assert dump(made) == before


def test_a_newer_lineal_that_dropped_a_table_is_refused_and_left_alone(made: Path) -> None:
    execute(
        made,
        "UPDATE lineal_store SET value = '2' WHERE key = 'schema'",
        "DROP TABLE lineal_claim",
    )

    with pytest.raises(IncompatibleVersion, match="upgrade Lineal"):
        Store(made)

    assert not any("CREATE TABLE lineal_claim" in line for line in dump(made))


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="permissions"):
        Store(tmp_path / "nowhere" / "metadata.db")


def test_a_store_keeps_its_uuid_and_another_store_has_another(tmp_path: Path) -> None:
    first = Store(tmp_path / "a.db")
    again, other = Store(tmp_path / "a.db"), Store(tmp_path / "b.db")

    assert first.uuid == again.uuid != other.uuid


def test_a_writer_gives_up_with_conflict_when_another_process_holds_the_file(
    made: Path, holder: sqlite3.Connection
) -> None:
    impatient = Store(made, busy_seconds=0.1)

    with pytest.raises(Conflict, match=r"held by another process for over 0\.1 s"):
        Recorder(impatient).label(1, {"color": "red"})
    holder.execute("ROLLBACK")
    Recorder(impatient).label(1, {"color": "red"})

    assert impatient.artifact(1).get("color") == "red"


def test_readers_do_not_wait_for_a_writer(made: Path, holder: sqlite3.Connection) -> None:
    assert [row.number for row in Store(made, busy_seconds=0).versions("thing")] == [1]


def test_many_processes_may_open_a_new_file_at_once(path: Path) -> None:
    script = (
        "import pathlib, sys; from lineal.metadata import Store;"
        "print(Store(pathlib.Path(sys.argv[1])).uuid)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True)
        for _ in range(6)
    ]

    uuids = {process.communicate(timeout=60)[0] for process in processes}

    assert len(uuids) == 1
    assert [process.returncode for process in processes] == [0] * 6


@pytest.mark.parametrize("where", ["file", "memory"])
def test_one_store_may_be_used_from_many_threads(open_graph, path: Path, where: str) -> None:
    graph = open_graph(path if where == "file" else None)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for turn in range(3):
                graph.make("shared", f"{number}-{turn}")
                graph.store.versions("shared")
        except BaseException as error:  # noqa: BLE001 -- told by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=[n]) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert [row.number for row in graph.store.versions("shared")] == [*range(1, 61)]


def test_a_forked_child_uses_connections_of_its_own(graph) -> None:
    graph.make("thing", "a")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # pytest-xdist has threads
        child = os.fork()
    if child == 0:  # no assertion may leave the child
        try:
            graph.make("thing", "b")
            os._exit(0)
        except BaseException:  # noqa: BLE001 -- told by the exit code
            os._exit(1)
    graph.make("thing", "c")
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert {row.content for row in graph.store.versions("thing")} == {"a", "b", "c"}


# A full disk, as nearly as one can have it without one: no file may grow past the limit.

FULL = """
import json, resource, sys
from pathlib import Path
from typing import TYPE_CHECKING
from lineal.errors import Unavailable
from lineal.metadata import ArtifactType, ExecutionType, Made, Output, Recorder, Store

store = Store(Path(sys.argv[1]))
recorder = Recorder(store)
limit = max(p.stat().st_size for p in Path(sys.argv[1]).parent.iterdir()) + 20_000
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
done = 0
try:
    while True:
        output = Output("out", ArtifactType("test.File"), "filling")
        with recorder.run(ExecutionType("fill"), outputs=[output]) as running:
            running.made("out", Made(str(done), "", {"text": "x" * 1000}))
        done += 1
except Unavailable as error:
    print(json.dumps({"done": done, "error": str(error)}))
"""


def test_a_full_disk_is_unavailable_and_loses_nothing_that_was_committed(made: Path) -> None:
    process = subprocess.run(
        [sys.executable, "-c", FULL, made], capture_output=True, text=True, check=True
    )
    told = json.loads(process.stdout)

    assert "check free space and permissions" in told["error"]
    store = Store(made)
    kept = store.versions("filling")
    assert [row.number for row in kept] == [*range(1, told["done"] + 1)]
    assert all(store.artifact(row.artifact_id).state == ArtifactState.LIVE for row in kept)
    states = {execution.state for execution in store.executions(type="fill")}
    assert states <= {ExecutionState.COMPLETE, ExecutionState.RUNNING, ExecutionState.FAILED}
    for execution in Recorder(store).crashed():
        Recorder(store).abandon(execution.id or 0, reason="the disk was full")
    assert store.executions(state=ExecutionState.RUNNING) == []


@contextmanager
def without_privileges() -> Iterator[None]:
    """Be somebody who may not write everywhere, as root may."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_may_not_be_written_is_unavailable_and_still_opens_later(
    made: Path, what: str
) -> None:
    # Not under tmp_path, which only its owner may enter.
    folder = Path(tempfile.mkdtemp())
    try:
        copy = Path(shutil.copy(made, folder / "metadata.db"))
        copy.chmod(0o444 if what == "file" else 0o666)
        folder.chmod(0o777 if what == "file" else 0o555)

        with (
            without_privileges(),
            pytest.raises(Unavailable, match="check free space and permissions"),
        ):
            Recorder(Store(copy)).label(1, {"color": "red"})

        folder.chmod(0o777)
        copy.chmod(0o666)
        Recorder(Store(copy)).label(1, {"color": "red"})
        assert Store(copy).artifact(1).get("color") == "red"
    finally:
        folder.chmod(0o777)
        shutil.rmtree(folder)
