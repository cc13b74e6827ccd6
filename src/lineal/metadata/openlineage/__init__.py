"""OpenLineage: what happened here told to other tools, and what they tell kept here."""

from __future__ import annotations

from lineal.metadata.openlineage.events import Namespaces, run_event
from lineal.metadata.openlineage.outbox import deliver, enable, is_enabled, waiting
from lineal.metadata.openlineage.receive import receive
from lineal.metadata.openlineage.transport import FileTransport, HttpTransport, Transport

__all__ = [
    "FileTransport",
    "HttpTransport",
    "Namespaces",
    "Transport",
    "deliver",
    "enable",
    "is_enabled",
    "receive",
    "run_event",
    "waiting",
]
