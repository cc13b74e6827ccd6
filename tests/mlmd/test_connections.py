"""Opening a store by a config: databases, modes, versions, servers, and trying again."""

from __future__ import annotations

import logging
import socket
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from lineal import errors as ours
from lineal import mlmd
from lineal.mlmd import errors, sharing
from lineal.mlmd.metadata_store import calling
from lineal.mlmd.proto import metadata_store_pb2 as pb

if TYPE_CHECKING:
    from pathlib import Path

READONLY, READWRITE, OPENCREATE = 1, 2, 3


def config_of(path: Path | str, mode: int | None = None) -> pb.ConnectionConfig:
    return pb.ConnectionConfig(sqlite={"filename_uri": str(path), "connection_mode": mode})


def type_names(config: pb.ConnectionConfig) -> list[str]:
    return [each.name for each in mlmd.MetadataStore(config).get_artifact_types()]


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """A file that holds the type A."""
    path = tmp_path / "metadata.db"
    mlmd.MetadataStore(config_of(path)).put_artifact_type(pb.ArtifactType(name="A"))
    return path


# Configs


def test_a_config_that_says_nothing():
    for _ in range(3):
        with pytest.raises(RuntimeError, match="unset"):
            mlmd.MetadataStore(pb.ConnectionConfig())


def test_a_config_that_is_none():
    with pytest.raises(ValueError, match="config is a str"):
        mlmd.MetadataStore("metadata.db")


def test_stores_in_memory_know_nothing_of_each_other():
    config = pb.ConnectionConfig(fake_database={})
    mlmd.MetadataStore(config).put_artifact_type(pb.ArtifactType(name="A"))
    assert type_names(config) == []


@pytest.mark.parametrize("filename", ["", ":memory:", "file::memory:", "file:x?mode=memory"])
def test_no_file_is_made_for_a_store_in_memory(filename, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert type_names(config_of(filename)) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}", "file://localhost{}?mode=rw"])
def test_a_file_is_named_by_path_or_uri(form, filled):
    assert type_names(config_of(form.format(filled))) == ["A"]


@pytest.mark.parametrize("mode", ["zz", "RO", "rwcc"])
def test_a_uri_with_an_unknown_mode_is_refused(mode, filled):
    with pytest.raises(RuntimeError, match=f"mode '{mode}'; give ro, rw, rwc or memory"):
        mlmd.MetadataStore(config_of(f"file:{filled}?mode={mode}"))


@pytest.mark.parametrize("mode", [READONLY, READWRITE])
def test_a_mode_that_makes_no_file(mode, tmp_path):
    with pytest.raises(RuntimeError, match="no file"):
        mlmd.MetadataStore(config_of(tmp_path / "none.db", mode))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_only_read(filled):
    before = filled.read_bytes()
    store = mlmd.MetadataStore(config_of(filled, READONLY))
    assert [each.name for each in store.get_artifact_types()] == ["A"]
    with pytest.raises(errors.FailedPreconditionError, match="READONLY"):
        store.put_artifact_type(pb.ArtifactType(name="B"))
    assert filled.read_bytes() == before


def test_a_file_of_the_wheels_is_only_read_and_stays_as_it_is(wheel_python, tmp_path):
    import subprocess

    path = tmp_path / "wheel.db"
    code = f"""
import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2 as pb
config = pb.ConnectionConfig(sqlite={{"filename_uri": {str(path)!r}}})
mlmd.MetadataStore(config).put_artifact_type(pb.ArtifactType(name="A"))
"""
    subprocess.run([wheel_python, "-c", code], check=True, capture_output=True)
    before = path.read_bytes()
    assert type_names(config_of(path, READONLY)) == ["A"]
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["wheel.db"]


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "metadata.db"
    path.write_text("hello" * 1000)
    with pytest.raises(RuntimeError, match="damaged"):
        mlmd.MetadataStore(config_of(path))


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(RuntimeError, match=r"nope/metadata\.db"):
        mlmd.MetadataStore(config_of(tmp_path / "nope" / "metadata.db"))


