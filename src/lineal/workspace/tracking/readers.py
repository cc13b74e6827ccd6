"""See the files that libraries open outside of Python: Arrow, Polars and DuckDB do it natively.

While a run is watched, their few functions that read or write files are wrapped, in modules that
are imported already and in those that are imported later. A wrapper looks at its arguments and
calls the function with exactly these; when the last run ends, the functions are put back. A
function that the program took by name before (`from polars import read_csv`) is not seen.
"""

from __future__ import annotations

import glob
import os
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from itertools import islice
from typing import TYPE_CHECKING

from lineal.workspace.tracking import watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["begin", "end"]

_POLARS = (
    *("csv", "parquet", "ndjson", "ipc", "lines"),
    *("avro", "json", "excel", "ods", "ipc_stream", "delta"),
)
_FRAME = ("csv", "parquet", "ndjson", "json", "ipc", "ipc_stream", "avro", "excel")
_DUCKDB = ("read_csv", "read_parquet", "read_json", "from_csv_auto", "from_parquet")
_SQL = ("sql", "query", "execute", "executemany", "from_query")

_READS: dict[str, tuple[str, ...]] = {
    "pandas": ("read_parquet", "read_feather", "read_orc"),
    "pyarrow": ("memory_map", "input_stream"),
    "pyarrow.parquet.core": ("ParquetFile.__init__", "ParquetDataset.__init__"),
    "pyarrow.parquet": ("read_table", "read_pandas", "read_metadata", "read_schema"),
    "pyarrow.dataset": ("dataset",),
    "pyarrow.csv": ("read_csv", "open_csv"),
    "pyarrow.json": ("read_json", "open_json"),
    "pyarrow.feather": ("read_table", "read_feather"),
    "pyarrow.orc": ("read_table", "ORCFile.__init__"),
    "polars": tuple(f"{verb}_{kind}" for kind in _POLARS for verb in ("read", "scan")),
    "duckdb": (*_DUCKDB, *(f"DuckDBPyConnection.{name}" for name in _DUCKDB)),
}
# What stands behind `@` is the position of the file among the arguments, where it isn't first.
_WRITES: dict[str, tuple[str, ...]] = {
    "pandas": tuple(f"DataFrame.to_{kind}" for kind in ("parquet", "feather", "orc")),
    "pyarrow": ("output_stream", "create_memory_map"),
    "pyarrow.parquet": ("write_table@1", "ParquetWriter.__init__"),
    "pyarrow.parquet.core": ("ParquetWriter.__init__",),
    "pyarrow.csv": ("write_csv@1",),
    "pyarrow.feather": ("write_feather@1",),
    "pyarrow.orc": ("write_table@1",),
    "duckdb": tuple(
        f"DuckDBPyRelation.{verb}_{kind}" for verb in ("to", "write") for kind in ("csv", "parquet")
    ),
    "polars": (
        *(f"DataFrame.write_{kind}" for kind in _FRAME),
        *(f"LazyFrame.sink_{kind}" for kind in ("csv", "parquet", "ndjson", "ipc")),
    ),
}
_STATEMENTS: dict[str, tuple[str, ...]] = {
    "duckdb": (*_SQL, *(f"DuckDBPyConnection.{name}" for name in _SQL)),
}
_MODULES = frozenset({*_READS, *_WRITES, *_STATEMENTS})

_QUOTED = re.compile(
    r"(?P<into>\bTO\s+)?(?:'(?P<one>(?:[^']|'')+)'|\"(?P<two>[^\"]+)\")", re.IGNORECASE
)
_MOST_FILES = 1_000

_NAMES = (
    *("source", "where", "path", "file", "input_file", "paths", "path_or_paths", "path_or_buffer"),
    *("dest", "sink", "output_file", "file_name", "file_glob", "root_path", "workbook"),
)

Notice = Callable[[tuple[object, ...], dict[str, object]], None]


@dataclass
class _Wrapped:
    owner: object
    name: str
    original: object
    ours: object


_lock = threading.RLock()
_wrapped: list[_Wrapped] = []
_runs = 0


def begin() -> None:
    """See native reads from here on; once more for each run."""
    global _runs  # noqa: PLW0603 -- one count for the process, as what it guards
    with _lock:
        _runs += 1
        if _runs > 1:
            return
        for name in sorted(_MODULES & sys.modules.keys()):
            _wrap_module(sys.modules[name])
        sys.meta_path.insert(0, _FINDER)


