"""How a server answers one call: who is it, may they, what comes out, and what is told of it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from lineal.errors import LinealError
from lineal.metadata.database import repeated
from lineal.mlmd.server.statuses import ERROR_CLASS, ERROR_TEXT, LONGEST_WHOLE, Refused, status_of
from lineal.mlmd.server.telemetry import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import ThreadPoolExecutor

    import grpc

    from lineal.mlmd.server.endpoint import Endpoint
    from lineal.mlmd.server.telemetry import Metrics
    from lineal.mlmd.server.tokens import Role, TokenFile

__all__ = ["Access", "Calls"]


class Access:
    """Decides who a caller is, and whether that is enough.

    Without tokens everybody who can connect may do everything; with mutual TLS that is who has
    a certificate of the authority.
    """

    def __init__(self, tokens: TokenFile | None, *, certified: bool) -> None:
        self._tokens = tokens
        self._certified = certified

    def check(
        self, context: grpc.ServicerContext, needed: Role, tell: Callable[[str], None]
    ) -> None:
        """Tell the caller's name, once known; raise `Refused` if it is not allowed to do this."""
        certified = self._common_name(context) if self._certified else ""
        tell(certified)
        if self._tokens is None:
            return
        header = next(
            (value for key, value in context.invocation_metadata() if key == "authorization"), ""
        )
        text = header if isinstance(header, str) else header.decode("ascii", "replace")
        scheme, _, presented = text.partition(" ")
        if scheme.lower() != "bearer" or not presented:
            raise Refused(
                "UNAUTHENTICATED",
                "this server wants a token: set LINEAL_TOKEN, or name its variable in the URL "
                "(?token_env=NAME); other clients send 'authorization: Bearer TOKEN'",
            )
        token = self._tokens.find(presented.strip())
        if token is None:
            raise Refused(
                "UNAUTHENTICATED", "the server doesn't know this token; ask for a new one"
            )
        tell(f"{token.name} ({certified})" if certified else token.name)
        if not token.role.allows(needed):
            raise Refused(
                "PERMISSION_DENIED",
                f"the token of {token.name!r} may only {token.role}, this call needs '{needed}'",
            )

    @staticmethod
    def _common_name(context: grpc.ServicerContext) -> str:
        names = context.auth_context().get("x509_common_name", ())
        return ", ".join(name.decode("utf-8", "replace") for name in names)


class Calls:
    """Makes gRPC's handlers out of endpoints, and keeps count of what runs."""

    def __init__(self, access: Access, metrics: Metrics, streams: ThreadPoolExecutor) -> None:
        self._access = access
        self._metrics = metrics
        self._streams = streams
        self.stopping = threading.Event()

    def handler(self, endpoint: Endpoint) -> grpc.RpcMethodHandler:
        """Return the handler of one method; requests and responses stay bytes for gRPC."""
        import grpc

        if endpoint.stream is not None:
            return grpc.unary_stream_rpc_method_handler(self._streaming(endpoint))
        return grpc.unary_unary_rpc_method_handler(self._unary(endpoint))

    def _unary(self, endpoint: Endpoint) -> Callable[[bytes, grpc.ServicerContext], bytes]:
        answer = endpoint.answer
        assert answer is not None  # noqa: S101  (an endpoint has one or the other)

        def behave(request: bytes, context: grpc.ServicerContext) -> bytes:
            call = _Call(self, endpoint, context)
            try:
                self._access.check(context, endpoint.role, call.identify)
                # A call is one transaction: one that the database undid can be done again.
                response = repeated(lambda: answer(request))
            except BaseException as error:
                call.fail(error)
                raise
            call.end("OK")
            return response

        return behave

    def _streaming(
        self, endpoint: Endpoint
    ) -> Callable[[bytes, grpc.ServicerContext], Iterator[bytes]]:
        stream = endpoint.stream
        assert stream is not None  # noqa: S101  (see above)

        def behave(request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
            call = _Call(self, endpoint, context)
            try:
                self._access.check(context, endpoint.role, call.identify)
                yield from stream(request, _Listener(context, self.stopping))
            except GeneratorExit:
                call.end("CANCELLED")
                raise
            except BaseException as error:
                call.fail(error)
                raise
            call.end("OK")

        with_pool: Any = behave
        with_pool.experimental_thread_pool = self._streams  # read by grpc/_server.py
        return behave

    def began(self, context: grpc.ServicerContext) -> str:
        """Count a call; return where it comes from."""
        peer = str(context.peer())
        self._metrics.began(peer)
        return peer

    def ended(self, method: str, code: str, seconds: float) -> None:
        """Count how a call ended."""
        self._metrics.ended(method, code, seconds)


class _Listener:
    """Whether somebody still waits for what a stream yields."""

    def __init__(self, context: grpc.ServicerContext, stopping: threading.Event) -> None:
        self._stopping = stopping
        self._ended = threading.Event()
        if not context.add_callback(self._ended.set):
            self._ended.set()

    def is_active(self) -> bool:
        return not self._ended.is_set() and not self._stopping.is_set()

    def wait(self, seconds: float) -> bool:
        self._ended.wait(seconds)
        return self.is_active()


class _Call:
    """One call, from its coming in to the line in the log."""

    def __init__(self, calls: Calls, endpoint: Endpoint, context: grpc.ServicerContext) -> None:
        self._calls = calls
        self._endpoint = endpoint
        self._context = context
        self._started = time.perf_counter()
        self._peer = calls.began(context)
        self.who = ""

    def identify(self, who: str) -> None:
        """Keep who calls, also for the line of a call that is refused."""
        self.who = who

    def end(self, code: str, error: str = "") -> None:
        """Tell how the call ended."""
        seconds = time.perf_counter() - self._started
        method = self._endpoint.method
        self._calls.ended(method, code, seconds)
        fields = {
            "method": method,
            "code": code,
            "milliseconds": round(seconds * 1000, 3),
            "peer": self._peer,
            "who": self.who,
        }
        if error:
            fields["error"] = error
        logger.info("call", extra={"fields": fields})

    def fail(self, error: BaseException) -> None:
        """Answer with the error's status; never returns, except for what ends the process."""
        status = status_of(error)
        if not isinstance(error, LinealError | Refused):
            logger.error(
                "mistake", exc_info=error, extra={"fields": {"method": self._endpoint.method}}
            )
        self.end(status.code.name, str(error))
        trailers: list[tuple[str, str | bytes]] = []
        if status.error_class:
            trailers.append((ERROR_CLASS, status.error_class))
        if trailers and self._endpoint.whole_errors:
            trailers.append((ERROR_TEXT, str(error).encode("utf-8", "replace")[:LONGEST_WHOLE]))
        self._context.set_trailing_metadata(tuple(trailers))
        self._context.abort(status.code, status.text)
