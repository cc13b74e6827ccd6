"""Tell a file's media type by its first bytes, and by its suffix where the bytes leave it open."""

from __future__ import annotations

import mimetypes
from functools import lru_cache
from pathlib import PurePath

__all__ = ["FOLDER", "HEAD_BYTES", "media_type"]

FOLDER = "inode/directory"
HEAD_BYTES = 4096
_BINARY = "application/octet-stream"
_ZIP = "application/zip"

_SIGNATURES = (
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"ARROW1", "application/vnd.apache.arrow.file"),
    (0, b"\xff\xff\xff\xff", "application/vnd.apache.arrow.stream"),
    (0, b"Obj\x01", "application/avro"),
    (0, b"ORC", "application/orc"),
    (0, b"\x89HDF\r\n\x1a\n", "application/x-hdf5"),
    (0, b"\x93NUMPY", "application/x-npy"),
    (0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"PK\x03\x04", _ZIP),
    (0, b"PK\x05\x06", _ZIP),
    (0, b"\x28\xb5\x2f\xfd", "application/zstd"),
    (0, b"\xfd7zXZ\0", "application/x-xz"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (257, b"ustar", "application/x-tar"),
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF8", "image/gif"),
    (0, b"II*\0", "image/tiff"),
    (0, b"MM\0*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/x-wav"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (4, b"ftyp", "video/mp4"),
)

# Names that are newer than, or missing from, Python's own table.
_BY_SUFFIX = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/jsonl",
    ".md": "text/markdown",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".toml": "application/toml",
    ".sql": "application/sql",
    ".ipynb": "application/x-ipynb+json",
    ".pbtxt": "text/plain",
    ".pkl": "application/x-python-pickle",
    ".pickle": "application/x-python-pickle",
    ".npz": "application/x-npz",
    ".onnx": "application/x-onnx",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".jar": "application/java-archive",
    ".whl": "application/x-wheel+zip",
}
_ZIPPED = {".npz", ".xlsx", ".docx", ".pptx", ".ods", ".odt", ".jar", ".whl"}
_TEXTUAL = {"application/json", "application/jsonl", "application/yaml", "application/toml"} | {
    "application/sql",
    "application/xml",
    "application/javascript",
    "application/x-ipynb+json",
    "image/svg+xml",
}
_SIGNED = {name for _at, _bytes, name in _SIGNATURES}


def media_type(head: bytes, name: str = "") -> str:
    """Return the media type of a file that begins with `head` and is called `name`.

    The bytes decide where they say something: a Parquet file called `x.csv` is Parquet. Give at
    least `HEAD_BYTES` bytes of the file, or all of it.
    """
    suffix = PurePath(name).suffix.lower()
    for offset, signature, signed in _SIGNATURES:
        if head.startswith(signature, offset):
            return _BY_SUFFIX[suffix] if signed == _ZIP and suffix in _ZIPPED else signed
    expected = _of_suffix(suffix)
    if _is_textual(expected):
        return _BINARY if b"\0" in head else expected
    if _looks_like_text(head):
        return "text/plain"
    # A suffix can't make Parquet, or an image, of bytes that don't begin as those do.
    return _BINARY if expected in _SIGNED or suffix in _ZIPPED else expected


@lru_cache(maxsize=1024)  # the table alone costs a millisecond, and few suffixes are about
def _of_suffix(suffix: str) -> str:
    guessed, _encoding = mimetypes.MimeTypes().guess_type("x" + suffix)
    return _BY_SUFFIX.get(suffix) or guessed or _BINARY


def _is_textual(media: str) -> bool:
    return media.startswith("text/") or media in _TEXTUAL


def _looks_like_text(head: bytes) -> bool:
    """Tell whether `head` is UTF-8 without NUL; its last character may be cut."""
    if not head or b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and len(head) >= HEAD_BYTES
    return True
