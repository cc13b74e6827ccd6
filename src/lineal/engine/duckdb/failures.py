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

_KIND = re.compile(r"^[A-Z][A-Za-z ]+? Error: ", re.MULTILINE)
_EXCERPT = re.compile(r"\n+LINE \d+:.*", re.DOTALL)
_NO_TABLE = re.compile(r'Catalog Error: Table with name "?(?P<name>.+?)"? does not exist')

# In order: the first pattern found in DuckDB's message tells what it means.
_MEANINGS: tuple[tuple[str, type[LinealError], str], ...] = (
    (
        "INTERRUPT Error|Connection Error",
        Unavailable,
        "the engine was closed before the computation ended",
    ),
    (
        "Failed to create directory",
        Unavailable,
        (
            "data beyond the memory limit can't be put on disk: correct "
            "engine.temporary_directory in lineal.toml ({message})"
        ),
    ),
    (
        "No space left|max_temp_directory_size|[Dd]isk quota|failed to offload data block",
        Unavailable,
        (
            "no disk space is left for data beyond the memory limit: free some, or set "
            "engine.temporary_directory in lineal.toml to a larger disk ({message})"
        ),
    ),
    (
        "Out of Memory Error",
        Unavailable,
        (
            "the computation needs more memory than it may use: raise engine.memory_limit in "
            "lineal.toml, lower engine.threads, or set engine.temporary_directory so that it can "
            "spill to disk ({message})"
        ),
    ),
    (
        "No files found that match|No such file or directory|Cannot open file .* not found",
        NotFound,
        "{message}; the file is gone or was never written",
    ),
    (
        (
            "No magic bytes found|too small to be a Parquet|TProtocolException|"
            "don't know what type|[Ii]nvalid (Parquet|footer)|Footer length|Snappy|ZSTD|"
            "Failed to read Parquet"
        ),
        Corrupt,
        "{message}; restore the file, or load its source again",
    ),
    ("(IO|INTERNAL|FATAL) Error", Unavailable, "{message}"),
)


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
    missing = _NO_TABLE.search(text)
    if missing:
        return _no_table(missing["name"], query, list(tables))
    kind = _KIND.search(text)
    message = text[kind.start() :] if kind else text
    for pattern, error, words in _MEANINGS:
        if re.search(pattern, text):
            return error(words.format(message=message.split("\n", 1)[0]))
    return InvalidInput(message if query else _EXCERPT.sub("", message))


def _no_table(name: str, query: str, tables: list[str]) -> NotFound:
    # DuckDB names only the last part of `ops.flightz`; the query has the whole.
    whole = re.search(rf'[\w."]*{re.escape(name)}\b"?', query)
    wanted = whole.group().replace('"', "") if whole else name
    hint = ", ".join(sorted(tables)[:10]) or "none"
    return NotFound.among("no table", wanted, tables, remedy=f"tables: {hint}")
