"""A folder is one version: its files, links, empty folders and executable bits come back."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.lake import Entry, EntryKind, Tree
from lineal.lake.checkout import write_folder

if TYPE_CHECKING:
    from pathlib import Path

    from lineal.lake import Lake, ObjectStore

ODD = [b"a b", b"new\nline", b"\xff\xfe", "é🛫".encode(), b'"q"', b"-rf", b"back\\slash", b"a.b"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    top = tmp_path / "dataset"
    (top / "deep" / "er").mkdir(parents=True)
    (top / "empty").mkdir()
    (top / "deep" / "er" / "a.csv").write_bytes(b"1\n")
    (top / "copy.csv").write_bytes(b"1\n")
    (top / "run.sh").write_bytes(b"#!/bin/sh\n")
    (top / "run.sh").chmod(0o755)
    (top / "inside").symlink_to("deep/er/a.csv")
    (top / "to-folder").symlink_to("deep")
    (top / "outside").symlink_to("/etc/hostname")
    (top / "dangling").symlink_to("nowhere")
    return top


def contents(top: Path) -> dict[bytes, object]:
    """Return all that a folder holds, by path."""
    found: dict[bytes, object] = {}
    for path in top.rglob("*"):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            value: object = ("link", str(path.readlink()))
        elif stat.S_ISDIR(mode):
            value = "folder"
        else:
            value = (path.read_bytes(), bool(mode & 0o100))
        found[os.fsencode(path.relative_to(top))] = value
    return found


def test_a_folder_comes_back_as_it_was(lake: Lake, folder: Path, tmp_path: Path) -> None:
    for name in ODD:
        (folder / os.fsdecode(name)).write_bytes(name)

    version = lake.add(folder)
    lake.checkout(version, tmp_path / "out")

    assert contents(tmp_path / "out") == contents(folder)


def test_a_folder_is_one_version_and_its_files_are_stored_once(lake: Lake, folder: Path) -> None:
    version = lake.add(folder)

    assert (version.ref, version.is_folder, version.media_type) == (
        "dataset@1", True, "inode/directory",
    )  # fmt: skip
    assert [entry.path for entry in version.files] == ["copy.csv", "deep/er/a.csv", "run.sh"]
    assert version.size == 2 + 2 + 10
    assert version.artifact.get("files") == 3
    assert len(list(lake.objects.names())) == 3  # two contents and the list
    assert version.read_bytes("deep/er/a.csv") == b"1\n"
    assert version.open("run.sh").read() == b"#!/bin/sh\n"


def test_an_equal_folder_elsewhere_is_the_same_content(lake: Lake, tmp_path: Path) -> None:
    for place in ("one", "two"):
        (tmp_path / place / "data").mkdir(parents=True)
        (tmp_path / place / "data" / "a").write_bytes(b"1")
    os.utime(tmp_path / "two" / "data" / "a", (0, 0))

    assert lake.add(tmp_path / "one" / "data").ref == "data@1"
    assert lake.add(tmp_path / "two" / "data").ref == "data@1"
    (tmp_path / "two" / "data" / "a").chmod(0o755)
    assert lake.add(tmp_path / "two" / "data").ref == "data@2"


def test_an_empty_folder_and_a_trailing_slash(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()

    version = lake.add(f"{tmp_path}/nothing/")
    lake.checkout(version, tmp_path / "out")

    assert version.ref == "nothing@1"
    assert contents(tmp_path / "out") == {}
    assert (tmp_path / "out").is_dir()


def test_the_folder_of_the_workspace_is_refused(lake: Lake, root: Path) -> None:
    with pytest.raises(InvalidInput, match="holds this workspace itself"):
        lake.add(root.parent)


def test_a_folder_has_no_bytes_of_its_own(lake: Lake, folder: Path) -> None:
    version = lake.add(folder)

    with pytest.raises(InvalidInput, match="is a folder"):
        version.read_bytes()
    with pytest.raises(InvalidInput, match="is a folder"):
        _ = version.path
    with pytest.raises(NotFound, match=r"did you mean 'run\.sh'"):
        version.open("run.s")


def test_a_file_in_the_way_is_not_overwritten_unless_asked(lake: Lake, tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "out.csv"
    source.write_bytes(b"new")
    target.write_bytes(b"mine")
    version = lake.add(source)

    with pytest.raises(AlreadyExists, match="overwrite=True"):
        lake.checkout(version, target)
    assert target.read_bytes() == b"mine"

    lake.checkout(version, target, overwrite=True)
    lake.checkout(version, target)  # it is what is asked for already
    assert target.read_bytes() == b"new"
    assert os.access(target, os.W_OK)
    with pytest.raises(AlreadyExists, match="is a folder"):
        lake.checkout(version, tmp_path, overwrite=True)


def test_a_link_in_the_way_is_replaced_not_followed(lake: Lake, tmp_path: Path) -> None:
    source, victim, target = tmp_path / "a.csv", tmp_path / "victim", tmp_path / "out.csv"
    source.write_bytes(b"new")
    victim.write_bytes(b"precious")
    target.symlink_to(victim)
    version = lake.add(source)

    lake.checkout(version, target, overwrite=True)

    assert victim.read_bytes() == b"precious"
    assert not target.is_symlink()


def test_into_a_folder_that_exists_only_what_is_asked_is_written(
    lake: Lake, folder: Path, tmp_path: Path
) -> None:
    version = lake.add(folder)
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_bytes(b"mine")
    (out / "run.sh").write_bytes(b"mine too")

    with pytest.raises(AlreadyExists, match=r"'run\.sh'"):
        lake.checkout(version, out)
    assert sorted(path.name for path in out.iterdir()) == ["mine.txt", "run.sh"]

    lake.checkout(version, out, overwrite=True)
    assert contents(out) == {**contents(folder), b"mine.txt": (b"mine", False)}
    lake.checkout(version, out)
    assert contents(out) == {**contents(folder), b"mine.txt": (b"mine", False)}


def test_a_folder_where_a_file_should_be_is_never_removed(
    lake: Lake, folder: Path, tmp_path: Path
) -> None:
    version = lake.add(folder)
    (tmp_path / "out" / "run.sh").mkdir(parents=True)

    with pytest.raises(AlreadyExists, match="move them away"):
        lake.checkout(version, tmp_path / "out", overwrite=True)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(AlreadyExists, match="is no folder"):
        lake.checkout(version, tmp_path / "file", overwrite=True)


def test_nothing_is_written_through_a_link_in_the_destination(
    lake: Lake, folder: Path, tmp_path: Path
) -> None:
    version = lake.add(folder)
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    out.mkdir()
    (out / "deep").symlink_to(elsewhere)

    with pytest.raises(InvalidInput, match="a link or a file where the version has a folder"):
        lake.checkout(version, out, overwrite=True)
    assert list(elsewhere.iterdir()) == []


def test_a_folder_with_a_damaged_file_does_not_appear(objects: ObjectStore, tmp_path: Path) -> None:
    from lineal.errors import Corrupt

    good, bad = objects.put_bytes(b"good"), objects.put_bytes(b"bad")
    objects.path(bad.sha256).unlink()
    tree = Tree(
        (
            Entry("a", sha256=good.sha256, size=4),
            Entry("b", sha256=bad.sha256, size=3),
            Entry("c", EntryKind.FOLDER),
        )
    )

    with pytest.raises(Corrupt, match=bad.sha256):
        write_folder(objects, tree, tmp_path / "new" / "out", overwrite=False)
    assert list((tmp_path / "new").iterdir()) == []
