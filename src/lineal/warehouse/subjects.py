"""Subjects: what groups of tables are about, and who answers for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput
from lineal.metadata import Context
from lineal.warehouse.graph import SUBJECT, SUBJECT_EDIT
from lineal.warehouse.names import subject_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lineal.metadata import Store, Value
    from lineal.warehouse.parts import Parts

__all__ = ["Subject", "describe_subject", "subjects"]


@dataclass(frozen=True)
class Subject:
    """A subject: an Iceberg namespace, and a context in the graph."""

    name: str
    owner: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()


def subjects(store: Store) -> list[Subject]:
    """Return all subjects, by name."""
    found = [_subject(context) for context in store.contexts(type=SUBJECT.name)]
    return sorted(found, key=lambda subject: subject.name)


def describe_subject(
    parts: Parts,
    name: str,
    *,
    owner: str | None,
    description: str | None,
    tags: Iterable[str] | None,
) -> Subject:
    """Make a subject, or change what is given of it; nothing is written where nothing changes."""
    subject_name(name)
    given = _given(owner, description, tags)
    known = parts.recorder.store.contexts(type=SUBJECT.name, name=name)
    if known and all(known[0].get(key) == value for key, value in given.items()):
        return _subject(known[0])
    context = Context(SUBJECT.name, name, properties=given)
    with parts.recorder.run(
        SUBJECT_EDIT, parameters={"subject": name, **given}, contexts=[(SUBJECT, context)]
    ):
        parts.catalog.describe_subject(name, {key: str(v) for key, v in given.items()})
    return _subject(parts.recorder.store.contexts(type=SUBJECT.name, name=name)[0])


def _given(
    owner: str | None, description: str | None, tags: Iterable[str] | None
) -> dict[str, Value]:
    if isinstance(tags, str):
        raise InvalidInput(f"tags is a list of texts: [{tags!r}]")
    texts = None if tags is None else list(tags)
    bad = [tag for tag in texts or () if "," in tag or not tag.strip()]
    if bad:
        raise InvalidInput(f"a tag is a word or some without a comma, not {bad[0]!r}")
    values = {
        "owner": owner,
        "description": description,
        "tags": None if texts is None else ", ".join(texts),
    }
    return {key: value for key, value in values.items() if value is not None}


def _subject(context: Context) -> Subject:
    tags = str(context.get("tags", "") or "")
    return Subject(
        name=context.name,
        owner=str(context.get("owner", "") or ""),
        description=str(context.get("description", "") or ""),
        tags=tuple(tag for tag in tags.split(", ") if tag),
    )
