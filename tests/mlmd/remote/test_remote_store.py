"""A store that a server keeps does all that a local one does, and says the same."""

from __future__ import annotations

import inspect
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineal.errors import (
    AlreadyExists,
    Conflict,
    IncompatibleVersion,
    InvalidInput,
    LinealError,
    NotFound,
    Unavailable,
)
from lineal.metadata import (
    ArtifactType,
    ContextType,
    ExecutionState,
    ExecutionType,
    Made,
    Output,
    Recorder,
    Store,
    served,
)
from lineal.metadata.lineage import walk
from lineal.metadata.log import log
from lineal.metadata.model import Context
from lineal.metadata.search import find
from lineal.metadata.served import SERVED
from lineal.mlmd.remote import RemoteStore
from lineal.mlmd.remote import connection as connecting
from lineal.mlmd.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mlmd.remote.conftest import Ends

READS: dict[str, Callable[[Store], object]] = {
    "artifacts": lambda store: store.artifacts(type="test.File"),
    "by content": lambda store: store.by_content("a", "c"),
    "executions": lambda store: store.executions(state=ExecutionState.COMPLETE),
    "contexts": lambda store: store.contexts(execution_id=1),
    "events": lambda store: store.events(execution_ids=[1, 2, 3]),
    "keys": lambda store: store.event_keys(range(1, 9)),
    "children": lambda store: store.children([1, 2, 3]),
    "newest": lambda store: store.newest("a"),
    "version": lambda store: (store.version("a", 1), store.version("a", 99)),
    "version of": lambda store: store.version_of(1),
    "versions": lambda store: store.versions("a"),
    "versions of": lambda store: store.versions_of([1, 2]),
    "newest versions": lambda store: store.newest_versions(type="test.File"),
    "names": lambda store: store.names(),
    "aliases": lambda store: (store.aliases("a"), store.alias("a", "best")),
    "commits": lambda store: store.commits(limit=3),
    "find": lambda store: find(store, name="*", team="red"),
    "log": lambda store: log(store, "a"),
    "upstream": lambda store: walk(store, ("artifact", 3)),
    "both": lambda store: walk(store, ("artifact", 1), direction="both", internal=True),
    "text": lambda store: walk(store, ("artifact", 3)).to_text(),
}


@pytest.fixture
def filled(ends: Ends) -> Ends:
    """A graph that was written through the server."""
    first = ends.make("a", "c1", known_at="2020-01-01").artifacts["out"]
    ends.make("a", "c2")
    ends.make("b", "c3", first)
    recorder = Recorder(ends.there)
    recorder.set_alias("a", "best", 1)
    recorder.set_alias("a", "best", 2)
    recorder.label(first.id or 0, {"team": "red"})
    with recorder.run(
        ExecutionType("outer"),
        contexts=[(ContextType("test"), Context("test", "one"))],
        tracks_reads=True,
    ):
        ends.make("c", "c4")
        recorder.used(first)
    return ends


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
def test_every_read_says_the_same_there_as_here(
    filled: Ends, read: Callable[[Store], object]
) -> None:
    assert read(filled.there) == read(filled.here)


@pytest.mark.parametrize("read", READS.values(), ids=READS.keys())
@pytest.mark.parametrize("clock", ["known", "commit"])
def test_every_read_of_the_past_says_the_same_there_as_here(
    filled: Ends, read: Callable[[Store], object], clock: str
) -> None:
    moment = filled.here.versions("a")[1].committed

    def told(store: Store) -> object:
        try:
            return read(store.as_of(moment, clock=clock))
        except NotFound as error:
            return str(error)

    assert told(filled.there) == told(filled.here)


def test_each_step_of_the_recorder_is_one_commit(ends: Ends) -> None:
    before = len(ends.here.commits())

    ends.make("a", "c1")

    assert len(ends.here.commits()) == before + 2  # one to open, one to close


