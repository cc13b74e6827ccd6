"""Published folders: named files that other tools read, made of links to objects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lineal.errors import AlreadyExists, Corrupt, InvalidInput
from lineal.lake import FILE, Lake, LeftoverKind, publish
from lineal.metadata import ExecutionType, Made, Output

if TYPE_CHECKING:
    from lineal.lake import ObjectStore
    from lineal.metadata import Recorder

UUID = "3f2b8c1e-0000-4000-8000-000000000001"


def test_the_files_have_their_names_and_are_the_objects(objects: ObjectStore) -> None:
    stats, schema = objects.put_bytes(b"stats"), objects.put_bytes(b"schema")

    uri = publish(
        objects,
        UUID,
        "statistics",
        files={"Split-train/FeatureStats.pb": stats.sha256, "schema.pbtxt": schema.sha256},
    )

    folder = Path(uri)
    assert folder == objects.root / "artifacts" / UUID / "statistics"
    assert (folder / "Split-train" / "FeatureStats.pb").read_bytes() == b"stats"
    assert (folder / "schema.pbtxt").samefile(objects.path(schema.sha256))
    assert (folder / "schema.pbtxt").stat().st_mode & 0o222 == 0
    assert list(objects.temporary.iterdir()) == []


def test_the_same_again_is_the_same_and_other_files_are_refused(objects: ObjectStore) -> None:
    one, two = objects.put_bytes(b"1").sha256, objects.put_bytes(b"2").sha256

    uri = publish(objects, UUID, "out", files={"a": one})

    assert publish(objects, UUID, "out", files={"a": one}) == uri
    with pytest.raises(AlreadyExists, match="written once"):
        publish(objects, UUID, "out", files={"a": two})
    with pytest.raises(AlreadyExists, match="written once"):
        publish(objects, UUID, "out", files={"a": one, "b": two})
    assert [path.name for path in Path(uri).iterdir()] == ["a"]


@pytest.mark.parametrize("name", ["", "/etc/x", "../x", "a/../../x"])
def test_names_outside_the_folder_are_refused(objects: ObjectStore, name: str) -> None:
    one = objects.put_bytes(b"1").sha256

    with pytest.raises(InvalidInput, match="no path inside"):
        publish(objects, UUID, "out", files={name: one})
    with pytest.raises(InvalidInput, match="no path inside"):
        publish(objects, UUID, name, files={"a": one})
    assert not (objects.root / "artifacts").exists()


def test_a_damaged_object_is_not_published(objects: ObjectStore) -> None:
    one = objects.put_bytes(b"1").sha256
    objects.path(one).unlink()

    with pytest.raises(Corrupt, match=one):
        publish(objects, UUID, "out", files={"a": one})
    assert not (objects.root / "artifacts" / UUID).exists()


def test_a_folder_that_no_artifact_names_is_a_leftover(lake: Lake, recorder: Recorder) -> None:
    objects = lake.objects
    with recorder.run(ExecutionType("infer"), outputs=[Output("schema", FILE)]) as running:
        one = objects.put_bytes(b"schema").sha256
        uri = publish(objects, running.uuid, "schema", files={"schema.pbtxt": one})
        running.made("schema", Made(one, uri, {"sha256": one}))
    publish(objects, UUID, "lost", files={"schema.pbtxt": one})

    (found,) = lake.leftovers()
    lake.clean([found])

    assert (found.kind, found.path.name) == (LeftoverKind.PUBLISHED, "lost")
    assert lake.leftovers() == []
    assert (Path(uri) / "schema.pbtxt").read_bytes() == b"schema"
    assert objects.read(one) == b"schema"


def test_a_file_of_a_published_folder_keeps_its_object(lake: Lake, recorder: Recorder) -> None:
    objects = lake.objects
    with recorder.run(ExecutionType("train"), outputs=[Output("model", FILE)]) as running:
        files = {f"{n}/weights.bin": objects.put_bytes(str(n).encode()).sha256 for n in range(3)}
        uri = publish(objects, running.uuid, "model", files=files)
        running.made("model", Made("", f"{uri}/0/weights.bin"))

    assert lake.leftovers() == []
    assert all(objects.has(sha256) for sha256 in files.values())


def test_what_a_failed_run_published_goes_with_its_objects(lake: Lake, recorder: Recorder) -> None:
    objects = lake.objects

    def fail() -> None:
        with recorder.run(ExecutionType("train"), outputs=[Output("model", FILE)]) as running:
            one = objects.put_bytes(b"half a model").sha256
            publish(objects, running.uuid, "model", files={"model.bin": one})
            raise RuntimeError("the component's own error")

    with pytest.raises(RuntimeError):
        fail()
    found = lake.leftovers()

    assert sorted(leftover.kind.name for leftover in found) == ["OBJECT", "PUBLISHED"]
    assert lake.clean(found) == found
    assert lake.leftovers() == []
    assert list(objects.names()) == []
