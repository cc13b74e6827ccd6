"""The endpoints of `lineal.Store`: a server's side of the seam in `metadata/served.py`."""

from __future__ import annotations

from functools import cache, partial
from importlib import import_module
from importlib.metadata import version
from inspect import signature
from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists, Conflict, IncompatibleVersion, InvalidInput
from lineal.metadata.moments import from_microseconds
from lineal.metadata.served import MODULES, SERVED
from lineal.mlmd.remote.values import decode, encode
from lineal.mlmd.server.endpoint import Endpoint, Peer
from lineal.mlmd.server.statuses import Refused
from lineal.mlmd.server.tokens import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lineal.metadata import Store
    from lineal.metadata.history import Clock
    from lineal.metadata.repeats import Done
    from lineal.metadata.served import Served
    from lineal.mlmd.remote.lineal_store_pb2 import Values

__all__ = ["PROTOCOL", "SERVICE", "software", "store_endpoints"]

SERVICE = "lineal.Store"
PROTOCOL = 1
"""Raised whenever a function or value that travels changes its shape."""

_LOOK_SECONDS = 1.0


def store_endpoints(store: Store) -> list[Endpoint]:
    """Return the four endpoints of `lineal.Store`."""
    for module in MODULES:
        import_module(f"lineal.metadata.{module}")
    serving = _Serving(store)
    return [
        Endpoint(SERVICE, "Greet", Role.READ, answer=serving.greet, whole_errors=True),
        Endpoint(SERVICE, "Read", Role.READ, answer=serving.read, whole_errors=True),
        Endpoint(SERVICE, "Write", Role.WRITE, answer=serving.write, whole_errors=True),
        Endpoint(SERVICE, "Hold", Role.WRITE, stream=serving.hold, whole_errors=True),
    ]


def _arguments(served: Served, sent: Values) -> tuple[tuple[object, ...], dict[str, object]]:
    """Return the arguments of a call; raise `IncompatibleVersion` if the function takes others."""
    try:
        arguments, options = decode(sent.json, sent.attachments)
        signature(served.function).bind(None, *arguments, **options)
    except (TypeError, ValueError) as error:
        raise IncompatibleVersion(
            f"{served.name} was called with other arguments than it takes ({error}); "
            "use the same version of Lineal on both sides"
        ) from error
    return arguments, options


def _once(act: Callable[[], object], before: Callable[[], Done | None]) -> object:
    """Return what an earlier try returned, or act now; the earlier one may only now be done."""
    done = before()
    if done is not None:
        return done.answer
    try:
        return act()
    except (AlreadyExists, Conflict):
        done = before()
        if done is None:
            raise
        return done.answer


@cache
def software() -> str:
    """Return what this side is, with its version."""
    return f"lineal {version('lineal')}"


class _Serving:
    def __init__(self, store: Store) -> None:
        from lineal.mlmd.remote import lineal_store_pb2

        self._store = store
        self._pb2 = lineal_store_pb2

    def greet(self, request: bytes) -> bytes:
        """Tell which protocol and store this is; the caller compares."""
        self._pb2.Greeting.FromString(request)
        welcome = self._pb2.Welcome(protocol=PROTOCOL, software=software(), store=self._store.uuid)
        return welcome.SerializeToString()

    def read(self, request: bytes) -> bytes:
        """Run a function that only reads."""
        return self._run(request, may_write=False)

    def write(self, request: bytes) -> bytes:
        """Run a function that writes."""
        return self._run(request, may_write=True)

    def hold(self, request: bytes, peer: Peer) -> Iterator[bytes]:
        """Wait for a lock, tell when it is held, and let go of it when the caller hangs up."""
        lock = self._pb2.Lock.FromString(request)
        self._check(lock.protocol, lock.store)
        with self._store.lock(lock.name, wanted=peer.is_active) as held:
            if not held:
                return
            yield self._pb2.Held().SerializeToString()
            while peer.wait(_LOOK_SECONDS):
                continue

    def _run(self, request: bytes, *, may_write: bool) -> bytes:
        call = self._pb2.Call.FromString(request)
        self._check(call.protocol, call.store)
        served = SERVED.get(call.function)
        if served is None:
            raise IncompatibleVersion(
                f"this server ({software()}) has no function {call.function!r}; "
                "use the same version on both sides"
            )
        if served.writes and not may_write:
            raise InvalidInput(f"{call.function} writes: it is called by Write")
        arguments, options = _arguments(served, call.arguments)
        store = self._store
        if call.HasField("as_of"):
            clock: Clock = "commit" if call.as_of.clock == "commit" else "known"
            store = store.as_of(from_microseconds(call.as_of.microseconds), clock=clock)
        act = partial(served.function, store, *arguments, **options)
        if call.again and served.before is not None:
            answered = _once(act, partial(served.before, store, *arguments, **options))
        else:
            answered = act()
        document, attachments = encode(answered)
        answer = self._pb2.Answer(value=self._pb2.Values(json=document, attachments=attachments))
        return answer.SerializeToString()

    def _check(self, protocol: int, store: str) -> None:
        if protocol != PROTOCOL:
            raise IncompatibleVersion(
                f"the client speaks protocol {protocol}, this server ({software()}) "
                f"speaks {PROTOCOL}; use the same version of Lineal on both sides"
            )
        if store != self._store.uuid:
            raise Refused(
                "FAILED_PRECONDITION",
                "this server keeps another store than the one that was opened here before; "
                "open the workspace again",
            )
