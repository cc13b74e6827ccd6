"""One grammar of names: what a text finds, and what it says when it finds nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

import lineal
from lineal.errors import InvalidInput, NotFound
from lineal.lake import LakeVersion
from lineal.metadata import format_name
from lineal.workspace.resolving import name_or_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineal.workspace import Workspace


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    """A workspace with three versions of `notes.txt`, the third equal to the first."""
    with lineal.open(tmp_path / "ws") as workspace:
        for text in ("one", "two", "one"):
            (tmp_path / "notes.txt").write_text(text)
            workspace.lake.add(tmp_path / "notes.txt")
        yield workspace


def read(ws: Workspace, reference: str) -> bytes:
    version = ws.get(reference)
    assert isinstance(version, LakeVersion)
    return version.read_bytes()


def test_a_bare_name_is_the_newest_version(ws: Workspace) -> None:
    assert ws.get("notes.txt").ref == "notes.txt@3"


def test_a_number_is_that_version(ws: Workspace) -> None:
    assert read(ws, "notes.txt@2") == b"two"


def test_a_content_hash_finds_its_version(ws: Workspace) -> None:
    second = ws.get("notes.txt@2")

    assert ws.get(f"notes.txt@sha256:{second.content[:8]}").number == 2


def test_content_that_came_twice_finds_the_newest_with_it(ws: Workspace) -> None:
    assert ws.get(f"notes.txt@sha256:{ws.get('notes.txt@1').content}").number == 3


def test_an_alias_finds_what_it_stands_for_and_moves(ws: Workspace) -> None:
    ws.alias("notes.txt", "best", 2)
    assert read(ws, "notes.txt:best") == b"two"

    ws.alias("notes.txt", "best", 3)
    assert read(ws, "notes.txt:best") == b"one"
    assert [row["verb"] for row in ws.log(limit=2)] == ["alias", "alias"]


def test_a_time_finds_what_was_known_then(ws: Workspace) -> None:
    between = ws.get("notes.txt@2").known_at
    assert between is not None

    assert ws.get(f"notes.txt@{between.isoformat()}").number == 2
    with pytest.raises(NotFound, match="first version is known since"):
        ws.get("notes.txt@2013-06-30")


def test_an_id_addresses_any_artifact(ws: Workspace) -> None:
    first = ws.get("notes.txt@1")

    assert ws.get(f"artifact/{first.id}").ref == "notes.txt@1"
    with pytest.raises(NotFound, match="artifact/999"):
        ws.get("artifact/999")


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("note.txt", "did you mean 'notes.txt'"),
        ("notes.txt@9", "no version 9; the newest is 3"),
        ("notes.txt:bets", "no alias"),
        ("notes.txt@sha256:000000", "no version of notes.txt has content"),
    ],
)
def test_what_is_not_there_is_said_with_what_is(ws: Workspace, reference: str, told: str) -> None:
    ws.alias("notes.txt", "best", 1)

    with pytest.raises(NotFound) as caught:
        ws.get(reference)

    assert told in str(caught.value)


@pytest.mark.parametrize(
    "name", ["my notes.txt", 'a "quoted" one', "we@ird:name", "naïve 🛫.csv", "a'b", "x#y%z"]
)
def test_any_sane_name_works_everywhere(ws: Workspace, tmp_path: Path, name: str) -> None:
    (tmp_path / "source").write_text("hello")

    version = ws.lake.add(tmp_path / "source", format_name(name))

    assert read(ws, version.ref) == b"hello"
    assert ws.lineage(version.ref).start == ("artifact", version.id)


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "a/../b", "", " x", "a\nb", "a\0b"])
def test_a_hostile_name_is_refused_and_leaves_nothing(
    ws: Workspace, tmp_path: Path, name: str
) -> None:
    (tmp_path / "source").write_text("hello")
    before = ws.store.names()

    with pytest.raises(InvalidInput):
        ws.lake.add(tmp_path / "source", name)

    assert ws.store.names() == before


def test_text_that_is_a_name_and_a_path_is_refused_naming_both(
    ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(InvalidInput) as caught:
        name_or_path(ws, "notes.txt")

    assert "notes.txt@3" in str(caught.value)
    assert str(tmp_path / "notes.txt") in str(caught.value)
    assert name_or_path(ws, "./notes.txt") == (tmp_path / "notes.txt").relative_to(tmp_path)


def test_the_past_is_read_only(ws: Workspace, tmp_path: Path) -> None:
    past = ws.at(datetime.now(tz=UTC))

    with pytest.raises(InvalidInput, match="present workspace"):
        past.lake.add(tmp_path / "notes.txt", "other")

    assert past.get("notes.txt").number == 3


def test_a_moment_needs_a_zone_unless_it_is_a_date(ws: Workspace) -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        ws.at("2013-06-30T12:00")

    with pytest.raises(NotFound, match="known at 2013-06-30"):
        ws.at("2013-06-30").get("notes.txt")