@pytest.mark.parametrize("config", [
    pb.ConnectionConfig(mysql={"host": "h", "socket": "/s", "database": "d"}),
    pb.ConnectionConfig(mysql={"database": "d"}),
    pb.ConnectionConfig(postgresql={"host": "h", "port": "http", "user": "u"}),
], ids=["both", "neither", "port"])  # fmt: skip
def test_a_server_that_can_not_be_meant(config):
    with pytest.raises(RuntimeError, match=r"host and socket|port is 'http'"):
        mlmd.MetadataStore(config)


# Versions


def state_version(path: Path, version: int) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE MLMDEnv SET schema_version = ?", [version])
    connection.commit()
    connection.close()


def test_an_old_database_is_upgraded_if_asked(filled):
    mlmd.downgrade_schema(config_of(filled), 0)
    with pytest.raises(RuntimeError, match="chema migration is disabled"):
        mlmd.MetadataStore(config_of(filled))
    store = mlmd.MetadataStore(config_of(filled), enable_upgrade_migration=True)
    assert [each.name for each in store.get_artifact_types()] == ["A"]


def test_a_newer_database_is_left_alone(filled):
    state_version(filled, 11)
    for upgrade in (False, True):
        with pytest.raises(RuntimeError, match="newer Lineal"):
            mlmd.MetadataStore(config_of(filled), enable_upgrade_migration=upgrade)


def test_a_downgrade_needs_a_version_that_is_one(filled):
    with pytest.raises(errors.InvalidArgumentError, match="version not specified"):
        mlmd.downgrade_schema(config_of(filled), -1)
    with pytest.raises(errors.InvalidArgumentError, match="cannot be downgraded to schema_vers"):
        mlmd.downgrade_schema(config_of(filled), 11)
    with pytest.raises(RuntimeError, match="in memory"):
        mlmd.downgrade_schema(pb.ConnectionConfig(fake_database={}), 3)


# Trying again


class Busy:
    """A database that somebody else holds for the first calls."""

    longest_page = 100

    def __init__(self, times: int) -> None:
        self.calls = 0
        self._times = times

    def answer(self, method, request):
        from lineal.mlmd.proto import metadata_store_service_pb2 as sv

        self.calls += 1
        if self.calls <= self._times:
            raise errors.as_status(ours.Conflict("held"))
        return sv.PutEventsResponse()


@pytest.mark.parametrize(
    ("retries", "busy", "calls", "works"),
    [(None, 4, 5, True), (None, 5, 5, False), (1, 1, 1, False), (3, 2, 3, True), (0, 40, 41, True)],
)
def test_only_so_many_calls_are_made(monkeypatch, retries, busy, calls, works):
    slept = []
    monkeypatch.setattr(calling.time, "sleep", slept.append)
    config = pb.ConnectionConfig(fake_database={})
    if retries is not None:
        config.retry_options.max_num_retries = retries
    store = mlmd.MetadataStore(config)
    assert store._max_num_retries == (5 if retries is None else retries)
    store._end = end = Busy(busy)
    if works:
        store.put_events([])
    else:
        with pytest.raises(errors.AbortedError, match="held"):
            store.put_events([])
    assert (end.calls, len(slept)) == (calls, calls - 1)


def test_giving_up_is_one_line_in_the_log_and_the_reason_a_detail(caplog):
    config = pb.ConnectionConfig(fake_database={}, retry_options={"max_num_retries": 1})
    store = mlmd.MetadataStore(config)
    store._end = Busy(1)
    with caplog.at_level(logging.DEBUG, "lineal.mlmd"), pytest.raises(errors.AbortedError):
        store.put_events([])
    told, detail = caplog.records
    assert (told.levelno, told.exc_info) == (logging.WARNING, None)
    assert told.getMessage() == "PutEvents failed at try 1: held"
    assert (detail.levelno, bool(detail.exc_info)) == (logging.DEBUG, True)


def test_other_errors_are_not_tried_again():
    store = mlmd.MetadataStore(pb.ConnectionConfig(fake_database={}))
    calls = []

    class Broken(Busy):
        def answer(self, method, request):
            calls.append(method)
            raise errors.UnavailableError("gone")

    store._end = Broken(0)
    with pytest.raises(errors.UnavailableError):
        store.get_artifacts()
    assert calls == ["GetArtifacts"]


# Servers


def test_a_store_behind_a_server_is_not_upgraded_from_here():
    config = pb.MetadataStoreClientConfig(host="localhost", port=1)
    with pytest.raises(ValueError, match="where the server runs"):
        mlmd.MetadataStore(config, enable_upgrade_migration=True)


