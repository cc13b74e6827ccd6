"""Put types: made if nothing is called so yet, else compared and widened as allowed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.metadata import tables
from lineal.metadata.batch.catalog import NUMBER_OF_KIND, Catalog, catalog_of, types_changed
from lineal.metadata.batch.cells import check_text, shown
from lineal.metadata.batch.checks import kind_told
from lineal.metadata.batch.statements import Change, Lookup, atomic
from lineal.metadata.faults import Unsupported
from lineal.metadata.model import PropertyType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lineal.metadata.batch.forms import Kind, TypeForm
    from lineal.metadata.commit import Commit
    from lineal.metadata.transaction import Transaction

__all__ = ["MLMD_WORDS", "Words", "put_types", "settle_types"]

_types, _parents = tables.type_, tables.parent_type

_OUTSIDE = Lookup(_types.c.id, sa.select(_types.c.id, _types.c.external_id).where)
_KNOWN_OUTSIDE = Lookup(_types.c.external_id, sa.select(_types.c.external_id, _types.c.id).where)
_BASES = Lookup(_parents.c.type_id, sa.select(_parents.c.type_id, _parents.c.parent_type_id).where)
_SET_OUTSIDE = Change(
    _types.update()
    .where(_types.c.id == sa.bindparam("type_id"))
    .values(external_id=sa.bindparam("new_external_id")),
    ["type_id", "new_external_id"],
)
_COLUMNS = (
    "id",
    "name",
    "version",
    "type_kind",
    "description",
    "input_type",
    "output_type",
    "external_id",
)
_LAST = max(PropertyType)


class Words(NamedTuple):
    """What a caller's parameters are called that allow to add properties and to leave some out."""

    add: str
    omit: str


MLMD_WORDS = Words("can_add_fields", "can_omit_fields")


def put_types(
    transaction: Transaction,
    kind: Kind,
    types: Sequence[TypeForm],
    *,
    can_add_fields: bool = False,
    can_omit_fields: bool = False,
    words: Words = MLMD_WORDS,
) -> list[int]:
    """Make or widen types; return their ids, in order.

    A type is known by kind, name and version. Properties that it lacks are added only with
    `can_add_fields`; leaving out ones that it has takes `can_omit_fields`, and they stay. The
    caller calls these two by its own `words`. All of the call is done, or nothing.
    """
    if not types:
        return []
    commit = transaction.commit
    with atomic(commit):
        return settle_types(
            commit,
            kind,
            types,
            can_add_fields=can_add_fields,
            can_omit_fields=can_omit_fields,
            words=words,
        )


def settle_types(
    commit: Commit,
    kind: Kind,
    types: Sequence[TypeForm],
    *,
    can_add_fields: bool,
    can_omit_fields: bool,
    words: Words = MLMD_WORDS,
) -> list[int]:
    """Do what `put_types` does as a part of something greater, which undoes it if it fails."""
    plan = _Plan(commit, kind, catalog_of(commit), can_add_fields, can_omit_fields, words)
    planned = [plan.put(form) for form in types]
    plan.write()
    return [each.id for each in planned]


@dataclass
class _Planned:
    """A type as it will stand, by what is known of it so far."""

    form: TypeForm
    properties: dict[str, int]
    id: int = 0
    is_new: bool = False
    external_id: str | None = None
    base: str | None = None


