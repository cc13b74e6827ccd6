"""Forms: how the values that components return are kept in the graph, and read back.

The workspace gathers them in one `Forms`: files here, tables through the warehouse's own verbs,
statistics, schemas and reports as the files that TFX's readers expect.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lineal.errors import Corrupt, InvalidInput
from lineal.metadata.model import Artifact, ArtifactState, ArtifactType
from lineal.metadata.outputs import Made
from lineal.pipeline.files import File
from lineal.pipeline.kinds import is_table, kind_name, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from lineal.lake import ObjectStore
    from lineal.metadata import Store, Version

__all__ = [
    "FileForm",
    "FilesForm",
    "Form",
    "Forms",
    "Slot",
    "VerbForm",
    "content_of_files",
    "frame_form",
    "primitive_forms",
]


@dataclass(frozen=True)
class Slot:
    """Where an output goes: its execution, its key, the name of its versions if it has one."""

    store: Store
    uuid: str
    key: str
    node: str
    name: str | None = None

    def unchanged(self, content: str) -> Artifact | None:
        """Return the newest version of the name if that is its content already."""
        newest = None if self.name is None else self.store.newest(self.name)
        if newest is None or newest.content != content:
            return None
        return self.store.artifact(newest.artifact_id)


class Form(Protocol):
    """How values of some classes are kept and read."""

    def fits(self, kind: type) -> bool:
        """Say whether values annotated `kind` are kept in this form."""
        ...

    def type_of(self, kind: type) -> ArtifactType | None:
        """Return the artifact type of values annotated `kind`; None if a verb announces them."""
        ...

    def keeps(self, type_name: str) -> bool:
        """Say whether artifacts of that type are in this form."""
        ...

    def keep(self, value: object, slot: Slot) -> Made | Artifact:
        """Put the value's content in place, or return the artifact that it is, or became."""
        ...

    def read(self, version: Version, kind: type) -> object:
        """Return the content of a version as a value annotated `kind`."""
        ...

    def is_there(self, artifact: Artifact) -> bool:
        """Say whether the bytes of a LIVE artifact still exist."""
        ...


class Forms:
    """All forms of a workspace; the first that fits a class is taken.

    `handle` gives a version the handle of its kind: a table's can be read, a file's opened.
    """

    def __init__(
        self, forms: Iterable[Form], *, handle: Callable[[Version], Version] = lambda each: each
    ) -> None:
        self._forms = tuple(forms)
        self._handle = handle

    def of_kind(self, kind: type) -> Form:
        """Return the form for values annotated `kind`; `InvalidInput` if there is none."""
        for form in self._forms:
            if form.fits(kind):
                return form
        raise InvalidInput(
            f"a {kind_name(kind)} can't be kept in the workspace; return a table, a File "
            "(or a subclass of it), a number, or text"
        )

    def keep(self, value: object, kind: type, slot: Slot) -> Made | Artifact:
        """Keep an output's value; one that is in the graph already stays what it is."""
        version = version_of(value)
        if version is None:
            return self.of_kind(kind).keep(value, slot)
        if version.store.uuid != slot.store.uuid:
            raise InvalidInput(
                f"output {slot.key!r} of node {slot.node!r} is {version.ref} of another workspace"
            )
        return version.artifact

    def read(self, version: Version, kind: type) -> object:
        """Return the content of a version as a value annotated `kind`."""
        version = self._handle(version)
        if isinstance(version, kind):
            return version
        for form in self._forms:
            if form.keeps(version.artifact.type) and form.fits(kind):
                return form.read(version, kind)
        raise InvalidInput(
            f"{version.ref} is a {version.artifact.type}, which can't be read as {kind_name(kind)}"
        )

    def is_there(self, artifact: Artifact) -> bool:
        """Say whether an artifact is LIVE and its bytes exist."""
        if artifact.state != ArtifactState.LIVE:
            return False
        for form in self._forms:
            if form.keeps(artifact.type):
                return form.is_there(artifact)
        return local_bytes_exist(artifact)


def local_bytes_exist(artifact: Artifact) -> bool:
    """Say whether what the URI points to exists; True where it is no path of this machine."""
    path = artifact.uri.removeprefix("file://")
    return not path.startswith("/") or Path(path).exists()


