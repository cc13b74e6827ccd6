"""ML Metadata's service over a store of Lineal's: requests in, responses out."""

from lineal.mlmd.service.service import Service

__all__ = ["Service"]
