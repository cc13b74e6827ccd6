"""Translate what Spark raises into Lineal's errors, by meaning."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import pyarrow as pa
from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException

from lineal.errors import Corrupt, InvalidInput, LinealError, NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["translated"]

_TOLD = re.compile(r"^(?:Caused by: )?[\w.$]+: (?P<message>\[[A-Z_.0-9]+\].*)$", re.MULTILINE)
_NO_TABLE = re.compile(r"TABLE_OR_VIEW_NOT_FOUND\] The table or view (?P<name>.+?) cannot be found")
_NO_IDS = "doesn't contain any field Ids"

# In order: the first pattern found in Spark's words tells what they mean.
_MEANINGS: tuple[tuple[str, type[LinealError], str], ...] = (
    (
        (
            "OPERATION_CANCELED|JOB_CANCELLED|[Cc]ancelled job|stopped SparkContext|"
            "SparkContext (was|has been) shut ?down|Answer from Java side is empty"
        ),
        Unavailable,
        "the engine was closed before the computation ended",
    ),
    (
        "PATH_NOT_FOUND|FileNotFoundException|FILE_NOT_EXIST",
        NotFound,
        "{message}; the file is gone or was never written",
    ),
    (
        "CANNOT_READ_FILE_FOOTER|is not a Parquet file|FAILED_READ_FILE|ParquetDecodingException",
        Corrupt,
        "{message}; restore the file, or load its source again",
    ),
    (
        "OutOfMemoryError|UNABLE_TO_ACQUIRE_MEMORY|_LEGACY_ERROR_TEMP_1080",
        Unavailable,
        (
            "the computation needs more memory than Spark has: raise engine.memory_limit in "
            "lineal.toml ({message})"
        ),
    ),
    (
        "No space left|[Dd]isk quota",
        Unavailable,
        "no disk space is left for what Spark puts there ({message})",
    ),
    ("ARITHMETIC_OVERFLOW|OUT_OF_RANGE", InvalidInput, "a number is out of range: {message}"),
)


@contextlib.contextmanager
def translated(*, query: str = "", tables: Iterable[str] = ()) -> Iterator[None]:
    """Raise Lineal's errors for those of Spark; `query` is what the user wrote."""
    try:
        yield
    except LinealError:
        raise
    except (PySparkException, Py4JError, pa.ArrowException, OSError, EOFError) as error:
        raise _meaning(error, query, list(tables)) from error


def _meaning(error: Exception, query: str, tables: list[str]) -> LinealError:
    whole = _whole(error)
    missing = _NO_TABLE.search(whole)
    if missing and query:
        wanted = missing["name"].replace("`", "")
        hint = ", ".join(sorted(tables)[:10]) or "none"
        return NotFound.among("no table", wanted, tables, remedy=f"tables: {hint}")
    if _NO_IDS in whole:
        return InvalidInput(
            "a Parquet file has no field ids, so its columns can't be told after a rename; ingest "
            "it so that it is written with ids, or read it by name"
        )
    message = _message(whole, excerpt=bool(query))
    for pattern, kind, words in _MEANINGS:
        if re.search(pattern, whole):
            return kind(words.format(message=message.split("\n", 1)[0]))
    return InvalidInput(message)


def _whole(error: Exception) -> str:
    """Return all that Spark says, the causes inside the Java virtual machine too."""
    if isinstance(error, Py4JJavaError):
        return str(error)
    cause = error.__cause__
    return f"{error}\n{_whole(cause)}" if isinstance(cause, Exception) else str(error)


def _message(whole: str, *, excerpt: bool) -> str:
    """Return Spark's own words on the innermost cause; with an excerpt of the query if wanted."""
    told = [found["message"] for found in _TOLD.finditer(whole)]
    text = told[-1] if told else whole.split("\n\tat ", 1)[0].strip()
    place = re.search(r"== SQL.*?==\n.*?\n\s*\^+", whole, re.DOTALL)
    plain = re.sub(r" SQLSTATE: \w+;?", "", text.split("\nJVM stacktrace", 1)[0])
    if not excerpt:
        plain = plain.split("\n== SQL", 1)[0].split(";\n", 1)[0]
    elif place and "== SQL" not in plain:
        plain = f"{plain}\n{place.group()}"
    return plain.strip()