@dataclass(frozen=True)
class FileForm:
    """`File` and its subclasses: a read-only folder of links to objects, as TFX lays it out."""

    objects: ObjectStore

    def fits(self, kind: type) -> bool:
        """Say whether `kind` is a `File`."""
        return issubclass(kind, File)

    def type_of(self, kind: type) -> ArtifactType:
        """Return the class's own artifact type."""
        if not issubclass(kind, File):
            raise InvalidInput(f"{kind_name(kind)} is no File")
        return kind.artifact_type

    def keeps(self, type_name: str) -> bool:
        """Say whether the type is that of a `File` class that this process knows."""
        return any(each.artifact_type.name == type_name for each in _file_classes())

    def keep(self, value: object, slot: Slot) -> Made | Artifact:
        """Store the file, or each file of the folder, and publish them."""
        if not isinstance(value, File):
            raise InvalidInput(f"output {slot.key!r} of node {slot.node!r} is no File: {value!r}")
        files, entry = _stored(self.objects, value)
        return _published(self.objects, slot, files, entry)

    def read(self, version: Version, kind: type) -> object:
        """Return a handle on the published file or folder."""
        if not issubclass(kind, File):
            raise InvalidInput(f"{kind_name(kind)} is no File")
        entry = str(version.artifact.get("entry", ""))
        return kind.of(version, Path(version.artifact.uri) / entry)

    def is_there(self, artifact: Artifact) -> bool:
        """Say whether the folder and the file in it exist."""
        return (Path(artifact.uri) / str(artifact.get("entry", ""))).exists()


@dataclass(frozen=True)
class FilesForm:
    """Values of one class, written as named files: a schema as `schema.pbtxt`, a number as text.

    `entry` is the file that the URI itself points to, where readers expect that.
    """

    objects: ObjectStore
    kind: type
    artifact_type: ArtifactType
    write: Callable[[object], Mapping[str, bytes]]
    load: Callable[[Path], object]
    entry: str = ""

    def fits(self, kind: type) -> bool:
        """Say whether `kind` is the class."""
        return kind is self.kind

    def type_of(self, kind: type) -> ArtifactType:  # noqa: ARG002 - the protocol's
        """Return the form's artifact type."""
        return self.artifact_type

    def keeps(self, type_name: str) -> bool:
        """Say whether the type is the form's."""
        return type_name == self.artifact_type.name

    def keep(self, value: object, slot: Slot) -> Made | Artifact:
        """Write the files, and publish them."""
        with self.objects.batch() as batch:
            files = {name: batch.add_bytes(data).sha256 for name, data in self.write(value).items()}
        made = _published(self.objects, slot, files, "")
        if isinstance(made, Artifact) or not self.entry:
            return made
        return replace(made, uri=f"{made.uri}/{self.entry}")

    def read(self, version: Version, kind: type) -> object:  # noqa: ARG002 - the protocol's
        """Read the files back."""
        try:
            return self.load(Path(version.artifact.uri))
        except (OSError, ValueError) as error:
            raise Corrupt(
                f"{version.ref} ({version.artifact.uri}) can't be read: {error}"
            ) from error

    def is_there(self, artifact: Artifact) -> bool:
        """Say whether the files exist."""
        return Path(artifact.uri).exists()


