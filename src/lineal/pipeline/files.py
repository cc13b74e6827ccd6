"""Files and folders that components make for each other: models, vocabularies, reports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

from lineal.errors import InvalidInput
from lineal.metadata.model import ArtifactType

if TYPE_CHECKING:
    from lineal.metadata import Version

__all__ = ["File", "Model"]


class File:
    """A file or folder that a component returns, and that another one gets as it was.

    A subclass is a type of its own in the graph, called as the class is or by `type=`:

        class Vocabulary(File): ...

        @component
        def words(rows: Table) -> Vocabulary:
            return Vocabulary(b"...", name="words.txt")

    `name` is the file's name inside of the artifact; a path brings its own.
    """

    artifact_type: ClassVar[ArtifactType] = ArtifactType("lineal.Files")

    def __init_subclass__(
        cls,
        *,
        type: str | None = None,  # noqa: A002 - the field's own name for it
        base: str = "",
        **kwargs: object,
    ) -> None:
        """Give the subclass its artifact type; `base` names one of ML Metadata's simple types."""
        super().__init_subclass__(**kwargs)
        cls.artifact_type = ArtifactType(type or cls.__name__, base=base)

    def __init__(self, source: str | Path | bytes, *, name: str | None = None) -> None:
        self._source = source if isinstance(source, bytes) else Path(source)
        if name is None:
            name = "data" if isinstance(self._source, bytes) else self._source.name
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise InvalidInput(f"{name!r} can't be a file's name inside of an artifact")
        self.name = name
        self.version: Version | None = None
        """The version in the graph; None until the component that made it has ended."""

    @classmethod
    def of(cls, version: Version, path: Path) -> Self:
        """Return the handle on a version whose content lies at `path`."""
        made = cls.__new__(cls)
        File.__init__(made, path)
        made.version = version
        return made

    @property
    def in_memory(self) -> bool:
        """Whether it is bytes that no file holds yet."""
        return isinstance(self._source, bytes)

    @property
    def path(self) -> Path:
        """Where the file or folder lies; not to be written to once it is in the graph."""
        if isinstance(self._source, bytes):
            raise InvalidInput(
                f"this {type(self).__name__} is bytes in memory, not yet a file; use read_bytes()"
            )
        return self._source

    def read_bytes(self) -> bytes:
        """Return the file's content."""
        if isinstance(self._source, bytes):
            return self._source
        try:
            return self._source.read_bytes()
        except OSError as error:
            raise InvalidInput(f"{self._source} can't be read: {error.strerror}") from error

    def read_text(self) -> str:
        """Return the file's content as UTF-8 text."""
        try:
            return self.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise InvalidInput(f"{self.name} is no UTF-8 text: {error}") from error

    def __repr__(self) -> str:
        """Name the content."""
        told = self.version.ref if self.version is not None else self.name
        return f"<{type(self).__name__} {told}>"


class Model(File, base="mlmd.Model"):
    """A trained model, as TFX calls it too."""
