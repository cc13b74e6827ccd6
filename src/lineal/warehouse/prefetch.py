"""Read ahead in a thread, so that reading and converting go on while files are written."""

from __future__ import annotations

import contextvars
import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["reading_ahead"]

_T = TypeVar("_T")
_DEPTH = 3


class _End:
    """What stands in the queue after the last item: the error that ended it, if any."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class _Ahead(Generic[_T]):
    def __init__(self, items: Iterator[_T]) -> None:
        self._items = items
        self._queue: queue.Queue[_T | _End] = queue.Queue(_DEPTH)
        self._stopped = threading.Event()
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(self._fill,), name="lineal-read-ahead", daemon=True
        )
        self._thread.start()

    def __iter__(self) -> Iterator[_T]:
        while True:
            item = self._queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def stop(self) -> None:
        """End the thread; wait until the item that it is at is read."""
        self._stopped.set()
        self._thread.join()

    def _fill(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                if not self._put(item):
                    break
        except BaseException as caught:  # noqa: BLE001 -- raised where the items are used
            error = caught
        self._put(_End(error))

    def _put(self, item: _T | _End) -> bool:
        while not self._stopped.is_set():
            try:
                self._queue.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False


@contextmanager
def reading_ahead(items: Iterator[_T]) -> Iterator[Iterator[_T]]:
    """Yield the same items, read by a thread of their own, a few ahead of their use."""
    ahead = _Ahead(items)
    try:
        yield iter(ahead)
    finally:
        ahead.stop()
