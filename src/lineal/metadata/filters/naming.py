"""Look names up: of the node's attributes, of its properties, of what is beside it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

from lineal.metadata.filters.fault import InvalidFilter
from lineal.metadata.filters.names import (
    LINEAL_ATTRIBUTES,
    NEIGHBOURS,
    NODE_ATTRIBUTES,
    VALUE_TYPES,
    Field,
)
from lineal.metadata.filters.syntax import Attribute, Node, NodeKindName, Source, Type, Word

__all__ = ["Names"]

_PROPERTIES = {
    "properties": "properties",
    "custom_properties": "custom_properties",
    "labels": "custom_properties",  # which is what a label is
}
_LONGEST_NAME = 255
_MEANT = {
    ("artifact", "last_known_state"): "state",
    ("execution", "state"): "last_known_state",
}
_STATES = ("state", "last_known_state")


@dataclass(frozen=True)
class Names:
    """What names mean on one kind of node."""

    text: str
    kind: NodeKindName
    strict: bool

    def attribute(self, parts: tuple[str, ...], at: int) -> Node:
        """Return what a name stands for, a bare one that is no attribute's as a `Word`."""
        first = parts[0]
        if first in _PROPERTIES and not (self.strict and first == "labels"):
            return self._property(parts, at)
        source = self._neighbour(first)
        if source is not None:
            return self._of_neighbour(source, parts, at)
        if len(parts) > 1:
            self._refuse(self._unknown_prefix(parts), at)
        field = self._fields().get(first.lower())
        if field is None:
            return Word(at, Type.WORD, 1, first)
        return _attribute(Source(field.of), first, field, at)

    def thing(self, parts: tuple[str, ...], at: int) -> Source:
        """Return what `has(…)` asks for: a property or a neighbour."""
        if parts[0] in _PROPERTIES and len(parts) == 2:
            return self._source(parts, at)
        source = self._neighbour(parts[0]) if len(parts) == 1 else None
        if source is None:
            self._refuse(
                "has(…) takes a property, as in has(properties.n), or a neighbour, as in "
                f"has({next(iter(NEIGHBOURS[self.kind]))}_a)",
                at,
            )
        return source

    def unknown(self, name: str) -> str:
        """Say that there is no attribute of a name, and which was likely meant."""
        known = [*self._fields(), "properties", "custom_properties"]
        known += [f"{prefix}_{name.partition('_')[2] or 'a'}" for prefix in NEIGHBOURS[self.kind]]
        close = get_close_matches(name, known, n=1)
        if name.lower() in _STATES:  # close to what has nothing to do with it
            close = [meant] if (meant := _MEANT.get((self.kind, name.lower()))) else []
        meant = f"; did you mean {close[0]}?" if close else ""
        text = "" if meant else " (text is written in quotes)"
        return f"{_article(self.kind)} has no attribute {_short(name)}{meant}{text}"

    def _fields(self) -> dict[str, Field]:
        own = dict(NODE_ATTRIBUTES[self.kind])
        return own if self.strict else {**own, **LINEAL_ATTRIBUTES[self.kind]}

    def _property(self, parts: tuple[str, ...], at: int) -> Attribute:
        source = self._source(parts, at)
        if len(parts) == 2 and not self.strict:
            return Attribute(at, Type.OPEN, 1, source, "")
        column = parts[2] if len(parts) == 3 else ""
        found = VALUE_TYPES.get(column)
        if found is None or len(parts) > 3:
            what = f"the kind {_short(column)}" if column else "no kind"
            self._refuse(
                f"{source} has {what}; write {source}.int_value, double_value, string_value "
                "or bool_value, and a name with other signs than A-Z, 0-9 and _ in `backquotes`",
                at,
            )
        return Attribute(at, found, 1, source, column)

    def _source(self, parts: tuple[str, ...], at: int) -> Source:
        if len(parts) < 2:
            self._refuse(f"which property? write {parts[0]}.NAME.int_value, for instance", at)
        if len(parts[1]) > _LONGEST_NAME:
            self._refuse(f"a property's name has at most {_LONGEST_NAME} characters", at)
        return Source(_PROPERTIES[parts[0]], parts[1])

    def _neighbour(self, name: str) -> Source | None:
        for prefix in NEIGHBOURS[self.kind]:
            alias = name[len(prefix) + 1 :]
            if name.startswith(f"{prefix}_") and alias:
                return Source(prefix, alias)
        return None

    def _of_neighbour(self, source: Source, parts: tuple[str, ...], at: int) -> Attribute:
        fields = NEIGHBOURS[self.kind][source.of]
        if len(parts) != 2:
            self._refuse(f"{source} needs one of its attributes: {', '.join(fields)}", at)
        field = fields.get(parts[1].lower())
        if field is None:
            close = get_close_matches(parts[1].lower(), fields, n=1)
            meant = f"did you mean {close[0]}?" if close else f"it has {', '.join(fields)}"
            self._refuse(f"{source} has no attribute {_short(parts[1])}; {meant}", at)
        return _attribute(source, parts[1], field, at)

    def _unknown_prefix(self, parts: tuple[str, ...]) -> str:
        first = parts[0]
        known = [*NEIGHBOURS[self.kind], "properties", "custom_properties"]
        if first.rstrip("_") in NEIGHBOURS[self.kind]:
            return f"{first} needs a name of its own, as in {first.rstrip('_')}_a.{parts[1]}"
        close = get_close_matches(first.lower(), known, n=1)
        meant = f"did you mean {close[0]}?" if close else f"it has {', '.join(known)}"
        return f"{_article(self.kind)} has no {_short(first)} beside it; {meant}"

    def _refuse(self, reason: str, at: int) -> NoReturn:
        raise InvalidFilter(reason, self.text, at)


def _attribute(source: Source, spelled: str, field: Field, at: int) -> Attribute:
    name = spelled.lower()
    column = field.column or name
    return Attribute(at, field.type, 1, source, column, field.states, spelled == name)


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "ae" else f"a {kind}"


def _short(name: str) -> str:
    return repr(name if len(name) <= 60 else f"{name[:60]}...")