def test_a_server_that_is_not_there_is_unavailable():
    config = pb.MetadataStoreClientConfig(host="127.0.0.1", port=1, client_timeout_sec=20)
    with pytest.raises(errors.UnavailableError):
        mlmd.MetadataStore(config).get_artifacts()


def test_arguments_of_the_channel_count(running_store):
    config = running_store
    config.channel_arguments.http2_max_ping_strikes = 10
    store = mlmd.MetadataStore(config)
    store.put_artifact_type(pb.ArtifactType(name="A" * 200))
    config.channel_arguments.max_receive_message_length = 100
    with pytest.raises(errors.ResourceExhaustedError):
        mlmd.MetadataStore(config).get_artifact_types()


def test_a_server_that_says_nothing_is_waited_for_only_so_long():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = pb.MetadataStoreClientConfig(
            host="127.0.0.1", port=silent.getsockname()[1], client_timeout_sec=0.2
        )
        with pytest.raises(errors.DeadlineExceededError):
            mlmd.MetadataStore(config).get_artifact_types()


@pytest.fixture
def running_store():
    from lineal.metadata import Store
    from lineal.mlmd.server import Server

    held = Store()
    with Server(held, port=0) as server:
        host, _, port = server.address.rpartition(":")
        yield pb.MetadataStoreClientConfig(host=host, port=int(port))
    held.close()


# Many at once


def test_threads_and_stores_share_a_file_and_nothing_is_lost(tmp_path):
    path = tmp_path / "metadata.db"
    stores = [mlmd.MetadataStore(config_of(path)) for _ in range(2)]
    kind = stores[0].put_artifact_type(pb.ArtifactType(name="A"))

    def write(worker: int) -> list[int]:
        return [
            stores[worker % 2].put_artifacts([pb.Artifact(type_id=kind, name=f"{worker}-{n}")])[0]
            for n in range(10)
        ]

    with ThreadPoolExecutor(8) as pool:
        made = [number for numbers in pool.map(write, range(8)) for number in numbers]
    assert sorted(made) == list(range(1, 81))
    assert len({each.name for each in stores[1].get_artifacts()}) == 80


def test_a_new_file_in_the_place_of_another_is_a_new_store(tmp_path):
    path = tmp_path / "metadata.db"
    old = mlmd.MetadataStore(config_of(path))
    old.put_artifact_type(pb.ArtifactType(name="A"))
    for each in tmp_path.iterdir():
        each.unlink()
    assert type_names(config_of(path)) == []


def test_a_file_that_another_process_holds_is_waited_for(filled, monkeypatch):
    monkeypatch.setattr(sharing, "BUSY_SECONDS", 0.1)
    slept = []
    monkeypatch.setattr(calling.time, "sleep", slept.append)
    other = filled.with_name("other.db")
    store = mlmd.MetadataStore(config_of(other))
    holder = sqlite3.connect(other, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(errors.AbortedError, match="held by another process"):
        store.put_artifact_type(pb.ArtifactType(name="B"))
    holder.execute("ROLLBACK")
    holder.close()
    assert store.put_artifact_type(pb.ArtifactType(name="B")) == 10
    assert len(slept) >= 4


# Odds and ends


def test_errors_have_ml_metadatas_codes_and_helpers():
    kinds = errors.StatusError.__subclasses__()
    assert sorted(kind("m").error_code for kind in kinds) == list(range(1, 17))
    assert errors.exception_type_from_error_code(5) is errors.NotFoundError
    assert isinstance(errors.make_exception("m", 99), errors.UnknownError)
    made = errors.make_exception("m", errors.ALREADY_EXISTS)
    assert (made.message, made.error_code, str(made)) == ("m", 6, "m")


def test_extra_options_are_accepted_and_the_pipeline_asset_is_none(caplog):
    from lineal.mlmd.metadata_store.metadata_store import ExtraOptions

    store = mlmd.MetadataStore(pb.ConnectionConfig(fake_database={}))
    assert store.get_artifacts(extra_options=ExtraOptions(euc=1)) == []
    with caplog.at_level(logging.WARNING, "lineal.mlmd"):
        assert store.pipeline_asset is None
    assert "no pipeline asset" in caplog.text
