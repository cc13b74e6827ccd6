"""What is wrong with a filter, shown under the place where it is."""

from __future__ import annotations

from lineal.errors import InvalidInput

__all__ = ["InvalidFilter"]

_WIDEST = 120
_LEFT_OF_CARET = 80


class InvalidFilter(InvalidInput):
    """A filter that can't be right; the message ends with its line and a caret under the place.

    `position` counts characters of the whole filter from 0, `line` and `column` count from 1.
    """

    def __init__(self, reason: str, text: str, position: int) -> None:
        before = text[:position]
        self.reason = reason
        self.position = position
        self.line = before.count("\n") + 1
        start = before.rfind("\n") + 1
        self.column = position - start + 1
        end = text.find("\n", position)
        shown, caret = _cut(text[start : len(text) if end < 0 else end], self.column - 1)
        line = f"line {self.line}, " if "\n" in text else ""
        super().__init__(
            f"invalid filter, {line}column {self.column}: {reason}\n  {shown}\n  {' ' * caret}^"
        )

    def __reduce__(self) -> tuple[object, ...]:
        """Let it pass between processes, as its message alone."""
        return (InvalidInput, (str(self),))


def _cut(line: str, caret: int) -> tuple[str, int]:
    """Return a part of a long line that has the caret's place in it, in printable characters."""
    if len(line) > _WIDEST:
        begin = max(0, min(caret - _LEFT_OF_CARET, len(line) - _WIDEST))
        caret -= begin - (3 if begin else 0)
        part = line[begin : begin + _WIDEST]
        line = f"{'...' if begin else ''}{part}{'...' if begin + _WIDEST < len(line) else ''}"
    return "".join(c if c.isprintable() else " " if c == "\t" else "?" for c in line), caret
