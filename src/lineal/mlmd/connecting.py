"""Which database a connection config means, and the store in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from lineal.errors import IncompatibleVersion, InvalidInput, NotFound, Unavailable
from lineal.metadata.store import Store
from lineal.metadata.tables import MLMD_SCHEMA_VERSION
from lineal.mlmd.proto import metadata_store_pb2 as pb
from lineal.mlmd.read_only import ReadOnlyDatabase
from lineal.mlmd.sharing import shared_database

if TYPE_CHECKING:
    import sqlalchemy as sa

__all__ = ["downgrade_database", "open_store"]

_READ_ONLY = pb.SqliteMetadataSourceConfig.READONLY
_MODES = ("", "ro", "rw", "rwc", "memory")
_EXISTING = pb.SqliteMetadataSourceConfig.READWRITE


def open_store(config: pb.ConnectionConfig, *, upgrade: bool = False) -> Store:
    """Open the store that a config means; make its database and its tables if need be.

    A database of an older version is brought to this one if `upgrade` says so.
    """
    from lineal.metadata import upgrade as upgrading

    try:
        return _open(config)
    except IncompatibleVersion as error:
        place = _place(config)
        version = None if place is None else upgrading.check(place).version
        if place is None or version is None or version >= MLMD_SCHEMA_VERSION:
            raise
        if not upgrade:
            raise IncompatibleVersion(
                f"{error}. Schema migration is disabled: allow it with "
                "enable_upgrade_migration=True"
            ) from error
        upgrading.upgrade(place)
    return _open(config)


def downgrade_database(config: pb.ConnectionConfig, version: int) -> None:
    """Bring the database that a config means back to an old version; newer fields are lost."""
    from lineal.metadata import upgrade as upgrading

    place = _place(config)
    if place is None:
        raise InvalidInput("a store in memory is always new; there is nothing to downgrade")
    upgrading.downgrade(place, version, force=True)


def _open(config: pb.ConnectionConfig) -> Store:
    kind = config.WhichOneof("config")
    if kind == "sqlite":
        return _open_sqlite(config.sqlite)
    if kind == "fake_database":
        return Store()
    url = _url(config)
    try:
        return Store.open(url.render_as_string(hide_password=False))
    except (NotFound, Unavailable):
        if _skips_creation(config) or not _created(url):
            raise
    return Store.open(url.render_as_string(hide_password=False))


def _place(config: pb.ConnectionConfig) -> str | Path | None:
    """Return the path or the URL of the database; None for one in memory."""
    kind = config.WhichOneof("config")
    if kind == "sqlite":
        return _file(config.sqlite.filename_uri)[0]
    if kind == "fake_database":
        return None
    return _url(config).render_as_string(hide_password=False)


# SQLite


def _open_sqlite(config: pb.SqliteMetadataSourceConfig) -> Store:
    path, mode = _file(config.filename_uri)
    if path is None:
        return Store()
    read_only = config.connection_mode == _READ_ONLY or mode == "ro"
    if (read_only or config.connection_mode == _EXISTING or mode == "rw") and not path.exists():
        raise NotFound(
            f"there is no file {path}, and the connection mode makes none; "
            "choose READWRITE_OPENCREATE to begin a new store"
        )
    if read_only:
        return Store(database=ReadOnlyDatabase(path))
    return Store(database=shared_database(path))


def _file(filename: str) -> tuple[Path | None, str]:
    """Return the path that a file name or a `file:` URI means, and the URI's mode.

    No path is a store in memory.
    """
    if not filename.startswith("file:"):
        return (None if filename in ("", ":memory:") else Path(filename)), ""
    parts = urlsplit(filename)
    if parts.netloc not in ("", "localhost"):
        raise InvalidInput(f"{filename!r} names a host; write file:/path or file:///path")
    mode = parse_qs(parts.query).get("mode", [""])[-1]
    if mode not in _MODES:
        raise InvalidInput(f"{filename!r} has the mode {mode!r}; give ro, rw, rwc or memory")
    path = unquote(parts.path)
    return (None if mode == "memory" or path in ("", ":memory:") else Path(path)), mode


# Servers


def _url(config: pb.ConnectionConfig) -> sa.URL:
    kind = config.WhichOneof("config")
    if kind == "mysql":
        return _mysql_url(config.mysql)
    if kind == "postgresql":
        return _postgresql_url(config.postgresql)
    raise InvalidInput(
        "the connection config is unset; choose fake_database, sqlite, mysql or postgresql"
    )


def _mysql_url(config: pb.MySQLDatabaseConfig) -> sa.URL:
    import sqlalchemy as sa

    if bool(config.host) == bool(config.socket):
        raise InvalidInput("mysql needs exactly one of host and socket")
    query = {"unix_socket": config.socket} if config.socket else {}
    ssl = config.ssl_options
    query |= {
        f"ssl_{name}": getattr(ssl, name)
        for name in ("key", "cert", "ca", "capath", "cipher")
        if getattr(ssl, name)
    }
    if ssl.verify_server_cert:
        query["ssl_check_hostname"] = "true"
    return sa.URL.create(
        "mysql",
        username=config.user or None,
        password=config.password or None,
        host=config.host or "localhost",
        port=config.port or None,
        database=config.database,
        query=query,
    )


def _postgresql_url(config: pb.PostgreSQLDatabaseConfig) -> sa.URL:
    import sqlalchemy as sa

    if config.port and not config.port.isdecimal():
        raise InvalidInput(f"postgresql.port is {config.port!r}; give a number")
    query = {
        name: getattr(config, name) for name in ("hostaddr", "passfile") if getattr(config, name)
    }
    query |= {
        name: getattr(config.ssloption, name)
        for name in ("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert")
        if getattr(config.ssloption, name)
    }
    return sa.URL.create(
        "postgresql",
        username=config.user or None,
        password=config.password or None,
        host=config.host or None,
        port=int(config.port) if config.port else None,
        database=config.dbname or config.user,
        query=query,
    )


def _skips_creation(config: pb.ConnectionConfig) -> bool:
    if config.WhichOneof("config") == "mysql":
        return config.mysql.skip_db_creation
    return config.postgresql.skip_db_creation


def _created(url: sa.URL) -> bool:
    """Make the database on its server; return whether there was none, and now is one."""
    import sqlalchemy as sa

    from lineal.metadata.backends.address import parse_address

    wanted = parse_address(url.render_as_string(hide_password=False)).url
    on_mysql = wanted.get_backend_name() == "mysql"
    server = wanted.set(database="" if on_mysql else "postgres")
    catalog = "information_schema.schemata" if on_mysql else "pg_database"
    name = "schema_name" if on_mysql else "datname"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            known = sa.text(f"SELECT 1 FROM {catalog} WHERE {name} = :name")
            if connection.scalar(known, {"name": wanted.database}) is not None:
                return False
            quoted = engine.dialect.identifier_preparer.quote_identifier(wanted.database or "")
            connection.exec_driver_sql(f"CREATE DATABASE {quoted}")
    except sa.exc.DBAPIError:
        return False  # what opening said tells more
    return True
