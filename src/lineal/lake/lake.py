"""Keep bytes as they came, under names with versions."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lineal.errors import InvalidInput, NotFound
from lineal.lake import checkout
from lineal.lake.folders import read_folder
from lineal.lake.leftovers import Leftover, clean, leftovers
from lineal.lake.media import FOLDER as FOLDER_MEDIA_TYPE
from lineal.lake.media import HEAD_BYTES, media_type
from lineal.lake.reading import BLOCK
from lineal.lake.sources import Addable, Source, plain, understand
from lineal.lake.types import ADD, FILE, FOLDER
from lineal.lake.version import LakeVersion
from lineal.metadata.model import Artifact, ArtifactState, ArtifactType, Value
from lineal.metadata.names import check_name
from lineal.metadata.outputs import Made, Output
from lineal.metadata.presence import known_numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from lineal.lake.batch import Batch, Stored
    from lineal.lake.objects import ObjectStore
    from lineal.metadata.moments import Moment
    from lineal.metadata.recorder import Recorder
    from lineal.metadata.running import Running
    from lineal.metadata.store import Store, VersionRow

__all__ = ["Lake"]

_PLAIN = "file"  # the event's key of a plain input


class Lake:
    """Files and folders of any kind, by name and version, each content stored once.

    With `store`, a view of the past, the lake shows what it held then and takes nothing in.
    """

    def __init__(
        self, recorder: Recorder, objects: ObjectStore, *, store: Store | None = None
    ) -> None:
        self.objects = objects
        self._recorder = recorder
        self._store = recorder.store if store is None else store

    def add(
        self,
        source: Addable,
        name: str | None = None,
        *,
        media_type: str | None = None,
        known_at: Moment | None = None,
    ) -> LakeVersion:
        """Store a file, a folder, or what a file object gives, as a version of `name`.

        A text is a path. Without a `name` it is called as the file or folder is; a file object
        must be given one. `media_type` overrides what the bytes and the suffix tell, `known_at`
        claims when its source knew it. Content equal to the newest version makes no new one.
        """
        found = understand(source, name, workspace=self.objects.root)
        (version,) = self._add([found], media_type=media_type, known_at=known_at)
        return version

    def add_all(
        self, sources: Sequence[str | Path], *, known_at: Moment | None = None
    ) -> list[LakeVersion]:
        """Store several files and folders in one go, each under its own name: all, or none."""
        found = [understand(source, None, workspace=self.objects.root) for source in sources]
        names = [source.name for source in found]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidInput(
                f"two of the sources are called {twice[0]!r}; add one of them with name="
            )
        return self._add(found, media_type=None, known_at=known_at)

    def store_plain(
        self, source: Path | bytes | BinaryIO, *, media_type: str | None = None
    ) -> Artifact:
        """Store a plain input of a verb, without a name; the same content is one artifact."""
        found = plain(source, workspace=self.objects.root)
        self._refuse_past()
        with self._recorder.run(ADD, outputs=[Output(_PLAIN, _type_of(found))]) as running:
            made = self._take([found], media_type)[found.name]
            known = self._store.artifacts(uri=made.uri, state=ArtifactState.LIVE)
            if known:
                running.same(_PLAIN, known[0])
            else:
                running.made(_PLAIN, made)
        return running.artifacts[_PLAIN]

    def store_plain_files(self, sources: Sequence[Path]) -> list[Artifact]:
        """Store several plain inputs in one go; return what each of them is.

        The same content is one artifact. What is gone by now, or keeps changing, is left out.
        """
        self._refuse_past()
        found = []
        for source in sources:
            with suppress(NotFound, InvalidInput):
                found.append(plain(source, workspace=self.objects.root))
        if not found:
            return []
        with self._recorder.run(ADD, parameters={"files": len(found)}) as running:
            kept: list[Artifact] = []
            fresh: dict[str, Made] = {}
            for made in self._take_what_can_be(found):
                known = self._store.artifacts(uri=made.uri, state=ArtifactState.LIVE)
                if known:
                    kept.append(known[0])
                else:
                    fresh.setdefault(made.content, made)
            running.add_outputs([Output(f"{_PLAIN}/{key}", FILE) for key in fresh])
            for key, made in fresh.items():
                running.made(f"{_PLAIN}/{key}", made)
        return [*kept, *running.artifacts.values()]

    def add_to(self, running: Running, files: Mapping[str, tuple[Path, str | None]]) -> None:
        """Store files and folders as outputs of a run that is open.

        Each has the key of its output, its path, and the name of its versions if it gets one.
        They are in the lake when the run closes well.
        """
        self._refuse_past()
        sources = {
            key: replace(
                understand(path, _PLAIN, workspace=self.objects.root),
                name=key,
            )
            for key, (path, name) in files.items()
        }
        names = {
            key: None if name is None else check_name(name) for key, (_, name) in files.items()
        }
        running.add_outputs(
            [Output(key, _type_of(source), names[key]) for key, source in sources.items()]
        )
        for key, made in self._take(list(sources.values()), None).items():
            running.made(key, made)

    def content_of(self, folder: Path) -> str:
        """Return what the content of a folder would be in the lake, without storing it."""
        with self.objects.trial() as batch:
            return batch.add_bytes(read_folder(folder, batch).encode()).sha256

    def has_size(self, size: int) -> bool:
        """Tell whether the lake holds something of so many bytes, without reading any."""
        return bool(known_numbers(self._store, "size", [size]))

    def names(self) -> list[str]:
        """Return the names of all files and folders, sorted."""
        return sorted(name for kind in (FILE, FOLDER) for name in self._store.names(type=kind.name))

    def versions(self, name: str) -> list[LakeVersion]:
        """Return the versions of `name`, oldest first; raise `NotFound` if there are none."""
        rows = self._store.versions(name)
        artifacts = {a.id: a for a in self._store.artifacts(ids=[r.artifact_id for r in rows])}
        found = [self.version(artifacts[row.artifact_id], row) for row in rows]
        if not found:
            raise self._unknown(name)
        return found

    def get(self, name: str, number: int | None = None) -> LakeVersion:
        """Return version `number` of `name`, or else the newest; raise `NotFound`."""
        row = self._store.newest(name) if number is None else self._store.version(name, number)
        if row is not None:
            return self.version(self._store.artifact(row.artifact_id), row)
        rows = self._store.versions(name)
        if not rows:
            raise self._unknown(name)
        raise NotFound(f"{name!r} has no version {number}; it has 1 to {rows[-1].number}")

    def version(self, artifact: Artifact, row: VersionRow | None = None) -> LakeVersion:
        """Return the handle of a file or folder in the lake, by its artifact."""
        if artifact.type not in (FILE.name, FOLDER.name):
            raise InvalidInput(f"artifact/{artifact.id} is a {artifact.type}, not in the lake")
        return LakeVersion(self._store, self._recorder, artifact, row, objects=self.objects)

    def checkout(
        self, version: LakeVersion, destination: str | Path, *, overwrite: bool = False
    ) -> Path:
        """Write a version out as an ordinary file or folder at `destination`, verified.

        A file appears whole or not at all, and so does a new folder; into a folder that exists
        the version's files are written beside what is there. What stands in the way with other
        content is refused with `AlreadyExists` unless `overwrite`. Returns the path.
        """
        target = Path(destination)
        if version.is_folder:
            checkout.write_folder(self.objects, version.tree(), target, overwrite=overwrite)
            return target
        self._recorder.used(version.artifact)
        checkout.write_file(self.objects, version.content, target, overwrite=overwrite)
        return target

    def leftovers(self) -> list[Leftover]:
        """Return what crashed or failed writers left: temporary files, bytes nobody refers to.

        While a run is open somewhere, only the temporary files of dead writers are told: what the
        run has put in place is not referred to yet. Settle crashed executions first.
        """
        return leftovers(self._recorder, self.objects)

    def clean(self, found: Collection[Leftover]) -> list[Leftover]:
        """Remove those of `found` that are still left over; return what went.

        Raises `Conflict` while somebody is putting bytes in place.
        """
        return clean(self._recorder, self.objects, found)

    def _add(
        self, sources: Sequence[Source], *, media_type: str | None, known_at: Moment | None
    ) -> list[LakeVersion]:
        self._refuse_past()
        with self._recorder.run(
            ADD,
            outputs=[Output(source.name, _type_of(source), source.name) for source in sources],
            parameters={"sources": {s.name: s.origin for s in sources}},
            known_at=known_at,
        ) as running:
            for name, made in self._take(sources, media_type).items():
                running.made(name, made)
        return [self._outcome(running, source.name) for source in sources]

    def _outcome(self, running: Running, name: str) -> LakeVersion:
        return self.version(running.artifacts[name], running.versions[name])

    def _take(self, sources: Sequence[Source], told: str | None) -> Mapping[str, Made]:
        """Put the bytes of the sources in place; return by name what they are."""
        sizes = self._known_sizes(sources)
        with self.objects.batch() as batch:
            taken = {
                source.name: _take_in(
                    source, batch, likely_known=self._is_likely_known(source, sizes)
                )
                for source in sources
            }
        return {source.name: self._made(source, *taken[source.name], told) for source in sources}

    def _take_what_can_be(self, sources: Sequence[Source]) -> list[Made]:
        """Put the bytes of plain files in place, without those that can't be read any more."""
        taken: list[tuple[Source, Stored]] = []
        with self.objects.batch() as batch:
            for source in sources:
                if source.path is not None and not source.is_folder:
                    with suppress(InvalidInput):
                        taken.append((source, batch.add_file(source.path)))
        return [self._made(source, stored, {}, None) for source, stored in taken]

    def _made(
        self,
        source: Source,
        stored: Stored,
        more: Mapping[str, Value],
        told: str | None,
    ) -> Made:
        path = self.objects.path(stored.sha256)
        if told is None and "files" not in more:
            with path.open("rb") as file:
                told = media_type(file.read(HEAD_BYTES), source.filename)
        properties: dict[str, Value] = {
            "sha256": stored.sha256,
            "size": stored.size,
            "media_type": told or FOLDER_MEDIA_TYPE,
            **more,
        }
        if source.origin:
            properties["source"] = source.origin
        if source.modified is not None:
            properties["modified"] = source.modified.isoformat()
        return Made(stored.sha256, str(path), properties)

    def _is_likely_known(self, source: Source, sizes: set[int]) -> bool:
        """Tell whether the folder has a version, or some file in the lake is as long as this."""
        if source.size is None:
            return False
        if source.is_folder:
            return bool(source.name) and self._store.newest(source.name) is not None
        return source.size in sizes

    def _known_sizes(self, sources: Sequence[Source]) -> set[int]:
        """Return which of the sources' sizes something in the lake has.

        What is small is read in one go, known or not, so nobody asks.
        """
        sizes = [s.size for s in sources if s.size is not None and s.size > BLOCK]
        return known_numbers(self._store, "size", sizes)

    def _refuse_past(self) -> None:
        if self._store.at is not None:
            raise InvalidInput(
                f"the lake as it was at {self._store.at.moment.isoformat()} can't be added to; "
                "use the present workspace"
            )

    def _unknown(self, name: str) -> NotFound:
        return NotFound.among(
            "the lake has no", name, self.names(), remedy="lineal find lists what there is"
        )


def _type_of(source: Source) -> ArtifactType:
    return FOLDER if source.is_folder else FILE


def _take_in(
    source: Source, batch: Batch, *, likely_known: bool
) -> tuple[Stored, dict[str, Value]]:
    """Put the bytes of one source into the batch; tell what it is, and more of a folder."""
    if source.stream is not None:
        return batch.add_stream(source.stream), {}
    if source.path is None:
        raise InvalidInput(f"{source.name!r} has neither a path nor bytes")
    if not source.is_folder:
        return batch.add_file(source.path, likely_known=likely_known), {}
    tree = read_folder(source.path, batch, likely_known=likely_known)
    return batch.add_bytes(tree.encode()), {"size": tree.size, "files": len(tree.files)}
