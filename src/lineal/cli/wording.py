"""Say what a message tells Python's users to write as one writes it in a shell."""

import re

__all__ = ["as_command_line"]

_OPTIONS = ("delimiter", "event_time", "evolve", "format", "known_at", "member", "name", "store")
_FLAGS = ("again", "force", "lossy", "overwrite")
_WORDS = (
    # Where a message says both, only the option stays: evolve='add' (--evolve add).
    (re.compile(r"(?<![\w.])\w+=(?:'[^']*'|\[[^\]]*\]|True) \((--[^)]+)\)"), r"\1"),
    (re.compile(rf"(?<![\w.])({'|'.join(_FLAGS)})=True\b"), r"--\1"),
    (re.compile(rf"(?<![\w.])({'|'.join(_OPTIONS)})=(?=[\s,;)]|$)"), None),
    (re.compile(r"ws\.features\.materialize\('([^']*)'\)"), r"lineal features materialize \1"),
)


def as_command_line(message: str) -> str:
    """Return an error's message with options instead of Python's arguments."""
    for pattern, said in _WORDS:
        message = pattern.sub(_option if said is None else said, message)
    return message


def _option(found: re.Match[str]) -> str:
    return "--" + found[1].replace("_", "-")