@dataclass(frozen=True)
class VerbForm:
    """Values that a verb of the workspace makes versions of, such as statistics by `save`.

    `save` is given the value and a name, and runs as a child of the component's execution; it
    returns a version, or a value with one. `load` makes a value of a version again.
    """

    types: Collection[str]
    """The names of the artifact types that `load` reads."""
    accepts: Callable[[type], bool]
    save: Callable[[object, str], object]
    load: Callable[[Version, type], object]

    def fits(self, kind: type) -> bool:
        """Say whether values of the class are kept by the verb."""
        return self.accepts(kind)

    def type_of(self, kind: type) -> None:  # noqa: ARG002 - the protocol's
        """Leave it to the verb to announce what it makes."""
        return

    def keeps(self, type_name: str) -> bool:
        """Say whether the type is one of the verb's."""
        return type_name in self.types

    def keep(self, value: object, slot: Slot) -> Made | Artifact:
        """Let the verb make a version; without a name of its own it is called by node and key."""
        default = slot.node if slot.key == "output" else f"{slot.node}_{slot.key}"
        version = version_of(self.save(value, slot.name or default))
        if version is None:
            raise InvalidInput(f"output {slot.key!r} of node {slot.node!r} was saved as no version")
        return version.artifact

    def read(self, version: Version, kind: type) -> object:
        """Return the version as the class that is asked for."""
        return self.load(version, kind)

    def is_there(self, artifact: Artifact) -> bool:
        """Say whether what the URI points to exists."""
        return local_bytes_exist(artifact)


def frame_form(save: Callable[[object, str], object]) -> VerbForm:
    """Return the form of Arrow tables and frames: versions of tables, made by `save`."""

    def load(version: Version, kind: type) -> object:
        library = kind.__module__.partition(".")[0]
        to_frame = getattr(version, f"to_{library.replace('pyarrow', 'arrow')}", None)
        if to_frame is None:
            raise InvalidInput(f"{version.ref} can't be read as {kind_name(kind)}")
        frame: object = to_frame()
        return frame

    return VerbForm(("lineal.Table",), is_table, save, load)


def primitive_forms(objects: ObjectStore) -> list[FilesForm]:
    """Return the forms of text, whole numbers, numbers and truth values, as TFX writes them."""

    def as_text(value: object) -> bytes:
        return str(int(value) if isinstance(value, bool) else value).encode()

    readers: list[tuple[str, type, Callable[[str], object]]] = [
        ("String", str, str),
        ("Integer", int, int),
        ("Float", float, float),
        ("Boolean", bool, lambda text: bool(int(text))),
    ]

    def form(name: str, kind: type, parse: Callable[[str], object]) -> FilesForm:
        return FilesForm(
            objects,
            kind,
            ArtifactType(name),
            write=lambda value: {"value": as_text(value)},
            load=lambda path: parse(path.read_bytes().decode()),
            entry="value",
        )

    return [form(*each) for each in readers]


def content_of_files(files: Mapping[str, str]) -> str:
    """Return the content of named files as one hash; `files` gives the hash of each."""
    listed = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(files.items()))
    return hashlib.sha256(listed.encode("utf-8", "surrogateescape")).hexdigest()


def _file_classes() -> list[type[File]]:
    found: list[type[File]] = [File]
    for each in found:
        found.extend(each.__subclasses__())
    return found


def _stored(objects: ObjectStore, value: File) -> tuple[dict[str, str], str]:
    """Store a file or folder; return the objects by relative path, and the name of a lone file."""
    from lineal.lake import EntryKind
    from lineal.lake.folders import read_folder

    with objects.batch() as batch:
        if value.in_memory:
            return {value.name: batch.add_bytes(value.read_bytes()).sha256}, value.name
        if not value.path.is_dir():
            return {value.name: batch.add_file(value.path).sha256}, value.name
        tree = read_folder(value.path, batch)
        links = [entry.path for entry in tree.entries if entry.kind is EntryKind.LINK]
        if links:
            raise InvalidInput(
                f"{value.path} holds the link {links[0]!r}, which an artifact's folder can't; "
                "put the file itself there"
            )
        if not tree.files:
            raise InvalidInput(f"the folder {value.path} holds no file")
        return {entry.path: entry.sha256 for entry in tree.files}, ""


def _published(
    objects: ObjectStore, slot: Slot, files: Mapping[str, str], entry: str
) -> Made | Artifact:
    """Publish stored files as the output's folder, unless the newest version holds the same."""
    from lineal.lake import publish, withdraw

    content = content_of_files(files)
    same = slot.unchanged(content)
    if same is not None:
        return same
    uri = publish(objects, slot.uuid, slot.key, files=files)
    properties = {"sha256": content} | ({"entry": entry} if entry else {})
    discard = partial(withdraw, objects, slot.uuid, slot.key)
    return Made(content, uri, properties, discard=discard)