def end() -> None:
    """Put everything back, when as many runs have ended as began."""
    global _runs  # noqa: PLW0603
    with _lock:
        _runs -= 1
        if _runs:
            return
        if _FINDER in sys.meta_path:
            sys.meta_path.remove(_FINDER)
        for each in reversed(_wrapped):
            if getattr(each.owner, each.name, None) is each.ours:
                setattr(each.owner, each.name, each.original)
        _wrapped.clear()


class _Finder:
    """Finds the watched modules as Python would, and wraps their functions once they are loaded."""

    def __init__(self) -> None:
        self._loading = threading.local()

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _MODULES or getattr(self._loading, "name", None) == name:
            return None
        self._loading.name = name
        try:
            spec = _find(name, path, target)
        finally:
            self._loading.name = None
        if spec is None or spec.loader is None:
            return None
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            with _lock:
                if _runs:
                    _wrap_module(module)

        # The loader is this import's own, made by the finder for it.
        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _find(name: str, path: Sequence[str] | None, target: ModuleType | None) -> ModuleSpec | None:
    for finder in sys.meta_path:
        if finder is _FINDER:
            continue
        spec = finder.find_spec(name, path, target)
        if spec is not None:
            return spec
    return None


_FINDER = _Finder()


def _wrap_module(module: ModuleType) -> None:
    name = module.__name__
    for table, told in ((_READS, watch.reads), (_WRITES, watch.writes)):
        for place in table.get(name, ()):
            dotted, _, position = place.partition("@")
            _wrap(module, dotted, _files(told, int(position or 0) + ("." in dotted)))
    for dotted in _STATEMENTS.get(name, ()):
        _wrap(module, dotted, _statement(int("." in dotted)))


def _wrap(module: ModuleType, dotted: str, notice: Notice) -> None:
    *owners, name = dotted.split(".")
    owner: object = module
    for each in owners:
        owner = getattr(owner, each, None)
    original = getattr(owner, name, None)
    if original is None or any(w.owner is owner and w.name == name for w in _wrapped):
        return

    @wraps(original)
    def call(*arguments: object, **options: object) -> object:
        if watch.is_watched():
            try:
                notice(arguments, options)
            except Exception as error:  # noqa: BLE001 -- no matter of the program's; told in the end
                watch.fails(error)
        return original(*arguments, **options)

    try:
        setattr(owner, name, call)
    except (AttributeError, TypeError):  # a class that can't be changed: not seen
        return
    _wrapped.append(_Wrapped(owner, name, original, call))


def _files(told: Callable[[object], None], position: int) -> Notice:
    """Return what tells of the files that the argument at that position names."""

    def notice(arguments: tuple[object, ...], options: dict[str, object]) -> None:
        given = arguments[position] if len(arguments) > position else None
        if given is None:
            given = next((options[name] for name in _NAMES if name in options), None)
        for path in _paths(given):
            told(path)

    return notice


def _statement(position: int) -> Notice:
    """Return what tells of the files that a statement of SQL names in quotes."""

    def notice(arguments: tuple[object, ...], options: dict[str, object]) -> None:
        given = arguments[position] if len(arguments) > position else options.get("query")
        if not isinstance(given, str):
            return
        for found in _QUOTED.finditer(given):
            named = (found["one"] or "").replace("''", "'") or found["two"]
            if found["into"]:
                watch.writes(named)
                continue
            for path in _paths(named):
                watch.reads(path)

    return notice


def _paths(given: object) -> list[str]:
    """Return the files that an argument means: a path, a pattern, a folder, or several of them."""
    if isinstance(given, list | tuple):
        return [path for each in given for path in _paths(each)][:_MOST_FILES]
    if not isinstance(given, str | os.PathLike):
        return []
    path = os.fsdecode(given)
    if not path or "://" in path.removeprefix("file://") or "\n" in path:
        return []
    path = os.path.expanduser(path.removeprefix("file://"))  # noqa: PTH111 -- maybe a pattern
    if glob.has_magic(path) and not os.path.exists(path):  # noqa: PTH110
        found = glob.iglob(path, recursive=True)  # noqa: PTH207
        return [each for each in islice(found, _MOST_FILES) if os.path.isfile(each)]  # noqa: PTH113
    if os.path.isdir(path):  # noqa: PTH112
        found = glob.iglob(os.path.join(glob.escape(path), "**"), recursive=True)  # noqa: PTH118, PTH207
        return [each for each in islice(found, _MOST_FILES) if os.path.isfile(each)]  # noqa: PTH113
    return [path]
