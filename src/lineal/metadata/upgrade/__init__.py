"""Bring ML Metadata databases of any version to the newest, and back to an old one."""

from lineal.metadata.upgrade.checking import Check, check
from lineal.metadata.upgrade.migrating import downgrade, upgrade
from lineal.metadata.upgrade.report import Loss, Migration, Step

__all__ = ["Check", "Loss", "Migration", "Step", "check", "downgrade", "upgrade"]
