"""Translate what DuckDB raises into Lineal's errors, by meaning."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from lineal.engine.duckdb.cells import bad_cell, unreadable_text
from lineal.errors import Corrupt, InvalidInput, LinealError, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["translated"]

_KIND = re.compile(r"^([A-Z][A-Za-z ]+?) Error: ", re.MULTILINE)
_EXCERPT = re.compile(r"\n+LINE \d+:.*", re.DOTALL)
_NO_TABLE = re.compile(r'Table with name "?(?P<name>.+?)"? does not exist')
_NO_FILE = re.compile(
    r"No files found that match|No such file or directory|Cannot open file .* not found"
)
_NOT_PARQUET = re.compile(
    r"No magic bytes found|too small to be a Parquet|TProtocolException|don't know what type|"
    r"[Ii]nvalid (Parquet|footer)|Footer length|Snappy|ZSTD|Failed to read Parquet",
)
_NO_SPACE = re.compile(r"No space left|max_temp_directory_size|Disk quota", re.IGNORECASE)


@contextlib.contextmanager
def translated(*, query: str = "", tables: Iterable[str] = ()) -> Iterator[None]:
    """Raise Lineal's errors for those of DuckDB, also when they come through Arrow.

    `query` is what the user wrote: DuckDB's excerpt of it, with its caret, is then kept.
    """
    try:
        yield
    except LinealError:
        raise
    except (duckdb.Error, pa.ArrowException, OSError, RuntimeError) as error:
        raise _meaning(str(error), query, tables) from error


def _meaning(text: str, query: str, tables: Iterable[str]) -> LinealError:
    in_a_file = bad_cell(text) or unreadable_text(text)
    if in_a_file is not None:
        return in_a_file
    found = _KIND.search(text)
    kind = found.group(1) if found else ""
    message = text[found.start() :] if found else text
    if not query:
        message = _EXCERPT.sub("", message)
    if _NO_SPACE.search(text):
        return Unavailable(
            "no disk space is left for data beyond the memory limit: free some, or set "
            f"engine.temporary_directory in lineal.toml to a larger disk ({_first(message)})"
        )
    if kind == "Out of Memory":
        return Unavailable(
            "the computation needs more memory than it may use: raise engine.memory_limit in "
            "lineal.toml, lower engine.threads, or set engine.temporary_directory so that it can "
            f"spill to disk ({_first(message)})"
        )
    missing = _NO_TABLE.search(text)
    if missing and kind == "Catalog":
        return _no_table(missing["name"], query, list(tables))
    if _NO_FILE.search(text):
        return NotFound(f"{_first(message)}; the file is gone or was never written")
    if _NOT_PARQUET.search(text):
        return Corrupt(f"{_first(message)}; restore the file, or load its source again")
    if kind in {"IO", "INTERNAL", "FATAL"}:
        return Unavailable(_first(message))
    return InvalidInput(message)


def _no_table(name: str, query: str, tables: list[str]) -> NotFound:
    # DuckDB names only the last part of `ops.flightz`; the query has the whole.
    whole = re.search(rf'[\w."]*{re.escape(name)}\b"?', query)
    wanted = whole.group().replace('"', "") if whole else name
    hint = ", ".join(sorted(tables)[:10]) or "none"
    return NotFound.among("no table", wanted, tables, remedy=f"tables: {hint}")


def _first(message: str) -> str:
    return message.split("\n", 1)[0]
