"""The same store on SQLite, PostgreSQL and MariaDB: what each could do differently."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import sqlalchemy as sa

from lineal.errors import AlreadyExists, Conflict, InvalidInput, NotFound, Unavailable
from lineal.metadata import Artifact, ArtifactType, Context, ContextType, Store, tables
from lineal.metadata.backends.address import parse_address

KIND = ArtifactType("test.Any")
LONG = "ü" * 40_000  # ML Metadata's own index on PostgreSQL ends at some 2,700 bytes


def put(store: Store, **columns: object) -> Artifact:
    with store.write() as transaction:
        number = transaction.insert_artifact(KIND, Artifact(KIND.name, **columns))  # type: ignore[arg-type]
    return store.artifact(number)


def raw(place: str) -> sa.Engine:
    """Connect as another client does, which knows nothing of our locks."""
    return sa.create_engine(parse_address(place).url, poolclass=sa.NullPool)


@pytest.mark.parametrize(
    "value",
    [2**63 - 1, -(2**63), 0.1 + 0.2, 5e-324, True, False, "", " a ", "Ärger 🚀 \\ ' \" %s :x",
     {"deep": [1.5, None, {"x": "y"}]}, LONG],
    ids=str,
)  # fmt: skip
def test_a_value_comes_back_as_it_was_given(store, value: object) -> None:
    stored = put(store, custom_properties={"held": value})

    assert stored.custom_properties == {"held": value}
    assert type(stored.custom_properties["held"]) is type(value)
    if not isinstance(value, dict):
        assert [a.id for a in store.artifacts(properties={"held": value})] == [stored.id]


def test_a_long_text_is_told_from_one_that_begins_alike(store) -> None:
    one = put(store, uri=LONG[:20_000] + "1", custom_properties={"held": LONG + "1"})
    put(store, uri=LONG[:20_000] + "2", custom_properties={"held": LONG + "2"})

    assert store.artifacts(properties={"held": LONG + "1"}) == [one]
    assert store.artifacts(uri=LONG[:20_000] + "1") == [one]


def test_names_differ_by_case_and_by_blanks_at_the_end(store) -> None:
    kind = ContextType("test.Run")
    with store.write() as transaction:
        ids = [transaction.put_context(kind, Context(kind.name, n)) for n in ("a", "A", "a ", "ä")]

    assert len({*ids}) == 4
    assert [c.id for c in store.contexts(name="A")] == [ids[1]]


def test_a_name_that_is_too_long_is_refused_with_its_field(store, database: str) -> None:
    if database == "sqlite":
        assert put(store, name="n" * 300).name == "n" * 300  # ML Metadata takes it there too
        return
    with pytest.raises(InvalidInput, match=r"Artifact\.name holds at most 255 characters.*300"):
        put(store, name="n" * 300)


def test_an_id_that_nobody_has_is_not_found_however_large(store) -> None:
    put(store)

    for number in (0, -1, 2**31, 2**40, 2**63, 2**70):
        with pytest.raises(NotFound, match=f"artifact/{number}"):
            store.artifact(number)


def test_eight_that_open_an_empty_database_make_its_tables_once(place: str) -> None:
    def opened(_number: int) -> str:
        with closing(Store.open(place)) as store:
            return store.uuid

    with ThreadPoolExecutor(8) as pool:
        uuids = {*pool.map(opened, range(8))}

    assert len(uuids) == 1


def test_a_lock_is_let_go_when_its_holder_is_killed(store, place: str) -> None:
    code = (
        "import sys, time; from lineal.metadata import Store\n"
        "with Store.open(sys.argv[1]).lock('thing'):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, place], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        tries = iter([True, True, False])
        with store.lock("thing", wanted=lambda: next(tries)) as held:
            assert not held
        with store.lock("another thing") as held:
            assert held
        holder.kill()

    with store.lock("thing") as held:
        assert held


def test_a_writer_that_waits_too_long_gives_up(graph, place: str) -> None:
    graph.make("thing", "a")
    with closing(Store.open(place, busy_seconds=1)) as late, graph.store.write() as transaction:
        transaction.commit.touch()
        with (
            ThreadPoolExecutor(1) as pool,
            pytest.raises(Conflict, match=r"held by another .* for over 1 s"),
        ):
            pool.submit(put, late).result()


def test_a_deadlock_with_another_client_is_done_again(store, place: str, database: str) -> None:
    if database == "sqlite":
        pytest.skip("one writer at a time: there are no deadlocks")
    ids = [put(store).id or 0 for _ in range(40)]
    other, table = raw(place), tables.artifact
    attempts = []

    def act(transaction) -> None:
        attempts.append(1)
        transaction.update("artifact", ids[0], columns={"uri": "ours"})
        if len(attempts) == 1:
            holds.set()
            time.sleep(1.5)  # PostgreSQL looks for a deadlock once, a second after a wait begins
        transaction.update("artifact", ids[1], columns={"uri": "ours"})

    holds = threading.Event()

    def disturb() -> None:
        with other.begin() as connection:  # it changed more, so MariaDB undoes the other
            for number in ids[1:]:
                one = table.update().where(table.c.id == number)
                connection.execute(one, {"uri": "theirs"})
            assert holds.wait(20)
            connection.execute(table.update().where(table.c.id == ids[0]), {"uri": "theirs"})

    with ThreadPoolExecutor(1) as pool:
        disturbed = pool.submit(disturb)
        time.sleep(0.5)
        store.transact(act)
        disturbed.result()

    assert len(attempts) == 2
    assert [a.uri for a in store.artifacts(ids=ids[:2])] == ["ours", "ours"]
    assert len({number for number, _ in store.commits()}) == 41


def test_an_ml_metadata_database_is_opened_in_place(place: str, database: str) -> None:
    make_as_ml_metadata_does(place, database)

    with closing(Store.open(place)) as store:
        stored = store.artifacts()
        assert [a.uri for a in stored] == ["from before"]
        put(store, uri=LONG[:20_000], custom_properties={"held": LONG})
        assert len(store.commits()) == 1
        if database != "sqlite":
            with pytest.raises(InvalidInput, match=r"ArtifactProperty\.int_value.* 2147483648.*32"):
                put(store, custom_properties={"held": 2**31})
    with raw(place).begin() as connection:  # so that no other test gets this database
        connection.exec_driver_sql("DROP TABLE EventPath")


def make_as_ml_metadata_does(place: str, database: str) -> None:
    """Make a store of ML Metadata's own tables only, with its narrower columns and its indexes."""
    with closing(Store.open(place)) as store:
        put(store, uri="from before")
    statements = [f"DROP TABLE {name}" for name in tables.lineal_metadata.tables]
    if database == "postgresql":
        statements += [
            "ALTER TABLE ArtifactProperty ALTER COLUMN int_value TYPE INT",
            "ALTER TABLE EventPath DROP COLUMN lineal_order",
            "DROP INDEX idx_artifact_property_string",
            (
                "CREATE INDEX idx_artifact_property_string ON ArtifactProperty "
                "(name, is_custom_property, string_value)"
            ),
        ]
    elif database == "mysql":
        statements += ["ALTER TABLE ArtifactProperty MODIFY COLUMN int_value INT"]
    with raw(place).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_what_another_client_began_before_a_commit_and_ended_after_is_dated_by_itself(
    graph, place: str, database: str
) -> None:
    if database == "sqlite":
        pytest.skip("one writer at a time: no id is taken before a commit and shown after it")
    first = graph.artifact("thing", "a")
    values = {"type_id": first.type_id, "uri": "theirs"}
    times = ("create_time_since_epoch", "last_update_time_since_epoch")
    with raw(place).begin() as connection:
        now = int(time.time() * 1_000) + 700  # its client's time of creation: later than ours
        theirs = connection.execute(
            tables.artifact.insert(), {**values, **dict.fromkeys(times, now)}
        ).inserted_primary_key[0]  # type: ignore[index]
        second = graph.artifact("thing", "b")

    moment = graph.store.commits(limit=1)[0][1]
    then = graph.store.as_of(moment)
    assert theirs < (second.id or 0)
    assert [a.id for a in then.artifacts()] == [first.id, second.id]
    assert [a.id for a in graph.store.artifacts()] == [first.id, theirs, second.id]


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb"])
def test_a_server_that_is_not_there_is_told_without_the_password(scheme: str) -> None:
    with pytest.raises(Unavailable, match=f"{scheme}://me@127.0.0.1:1/x can't be used") as caught:
        Store.open(f"{scheme}://me:geheim@127.0.0.1:1/x", busy_seconds=2)

    assert "geheim" not in str(caught.value)


