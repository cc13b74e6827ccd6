"""Say what a computation runs in: interpreter, machine, installed distributions, git state.

Environment variables, arguments and addresses of remotes are left out: they hold secrets.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lineal.environment.distributions import Distribution, installed
from lineal.environment.git import GitState, git_state
from lineal.errors import Corrupt

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Environment", "Interpreter", "capture"]


@dataclass(frozen=True)
class Interpreter:
    """The Python that runs: `cpython`, `3.11.7`, `cpython-311`, `linux`, `x86_64`."""

    implementation: str
    version: str
    cache_tag: str
    system: str
    machine: str


@dataclass(frozen=True)
class Environment:
    """What a computation runs in; two are equal when all of it is."""

    interpreter: Interpreter
    platform: str
    """The machine's system: kernel and C library."""
    distributions: tuple[Distribution, ...]
    """What is installed, sorted by name."""
    git: GitState | None
    """The commit of the project's folder; None outside a repository, or where git can't tell."""

    @cached_property
    def fingerprint(self) -> str:
        """The SHA-256 over interpreter and distributions: what decides whether work is reused.

        Git, host and kernel are left out: a commit that changes only a README changes no result,
        and code has an identity of its own.
        """
        return hashlib.sha256(
            _canonical(
                {
                    "interpreter": asdict(self.interpreter),
                    "distributions": [asdict(one) for one in self.distributions],
                }
            )
        ).hexdigest()

    def to_json(self) -> bytes:
        """Return all of it as JSON in one canonical form."""
        return _canonical({"format": "lineal.environment", "version": 1, **asdict(self)})

    @classmethod
    def from_json(cls, data: bytes) -> Environment:
        """Read back what `to_json` wrote; raise `Corrupt` if it is something else."""
        try:
            content = json.loads(data)
            git = content["git"]
            return cls(
                interpreter=Interpreter(**content["interpreter"]),
                platform=content["platform"],
                distributions=tuple(Distribution(**one) for one in content["distributions"]),
                git=None if git is None else GitState(**git),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise Corrupt(f"this is no environment as Lineal writes it: {error}") from error


def capture(directory: Path, *, cache: Path | None = None) -> Environment:
    """Return the environment of this process, and the git state of `directory`.

    What is installed is kept in the folder `cache` until one of the folders that Python imports
    from changes.
    """
    return Environment(
        interpreter=_interpreter(),
        platform=_platform(),
        distributions=installed(cache=cache),
        git=git_state(directory),
    )


def _interpreter() -> Interpreter:
    implementation = sys.implementation
    version = sys.version_info
    final = version.releaselevel == "final"
    suffix = "" if final else f"{version.releaselevel}{version.serial}"
    return Interpreter(
        implementation=implementation.name,
        version=f"{version.major}.{version.minor}.{version.micro}{suffix}",
        cache_tag=implementation.cache_tag or "",
        system=sys.platform,
        machine=os.uname().machine,
    )


def _platform() -> str:
    """Return kernel and C library; `platform.platform()` would read the interpreter's file."""
    kernel = os.uname()
    known = "CS_GNU_LIBC_VERSION" in os.confstr_names
    library = os.confstr("CS_GNU_LIBC_VERSION") if known else None
    return f"{kernel.sysname} {kernel.release}" + (f", {library}" if library else "")


def _canonical(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")
