"""A client's connection to `lineal.Store`: the handshake, calls, and errors as they were raised."""

from __future__ import annotations

import logging
import os
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lineal import errors
from lineal.errors import IncompatibleVersion, LinealError, Unavailable
from lineal.metadata import faults
from lineal.metadata.moments import to_microseconds
from lineal.metadata.served import SERVED
from lineal.mlmd.errors import code_of, make_exception
from lineal.mlmd.remote.serving import PROTOCOL, SERVICE, software
from lineal.mlmd.remote.values import decode, encode
from lineal.mlmd.server.extra import need
from lineal.mlmd.server.statuses import ERROR_CLASS, ERROR_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import grpc

    from lineal.metadata.history import AsOf
    from lineal.mlmd.remote.address import Address

__all__ = ["PATIENCE_SECONDS", "Connection"]

PATIENCE_SECONDS = 30.0
"""How long a call waits for a server that can't be reached, while it is started anew, say."""

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 1.0
_SILENT_SECONDS = 1.5
_log = logging.getLogger("lineal.remote")  # told on stderr, if nobody says otherwise
_OPTIONS = [
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_metadata_size", 64 * 1024),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.use_local_subchannel_pool", 1),  # two stores of a process don't share their fate
]
_CLASSES: dict[str, type[LinealError]] = {
    name: getattr(module, name) for module in (errors, faults) for name in module.__all__
}


class Connection:
    """Calls to one server, by any number of threads."""

    def __init__(self, address: Address, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        from lineal.mlmd.remote import lineal_store_pb2

        need("grpc", what=f"the store behind {address.shown}")
        self.address = address
        self._patience_seconds = patience_seconds
        self._pb2 = lineal_store_pb2
        self._lock = threading.Lock()
        self._channels: dict[int, grpc.Channel] = {}
        self._credentials = address.credentials()
        self.store = self._greet()

    def call(
        self,
        function: str,
        arguments: Sequence[object],
        options: Mapping[str, object],
        *,
        as_of: AsOf | None,
    ) -> object:
        """Have the server run a served function; return what it returned, or raise the same."""
        document, attachments = encode((arguments, options))
        call = self._pb2.Call(
            protocol=PROTOCOL,
            store=self.store,
            function=function,
            arguments=self._pb2.Values(json=document, attachments=attachments),
        )
        if as_of is not None:
            call.as_of.microseconds = to_microseconds(as_of.moment)
            call.as_of.clock = as_of.clock
        served = SERVED[function]
        answer = self._unary(
            "Write" if served.writes else "Read",
            call,
            self._pb2.Answer,
            repeatable=not served.writes or served.before is not None,
        )
        return decode(answer.value.json, answer.value.attachments)

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Hold a lock at the server as long as the block runs and the connection lasts.

        One who waits when the server stops asks the next one again.
        """
        lock = self._pb2.Lock(protocol=PROTOCOL, store=self.store, name=name)
        call = None
        while call is None:
            self._greet()  # waits for a server that can't be reached, and not for ever
            call = self._held(lock)
        try:
            yield
        finally:
            call.cancel()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            channel = self._channels.pop(os.getpid(), None)
        if channel is not None:
            channel.close()

    def _greet(self) -> str:
        greeting = self._pb2.Greeting(protocol=PROTOCOL, software=software())
        try:
            welcome = self._unary("Greet", greeting, self._pb2.Welcome, repeatable=True)
        except LinealError as error:
            self.close()
            if code_of(error) == 12:  # UNIMPLEMENTED
                raise IncompatibleVersion(
                    f"{self.address.shown} is a plain ML Metadata server, or one of an older "
                    "Lineal; a workspace needs one that 'lineal metadata serve' started"
                ) from error
            raise
        if welcome.protocol != PROTOCOL:
            self.close()
            raise IncompatibleVersion(
                f"{self.address.shown} ({welcome.software}) speaks protocol {welcome.protocol}, "
                f"this {software()} speaks {PROTOCOL}; use the same version on both sides"
            )
        return str(welcome.store)

    def _channel(self) -> grpc.Channel:
        """Return this process's channel: after a fork, a child can't use its parent's."""
        import grpc

        with self._lock:
            channel = self._channels.get(os.getpid())
            if channel is None:
                target = self.address.target
                channel = self._channels[os.getpid()] = (
                    grpc.insecure_channel(target, _OPTIONS)
                    if self._credentials is None
                    else grpc.secure_channel(target, self._credentials, _OPTIONS)
                )
            return channel

    def _headers(self) -> list[tuple[str, str]]:
        token = self.address.token()
        return [] if token is None else [("authorization", f"Bearer {token}")]

    def _unary(self, method: str, message: Any, answer: Any, *, repeatable: bool) -> Any:
        """Call a method, again where that is harmless and the server can't be reached.

        What writes is sent again if it certainly didn't get there, or if the server can tell
        what an earlier try did.
        """
        import grpc

        began = time.monotonic()
        deadline = began + self._patience_seconds
        wait, told = _FIRST_WAIT, False
        while True:
            ask = self._channel().unary_unary(f"/{SERVICE}/{method}")
            try:
                request = message.SerializeToString()
                return answer.FromString(ask(request, metadata=self._headers()))
            except grpc.RpcError as error:
                again = error.code() is grpc.StatusCode.UNAVAILABLE and (
                    repeatable or _never_sent(error)
                )
                if not again or ERROR_CLASS in _trailers(error) or time.monotonic() > deadline:
                    raise self._ours(error, uncertain=method == "Write") from error
                if method == "Write" and not _never_sent(error):
                    message.again = True
            if not told and time.monotonic() - began > _SILENT_SECONDS:
                told = True
                _log.warning(
                    "waiting for the metadata server %s, %.0f seconds at most",
                    self.address.shown,
                    self._patience_seconds,
                )
            time.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    def _held(self, lock: Any) -> Any:
        """Wait for a lock; return the call that holds it, or None if its server went away."""
        import grpc

        hold = self._channel().unary_stream(f"/{SERVICE}/Hold")
        call = hold(lock.SerializeToString(), metadata=self._headers())
        try:
            if next(call, None) is not None:
                return call
        except grpc.RpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE or ERROR_CLASS in _trailers(error):
                raise self._ours(error, uncertain=False) from error
        except BaseException:
            call.cancel()
            raise
        time.sleep(_FIRST_WAIT)
        return None

    def _ours(self, error: grpc.RpcError, *, uncertain: bool) -> LinealError:
        """Return the error that the server raised, or what kept it from answering."""
        import grpc

        trailers = _trailers(error)
        kind = _CLASSES.get(str(trailers.get(ERROR_CLASS, "")))
        if kind is not None:
            text = trailers.get(ERROR_TEXT)
            return kind(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
        code, details = error.code(), error.details() or "no reason given"
        if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
            fate = "; whether the call was carried out is not known" if uncertain else ""
            if _never_sent(error):
                fate = ""
            return Unavailable(
                f"the metadata server {self.address.shown} can't be reached ({details}){fate}; "
                "see whether it runs, then try again"
            )
        return make_exception(f"{self.address.shown}: {details}", code.value[0])


def _never_sent(error: grpc.RpcError) -> bool:
    """Return whether a call failed before there was a connection to send it on."""
    return "failed to connect to all addresses" in (error.details() or "")


def _trailers(error: grpc.RpcError) -> dict[str, str | bytes]:
    return dict(error.trailing_metadata() or ())
