"""The workspace's file, `lineal.toml`: read, checked, and written once by `lineal init`.

Every section has an embedded default; a shared counterpart is chosen by its URL alone. Secrets
never stand in the file.
"""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from lineal.errors import IncompatibleVersion, InvalidInput, NotFound, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "FILE_NAME",
    "FORMAT",
    "EngineSection",
    "MetadataSection",
    "OpenLineageSection",
    "Settings",
    "TrackSection",
    "check_url",
    "read_settings",
    "write_settings",
]

FILE_NAME = "lineal.toml"
FORMAT = 1

_TEMPLATE = f"""\
# This folder is a Lineal workspace. What stands behind a '#' is the default.
format = {FORMAT}

[engine]
# memory_limit = "4GB"    # above it, DuckDB spills to .lineal/tmp; default: 80 % of the memory
# threads = 2             # default: one for each processor

[metadata]
# url = "postgresql://me@db/flights"     # mysql://…, sqlite:///FILE, or a server: grpc://host:8080
# password_env = "DB_PASSWORD"           # the environment variable that holds its password

[openlineage]
# url = "https://host/api/v1/lineage"    # tell other tools what happens; or file:events.jsonl
# namespace = "lineal"
# token_env = "OPENLINEAGE_API_KEY"      # the environment variable that holds its token

[track]
# environment = ["CUDA_VISIBLE_DEVICES"]    # variables that each tracked run keeps; no others are
# folders = ["/data/raw"]     # where plain files that runs read are kept, too, as in this folder
"""


@dataclass(frozen=True)
class EngineSection:
    """Limits of the embedded engine."""

    memory_limit: str | None = None
    threads: int | None = None


@dataclass(frozen=True)
class TrackSection:
    """What tracked runs keep beside what they always do."""

    environment: tuple[str, ...] = ()
    """Environment variables, by name."""
    folders: tuple[str, ...] = ()
    """Folders whose files count as the project's own; relative ones begin at the workspace."""


@dataclass(frozen=True)
class MetadataSection:
    """Where the graph is kept; without a URL, in a file of the workspace's own."""

    url: str | None = None
    """A database's URL, or a metadata server's: `grpc://host:port`, `grpcs://` for TLS."""
    password_env: str | None = None
    """The environment variable that holds the database's password."""


@dataclass(frozen=True)
class OpenLineageSection:
    """Where other tools are told of what happens here; nowhere without a URL."""

    url: str | None = None
    """`https://host/api/v1/lineage`, or `file:events.jsonl` beside the workspace's file."""
    namespace: str = "lineal"
    token_env: str | None = None
    """The environment variable that holds the server's token."""


@dataclass(frozen=True)
class Settings:
    """What the workspace's file says."""

    format: int = FORMAT
    engine: EngineSection = field(default_factory=EngineSection)
    metadata: MetadataSection = field(default_factory=MetadataSection)
    track: TrackSection = field(default_factory=TrackSection)
    openlineage: OpenLineageSection = field(default_factory=OpenLineageSection)


_SHARED = ("lake", "warehouse", "features")
"""Sections that will choose a shared backend by URL; so far each has its embedded default only."""