def test_a_database_that_is_not_there_is_not_found(place: str, database: str) -> None:
    if database == "sqlite":
        pytest.skip("a file that is not there is made")
    with pytest.raises(NotFound, match="create the database first"):
        Store.open(f"{place}_none")


def test_the_index_of_a_texts_beginning_serves_where_texts_may_be_long(
    store, place: str, database: str
) -> None:
    if database != "postgresql":
        pytest.skip("only PostgreSQL's indexes would refuse a long text as a whole")
    held = tables.artifact_property
    query = sa.select(held.c.artifact_id).where(
        held.c.name == "held", held.c.is_custom_property == 1, held.c.string_value == LONG
    )
    compiled = query.compile(dialect=raw(place).dialect)

    with raw(place).connect() as connection:
        connection.exec_driver_sql("SET enable_seqscan = off")
        text = f"EXPLAIN {compiled.string}"
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(text, compiled.params))

    assert "idx_artifact_property_string" in plan
    assert '"left"(string_value, 255) = ' in plan


def test_many_rows_at_once_are_the_rows_that_were_given(store) -> None:
    columns = ("artifact_id", "name", "is_custom_property", "string_value", "bool_value")
    with store.write() as transaction:
        kind = transaction.put_type(KIND)
        ids = transaction.commit.reserve(tables.artifact, 200)
        rows = [(n, kind, f"n\t{n}", "\\N" if n % 2 else None) for n in ids]
        transaction.commit.insert_rows(tables.artifact, ("id", "type_id", "name", "uri"), rows)
        held = [(n, "k\\", 1, None if n % 2 else "a\nb\\n", n % 3 == 0 or None) for n in ids]
        transaction.commit.insert_rows(tables.artifact_property, columns, held)

    stored = store.artifacts()
    assert [(a.id, a.name, a.uri) for a in stored] == [(n, c, u or "") for n, _, c, u in rows]
    assert [a.custom_properties.get("k\\") for a in stored if a.id and not a.id % 2] == (
        ["a\nb\\n"] * 100
    )


def test_a_refused_row_among_many_is_named(store, database: str) -> None:
    if database == "sqlite":
        pytest.skip("SQLite refuses none of these")
    with store.write() as transaction:
        kind = transaction.put_type(KIND)

    def put_many(bad: str) -> None:
        with store.write() as transaction:
            ids = transaction.commit.reserve(tables.artifact, 100)
            rows = [(n, kind, f"n{n}") for n in ids[:-2]] + [(n, kind, bad) for n in ids[-2:]]
            transaction.commit.insert_rows(tables.artifact, ("id", "type_id", "name"), rows)

    with pytest.raises(InvalidInput, match=r"Artifact\.name holds at most 255"):
        put_many("n" * 300)
    with pytest.raises(AlreadyExists, match="already holds a row with these values"):
        put_many("twice")
    assert store.artifacts() == []
