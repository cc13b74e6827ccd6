"""Search by words: artifacts whose name, labels, properties or type hold all of them.

A word in a name counts most, then one in a label, in a property, in the type; a whole word more
than a part of one. Case makes no difference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata import tables
from lineal.metadata.backends import backend_of
from lineal.metadata.batch.arguments import text
from lineal.metadata.integers import whole
from lineal.metadata.labels import labels_of, properties_of
from lineal.metadata.model import ArtifactState
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lineal.metadata.model import Artifact
    from lineal.metadata.store import Store
    from lineal.metadata.version_rows import VersionRow

__all__ = ["Hit", "search"]

_WEIGHTS = {"name": 8.0, "label": 4.0, "property": 2.0, "type": 1.0}
_CHUNK = 10_000
_HIDDEN = (ArtifactState.PENDING, ArtifactState.ABANDONED, ArtifactState.DELETED)


class Hit(NamedTuple):
    """An artifact that was found, and where each word was: a name, label, property or type."""

    artifact: Artifact
    version: VersionRow | None
    score: float
    found_in: Mapping[str, str]


@served()
def search(store: Store, words: str, /, *, limit: int | None = 20) -> list[Hit]:
    """Return the artifacts that hold all of the words, best first; of a name its newest version.

    Raises `InvalidInput` without a word.
    """
    wanted = list(dict.fromkeys(text(words, "words").casefold().split()))
    if not wanted:
        raise InvalidInput("there is nothing to search for; give one or more words")
    limit = None if limit is None else whole(limit, "limit")
    ids = _candidates(store, wanted)
    artifacts = [a for a in store.artifacts(ids=ids) if a.state not in _HIDDEN]
    versions = store.versions_of(a.id or 0 for a in artifacts)
    newest = _newest(store, {row.name for row in versions.values()})
    hits = []
    for artifact in artifacts:
        version = versions.get(artifact.id or 0)
        if version is not None and version.number != newest[version.name]:
            continue
        hit = _scored(artifact, version, wanted)
        if hit is not None:
            hits.append(hit)
    hits.sort(key=_rank)
    return hits[:limit]


def _rank(hit: Hit) -> tuple[float, int, int]:
    """Return what hits are sorted by: the best, with the shortest name, the newest."""
    name = hit.version.name if hit.version else hit.artifact.name or ""
    return -hit.score, len(name), -(hit.artifact.id or 0)


def _scored(artifact: Artifact, version: VersionRow | None, words: Iterable[str]) -> Hit | None:
    """Return the artifact as a hit, or None if it lacks a word."""
    places = [
        ("name", version.name if version else artifact.name or ""),
        *(("label", f"{name} {value}") for name, value in labels_of(artifact).items()),
        *(("property", f"{name} {value}") for name, value in properties_of(artifact).items()),
        ("type", artifact.type),
    ]
    texts = [(where, text.casefold()) for where, text in places]
    score, found_in = 0.0, {}
    for word in words:
        best = max(
            ((_worth(where, text, word), where) for where, text in texts if word in text),
            default=None,
        )
        if best is None:
            return None
        score += best[0]
        found_in[word] = best[1]
    return Hit(artifact, version, score, found_in)


def _worth(where: str, text: str, word: str) -> float:
    whole = re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", text) is not None
    return _WEIGHTS[where] * (1.5 if whole else 1.0)


def _candidates(store: Store, words: Iterable[str]) -> set[int]:
    """Return the ids of the artifacts that may hold all of the words.

    In the past any that was there may: its names and values were perhaps others.
    """
    artifact = tables.artifact
    with store.reading() as (connection, at):
        if at is not None:
            return set(connection.scalars(sa.select(artifact.c.id).where(at.visible("artifact"))))
        found: set[int] | None = None
        for word in words:
            holding = set(connection.scalars(_holding(word)))
            found = holding if found is None else found & holding
            if not found:
                break
    return found or set()


def _newest(store: Store, names: Iterable[str]) -> dict[str, int]:
    """Return the number of the newest version of each of these names."""
    version, wanted = tables.version, sorted(names)
    found: dict[str, int] = {}
    with store.reading() as (connection, at):
        visible = [] if at is None else [at.version_visible()]
        for begin in range(0, len(wanted), _CHUNK):
            among = backend_of(connection).among(version.c.name, wanted[begin : begin + _CHUNK])
            query = sa.select(version.c.name, sa.func.max(version.c.number)).where(among, *visible)
            rows = connection.execute(query.group_by(version.c.name))
            found |= {row[0]: row[1] for row in rows}
    return found


def _holding(word: str) -> sa.CompoundSelect[int]:
    """Return the query of the artifacts that hold a word anywhere."""
    artifact, version, types = tables.artifact, tables.version, tables.type_
    held = tables.artifact_property

    def has(column: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
        if not word.isascii():  # databases fold the case of ASCII alone, in the same way
            return sa.true()
        return sa.func.lower(column).contains(word, autoescape=True)

    return sa.union(
        sa.select(version.c.artifact_id).where(has(version.c.name)),
        sa.select(artifact.c.id).where(has(artifact.c.name)),
        sa.select(held.c.artifact_id).where(
            sa.or_(
                has(held.c.name),
                has(held.c.string_value),
                *(
                    has(sa.cast(held.c[column], sa.String(40)))
                    for column in ("int_value", "double_value")
                    if any(letter.isdigit() for letter in word)
                ),
                held.c.bool_value.is_not(None) if word in "true false" else sa.false(),
            )
        ),
        sa.select(artifact.c.id).where(
            artifact.c.type_id.in_(
                sa.select(types.c.id).where(has(types.c.name), types.c.type_kind == 1)
            )
        ),
    )