def read_settings(path: Path) -> Settings:
    """Return what the file at `path` says.

    Raises `IncompatibleVersion` for a workspace of a newer Lineal, `InvalidInput` for a file that
    is no TOML or has wrong values, `NotFound` for an unknown key, and `Unavailable` for a backend
    that this release does not have.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} is no valid TOML: {error}; mend that line") from error
    except OSError as error:
        raise Unavailable(f"{path} can't be read: {error.strerror}") from error
    found = document.pop("format", None)
    if not isinstance(found, int) or isinstance(found, bool):
        raise InvalidInput(
            f"{path} has no whole number 'format'; a new workspace has format = {FORMAT}"
        )
    if found > FORMAT:
        raise IncompatibleVersion(
            f"{path} was made by a newer Lineal (format {found}, this one knows {FORMAT}); "
            "upgrade Lineal to open this workspace"
        )
    for section in _SHARED:
        _refuse_shared(path, section, document.pop(section, {}))
    engine = _engine(path, document.pop("engine", {}))
    track = _track(path, document.pop("track", {}))
    metadata = MetadataSection(**_texts(path, "metadata", MetadataSection, document))
    check_url(metadata.url, f"{path}: metadata.url")
    openlineage = OpenLineageSection(**_texts(path, "openlineage", OpenLineageSection, document))
    _check_target(path, openlineage.url)
    for name in document:
        known = ["engine", "metadata", "openlineage", "track", *_SHARED]
        raise NotFound.among(f"{path} has a section", name, known)
    return Settings(found, engine, metadata, track, openlineage)


def write_settings(path: Path, metadata: MetadataSection | None = None) -> None:
    """Write the file of a new workspace, whole or not at all; an existing one stays."""
    text = _TEMPLATE
    given = (
        {} if metadata is None else {f.name: getattr(metadata, f.name) for f in fields(metadata)}
    )
    lines = [f"{name} = {json.dumps(value)}" for name, value in given.items() if value is not None]
    if lines:
        text = text.replace("[metadata]\n", "\n".join(["[metadata]", *lines, ""]))
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    try:
        path.hardlink_to(temporary)  # fails, instead of replacing, if another process was faster
    except FileExistsError:
        pass
    finally:
        temporary.unlink()


def check_url(url: str | None, what: str) -> None:
    """Raise `InvalidInput` if a URL that is to stand in the file has a password in it."""
    authority = (url or "").partition("://")[2].partition("/")[0]
    if ":" in authority.rpartition("@")[0]:
        raise InvalidInput(
            f"{what} has a password in it, which must not stand in a file; leave it out, put it "
            'into an environment variable and name that: password_env = "DB_PASSWORD"'
        )


def _engine(path: Path, section: object) -> EngineSection:
    if not isinstance(section, dict):
        raise InvalidInput(f"{path}: 'engine' must be a section, written [engine]")
    known = [f.name for f in fields(EngineSection)]
    for name in section:
        if name not in known:
            raise NotFound.among(f"{path}: section [engine] has a key", name, known)
    limit, threads = section.get("memory_limit"), section.get("threads")
    if limit is not None and not isinstance(limit, str):
        raise InvalidInput(f'{path}: engine.memory_limit must be text such as "4GB", not {limit!r}')
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        raise InvalidInput(f"{path}: engine.threads must be a number from 1, not {threads!r}")
    return EngineSection(memory_limit=limit, threads=threads)


def _track(path: Path, section: object) -> TrackSection:
    if not isinstance(section, dict):
        raise InvalidInput(f"{path}: 'track' must be a section, written [track]")
    known = [each.name for each in fields(TrackSection)]
    for name, listed in section.items():
        if name not in known:
            raise NotFound.among(f"{path}: section [track] has a key", name, known)
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            example = "LANG" if name == "environment" else "/data/raw"
            raise InvalidInput(
                f'{path}: track.{name} must list names, such as ["{example}"], not {listed!r}'
            )
    return TrackSection(**{name: tuple(listed) for name, listed in section.items()})


def _check_target(path: Path, url: str | None) -> None:
    """Refuse an address that no lineage event could be sent to, before anything happens."""
    if url is not None and not url.startswith(("http://", "https://", "file:")):
        raise InvalidInput(
            f'{path}: openlineage.url is {url!r}; it begins with "https://", "http://" or "file:"'
        )


def _texts(path: Path, name: str, kind: type, document: dict[str, object]) -> dict[str, str]:
    """Return the keys of a section in which every value is text."""
    section = document.pop(name, {})
    if not isinstance(section, dict):
        raise InvalidInput(f"{path}: '{name}' must be a section, written [{name}]")
    known = [f.name for f in fields(kind)]
    for key, value in section.items():
        if key not in known:
            raise NotFound.among(f"{path}: section [{name}] has a key", key, known)
        if not isinstance(value, str) or not value:
            raise InvalidInput(f"{path}: {name}.{key} must be text, not {value!r}")
    return section


def _refuse_shared(path: Path, name: str, section: object) -> None:
    if section:
        raise Unavailable(
            f"{path}: section [{name}] asks for another backend than the embedded one, "
            "which this release does not have yet; remove the section"
        )