@dataclass
class _Plan:
    """What a call makes of its types, worked out before anything is written."""

    commit: Commit
    kind: Kind
    catalog: Catalog
    can_add_fields: bool
    can_omit_fields: bool
    words: Words
    planned: dict[tuple[str, str], _Planned] = field(default_factory=dict)
    added: list[tuple[_Planned, str, int]] = field(default_factory=list)

    def put(self, form: TypeForm) -> _Planned:
        """Work one type in; raise an error if it can't be."""
        _check(self.kind, form)
        key = (form.name or "", form.version or "")
        known = self.planned.get(key) or self._stored(key, form)
        if known is None:
            known = self.planned[key] = _Planned(form, {}, is_new=True)
            new = dict(form.properties)
        else:
            self.planned[key] = known
            new = self._widened(form, known.properties)
        for name, number in new.items():
            if not PropertyType.UNKNOWN < number <= _LAST:
                raise InvalidInput(
                    f"the property {name!r} of the type {shown(form.name)} is of "
                    f"{kind_told(number)}; choose INT, DOUBLE, STRING, STRUCT, PROTO or BOOLEAN"
                )
            check_text("the name of a property", name)
            self.added.append((known, name, number))
        known.properties |= new
        if form.external_id is not None:
            known.external_id = form.external_id
        if form.base is not None:
            self._settle_base(known, form)
        return known

    def write(self) -> None:
        """Write all of it, one statement for each table."""
        new = [each for each in self.planned.values() if each.is_new]
        stored = {each.id: each for each in self.planned.values() if not each.is_new}
        self._check_external_ids()
        bases = {each.base: self._base_id(each.base) for each in self.planned.values() if each.base}
        links = self._new_links(stored, bases)
        outside = dict(_OUTSIDE.rows(self.commit, stored))
        renamed = [
            (type_id, each.external_id)
            for type_id, each in stored.items()
            if each.external_id is not None and outside.get(type_id) != each.external_id
        ]
        if not (new or renamed or links or self.added):
            return
        types_changed(self.commit)
        for each, type_id in zip(new, self.commit.reserve(_types, len(new)), strict=True):
            each.id = type_id
        number = NUMBER_OF_KIND[self.kind]
        self.commit.insert_rows(_types, _COLUMNS, [_row(each, number) for each in new])
        _SET_OUTSIDE.run(self.commit, renamed)
        self.commit.insert_rows(
            tables.type_property,
            ("type_id", "name", "data_type"),
            [(each.id, name, declared) for each, name, declared in self.added],
        )
        links += [(each.id, bases[each.base or ""]) for each in new if each.base]
        self.commit.insert_rows(_parents, ("type_id", "parent_type_id"), links)

    def _stored(self, key: tuple[str, str], form: TypeForm) -> _Planned | None:
        known = self.catalog.by_name.get((NUMBER_OF_KIND[self.kind], *key))
        return None if known is None else _Planned(form, dict(known.properties), id=known.id)

    def _widened(self, form: TypeForm, stored: Mapping[str, int]) -> dict[str, int]:
        """Return the properties to add to a type that is there; raise an error if it differs."""
        wanted = form.properties
        differing = [n for n, number in wanted.items() if n in stored and stored[n] != number]
        if differing:
            told = (
                f"{shown(n)} is {kind_told(stored[n])}, not {kind_told(wanted[n])}"
                for n in differing[:5]
            )
            raise AlreadyExists(
                f"the {self.kind} type {shown(form.name)} has properties of other types: "
                f"{', '.join(told)}; give it another version"
            )
        new = {name: number for name, number in wanted.items() if name not in stored}
        if new and not self.can_add_fields:
            raise AlreadyExists(
                f"the {self.kind} type {shown(form.name)} lacks {_listed(new)}; allow "
                f"{'it' if len(new) == 1 else 'them'} with {self.words.add}, or give the type "
                "another version"
            )
        missing = stored.keys() - wanted.keys()
        if missing and not self.can_omit_fields:
            raise AlreadyExists(
                f"the {self.kind} type {shown(form.name)} also has {_listed(missing)}; name "
                f"{'it' if len(missing) == 1 else 'them'}, or leave out with {self.words.omit}"
            )
        return new

    def _settle_base(self, known: _Planned, form: TypeForm) -> None:
        if not form.base:
            raise Unsupported(
                f"the base type of {shown(form.name)} can't be taken away; leave base_type unset"
            )
        if known.base is not None and known.base != form.base:
            raise _other_base(form, known.base)
        known.base = form.base

    def _base_id(self, base: str) -> int:
        found = self.catalog.by_name.get((NUMBER_OF_KIND[self.kind], base, ""))
        if found is None:
            raise NotFound(f"there is no {self.kind} type {shown(base)} to be a base type")
        return found.id

    def _new_links(
        self, stored: Mapping[int, _Planned], bases: Mapping[str, int]
    ) -> list[tuple[object, ...]]:
        """Return the base types to add to stored types; refuse to change those they have."""
        wanted = {type_id: each for type_id, each in stored.items() if each.base}
        held: dict[int, int] = dict(_BASES.rows(self.commit, wanted))
        for type_id, each in wanted.items():
            if held.get(type_id, bases[each.base or ""]) != bases[each.base or ""]:
                base = self.catalog.by_id.get(held[type_id])
                raise _other_base(each.form, base.name if base else f"type {held[type_id]}")
        return [(i, bases[each.base or ""]) for i, each in wanted.items() if i not in held]

    def _check_external_ids(self) -> None:
        given = [each for each in self.planned.values() if each.external_id is not None]
        wanted = [each.external_id for each in given if each.external_id is not None]
        holders: dict[str | None, int] = dict(_KNOWN_OUTSIDE.rows(self.commit, set(wanted)))
        for each in given:
            holder = holders.get(each.external_id)
            if (holder is not None and holder != each.id) or wanted.count(
                each.external_id or ""
            ) > 1:
                raise AlreadyExists(
                    f"the external_id {shown(each.external_id)} of the type "
                    f"{shown(each.form.name)} is another type's already; choose another"
                )


def _check(kind: Kind, form: TypeForm) -> None:
    if not form.name:
        raise InvalidInput(f"a type of {kind}s needs a name that is not empty")
    for what in ("name", "version", "description", "external_id"):
        text = getattr(form, what)
        if text:
            check_text(f"the {what} of a type", text)


def _row(planned: _Planned, number: int) -> tuple[object, ...]:
    form = planned.form
    return (
        planned.id,
        form.name,
        form.version or None,
        number,
        form.description,
        form.input_type,
        form.output_type,
        planned.external_id,
    )


def _other_base(form: TypeForm, base: str) -> Unsupported:
    return Unsupported(
        f"the type {shown(form.name)} has the base type {shown(base)}, which can't become "
        f"{shown(form.base)}; give it another version"
    )


def _listed(names: Iterable[str]) -> str:
    listed = [shown(name) for name in sorted(names)]
    what = "the property " if len(listed) == 1 else "the properties "
    return (
        what
        + ", ".join(listed[:10])
        + (f" and {len(listed) - 10} more" if len(listed) > 10 else "")
    )
