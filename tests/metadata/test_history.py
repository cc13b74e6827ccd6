"""As-of against a plain model: what was read at each commit is what as-of says of it later."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.metadata import (
    Artifact,
    ArtifactType,
    Context,
    ContextType,
    Event,
    Execution,
    ExecutionType,
    Made,
    Output,
    Recorder,
    Store,
    tables,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

START = datetime(2020, 1, 1, tzinfo=UTC)
NAMES = ("raw", "table")
WORK = ExecutionType("test.work")
FILE = ArtifactType("test.File")
RUN = ContextType("test.Run")


@dataclass
class Clock:
    """What commits take for the time."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now


@contextlib.contextmanager
def set_clock() -> Iterator[Clock]:
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        for module in ("commit", "recorder", "history"):
            patch.setattr(f"lineal.metadata.{module}.now", clock)
        yield clock


@dataclass(frozen=True)
class Picture:
    """Everything that a store shows."""

    artifacts: tuple[Artifact, ...]
    executions: tuple[Execution, ...]
    contexts: tuple[Context, ...]
    events: tuple[Event, ...]
    members: tuple[tuple[int, ...], ...]
    versions: tuple[tuple[str, int, str, int], ...]
    aliases: tuple[tuple[str, str, int], ...]

    @classmethod
    def of(cls, store: Store) -> Picture:
        executions = store.executions()
        contexts = store.contexts()
        return cls(
            artifacts=tuple(store.artifacts()),
            executions=tuple(executions),
            contexts=tuple(contexts),
            events=tuple(store.events(execution_ids=[e.id for e in executions])),
            members=tuple(
                tuple(node.id for node in members(context_id=context.id))
                for context in contexts
                for members in (store.artifacts, store.executions)
            ),
            versions=tuple(
                (row.name, row.number, row.content, row.artifact_id)
                for name in store.names()
                for row in store.versions(name)
            ),
            aliases=tuple(
                (name, alias, number)
                for name in store.names()
                for alias, number in store.aliases(name).items()
            ),
        )

    def without(self, gone: Gone) -> Picture:
        """Return the picture without pending rows that were removed when nothing came of them."""
        return Picture(
            artifacts=tuple(a for a in self.artifacts if a.id not in gone.artifacts),
            executions=self.executions,
            contexts=self.contexts,
            events=tuple(e for e in self.events if (e.id, e.artifact_id) not in gone.events),
            members=tuple(
                # Of a context, the artifacts and then the executions.
                members if place % 2 else tuple(i for i in members if i not in gone.artifacts)
                for place, members in enumerate(self.members)
            ),
            versions=self.versions,
            aliases=self.aliases,
        )


@dataclass(frozen=True)
class Gone:
    artifacts: frozenset[int]
    events: frozenset[tuple[int, int]]


@dataclass
class Story:
    """A store that steps are taken in, with a picture of it after each commit."""

    clock: Clock
    store: Store = field(default_factory=Store)
    pictures: list[tuple[datetime, Picture]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.store)

    def remember(self) -> None:
        (_, time), *_ = self.store.commits(limit=1)
        self.pictures.append((time, Picture.of(self.store)))

    def take(self, step: tuple[object, ...]) -> None:
        verb, *arguments = step
        with contextlib.suppress(InvalidInput, ZeroDivisionError):
            getattr(self, str(verb))(*arguments)
        if self.store.commits(limit=1):
            self.remember()

    def wait(self, seconds: int) -> None:
        self.clock.now += timedelta(seconds=seconds)

    def make(self, name: str, content: str, claim: int | None, outcome: str) -> None:
        newest = [row for row in map(self.store.newest, NAMES) if row is not None]
        inputs = [self.store.artifact(row.artifact_id) for row in newest]
        known_at = None if claim is None else self.clock.now - timedelta(seconds=claim)
        with self.recorder.run(
            WORK,
            inputs={"in": inputs},
            outputs=[Output("out", FILE, name)],
            contexts=[(RUN, Context("test.Run", name, {"last": content}))],
            known_at=known_at,
        ) as running:
            self.remember()
            self.wait(1)
            if outcome == "fails":
                raise ZeroDivisionError
            running.note(content=content)
            if outcome == "nothing":
                running.nothing("out")
            else:
                running.made("out", Made(content, f"file:///{content}", {"size": len(content)}))

    def label(self, name: str, color: str) -> None:
        row = self.store.newest(name)
        if row is not None:
            self.recorder.label(row.artifact_id, {"color": color})

    def alias(self, name: str, number: int) -> None:
        if self.store.version(name, number) is not None:
            self.recorder.set_alias(name, "best", number)

    def gone(self) -> Gone:
        artifacts = frozenset(a.id for _, p in self.pictures for a in p.artifacts)
        events = frozenset((e.id, e.artifact_id) for _, p in self.pictures for e in p.events)
        last = self.pictures[-1][1]
        return Gone(
            artifacts - {a.id for a in last.artifacts},
            events - {(e.id, e.artifact_id) for e in last.events},
        )


