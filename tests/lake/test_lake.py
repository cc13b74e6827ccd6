"""The lake's verbs: add, versions, reading back, plain inputs."""

from __future__ import annotations

import hashlib
import io
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineal.errors import AlreadyExists, Corrupt, InvalidInput, NotFound
from lineal.lake import Lake, LakeVersion
from lineal.metadata import EventType, ExecutionState, ExecutionType, Output

# Root reads every file, unless it lets its capabilities go.
GIVE_UP_PRIVILEGES = (
    "import ctypes\n"
    "from lineal.errors import InvalidInput\n"
    "header = (ctypes.c_uint32 * 2)(0x20080522, 0)\n"
    "assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0\n"
)

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from lineal.lake import ObjectStore
    from lineal.metadata import Recorder

    Write = Callable[[str, bytes], Path]


def test_an_added_file_is_a_version_with_its_facts(lake: Lake, write: Write) -> None:
    source = write("flights.csv", b"carrier\nUA\n")
    os.utime(source, (1_356_998_400, 1_356_998_400))

    version = lake.add(source)

    assert (version.ref, version.size, version.media_type) == ("flights.csv@1", 11, "text/csv")
    assert version.content == hashlib.sha256(b"carrier\nUA\n").hexdigest()
    assert version.artifact.properties == {
        "sha256": version.content,
        "size": 11,
        "media_type": "text/csv",
        "source": str(source),
        "modified": "2013-01-01T00:00:00+00:00",
    }
    assert version.artifact.uri == str(version.path)
    assert version.read_bytes() == version.open().read() == version.path.read_bytes()


def test_the_act_is_recorded_with_its_output(lake: Lake, recorder: Recorder, write: Write) -> None:
    version = lake.add(write("a.csv", b"x\n"))

    (execution,) = recorder.store.executions(type="lineal.add")
    (event,) = recorder.store.events(execution_ids=[execution.id or 0])
    assert execution.state == ExecutionState.COMPLETE
    assert execution.get("sources") == {"a.csv": version.artifact.get("source")}
    assert (event.artifact_id, event.type) == (version.id, EventType.OUTPUT)


def test_equal_content_makes_no_version_and_older_content_makes_one(
    lake: Lake, write: Write
) -> None:
    first = lake.add(write("a.csv", b"1\n"))
    again = lake.add(write("elsewhere/a.csv", b"1\n"))
    second = lake.add(write("a.csv", b"2\n"))
    back = lake.add(write("a.csv", b"1\n"))

    assert (first.ref, again.ref, second.ref, back.ref) == (
        "a.csv@1",
        "a.csv@1",
        "a.csv@2",
        "a.csv@3",
    )
    assert [one.content for one in lake.versions("a.csv")] == [
        first.content, second.content, first.content,
    ]  # fmt: skip
    assert len(list(lake.objects.names())) == 2


def test_one_content_may_carry_many_names(lake: Lake, write: Write) -> None:
    one = lake.add(write("a.csv", b"1\n"), "first")
    two = lake.add(write("a.csv", b"1\n"), "second")

    assert lake.names() == ["first", "second"]
    assert one.content == two.content
    assert len(list(lake.objects.names())) == 1


def test_a_file_object_is_read_from_where_it_stands_and_needs_a_name(lake: Lake) -> None:
    stream = io.BytesIO(b"header,body")
    stream.seek(7)

    version = lake.add(stream, "body.csv")

    assert version.read_bytes() == b"body"
    assert version.media_type == "text/csv"
    with pytest.raises(InvalidInput, match="pass name="):
        lake.add(io.BytesIO(b"x"))
    with pytest.raises(InvalidInput, match="mode 'rb'"):
        lake.add(io.StringIO("x"), "text")  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="int can't be added"):
        lake.add(7, "seven")  # type: ignore[arg-type]


def test_a_pipe_can_be_added_as_a_stream(lake: Lake) -> None:
    read, write = os.pipe()
    os.write(write, b"from a pipe")
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        version = lake.add(stream, "piped")

    assert version.read_bytes() == b"from a pipe"


def test_a_path_that_is_not_there_is_told_with_a_likely_one(lake: Lake, write: Write) -> None:
    source = write("flights.csv", b"x\n")

    with pytest.raises(NotFound, match=r"did you mean '.*flights\.csv'"):
        lake.add(source.with_name("flihgts.csv"))
    with pytest.raises(NotFound, match="there is no file or folder"):
        lake.add("/no/such/folder/x.csv")
    with pytest.raises(NotFound, match="there is no file or folder"):
        lake.add(source / "below a file")
    with pytest.raises(InvalidInput, match="can't be read"):
        lake.add("nul\0byte")
    with pytest.raises(InvalidInput, match="can't be read"):
        lake.add("x" * 300)
    assert lake.names() == []


