"""A real ML Metadata server: the wheel's own core behind gRPC; run by the wheel's interpreter.

`wheel_core.py FILE`: prints its port, and serves the database until it is killed.
"""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
from ml_metadata.metadata_store.pywrap.metadata_store_extension import metadata_store as core
from ml_metadata.proto import metadata_store_pb2 as mlmd

config = mlmd.ConnectionConfig()
config.sqlite.filename_uri = sys.argv[1]
config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
store = core.CreateMetadataStore(
    config.SerializeToString(), mlmd.MigrationOptions().SerializeToString()
)
turn = threading.Lock()
codes = {code.value[0]: code for code in grpc.StatusCode}


class Core(grpc.GenericRpcHandler):
    """Passes every call on, as bytes."""

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        call = getattr(core, details.method.rpartition("/")[2], None)
        if call is None:
            return None

        def behave(request: bytes, context: grpc.ServicerContext) -> bytes:
            with turn:
                response, message, code = call(store, request)
            if code:
                context.abort(codes[code], message.decode("utf-8", "replace"))
            return response

        return grpc.unary_unary_rpc_method_handler(behave)


server = grpc.server(ThreadPoolExecutor(8), handlers=[Core()])
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