def test_a_claim_and_a_skip_work_through_the_server(ends: Ends) -> None:
    discarded: list[str] = []
    ends.make("a", "c1", known_at="2020-01-01")
    with Recorder(ends.there).run(
        ExecutionType("again"), outputs=[Output("out", ArtifactType("test.File"), "a")]
    ) as running:
        running.made("out", Made("c1", "file:///2", discard=lambda: discarded.append("it")))

    assert [row.number for row in ends.there.versions("a")] == [1]
    assert ends.there.as_of("2021-01-01").names() == ["a"]
    assert discarded == ["it"]


def test_the_past_can_not_be_changed(ends: Ends) -> None:
    past = ends.there.as_of("2020-01-01")

    with pytest.raises(InvalidInput, match="can't be changed"):
        ends.make("a", "c1", store=past)


def test_errors_come_back_as_what_they_were(ends: Ends) -> None:
    ends.make("a", "c1")

    with pytest.raises(NotFound, match="there is no artifact/99"):
        ends.there.artifact(99)
    with (
        pytest.raises(AlreadyExists, match=r"'a' names a test\.File, it can't become a Other"),
        Recorder(ends.there).run(
            ExecutionType("x"), outputs=[Output("out", ArtifactType("Other"), "a")]
        ),
    ):
        pass
    with Recorder(ends.there).run(
        ExecutionType("x"), outputs=[Output("out", ArtifactType("test.File"), "b")]
    ) as running:
        running.made("out", Made("c2", "file:///c2", {"rows": 3}))
    with pytest.raises(InvalidInput, match=r"'rows' is a property .* a label can't overwrite"):
        Recorder(ends.there).label(running.artifacts["out"].id or 0, {"rows": 4})


def test_a_long_error_arrives_whole(ends: Ends) -> None:
    name = "é" * 3_000

    with pytest.raises(LinealError) as here:
        walk(ends.here, ("artifact", 1), direction=name)  # type: ignore[arg-type]
    with pytest.raises(LinealError) as there:
        walk(ends.there, ("artifact", 1), direction=name)  # type: ignore[arg-type]

    assert str(there.value) == str(here.value)
    assert type(there.value) is type(here.value)


def test_an_execution_that_was_settled_meanwhile_is_a_conflict(ends: Ends) -> None:
    recorder = Recorder(ends.there)

    with (
        pytest.raises(Conflict, match="no longer RUNNING but CANCELED"),
        recorder.run(ExecutionType("x")) as running,
    ):
        Recorder(ends.here).abandon(running.execution_id, reason="taken for dead")


def test_every_public_read_of_a_store_goes_to_the_server_or_needs_none() -> None:
    local = {
        "as_of", "at", "where", "close", "lock", "open_connections", "path", "present", "uuid",
        "write", "transact", "reading", "elsewhere", "open",
        "artifact", "execution", "names",  # made of others
    }  # fmt: skip
    public = {
        name
        for name, member in inspect.getmembers(Store)
        if not name.startswith("_") and (callable(member) or isinstance(member, property))
    }

    unserved = {name for name in public - local if f"store.Store.{name}" not in SERVED}

    assert unserved == set()


def test_a_remote_store_opens_no_transactions(ends: Ends) -> None:
    with pytest.raises(InvalidInput, match="kept by a server"), ends.there.write():
        pass
    with pytest.raises(InvalidInput, match="kept by a server"), ends.there.reading():
        pass


def test_another_protocol_is_refused_by_both_sides(
    ends: Ends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "PROTOCOL", 99)

    with pytest.raises(IncompatibleVersion, match="the same version"):
        RemoteStore(ends.url)
    with pytest.raises(IncompatibleVersion, match="the client speaks protocol 99"):
        ends.there.names()


@pytest.mark.parametrize(
    ("arguments", "options"),
    [((1, 2, 3), {}), ((), {"nonsense": 1}), ((), {}), (5, 6), ("text", None)],
)
def test_a_call_with_other_arguments_is_refused(
    ends: Ends, arguments: tuple[object, ...], options: dict[str, object]
) -> None:
    connection = ends.there._connection

    with pytest.raises(IncompatibleVersion, match="other arguments than it takes"):
        connection.call("store.Store.version", arguments, options, as_of=None)


