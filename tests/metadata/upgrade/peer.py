"""What the real ML Metadata makes of stores of every version; run by its own interpreter.

`peer.py seed FILE` fills a store of version 10. `peer.py versions FOLDER` brings copies of
FOLDER/seed.db down (`down_N.db`) and up again (`up_N.db`). `peer.py upgrade FILE` upgrades a
file; `peer.py read FILE...` upgrades and reads files, and prints as JSON how many artifacts each
one holds.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import mlmd_peer
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2 as mlmd


def config(path: Path) -> mlmd.ConnectionConfig:
    """Return how to connect to the file."""
    found = mlmd.ConnectionConfig()
    found.sqlite.filename_uri = str(path)
    return found


def seed(path: Path) -> None:
    """Write one of everything, and what the versions treat differently."""
    store = mlmd_peer.open_store(str(path))
    mlmd_peer.write(store)
    mlmd_peer.add(store)
    again = store.put_context_type(
        mlmd.ContextType(name="peer.Group", version="v1", properties={"n": mlmd.INT})
    )
    store.put_contexts([mlmd.Context(type_id=again, name="the group", external_id="c")])
    third = store.put_artifact_type(
        mlmd.ArtifactType(
            name="peer.Thing",
            version="3",
            properties={"count": mlmd.INT},
            description="the third",
            external_id="t",
        )
    )
    artifact = mlmd.Artifact(type_id=third, name="full", uri="u")
    artifact.properties["count"].int_value = 5
    artifact.custom_properties["flag"].bool_value = True
    store.put_artifacts([artifact])


def upgrade(path: Path) -> metadata_store.MetadataStore:
    """Upgrade the file."""
    return metadata_store.MetadataStore(config(path), enable_upgrade_migration=True)


def versions(folder: Path) -> None:
    """Bring copies of the seed down to each version, and up again."""
    for version in range(10):
        down = folder / f"down_{version}.db"
        shutil.copy(folder / "seed.db", down)
        metadata_store.downgrade_schema(config(down), version)
        shutil.copy(down, folder / f"up_{version}.db")
        upgrade(folder / f"up_{version}.db")


if __name__ == "__main__":
    command, *paths = sys.argv[1:]
    if command == "seed":
        seed(Path(paths[0]))
    elif command == "versions":
        versions(Path(paths[0]))
    elif command == "upgrade":
        upgrade(Path(paths[0]))
    else:
        json.dump([len(upgrade(Path(path)).get_artifacts()) for path in paths], sys.stdout)
