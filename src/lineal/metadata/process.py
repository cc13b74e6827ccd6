"""Tell whether the process that began an execution still runs."""

from __future__ import annotations

import os
import socket
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lineal.metadata.model import Execution, Value

__all__ = ["identity", "is_gone"]


@cache
def _host() -> str:
    """Name this machine since its last start: a process of an earlier start is gone."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{socket.gethostname()}/{boot.read_text().strip() if boot.exists() else ''}"


def identity() -> dict[str, Value]:
    """Return what tells this process from every other, as properties of an execution."""
    pid = os.getpid()
    return {"lineal_host": _host(), "lineal_pid": pid, "lineal_process_start": _start(pid)}


def is_gone(execution: Execution) -> bool:
    """Return whether the process that began `execution` certainly runs no more.

    False for one that another machine began: from here nobody can tell.
    """
    host = str(execution.get("lineal_host", ""))
    if host.split("/", maxsplit=1)[0] != _host().split("/")[0]:
        return False
    if host != _host():
        return True
    pid = execution.get("lineal_pid")
    start = execution.get("lineal_process_start")
    return not isinstance(pid, int) or _start(pid) != start


def _start(pid: int) -> str:
    """Return when process `pid` began, in the kernel's ticks; empty if there is none.

    Process ids are used again; with the start time they are unique.
    """
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return "" if Path("/proc").exists() else _alive_without_proc(pid)
    fields = status.rpartition(")")[2].split()  # the command's name may hold blanks
    return "" if fields[0] in "ZX" else fields[19]


def _alive_without_proc(pid: int) -> str:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except PermissionError:
        return "alive"
    return "alive"
