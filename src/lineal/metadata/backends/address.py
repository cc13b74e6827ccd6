"""Where a metadata store lives: a path or a URL, its options, and its password's place."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["Address", "parse_address"]

_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
}
_KNOWN = "sqlite:///FILE, postgresql://USER@HOST/DATABASE, mysql://USER@HOST/DATABASE"


@dataclass(frozen=True)
class Address:
    """A store's database; `url` holds the password, `where` never does.

    `path` is an SQLite file's; without one, SQLite keeps the store in memory.
    """

    url: sa.URL
    where: str
    path: Path | None = None
    pool_size: int = 5
    max_overflow: int = 10
    recycle_seconds: int = 1_800

    @property
    def dialect(self) -> str:
        """The name of the backend: sqlite, postgresql or mysql."""
        return self.url.get_backend_name()

    @property
    def in_memory(self) -> bool:
        """Whether the store lasts as long as this object only."""
        return self.dialect == "sqlite" and self.path is None


def parse_address(given: str | Path | None, *, password_env: str | None = None) -> Address:
    """Return the address that a path or a URL stands for; None is a store in memory.

    The password comes from the environment variable `password_env`, given here or in the URL
    (`?password_env=NAME`). `pool_size`, `max_overflow` and `recycle_seconds` in the URL say how
    many connections are kept open, how many more may be opened, and how old one may become; all
    else is the driver's. Raises `InvalidInput` for what is no address.
    """
    import sqlalchemy as sa

    if given is None or isinstance(given, Path) or "://" not in given:
        return _of_file(None if given is None else Path(given))
    try:
        url = sa.engine.make_url(given)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise InvalidInput(f"{_hidden(given)!r} is no database's URL; write {_KNOWN}") from error
    scheme = url.drivername.split("+")[0]
    if scheme not in _DRIVERS:
        raise InvalidInput(
            f"{scheme!r} is no kind of metadata database; give a path, or write {_KNOWN}"
        )
    if scheme == "sqlite":
        return _of_file(Path(url.database) if url.database not in (None, "", ":memory:") else None)
    if not url.database:
        raise InvalidInput(f"{url.render_as_string()!r} names no database; write {_KNOWN}")
    if url.port is not None and not 0 < url.port < 2**16:
        raise InvalidInput(
            f"the port of {url.render_as_string()!r} is {url.port}; give one from 1 to 65535"
        )
    url, options = _numbers(url)
    named = password_env or _only(url.query.get("password_env"))
    url = url.difference_update_query(["password_env"]).set(drivername=_DRIVERS[scheme])
    where = sa.URL.create(
        scheme, url.username, None, url.host, url.port, url.database
    ).render_as_string()
    if named is not None:
        url = url.set(password=_password(named, where))
    return replace(Address(url, where), **options)  # type: ignore[arg-type]  # numbers all


def _of_file(path: Path | None) -> Address:
    import sqlalchemy as sa

    url = sa.URL.create("sqlite", database=None if path is None else str(path))
    return Address(url, "in memory" if path is None else str(path), path)


def _numbers(url: sa.URL) -> tuple[sa.URL, dict[str, int]]:
    found = {}
    for name, least in (("pool_size", 1), ("max_overflow", -1), ("recycle_seconds", 1)):
        text = _only(url.query.get(name))
        if text is None:
            continue
        if not text.removeprefix("-").isdecimal() or int(text) < least:
            raise InvalidInput(
                f"{name}={text} in the metadata URL must be a whole number, {least} or more"
            )
        found[name] = int(text)
    return url.difference_update_query([*found]), found


def _password(variable: str, where: str) -> str:
    if variable not in os.environ:
        raise InvalidInput(
            f"the password of {where} is to come from the environment variable {variable}, "
            "which is not set"
        )
    return os.environ[variable]


def _only(given: str | tuple[str, ...] | None) -> str | None:
    return given[-1] if isinstance(given, tuple) else given


def _hidden(text: str) -> str:
    """Return a URL that can't be parsed without what may be a password in it."""
    scheme, _, rest = text.partition("://")
    return f"{scheme}://…@{rest.rpartition('@')[2]}" if "@" in rest else text
