"""A gRPC server for a metadata store: ML Metadata's service, and Lineal's own beside it."""

from lineal.mlmd.server.certificates import Certificates
from lineal.mlmd.server.server import Server
from lineal.mlmd.server.tokens import Role, Token, TokenFile

__all__ = ["Certificates", "Role", "Server", "Token", "TokenFile"]
