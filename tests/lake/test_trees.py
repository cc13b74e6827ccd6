"""Folders as values: one canonical manifest, read back equal, hostile ones refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import Corrupt, InvalidInput, NotFound
from lineal.lake import Entry, EntryKind, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

SHA = "ab" * 32


def as_name(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


# Any bytes that a file can be called by, with odd ones often.
names = st.one_of(
    st.sampled_from([b"a", b"a b", b"a.b", b"\n", b'"', b"\xff\xfe", b"\\", "é".encode(), b"-"]),
    st.binary(min_size=1, max_size=8),
).filter(lambda raw: raw not in (b".", b"..") and b"/" not in raw and b"\0" not in raw)
paths = st.lists(names, min_size=1, max_size=4).map(lambda parts: as_name(b"/".join(parts)))
entries = st.one_of(
    st.builds(
        Entry,
        paths,
        st.just(EntryKind.FILE),
        sha256=st.binary(min_size=32, max_size=32).map(bytes.hex),
        size=st.integers(0, 2**50),
        executable=st.booleans(),
    ),
    st.builds(Entry, paths, st.just(EntryKind.LINK), target=paths),
    st.builds(Entry, paths, st.just(EntryKind.FOLDER)),
)


def without_clashes(found: Sequence[Entry]) -> tuple[Entry, ...]:
    """Keep the entries that can stand in one folder together."""
    kept: dict[str, Entry] = {}
    for entry in found:
        clash = any(
            entry.path == path
            or f"{entry.path}/".startswith(f"{path}/")
            or f"{path}/".startswith(f"{entry.path}/")
            for path in kept
        )
        if not clash:
            kept[entry.path] = entry
    return tuple(kept.values())


@settings(max_examples=60, deadline=None)
@given(found=st.lists(entries, max_size=12).map(without_clashes), data=st.data())
def test_a_tree_comes_back_from_its_manifest_whatever_its_order(
    found: tuple[Entry, ...], data: st.DataObject
) -> None:
    tree = Tree(found)
    shuffled = Tree(tuple(data.draw(st.permutations(found))))

    assert Tree.decode(tree.encode()) == tree
    assert shuffled.encode() == tree.encode()
    assert tree.encode().isascii()


def test_the_manifest_is_json_lines_sorted_by_bytes() -> None:
    tree = Tree(
        (
            Entry("b", EntryKind.LINK, target="a/x"),
            Entry("a/x", sha256=SHA, size=3, executable=True),
            Entry("a.y", sha256=SHA, size=4),
            Entry("c\udcff", EntryKind.FOLDER),
        )
    )

    assert [json.loads(line) for line in tree.encode().splitlines()] == [
        {"format": "lineal.tree", "version": 1},
        {"kind": "file", "path": "a.y", "sha256": SHA, "size": 4},
        {"executable": True, "kind": "file", "path": "a/x", "sha256": SHA, "size": 3},
        {"kind": "link", "path": "b", "target": "a/x"},
        {"kind": "folder", "path": {"hex": "63ff"}},
    ]
    assert tree.size == 7
    assert [entry.path for entry in tree.files] == ["a.y", "a/x"]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a//b", ".", "", "a/", "./a", "a\0b"]
)
def test_paths_that_leave_the_folder_are_refused(path: str) -> None:
    manifest = (
        b'{"format":"lineal.tree","version":1}\n'
        + json.dumps(
            {"kind": "file", "path": path, "sha256": SHA, "size": 1},
            separators=(",", ":"),
        ).encode()
        + b"\n"
    )

    with pytest.raises(InvalidInput, match="no path inside a folder"):
        Tree((Entry(path, sha256=SHA),))
    with pytest.raises(Corrupt, match="no path inside a folder"):
        Tree.decode(manifest)


def test_nothing_lies_below_a_link_or_stands_twice() -> None:
    link = Entry("a", EntryKind.LINK, target="/etc")

    with pytest.raises(InvalidInput, match="can't lie below 'a'"):
        Tree((link, Entry("a/passwd", sha256=SHA)))
    with pytest.raises(InvalidInput, match="two entries of one path"):
        Tree((link, Entry("a", EntryKind.FOLDER)))


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]\n",
        b'{"format":"lineal.tree","version":2}\n',
        b'{"format":"lineal.tree","version":1}\n[]\n',
        b'{"format":"lineal.tree","version":1}\n{"kind":"file"}\n',
        b'{"format":"lineal.tree","version":1}\n{"kind":"pipe","path":"a"}\n',
        b'{"format":"lineal.tree","version":1}\n{"kind":"file","path":"a","sha256":"x","size":1}\n',
        b'{"format": "lineal.tree", "version": 1}\n',
        b'{"format":"lineal.tree","version":1}\n{"kind":"folder","path":{"hex":"61"}}\n',
        b"\xff\n",
    ],
)
def test_what_is_no_canonical_manifest_is_refused(manifest: bytes) -> None:
    with pytest.raises(Corrupt):
        Tree.decode(manifest)


def test_a_file_is_found_by_its_path_or_a_like_one_is_named() -> None:
    tree = Tree((Entry("data/flights.csv", sha256=SHA),))

    assert tree.file("data/flights.csv").sha256 == SHA
    with pytest.raises(NotFound, match=r"did you mean 'data/flights\.csv'"):
        tree.file("data/flight.csv")
