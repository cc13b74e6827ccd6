"""Look at text files before DuckDB reads them: are they there, and how are they compressed."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from lineal.errors import InvalidInput, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

__all__ = ["TextFile", "by_compression", "local_path", "text_files"]

_MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
_NOT_TEXT = {
    b"PK\x03\x04": "is a zip archive: extract it first",
    b"PAR1": "is a Parquet file: read it as ParquetFiles",
    b"\xff\xfe": "is UTF-16, not UTF-8: save it as UTF-8",
    b"\xfe\xff": "is UTF-16, not UTF-8: save it as UTF-8",
}


@dataclass(frozen=True)
class TextFile:
    """A readable file and its compression, told by its first bytes: objects have no endings."""

    path: str
    compression: str

    def open(self) -> IO[bytes]:
        """Open the text's bytes. Those of a zstd file can't be: see `readable`."""
        if self.compression == "gzip":
            return cast("IO[bytes]", gzip.open(self.path))
        return Path(self.path).open("rb")

    @property
    def readable(self) -> bool:
        """Whether Python's own library can read it on every version that we support."""
        return self.compression != "zstd"


def text_files(paths: Sequence[str], what: str) -> list[TextFile]:
    """Return the files; raise `NotFound`, `Unavailable` or `InvalidInput` for the first bad one."""
    if not paths:
        raise InvalidInput(f"no {what} file was given; name at least one")
    return [_text_file(local_path(path), what) for path in paths]


def by_compression(files: Iterable[TextFile]) -> list[list[TextFile]]:
    """Split into runs of equal compression, in order: DuckDB reads one kind at a time."""
    runs: list[list[TextFile]] = []
    for file in files:
        if runs and runs[-1][0].compression == file.compression:
            runs[-1].append(file)
        else:
            runs.append([file])
    return runs


def local_path(path: str) -> str:
    """Return a path without the scheme of a local file."""
    if path.startswith("file:"):
        return "/" + path.removeprefix("file:").lstrip("/")
    return path


def _text_file(path: str, what: str) -> TextFile:
    try:
        with Path(path).open("rb") as file:
            start = file.read(4)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}; check the path") from error
    except IsADirectoryError as error:
        raise InvalidInput(f"{path} is a folder; give the {what} files in it") from error
    except (OSError, ValueError) as error:
        raise Unavailable(f"{path} can't be read: {error}") from error
    for magic, message in _NOT_TEXT.items():
        if start.startswith(magic):
            raise InvalidInput(f"{path} {message}")
    for magic, compression in _MAGIC.items():
        if start.startswith(magic):
            return TextFile(path, compression)
    return TextFile(path, "none")
