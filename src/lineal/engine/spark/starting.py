"""Start Spark in a virtual machine of this process, or reach one that runs elsewhere.

A process has one Spark of its own, whatever the number of engines: each works in a session of its
own, and the last one to be closed stops what was started.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import tempfile
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, LinealError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from py4j.java_gateway import JavaGateway
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    from lineal.engine.protocol import EngineSettings

__all__ = ["Opened", "new_session", "open_session"]

_LOCAL = re.compile(r"local(\[(\*|[0-9]+)\])?")
_SIZE = re.compile(r"\s*(?P<number>[0-9]+)\s*(?P<unit>[kmgt])(i?b)?\s*", re.IGNORECASE)
_SESSION = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.parquet.fieldId.read.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "65536",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
}
_lock = threading.Lock()


@dataclass
class _Started:
    """The Spark that this process started, and how many engines use it."""

    root: SparkSession
    gateway: JavaGateway
    folder: str
    engines: int = 0


_started: list[_Started] = []


@dataclass(frozen=True)
class Opened:
    """A session of an engine's own, and what to do when the engine is closed."""

    session: SparkSession
    is_local: bool
    """Whether what runs in it sees the files of this machine."""
    release: Callable[[], None]


def open_session(settings: EngineSettings) -> Opened:
    """Open a session at the settings' URL: `local[2]`, or `spark://host:port` for a cluster.

    Raises `Unavailable` where Java or PySpark is missing or no Spark answers, `InvalidInput` for
    a URL or a limit that Spark does not understand.
    """
    url = _master(settings)
    try:
        with warnings.catch_warnings():
            # PySpark's notes on versions of pandas, which is not used here.
            warnings.simplefilter("ignore")
            from pyspark import SparkContext
    except ImportError as error:
        raise Unavailable(
            "Spark needs PySpark, which is not installed: pip install 'lineal[spark]'; "
            "it runs with Java 17"
        ) from error
    with _lock:
        running = SparkContext._active_spark_context  # noqa: SLF001 - there is no public way
        if running is not None and not any(each.root.sparkContext is running for each in _started):
            return _of_others(running)
        if not _started:
            _started.append(_start(settings, url))
        _started[0].engines += 1
        return Opened(new_session(_started[0].root), url.startswith("local"), _release)


def new_session(root: SparkSession) -> SparkSession:
    """Return a session beside `root`, with our settings and views of its own."""
    session = root.newSession()
    for name, value in _SESSION.items():
        session.conf.set(name, value)
    return session


def _of_others(context: SparkContext) -> Opened:
    from pyspark.sql import SparkSession

    session = new_session(SparkSession(context))
    return Opened(session, str(context.master).startswith("local"), lambda: None)


def _master(settings: EngineSettings) -> str:
    url = settings.url or "local"
    if url.startswith("sc://"):
        raise Unavailable(
            f"engine.url is {url!r}: Spark Connect is not spoken by this release; give "
            "local[2], or spark://host:port"
        )
    if url == "local":
        return f"local[{settings.threads or '*'}]"
    if not _LOCAL.fullmatch(url) and not url.startswith(("spark://", "yarn", "k8s://")):
        raise InvalidInput(
            f"engine.url is {url!r}, where no Spark can be: give local[2] or spark://host:port"
        )
    return url


def _memory(limit: str | None) -> str:
    if limit is None:
        return "1g"
    found = _SIZE.fullmatch(limit)
    if found is None:
        raise InvalidInput(
            f"[engine] in lineal.toml is not understood: memory_limit reads as '2GB' "
            f"(given: {limit!r})"
        )
    return f"{found['number']}{found['unit'].lower()}"


def _start(settings: EngineSettings, url: str) -> _Started:
    """Start a Java virtual machine with Spark in it, bound to this machine alone."""
    from pyspark import SparkConf, SparkContext
    from pyspark.java_gateway import launch_gateway
    from pyspark.sql import SparkSession

    _check_java()
    above = settings.temporary_directory
    if above is not None:
        above.mkdir(parents=True, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="lineal-spark-", dir=above)
    conf = SparkConf(loadDefaults=False).setMaster(url).setAppName("lineal")
    conf.setAll(list(_configuration(settings, url, folder).items()))
    handler = signal.getsignal(signal.SIGINT)
    log = Path(folder) / "log"
    try:
        with log.open("wb") as told, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            gateway = launch_gateway(  # type: ignore[no-untyped-call]
                conf, {"stdout": told, "stderr": told}
            )
            context = SparkContext(conf=conf, gateway=gateway)
            context.setLogLevel("ERROR")
            root = SparkSession(context)
    except LinealError:
        raise
    except Exception as error:
        words = log.read_text(errors="replace").strip().splitlines()[-3:]
        shutil.rmtree(folder, ignore_errors=True)
        raise Unavailable(
            f"Spark does not start at {url}: {' '.join(words) or error}; it needs Java 17 or "
            "newer (apt install openjdk-17-jre-headless), and JAVA_HOME, where set, its folder"
        ) from error
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)  # PySpark takes it for itself
    # It writes every error to stderr as a log line; they are raised as well.
    logging.getLogger("SQLQueryContextLogger").disabled = True
    return _Started(root, gateway, folder)


def _configuration(settings: EngineSettings, url: str, folder: str) -> dict[str, str]:
    cores = settings.threads or os.cpu_count() or 1
    shared = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": _memory(settings.memory_limit),
        "spark.driver.maxResultSize": "0",  # a result is taken one partition at a time
        "spark.local.dir": folder,
        "spark.sql.warehouse.dir": f"{folder}/warehouse",
        "spark.sql.catalogImplementation": "in-memory",
    }
    if not url.startswith("local"):
        return shared
    return {
        **shared,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": str(min(cores, 8)),
        "spark.driver.extraJavaOptions": "-XX:+UseSerialGC -Xshare:auto",
    }


def _check_java() -> None:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        place = f"JAVA_HOME is {home}, and has no bin/java" if home else "no java is on the path"
        raise Unavailable(
            f"Spark needs Java 17 or newer, and {place}: apt install openjdk-17-jre-headless, "
            "or set JAVA_HOME"
        )


def _release() -> None:
    """Stop what was started once no engine uses it."""
    with _lock:
        if not _started:
            return
        _started[0].engines -= 1
        if _started[0].engines > 0:
            return
        ended = _started.pop()
        _stop(ended)


def _stop(ended: _Started) -> None:
    from pyspark import SparkContext

    process = ended.gateway.proc
    ended.root.stop()
    ended.gateway.shutdown()
    # So that the next engine starts a virtual machine of its own.
    SparkContext._gateway = SparkContext._jvm = None  # noqa: SLF001 - there is no public way
    process.stdin.close()  # which ends it
    process.wait(60)
    shutil.rmtree(ended.folder, ignore_errors=True)
