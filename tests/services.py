"""Real database servers for tests, started once for all workers of a test session.

Each runs on a free port of the loopback interface in a temporary folder. A guard, a process of
its own, starts the server, watches the test session and stops the server when that is gone,
however it ended: `python services.py guard SERVICE FOLDER PID`.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["Server", "database", "server"]

_START_SECONDS = 90
_MEMORY = Path("/dev/shm")  # noqa: S108 -- the folder's own name has the session in it


@dataclass(frozen=True)
class Server:
    """A running server; `url` has an administrator's user name and password, but no database."""

    service: str
    url: str

    def execute(self, statement: str, database: str | None = None) -> list[tuple[object, ...]]:
        """Run one statement as the administrator, outside of any transaction."""
        import sqlalchemy as sa

        first = "postgres" if self.service == "postgresql" else "mysql"
        options = "options=-c%20lock_timeout=5000" if self.service == "postgresql" else ""
        url = f"{self.url}/{database or first}?{options}".rstrip("?")
        engine = sa.create_engine(
            url.replace("://", _DRIVERS[self.service], 1),
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
        )
        with engine.connect() as connection:
            result = connection.execute(sa.text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []


_DRIVERS = {"postgresql": "+psycopg://", "mysql": "+pymysql://"}


def server(service: str) -> Server:
    """Return the running server of this test session, started if it is the first asked for.

    Skips the test where the server's programs are missing; in CI, where they must be, fails it.
    """
    missing = [name for name in _PROGRAMS[service] if _program(name) is None]
    if missing:
        trouble = f"{service} is not installed: no {', '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(trouble)
        pytest.skip(trouble)
    # Workers are children of the process that holds the session.
    session = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    # In memory where there is such a folder: each test makes a database with all its tables.
    place = _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    folder = place / f"lineal-{service}-{session}"
    ready = folder / "ready.json"
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not ready.exists():
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
            with (folder / "guard.log").open("w") as log:
                subprocess.Popen(
                    [sys.executable, __file__, "guard", service, folder, str(session)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                ).returncode = 0  # it outlives us; no warning about that
            _wait(ready.exists, folder / "guard.log")
    return Server(service, json.loads(ready.read_text())["url"])


def database(running: Server) -> Iterator[str]:
    """Yield the URL of a database that holds nothing, or no rows.

    PostgreSQL empties tables faster than it makes a database, MariaDB the other way round.
    """
    spare = _spare.setdefault(running.url, [])
    name = spare.pop() if spare else None
    if name is None or not _emptied(running, name):
        name = f"t{uuid.uuid4().hex[:16]}"
        running.execute(f"CREATE DATABASE {name}")
    yield f"{running.url}/{name}"
    if running.service == "postgresql":
        spare.append(name)
    else:
        running.execute(f"DROP DATABASE {name}")


_spare: dict[str, list[str]] = {}


def _emptied(running: Server, name: str) -> bool:
    """Take all rows out of a database, so that a store opened there begins anew.

    Its tables are left as if half made.
    """
    import sqlalchemy as sa

    query = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    present = sorted(str(row[0]) for row in running.execute(query, name))
    if "lineal_store" not in present or len(present) != len(_known_tables()):
        return False
    try:
        running.execute(
            f"TRUNCATE {', '.join(present)} RESTART IDENTITY; "
            "INSERT INTO lineal_store VALUES ('making', '1')",
            name,
        )
    except sa.exc.DBAPIError:  # something still holds it
        return False
    return True


def _known_tables() -> list[str]:
    from lineal.metadata import tables

    return [*tables.mlmd_metadata.tables, *tables.lineal_metadata.tables]


_PROGRAMS = {"postgresql": ("initdb", "postgres"), "mysql": ("mariadbd", "mariadb-install-db")}


def _program(name: str) -> str | None:
    """Return the path of a server's program; Debian keeps PostgreSQL's off the search path."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return found or (str(versions[-1]) if versions else None)


def _wait(is_true: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_true():
        if time.monotonic() > deadline:
            told = log.read_text()[-2_000:] if log.exists() else ""
            raise TimeoutError(f"the server did not start within {_START_SECONDS} s:\n{told}")
        time.sleep(0.1)


# The guard


def _guard(service: str, folder: Path, session: int) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    try:
        data = folder / "data"
        data.mkdir()
        # Neither server runs as root, so its user is another one then.
        user = _user(service) if os.geteuid() == 0 else None
        if user is not None:
            shutil.chown(data, user)
        start = _start_postgresql if service == "postgresql" else _start_mysql
        process, url = start(data, port, _as(user))
        try:
            deadline = time.monotonic() + _START_SECONDS
            while not _answers(port) and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
            (folder / "ready.tmp").write_text(json.dumps({"url": url}))
            (folder / "ready.tmp").rename(folder / "ready.json")
            while process.poll() is None and _runs(session):
                time.sleep(0.5)
        finally:
            _stop(process, signal.SIGINT if service == "postgresql" else signal.SIGTERM)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        folder.with_name(f"{folder.name}.lock").unlink(missing_ok=True)


def _start_postgresql(
    data: Path, port: int, prefix: Sequence[str]
) -> tuple[subprocess.Popen[bytes], str]:
    initdb, postgres = _program("initdb"), _program("postgres")
    subprocess.run(
        [*prefix, str(initdb), "-D", data, "-U", "admin", "-A", "trust", "-E", "UTF8",
         "--no-sync", "--locale=C.UTF-8"],
        check=True,
        cwd=data,
    )  # fmt: skip
    settings = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": data,
        "fsync": "off",  # a test's server need not survive the machine
        "max_connections": 200,
        "shared_buffers": "64MB",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    process = subprocess.Popen([*prefix, str(postgres), "-D", data, *options], cwd=data)
    return process, f"postgresql://admin@127.0.0.1:{port}"


def _start_mysql(
    data: Path, port: int, prefix: Sequence[str]
) -> tuple[subprocess.Popen[bytes], str]:
    install, mariadbd = _program("mariadb-install-db"), _program("mariadbd")
    subprocess.run(
        [*prefix, str(install), "--no-defaults", f"--datadir={data}", "--skip-test-db",
         "--auth-root-authentication-method=normal", "--skip-name-resolve"],
        check=True,
        cwd=data,
    )  # fmt: skip
    process = subprocess.Popen(
        [
            *prefix,
            str(mariadbd),
            "--no-defaults",
            f"--datadir={data}",
            f"--port={port}",
            "--bind-address=127.0.0.1",
            f"--socket={data}/s",
            f"--pid-file={data}/pid",
            "--skip-name-resolve",
            "--innodb-flush-log-at-trx-commit=0",  # as above
            "--innodb-buffer-pool-size=64M",
            "--innodb-log-file-size=16M",
            "--innodb-doublewrite=0",
            "--max-connections=200",
        ],
        cwd=data,
    )
    return process, f"mysql://root@127.0.0.1:{port}"


def _user(service: str) -> str:
    import pwd

    wanted = "postgres" if service == "postgresql" else "mysql"
    names = {entry.pw_name for entry in pwd.getpwall()}
    return wanted if wanted in names else "nobody"


def _as(user: str | None) -> list[str]:
    """Return what runs a command as that user, in the same process."""
    return [] if user is None else ["setpriv", f"--reuid={user}", f"--regid={_group(user)}",
                                    "--clear-groups"]  # fmt: skip


def _group(user: str) -> str:
    import pwd

    return str(pwd.getpwnam(user).pw_gid)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes], sign: signal.Signals) -> None:
    process.send_signal(sign)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


if __name__ == "__main__":
    _guard(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
