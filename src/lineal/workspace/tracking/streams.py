"""Run a command with its streams passed through and kept, and signals forwarded to it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import deque
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from lineal.errors import NotFound, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import FrameType

__all__ = ["Log", "run_command"]

_HEAD_BYTES = 200_000
_TAIL_BYTES = 800_000
_BLOCK = 65_536
_LINGER_SECONDS = 2.0
_FORWARDED = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
    *(signal.SIGUSR1, signal.SIGUSR2),
)
_FROM_TERMINAL = (signal.SIGINT, signal.SIGQUIT)


class Log:
    """What a command wrote, in the order it came; of much, the beginning and the end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_bytes = 0
        self.left_out = 0
        """Bytes between the two that were not kept."""

    def add(self, block: bytes) -> None:
        """Take in what came next."""
        with self._lock:
            room = _HEAD_BYTES - len(self._head)
            self._head += block[:room] if room > 0 else b""
            rest = block[max(room, 0) :]
            if not rest:
                return
            self._tail.append(rest)
            self._tail_bytes += len(rest)
            while self._tail_bytes - len(self._tail[0]) >= _TAIL_BYTES:
                gone = len(self._tail.popleft())
                self._tail_bytes -= gone
                self.left_out += gone

    def content(self) -> bytes:
        """Return what was kept, and where something was left out, how much."""
        with self._lock:
            cut = f"\n[{self.left_out} bytes left out]\n".encode() if self.left_out else b""
            return bytes(self._head) + cut + b"".join(self._tail)


def run_command(
    command: Sequence[str],
    *,
    folder: Path,
    environment: Mapping[str, str],
    log: Log,
    stdout: IO[str] | None = None,
) -> int:
    """Run a command to its end and return its code, minus a signal's number.

    Raises `NotFound` if there is no such program, `Unavailable` if it can't be started.
    """
    try:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError as error:
        raise NotFound(f"there is no program {command[0]!r} to run") from error
    except OSError as error:
        raise Unavailable(f"{command[0]!r} can't be run: {error.strerror}") from error
    pumps = [
        threading.Thread(target=_pump, args=(source, target, log), daemon=True)
        for source, target in ((process.stdout, stdout or sys.stdout), (process.stderr, sys.stderr))
        if source is not None
    ]
    with _forwarding(process):
        for pump in pumps:
            pump.start()
        code = process.wait()
    for pump in pumps:  # what it started may hold its streams open for ever
        pump.join(_LINGER_SECONDS)
    for pump, stream in zip(pumps, (process.stdout, process.stderr), strict=True):
        if stream is not None and not pump.is_alive():
            stream.close()
    return code


def _pump(source: IO[bytes], target: IO[str], log: Log) -> None:
    with suppress(ValueError, OSError):  # the stream was closed under us
        while block := os.read(source.fileno(), _BLOCK):
            log.add(block)
            _pass_on(block, target)


def _pass_on(block: bytes, target: IO[str]) -> None:
    with suppress(ValueError, OSError):  # nobody reads it any more; the command goes on
        buffer = getattr(target, "buffer", None)
        if buffer is None:
            target.write(block.decode(errors="replace"))
        else:
            buffer.write(block)
        target.flush()


@contextmanager
def _forwarding(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Send the signals that we get to the command, whose answer to them decides how it ends."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return

    def forward(number: int, _frame: FrameType | None) -> None:
        # A terminal sends its signals to the command, too.
        if not (number in _FROM_TERMINAL and sys.stdin is not None and sys.stdin.isatty()):
            with suppress(ProcessLookupError):
                process.send_signal(number)

    watched = signal.set_wakeup_fd(-1)  # who ends this process on Ctrl-C has to wait
    before = {number: signal.signal(number, forward) for number in _FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(watched)