names = st.sampled_from(NAMES)
contents = st.sampled_from(["a", "b", "cc"])
steps = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([-50, -1, 0, 1, 10, 100])),
    st.tuples(
        st.just("make"),
        names,
        contents,
        st.none() | st.sampled_from([-1, 0, 5, 60, 5000]),
        st.sampled_from(["made", "made", "made", "fails", "nothing"]),
    ),
    st.tuples(st.just("label"), names, st.sampled_from(["red", "blue"])),
    st.tuples(st.just("alias"), names, st.integers(1, 3)),
)


@given(st.lists(steps, max_size=8))
@settings(max_examples=20, deadline=None)
def test_what_was_committed_by_a_moment_is_what_was_read_then(story: list[tuple]) -> None:
    with set_clock() as clock:
        told = Story(clock)
        for step in story:
            told.take(step)

        last_at = {time: picture for time, picture in told.pictures}  # noqa: C416 -- the last wins
        for time, picture in last_at.items():
            then = told.store.as_of(time, clock="commit")
            assert Picture.of(then) == picture.without(told.gone())

        times = [time for time, _ in told.pictures]
        assert times == sorted(times)
        before = Picture.of(told.store.as_of(START - timedelta(days=1), clock="commit"))
        assert before == Picture((), (), (), (), (), (), ())
        told.store.close()


@given(st.lists(steps, max_size=8))
@settings(max_examples=20, deadline=None)
def test_what_was_known_at_a_moment_follows_the_claims(story: list[tuple]) -> None:
    with set_clock() as clock:
        told = Story(clock)
        for step in story:
            told.take(step)
        rows = [row for name in told.store.names() for row in told.store.versions(name)]

        for row in rows:
            assert row.known_at <= row.committed
            assert (row.claimed_by is None) == (row.known_at == row.committed) or row.claimed_by
        for name in NAMES:
            known = [row.known_at for row in rows if row.name == name]
            assert known == sorted(known)

        moments = {row.known_at for row in rows} | {row.committed for row in rows}
        for moment in moments | {m - timedelta(microseconds=1) for m in moments}:
            then = told.store.as_of(moment)
            visible = [row for row in rows if row.known_at <= moment]
            assert [row for name in then.names() for row in then.versions(name)] == visible
            by_name = {row.name: row for row in visible}  # the last of each name
            assert {name: then.newest(name) for name in then.names()} == by_name
            assert all(
                then.artifact(row.artifact_id).name == f"{row.name}@{row.number}" for row in visible
            )
            # What an event ties is there, and what made a version is there with it.
            events = then.events(execution_ids=[e.id for e in then.executions()])
            there = {a.id for a in then.artifacts()}
            assert {e.artifact_id for e in events} <= there
            made = {e.artifact_id for e in events if e.type.name == "OUTPUT"}
            assert {row.artifact_id for row in visible} <= made
        told.store.close()


def test_a_clock_set_back_does_not_take_commits_back() -> None:
    with set_clock() as clock:
        story = Story(clock)
        for seconds in (0, -3600, 10):
            story.wait(seconds)
            story.make("raw", str(seconds), None, "made")

        times = [row.committed for row in story.store.versions("raw")]
        assert times == sorted(times)
        assert times[1] > clock.now - timedelta(seconds=20)
        story.store.close()


def test_a_moment_needs_a_zone_and_a_date_means_its_start(graph) -> None:
    with pytest.raises(InvalidInput, match="has no time zone"):
        graph.store.as_of(START.replace(tzinfo=None))
    with pytest.raises(InvalidInput, match="no clock 'wall'"):
        graph.store.as_of(START, clock="wall")

    assert graph.store.as_of("2020-01-01").at.moment == START


def test_what_is_searched_for_by_a_value_is_compared_as_it_was_then(graph) -> None:
    artifact = graph.artifact("thing", "a")
    graph.recorder.label(artifact.id, {"color": "red"})
    then = graph.store.commits(limit=1)[0][1]
    graph.recorder.label(artifact.id, {"color": "blue"})

    past = graph.store.as_of(then)

    assert [a.id for a in past.artifacts(properties={"color": "red"})] == [artifact.id]
    assert past.artifacts(properties={"color": "blue"}) == []
    assert graph.store.artifacts(properties={"color": "red"}) == []


def test_a_store_of_many_thousand_nodes_can_be_looked_back_at(graph) -> None:
    # More than SQLite allows bound values in one statement.
    count = 33_000
    kind = graph.artifact("thing", "a").type_id
    with graph.store.write() as transaction:
        rows = [{"type_id": kind, "name": f"n{number}"} for number in range(count)]
        transaction.commit.insert(tables.artifact, rows)

    then = graph.store.as_of(graph.store.commits(limit=1)[0][1])

    assert len(then.artifacts()) == count + 1
