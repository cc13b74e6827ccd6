"""A store, a server around it in this process, and the same store as its clients see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from lineal.metadata import ArtifactType, ExecutionType, Made, Output, Recorder, Store
from lineal.mlmd.remote import RemoteStore
from lineal.mlmd.server import Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lineal.metadata import Artifact, Moment, Running

FILE = ArtifactType("test.File")


@dataclass(frozen=True)
class Ends:
    """The two ends of a connection."""

    here: Store
    there: RemoteStore
    server: Server

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"grpc://{self.server.address}"

    def make(
        self,
        name: str,
        content: str,
        *inputs: Artifact,
        store: Store | None = None,
        known_at: Moment | None = None,
    ) -> Running:
        """Record, through the server unless told otherwise, that `content` became a version."""
        with Recorder(store or self.there).run(
            ExecutionType("test.make"),
            inputs={"source": list(inputs)},
            outputs=[Output("out", FILE, name)],
            known_at=known_at,
        ) as running:
            running.made("out", Made(content, f"file:///{content}"))
        return running


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Ends]:
    """A store on a file, served."""
    here = Store(tmp_path / "metadata.db")
    with Server(here, port=0) as server:
        there = RemoteStore(f"grpc://{server.address}", patience_seconds=3)
        yield Ends(here, there, server)
        there.close()
    here.close()