def test_a_link_to_nothing_is_told(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "link.csv").symlink_to("nowhere")

    with pytest.raises(NotFound, match="points to nothing"):
        lake.add(tmp_path / "link.csv")


def test_a_link_given_as_the_source_is_followed(lake: Lake, write: Write, tmp_path: Path) -> None:
    write("real.csv", b"1\n")
    (tmp_path / "link.csv").symlink_to("real.csv")

    version = lake.add(tmp_path / "link.csv")

    assert (version.ref, version.read_bytes()) == ("link.csv@1", b"1\n")


def test_an_empty_file_is_kept_as_one(lake: Lake, write: Write) -> None:
    version = lake.add(write("empty.csv", b""))

    assert (version.size, version.read_bytes()) == (0, b"")


@pytest.mark.parametrize("name", ["a b.csv", 'it\'s "quoted".csv', "a@2.csv", "x:y", "🛫.csv", "é"])
def test_odd_names_are_names(lake: Lake, write: Write, name: str) -> None:
    version = lake.add(write(name, name.encode()))

    assert version.name == name
    assert lake.get(name, 1).read_bytes() == name.encode()


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "/x", "a/../b", " x", "a\nb", "artifact/3", "x" * 300]
)
def test_bad_names_are_refused_before_anything_is_written(
    lake: Lake, recorder: Recorder, write: Write, name: str
) -> None:
    with pytest.raises(InvalidInput):
        lake.add(write("a.csv", b"x"), name)

    assert recorder.store.executions() == []
    assert list(lake.objects.names()) == []


def test_a_file_whose_name_is_not_utf8_can_be_added_under_another(
    lake: Lake, tmp_path: Path
) -> None:
    source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv"))
    source.write_bytes(b"1\n")

    with pytest.raises(InvalidInput, match="broken characters"):
        lake.add(source)
    version = lake.add(source, "fine.csv")

    assert version.artifact.get("source") == str(tmp_path) + "/\\xff.csv"


