"""The messages are ML Metadata's to the byte, so that both packages can live in one process."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lineal.mlmd.proto import (
    metadata_store_pb2,
    metadata_store_service_pb2,
    simple_types_pb2,
)

# SHA-256 of the serialized descriptors in the wheel ml-metadata 1.17.1.
OFFICIAL = {
    metadata_store_pb2: (
        "ml_metadata/proto/metadata_store.proto",
        "dd4b7f111eb8c14de6e53b5b1587b96fbe9eac718adfdf07057c3c1a4f3f9e70",
    ),
    metadata_store_service_pb2: (
        "ml_metadata/proto/metadata_store_service.proto",
        "cc71a5cfe81c944a8af35710b26baad1c89aa675e019501f40f847d8cf7a7728",
    ),
    simple_types_pb2: (
        "ml_metadata/simple_types/proto/simple_types.proto",
        "9b2a34cf9a8cfc074cdb7ee067be294fd097f749d75e036d502d4a120d9d49bb",
    ),
}

PEER = """
import sys
from ml_metadata.proto import metadata_store_pb2, metadata_store_service_pb2
from ml_metadata.simple_types.proto import simple_types_pb2
for module in (metadata_store_pb2, metadata_store_service_pb2, simple_types_pb2):
    print(module.DESCRIPTOR.serialized_pb.hex())
"""


@pytest.mark.parametrize("module", OFFICIAL, ids=lambda module: module.__name__)
def test_a_descriptor_is_the_official_one(module):
    name, digest = OFFICIAL[module]
    assert module.DESCRIPTOR.name == name
    assert hashlib.sha256(module.DESCRIPTOR.serialized_pb).hexdigest() == digest


def test_the_wheel_has_the_same_descriptors(wheel_python: Path):
    done = subprocess.run([wheel_python, "-c", PEER], capture_output=True, text=True, check=True)
    assert [bytes.fromhex(line) for line in done.stdout.split()] == [
        module.DESCRIPTOR.serialized_pb for module in OFFICIAL
    ]


def test_a_second_package_with_the_same_files_shares_the_classes():
    # What the wheel's generated modules do, with the bytes that the test above compares.
    from google.protobuf import descriptor_pool, message_factory

    pool = descriptor_pool.Default()
    for module in OFFICIAL:
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    found = pool.FindMessageTypeByName("ml_metadata.Artifact")
    assert message_factory.GetMessageClass(found) is metadata_store_pb2.Artifact


def test_the_service_has_52_calls_and_each_is_answered():
    from lineal.mlmd.service import Service

    service = metadata_store_service_pb2.DESCRIPTOR.services_by_name["MetadataStoreService"]
    assert len(service.methods) == 52
    assert [each.name for each in service.methods if not hasattr(Service, each.name)] == []


def test_the_generated_modules_run_with_the_oldest_protobuf_allowed():
    folder = Path(metadata_store_pb2.__file__).parent
    for path in folder.glob("*_pb2.py"):
        versions = re.search(r"Domain\.PUBLIC,\s*(\d+),\s*(\d+),\s*(\d+)", path.read_text())
        assert versions, path
        assert tuple(map(int, versions.groups())) <= (6, 31, 1), path


def test_grpc_is_not_needed_to_use_a_database():
    code = """
import sys
sys.modules["grpc"] = None
from lineal import mlmd
from lineal.mlmd.proto import metadata_store_pb2
store = mlmd.MetadataStore(metadata_store_pb2.ConnectionConfig(fake_database={}))
store.put_artifact_type(metadata_store_pb2.ArtifactType(name="A"))
try:
    mlmd.MetadataStore(metadata_store_pb2.MetadataStoreClientConfig(host="h", port=1))
except Exception as error:
    print(type(error).__name__, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("UnavailableError")
    assert "pip install 'lineal[grpc]'" in done.stdout
