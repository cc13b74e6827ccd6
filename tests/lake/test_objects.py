"""Objects: named by content, whole or not at all, once, verified when read."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lineal.errors import Corrupt, InvalidInput
from lineal.lake import Batch, ObjectStore, Stored
from lineal.lake.reading import BLOCK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def damage(objects: ObjectStore, name: str, content: bytes) -> None:
    path = objects.path(name)
    path.chmod(0o644)
    path.write_bytes(content)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=3_000))
def test_what_is_put_comes_back(objects: ObjectStore, data: bytes) -> None:
    stored = objects.put_bytes(data)

    assert (stored.sha256, stored.size) == (sha256(data), len(data))
    assert objects.read(stored.sha256) == data
    with objects.open(stored.sha256) as stream:
        assert stream.read() == data


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK])
def test_bytes_stream_and_file_of_any_length_are_one_object(
    objects: ObjectStore, write: Callable[[str, bytes], Path], size: int
) -> None:
    data = os.urandom(size)

    stored = {
        objects.put_bytes(data),
        objects.put_stream(io.BytesIO(data)),
        objects.put_file(write("source", data)),
    }

    assert {one.sha256 for one in stored} == {sha256(data)}
    assert list(objects.names()) == [sha256(data)]
    assert objects.read(sha256(data)) == data


def test_objects_lie_as_git_lfs_lays_them_and_are_read_only(objects: ObjectStore) -> None:
    name = objects.put_bytes(b"hello").sha256

    path = objects.root / "objects" / name[:2] / name[2:4] / name
    assert objects.path(name) == path
    assert path.stat().st_mode & 0o222 == 0
    assert files_in(objects.temporary) == []
    assert list(objects.temporary.iterdir()) == []


def test_a_batch_that_fails_leaves_nothing(objects: ObjectStore) -> None:
    def fail() -> None:
        with objects.batch() as batch:
            batch.add_bytes(b"one")
            raise RuntimeError("the writer's own error")

    with pytest.raises(RuntimeError):
        fail()

    assert list(objects.names()) == []
    assert list(objects.temporary.iterdir()) == []


def test_a_large_batch_is_placed_with_each_content_once(objects: ObjectStore) -> None:
    with objects.batch() as batch:
        stored = [batch.add_bytes(str(number % 50).encode()) for number in range(120)]

    assert len(set(stored)) == 50
    assert len(list(objects.names())) == 50
    for one in stored:
        objects.verify(one.sha256)


@pytest.mark.parametrize("content", [b"hullo", b"hell", b"hello!", b""])
def test_a_damaged_object_is_noticed_however_it_is_read(
    objects: ObjectStore, content: bytes
) -> None:
    name = objects.put_bytes(b"hello").sha256
    damage(objects, name, content)

    with pytest.raises(Corrupt, match=name):
        objects.read(name)
    with pytest.raises(Corrupt, match="damaged"):
        objects.verify(name)
    with objects.open(name) as stream, pytest.raises(Corrupt, match="add the file"):
        stream.read()


def test_the_last_bytes_of_a_damaged_object_are_never_given(objects: ObjectStore) -> None:
    data = os.urandom(2 * BLOCK + 5)
    name = objects.put_bytes(data).sha256
    damage(objects, name, data[:-1] + bytes([data[-1] ^ 1]))
    given: list[bytes] = []

    def read_all() -> None:
        with objects.open(name) as stream:
            while block := stream.read(BLOCK):
                given.append(block)

    with pytest.raises(Corrupt):
        read_all()
    assert sum(map(len, given)) < len(data)


def test_a_missing_object_is_told_with_its_remedy(objects: ObjectStore) -> None:
    name = sha256(b"never put")

    assert not objects.has(name)
    with pytest.raises(Corrupt, match=f"{name} is missing"):
        objects.read(name)


def test_to_put_the_same_bytes_again_mends_a_damaged_object(objects: ObjectStore) -> None:
    name = objects.put_bytes(b"hello").sha256
    damage(objects, name, b"hullo")

    objects.put_bytes(b"hello")

    assert objects.read(name) == b"hello"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 65])
def test_what_is_no_hash_is_no_object(objects: ObjectStore, name: str) -> None:
    with pytest.raises(InvalidInput, match="no SHA-256"):
        objects.read(name)


def test_many_writers_of_the_same_bytes_make_one_object(objects: ObjectStore) -> None:
    data = [os.urandom(100_000) for _ in range(4)]

    with ThreadPoolExecutor(8) as pool:
        stored = list(pool.map(objects.put_bytes, data * 8))

    assert {one.sha256 for one in stored} == {sha256(one) for one in data}
    assert sorted(objects.names()) == sorted({sha256(one) for one in data})
    for one in stored:
        objects.verify(one.sha256)


def test_a_file_that_grows_while_being_read_is_refused(
    objects: ObjectStore, write: Callable[[str, bytes], Path]
) -> None:
    path = write("log.txt", b"x" * (8 * BLOCK))
    stop = threading.Event()

    def append() -> None:
        with path.open("ab", buffering=0) as log:
            while not stop.is_set():
                log.write(b"x")

    writer = threading.Thread(target=append)
    writer.start()
    try:
        with pytest.raises(InvalidInput, match="changes while being read"):
            objects.put_file(path)
    finally:
        stop.set()
        writer.join()

    assert list(objects.names()) == []
    assert objects.put_file(path).size == path.stat().st_size


def test_a_file_replaced_once_while_being_read_is_read_again(
    objects: ObjectStore, write: Callable[[str, bytes], Path], tmp_path: Path
) -> None:
    path = write("data.csv", b"old")

    class Disturbed(Batch):
        """Takes files in while somebody replaces them, the first time only."""

        def _write(self, blocks: Iterable[bytes | memoryview], what: str) -> tuple[str, Stored]:
            written = super()._write(blocks, what)
            if path.read_bytes() == b"old":
                write("new.csv", b"new").replace(path)
            return written

    folder = tmp_path / "batch"
    folder.mkdir()
    batch = Disturbed(objects, folder)
    stored = batch.add_file(path)
    batch.place()

    assert objects.read(stored.sha256) == b"new"
    assert list(folder.iterdir()) == []


def test_what_is_no_regular_file_is_not_waited_for(objects: ObjectStore, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    with pytest.raises(InvalidInput, match="no regular file"):
        objects.put_file(pipe)
    with pytest.raises(InvalidInput, match="no regular file"):
        objects.put_file(tmp_path)
    with pytest.raises(InvalidInput, match="can't be read"):
        objects.put_file(tmp_path / "absent")


def test_a_file_that_the_kernel_makes_up_is_read_to_its_end(objects: ObjectStore) -> None:
    if not Path("/proc/version").exists():
        pytest.skip("there is no /proc here")

    stored = objects.put_file(Path("/proc/version"))

    assert objects.read(stored.sha256) == Path("/proc/version").read_bytes()


def test_a_stream_of_text_or_an_error_in_it_is_told(objects: ObjectStore) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    closed = io.BytesIO(b"x")
    closed.close()

    with pytest.raises(InvalidInput, match="gives no bytes"):
        objects.put_stream(io.StringIO("text"))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="Input/output error"):
        objects.put_stream(Failing())
    with pytest.raises(InvalidInput, match="closed file"):
        objects.put_stream(closed)
    assert list(objects.names()) == []