def test_another_store_at_the_same_address_is_refused(ends: Ends, tmp_path: Path) -> None:
    port = ends.server.port
    ends.server.stop(0)
    other = Store(tmp_path / "other.db")
    with (
        Server(other, port=port),
        pytest.raises(LinealError, match="another store than the one that was opened"),
    ):
        ends.there.names()
    other.close()


def test_a_server_that_is_gone_is_unavailable_after_a_while(ends: Ends) -> None:
    ends.server.stop(0)

    with pytest.raises(Unavailable, match="can't be reached"):
        ends.there.names()
    with pytest.raises(Unavailable, match="can't be reached"):
        RemoteStore(ends.url, patience_seconds=0.2)


def test_a_long_wait_for_a_server_is_told(ends: Ends, caplog: pytest.LogCaptureFixture) -> None:
    ends.server.stop(0)

    with pytest.raises(Unavailable, match="can't be reached"):
        ends.there.names()

    told = [record.getMessage() for record in caplog.records if record.name == "lineal.remote"]
    assert told == [f"waiting for the metadata server {ends.url}, 3 seconds at most"]


def test_a_server_that_comes_back_is_found_again(ends: Ends) -> None:
    ends.make("a", "c1")
    port = ends.server.port
    ends.server.stop(0)
    again = Server(ends.here, port=port)
    timer = threading.Timer(0.5, again.start)
    timer.start()

    ends.make("a", "c2")

    assert [row.number for row in ends.there.versions("a")] == [1, 2]
    timer.join()
    again.stop()


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("grpc://", "no server's URL"),
        ("grpc://host:port", "no server's URL"),
        ("http://host:1", "no server's URL"),
        ("grpc://host:1/path", "no server's URL"),
        ("grpc://me:secret@host:1", "holds no secret"),
        ("grpc://host:1?ca=ca.pem", "write grpcs://"),
        ("grpcs://host:1?key=k.pem", "come together"),
        ("grpcs://host:1?certifcate=k.pem", "did you mean 'certificate'"),
    ],
)
def test_a_wrong_url_says_what_is_wrong(url: str, text: str) -> None:
    with pytest.raises((InvalidInput, NotFound), match=text) as caught:
        RemoteStore(url)

    assert "secret@" not in str(caught.value)


# Locks


def test_a_lock_keeps_others_out_until_it_is_let_go(ends: Ends) -> None:
    order: list[str] = []
    held = threading.Event()

    def second() -> None:
        held.wait()
        with ends.here.lock("table"):
            order.append("second")

    waiting = threading.Thread(target=second)
    waiting.start()
    with ends.there.lock("table") as has_it:
        held.set()
        waiting.join(0.3)
        order.append("first")
        with ends.there.lock("another table"):
            order.append("another")

    waiting.join(10)
    assert has_it
    assert order == ["first", "another", "second"]


def test_many_who_wait_for_one_lock_keep_no_call_waiting(ends: Ends) -> None:
    taken: list[int] = []

    def take(number: int) -> None:
        with ends.there.lock("table"):
            ends.there.names()
            taken.append(number)

    with ends.there.lock("table"):
        threads = [threading.Thread(target=take, args=(number,)) for number in range(80)]
        for thread in threads:
            thread.start()
        assert ends.there.names() == []  # answered though 80 wait, more than there are workers
        assert taken == []
    for thread in threads:
        thread.join(60)

    assert sorted(taken) == list(range(80))


def test_a_server_knows_every_module_that_has_served_functions() -> None:
    part = Path(served.__file__).parent
    having = {
        ".".join(path.relative_to(part).with_suffix("").parts)
        for path in part.rglob("*.py")
        if re.search(r"^\s*@served(_method)?\(", path.read_text(encoding="utf-8"), re.MULTILINE)
    }

    assert having == set(served.MODULES)
