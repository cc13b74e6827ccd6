"""The parts that work on a workspace's folder and graph, each opened when it is first asked for."""

from __future__ import annotations

import os
import weakref
from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from lineal.engine import Engine
    from lineal.features import Features
    from lineal.lake import Lake, ObjectStore
    from lineal.metadata import Recorder, Store
    from lineal.metadata.graph import Graph
    from lineal.warehouse import Warehouse
    from lineal.workspace.locations import Locations
    from lineal.workspace.settings import Settings
    from lineal.workspace.workspace import Workspace

__all__ = ["Parts"]


class Parts:
    """Engine, graph, lake, warehouse and features of a workspace, which sets the attributes."""

    settings: Settings
    store: Store
    recorder: Recorder
    _locations: Locations
    _parent: Workspace | None
    _finalizers: list[weakref.finalize[..., Parts]]

    @property
    def root(self) -> Path:
        """The workspace's folder."""
        return self._locations.root

    @property
    def locations(self) -> Locations:
        """The paths inside the folder."""
        return self._locations

    @cached_property
    def engine(self) -> Engine:
        """What runs computations, within the limits of the workspace's file."""
        if self._parent is not None:
            return self._parent.engine
        from lineal.engine import EngineSettings, open_engine
        from lineal.lake.disk import private_folder

        limits = self.settings.engine
        # A folder that goes with this process: what a killed one spilled is found by doctor.
        held = ExitStack()
        folder = held.enter_context(private_folder(self._locations.temporary))
        self._finalizers.append(weakref.finalize(self, _release, held, os.getpid()))
        return open_engine(
            EngineSettings(
                memory_limit=limits.memory_limit,
                threads=limits.threads,
                temporary_directory=folder,
            )
        )

    @cached_property
    def graph(self) -> Graph:
        """Artifacts, executions and contexts themselves, put and read in batches."""
        from lineal.metadata.graph import Graph

        return Graph(self.store)

    @cached_property
    def objects(self) -> ObjectStore:
        """The content-addressed objects that everything's bytes lie in."""
        from lineal.lake import ObjectStore

        return ObjectStore(self._locations.private)

    @cached_property
    def lake(self) -> Lake:
        """Raw files of any kind, versioned."""
        from lineal.lake import Lake

        return Lake(self.recorder, self.objects)

    @cached_property
    def warehouse(self) -> Warehouse:
        """Tables by subject, every version readable for ever."""
        from lineal.warehouse import Warehouse

        return Warehouse(self.recorder, self.lake, self.engine, self._locations.private)

    @cached_property
    def features(self) -> Features:
        """Entities, feature views, training sets, and features read online."""
        from lineal.features import Features

        return Features(self.recorder, self.warehouse, self.engine, self._locations.private)

    def close(self) -> None:
        """Free the engine and the database's connections."""
        if "features" in self.__dict__:
            self.features.close()
        if self._parent is None:
            if "engine" in self.__dict__:
                self.engine.close()
            for finalize in self._finalizers:
                finalize()
            self.store.close()

    def __enter__(self) -> Self:
        """Return the workspace itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the workspace."""
        self.close()

    def __repr__(self) -> str:
        at = self.store.at
        return f"<Workspace {self.root}{'' if at is None else f' at {at.moment.isoformat()}'}>"


def _release(held: ExitStack, process: int) -> None:
    """Let go of what a workspace held, in the process that took it, not in a forked child."""
    if os.getpid() == process:
        held.close()
