"""`lineal.Store`: the service beside ML Metadata's, and the store that speaks to it."""

from lineal.mlmd.remote.address import SCHEMES, Address
from lineal.mlmd.remote.store import RemoteStore

__all__ = ["SCHEMES", "Address", "RemoteStore"]
