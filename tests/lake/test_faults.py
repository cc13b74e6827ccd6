"""What a crash, a full disk or a crowd of writers does to the lake: nothing half-made is seen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from lineal.errors import Conflict, InvalidInput, LinealError, Unavailable
from lineal.lake import Lake, LeftoverKind, ObjectStore
from lineal.lake.disk import private_folder, shared_lock
from lineal.metadata import ExecutionState, ExecutionType, Recorder, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Write = Callable[[str, bytes], Path]
    InProcess = Callable[..., subprocess.CompletedProcess[str]]

POINTS = (
    "recorder.opening",
    "recorder.opened",
    "lake.staged",
    "lake.placed",
    "recorder.closing",
    "recorder.numbered",
    "recorder.closed",
)


def settle(recorder: Recorder) -> None:
    for execution in recorder.crashed():
        recorder.abandon(execution.id or 0, reason="its process was killed")


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_add_leaves_no_version_and_the_next_one_makes_one(
    lake: Lake, recorder: Recorder, write: Write, in_process: InProcess, point: str
) -> None:
    source = write("a.csv", b"1,2\n")

    in_process("lake.add(source)", source, kill_at=point)
    visible = recorder.store.versions("a.csv")
    again = lake.add(source)

    assert len(visible) == (1 if point == "recorder.closed" else 0)
    assert (again.ref, again.read_bytes()) == ("a.csv@1", b"1,2\n")
    assert len(recorder.store.versions("a.csv")) == 1
    settle(recorder)
    lake.clean(lake.leftovers())
    assert lake.leftovers() == []
    assert again.read_bytes() == b"1,2\n"


@pytest.mark.parametrize("point", ["lake.staged", "lake.placed"])
def test_what_a_killed_add_of_a_folder_left_is_found_and_removed(
    lake: Lake,
    recorder: Recorder,
    write: Write,
    in_process: InProcess,
    point: str,
) -> None:
    kept = lake.add(write("kept.csv", b"kept"))
    for number in range(30):
        write(f"folder/{number}.txt", str(number).encode())
    write("folder/same.csv", b"kept")

    in_process("lake.add(source)", kept.path.parents[5] / "folder", kill_at=point)
    settle(recorder)
    found = lake.leftovers()
    gone = lake.clean(found)

    kinds = {leftover.kind for leftover in found}
    assert LeftoverKind.TEMPORARY in kinds
    assert (LeftoverKind.OBJECT in kinds) == (point == "lake.placed")
    assert gone == found
    assert lake.leftovers() == []
    assert list(lake.objects.names()) == [kept.content]
    assert kept.read_bytes() == b"kept"


def test_an_open_run_keeps_its_objects(lake: Lake, recorder: Recorder) -> None:
    with recorder.run(ExecutionType("work")):
        stored = lake.objects.put_bytes(b"not referred to yet")
        during = lake.leftovers()
    after = lake.leftovers()

    assert during == []
    assert [leftover.path for leftover in after] == [lake.objects.path(stored.sha256)]


def test_the_temporary_files_of_a_living_writer_are_no_leftovers(
    lake: Lake, objects: ObjectStore
) -> None:
    with private_folder(objects.temporary) as folder:
        (folder / "half").write_bytes(b"x")

        assert lake.leftovers() == []
    assert list(objects.temporary.iterdir()) == []


def test_a_leftover_that_came_to_use_meanwhile_is_kept(lake: Lake, write: Write) -> None:
    lake.objects.put_bytes(b"1\n")
    found = lake.leftovers()
    version = lake.add(write("a.csv", b"1\n"))

    assert len(found) == 1
    assert lake.clean(found) == []
    assert version.read_bytes() == b"1\n"


def test_nothing_is_cleaned_while_bytes_are_put_in_place(lake: Lake) -> None:
    lake.objects.put_bytes(b"left over")
    found = lake.leftovers()

    with (
        shared_lock(lake.objects.lock),
        pytest.raises(Conflict, match="clean up when that is done"),
    ):
        lake.clean(found)
    assert lake.clean(found) == found


def test_leftovers_are_told_of_the_present_only(recorder: Recorder, objects: ObjectStore) -> None:
    version = Lake(recorder, objects).add_all([__file__])[0]
    past = Recorder(recorder.store.as_of(version.artifact.created))  # type: ignore[arg-type]

    with pytest.raises(InvalidInput, match="present workspace only"):
        Lake(past, objects).leftovers()


def test_processes_that_add_at_once_all_succeed(
    lake: Lake, recorder: Recorder, root: Path, write: Write
) -> None:
    sources = [write(f"{number}/shared.bin", os.urandom(50_000)) for number in range(2)]
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from lineal.lake import Lake, ObjectStore\n"
        "from lineal.metadata import Recorder, Store\n"
        "root = Path(sys.argv[1])\n"
        "lake = Lake(Recorder(Store(root / 'metadata.db')), ObjectStore(root))\n"
        "for number in range(5):\n"
        "    for source in sys.argv[2:]: lake.add(source, f'{Path(source).parent.name}')\n"
        "    lake.add(sys.argv[2], 'same')\n"
    )
    command = [sys.executable, "-c", script, str(root), *map(str, sources)]

    writers = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    errors = [writer.communicate(timeout=120)[1] for writer in writers]

    assert errors == [""] * 4
    assert [len(recorder.store.versions(name)) for name in ("0", "1", "same")] == [1, 1, 1]
    assert len(list(lake.objects.names())) == 2
    assert len(recorder.store.executions(state=ExecutionState.COMPLETE)) == 4 * 15
    assert lake.leftovers() == []


def test_a_file_that_outgrows_its_limit_leaves_nothing(
    lake: Lake, recorder: Recorder, write: Write, in_process: InProcess
) -> None:
    source = write("big.bin", b"x" * 3_000_000)

    done = in_process(
        "import resource, signal\n"
        "from lineal.errors import Unavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))\n"
        "try: lake.add(source)\n"
        "except Unavailable as error: print(error)\n",
        source,
    )

    assert "free some space and try again" in done.stdout
    assert str(source) in done.stdout
    assert list(lake.objects.names()) == []
    assert lake.leftovers() == []
    assert recorder.store.versions("big.bin") == []
    (execution,) = recorder.store.executions()
    assert execution.state == ExecutionState.FAILED
    assert lake.add(source).size == 3_000_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of three megabytes, where the kernel lets us have one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=3m", "lineal-test", str(folder)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a small file system can only be mounted by root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_loses_nothing(small_disk: Path, write: Write) -> None:
    store = Store(small_disk / "metadata.db")
    lake = Lake(Recorder(store), ObjectStore(small_disk))
    before = lake.add(write("small.csv", b"kept"))

    with pytest.raises(Unavailable, match="free some space"):
        lake.add(write("big.bin", os.urandom(3_000_000)))
    with pytest.raises(Unavailable, match="free some space"):
        lake.add_all([write(f"{n}.bin", os.urandom(500_000)) for n in range(6)])
    try:
        lake.checkout(before, small_disk / "out.csv")
    except LinealError:
        pytest.fail("four bytes have room")

    assert list(lake.objects.names()) == [before.content]
    assert lake.leftovers() == []
    assert lake.names() == ["small.csv"]
    after = lake.add(write("fits.bin", os.urandom(100_000)))
    assert (before.read_bytes(), after.size) == (b"kept", 100_000)
    store.close()


def test_what_is_stored_already_needs_no_room(small_disk: Path, write: Write) -> None:
    store = Store(small_disk / "metadata.db")
    lake = Lake(Recorder(store), ObjectStore(small_disk))
    source = write("big.bin", os.urandom(1_300_000))

    first = lake.add(source)
    again = lake.add(source)
    other_name = lake.add(source, "same.bin")

    assert (first.ref, again.ref, other_name.ref) == ("big.bin@1", "big.bin@1", "same.bin@1")
    store.close()
