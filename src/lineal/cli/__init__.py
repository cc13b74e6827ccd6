"""The `lineal` command."""

from lineal.cli.app import main

__all__ = ["main"]