def test_a_special_file_is_refused_and_named(lake: Lake, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(InvalidInput, match=r"pipe is no regular file"):
        lake.add(tmp_path / "pipe")


def test_an_unreadable_file_is_refused_and_named(
    write: Write, in_process: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    alone, inside = write("secret.csv", b"x"), write("folder/locked.csv", b"x")
    alone.chmod(0)
    inside.chmod(0)

    done = in_process(
        GIVE_UP_PRIVILEGES + "for given in (source, source.parent / 'folder'):\n"
        "    try: lake.add(given)\n"
        "    except InvalidInput as error: print(error)\n",
        alone,
    )

    assert done.stdout.splitlines() == [
        f"{alone} can't be read: Permission denied",
        f"{inside} can't be read: Permission denied",
    ]


def test_a_name_of_another_type_is_not_taken(lake: Lake, write: Write, tmp_path: Path) -> None:
    lake.add(write("data", b"x"))
    (tmp_path / "folder").mkdir()

    with pytest.raises(AlreadyExists, match=r"lineal\.File"):
        lake.add(tmp_path / "folder", "data")


def test_the_newest_and_each_number_is_got_and_others_are_told(lake: Lake, write: Write) -> None:
    lake.add(write("a.csv", b"1"))
    lake.add(write("a.csv", b"2"))

    assert lake.get("a.csv").number == 2
    assert lake.get("a.csv", 1).read_bytes() == b"1"
    with pytest.raises(NotFound, match="it has 1 to 2"):
        lake.get("a.csv", 3)
    with pytest.raises(NotFound, match=r"did you mean 'a\.csv'"):
        lake.get("a.cvs")
    with pytest.raises(NotFound, match="the lake has no"):
        lake.versions("b")


def test_a_damaged_version_is_noticed_at_every_door(
    lake: Lake, write: Write, tmp_path: Path
) -> None:
    version = lake.add(write("a.csv", b"good"))
    path = version.path
    path.chmod(0o644)
    path.write_bytes(b"evil")

    with pytest.raises(Corrupt, match=version.content):
        version.read_bytes()
    with pytest.raises(Corrupt, match=version.content):
        _ = version.path
    with pytest.raises(Corrupt, match=version.content):
        version.open().read()
    with pytest.raises(Corrupt, match=version.content):
        lake.checkout(version, tmp_path / "out.csv")
    assert not (tmp_path / "out.csv").exists()

    assert lake.add(write("a.csv", b"good")).ref == "a.csv@1"
    assert version.read_bytes() == b"good"


def test_several_sources_are_added_all_or_none(lake: Lake, write: Write, tmp_path: Path) -> None:
    one, two = write("one.csv", b"1"), write("two.csv", b"2")

    versions = lake.add_all([one, str(two)])

    assert [version.ref for version in versions] == ["one.csv@1", "two.csv@1"]
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="no regular file"):
        lake.add_all([write("three.csv", b"3"), tmp_path / "pipe"])
    with pytest.raises(InvalidInput, match="two of the sources are called"):
        lake.add_all([one, write("other/one.csv", b"x")])
    assert lake.names() == ["one.csv", "two.csv"]
    assert len(list(lake.objects.names())) == 2


def test_a_plain_input_is_one_artifact_for_each_content(lake: Lake, write: Write) -> None:
    first = lake.store_plain(b"frame", media_type="application/vnd.apache.arrow.stream")
    same = lake.store_plain(b"frame")
    file = lake.store_plain(write("frame.bin", b"frame"))
    other = lake.store_plain(b"another")

    assert first.id == same.id == file.id
    assert other.id != first.id
    assert first.get("media_type") == "application/vnd.apache.arrow.stream"
    assert lake.names() == []
    handle = lake.version(first)
    assert (handle.ref, handle.read_bytes()) == (f"artifact/{first.id}", b"frame")
    assert handle.content == hashlib.sha256(b"frame").hexdigest()


def test_a_plain_input_of_known_content_is_the_named_version(lake: Lake, write: Write) -> None:
    named = lake.add(write("a.csv", b"1\n"))

    assert lake.store_plain(write("b.csv", b"1\n")).id == named.id


def test_reads_in_a_run_are_its_inputs(lake: Lake, recorder: Recorder, write: Write) -> None:
    version = lake.add(write("a.csv", b"1\n"))
    lake.get("a.csv").read_bytes()

    with recorder.run(ExecutionType("train"), tracks_reads=True) as running:
        lake.get("a.csv").read_bytes()
        lake.get("a.csv").open().close()

    events = recorder.store.events(execution_ids=[running.execution_id])
    assert [(event.artifact_id, event.type) for event in events] == [(version.id, EventType.INPUT)]


def test_a_claim_dates_a_version_and_the_past_takes_nothing_in(
    lake: Lake, recorder: Recorder, objects: ObjectStore, write: Write
) -> None:
    march = datetime(2013, 3, 1, tzinfo=UTC)
    lake.add(write("jan.csv", b"1"), known_at="2013-02-01")
    lake.add(write("now.csv", b"2"))

    then = Lake(recorder, objects, store=recorder.store.as_of(march))

    assert then.names() == ["jan.csv"]
    assert then.get("jan.csv").read_bytes() == b"1"
    with pytest.raises(InvalidInput, match="can't be added to"):
        then.add(write("jan.csv", b"3"))
    with pytest.raises(InvalidInput, match="can't be added to"):
        then.store_plain(b"3")


def test_a_media_type_that_is_told_is_kept(lake: Lake, write: Write) -> None:
    assert lake.add(write("a", b"x"), media_type="text/x-log").media_type == "text/x-log"


def test_an_artifact_of_another_part_is_not_in_the_lake(lake: Lake, recorder: Recorder) -> None:
    from lineal.metadata import ArtifactType

    with recorder.run(ExecutionType("v"), outputs=[Output("o", ArtifactType("T"))]) as running:
        running.nothing("o")
    artifact = recorder.store.artifacts()
    assert artifact == []

    from lineal.metadata import Artifact

    with pytest.raises(InvalidInput, match="not in the lake"):
        lake.version(Artifact("lineal.Table", id=1))


def test_a_socket_in_a_folder_is_named(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "f"
    folder.mkdir()
    here = Path.cwd()
    os.chdir(folder)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("sock")
            with pytest.raises(InvalidInput, match="sock' is a socket"):
                lake.add(folder)
    finally:
        os.chdir(here)


def test_a_lake_version_says_what_it_is(lake: Lake, write: Write) -> None:
    version = lake.add(write("a.csv", b"1"))

    assert isinstance(version, LakeVersion)
    assert version.describe()["type"] == "lineal.File"
    assert repr(version) == "<LakeVersion a.csv@1>"
    with pytest.raises(InvalidInput, match="is a file, not a folder"):
        version.tree()
