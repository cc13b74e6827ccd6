"""Find artifacts by what is known of them: type, name, state, properties and labels."""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING

import sqlalchemy as sa

from lineal.errors import InvalidInput
from lineal.metadata import tables
from lineal.metadata.backends import backend_of
from lineal.metadata.batch.arguments import text
from lineal.metadata.criteria import Criteria
from lineal.metadata.integers import whole
from lineal.metadata.model import Artifact, ArtifactState, Value
from lineal.metadata.rows import is_of_type
from lineal.metadata.served import served

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lineal.metadata.filters import Filter
    from lineal.metadata.history import Horizon
    from lineal.metadata.store import Store, VersionRow

__all__ = ["find"]

_HIDDEN = (ArtifactState.PENDING, ArtifactState.ABANDONED, ArtifactState.DELETED)
_Candidate = tuple[int, str | None]  # an artifact's id and its version's name


@served()
def find(
    store: Store,
    filter: str = "",  # noqa: A002 -- the field's own name for it
    /,
    *,
    type: str | None = None,  # noqa: A002 -- the field's own name for it
    name: str | None = None,
    state: ArtifactState | str | None = None,
    limit: int | None = None,
    all_versions: bool = False,
    **properties: Value,
) -> list[tuple[Artifact, VersionRow | None]]:
    """Return the artifacts that fit everything given, newest first, with their versions.

    Of each name only the newest version that fits is told, or with `all_versions` each one.
    `name` is exact, or a pattern with `*`, `?` and `[…]`. Without a `state`, what is pending,
    abandoned or deleted stays out, unless the filter asks for states. A number, text or bool is
    compared with a property or label.
    """
    parsed = _parsed(text(filter, "filter"))
    limit = None if limit is None else whole(limit, "limit")
    wanted = Criteria("artifact", {"state": _as_state(state)}, properties)
    hides = wanted.fields["state"] is None and not (parsed and _asks_for_states(parsed))
    names = None if name is None else _names(store, name)
    with store.reading() as (connection, at):
        candidates = _candidates(
            connection, at, wanted, type, parsed=parsed, names=names, hides=hides
        )
    if at is not None:  # values are compared as they were then
        nodes = {a.id: a for a in store.artifacts(ids=[number for number, _ in candidates])}
        candidates = [c for c in candidates if _shows(nodes[c[0]], wanted, hides=hides)]
        candidates = _filtered_then(store, candidates, parsed)
    chosen = list(_chosen(candidates, all_versions=all_versions, limit=limit))
    artifacts = {a.id: a for a in store.artifacts(ids=chosen)}
    versions = store.versions_of(chosen)
    # A pending one that was searched for may be gone by now.
    return [(artifacts[n], versions.get(n)) for n in chosen if n in artifacts]


def _candidates(
    connection: sa.Connection,
    at: Horizon | None,
    wanted: Criteria,
    type_name: str | None,
    *,
    parsed: Filter | None,
    names: Sequence[str] | None,
    hides: bool,
) -> list[_Candidate]:
    """Return what may fit, newest first: at present exactly what does."""
    artifact, version = tables.artifact, tables.version
    tie = artifact.c.id == version.c.artifact_id
    if at is None:
        conditions = wanted.conditions()
        if parsed is not None:
            from lineal.metadata.filters import compile_filter

            dialect = connection.dialect.name
            conditions.append(compile_filter(parsed.text, "artifact", dialect=dialect).where)
        if hides:
            # A state that is not set is NULL, which no list excludes.
            conditions.append(sa.func.coalesce(artifact.c.state, 0).not_in(_HIDDEN))
    else:
        conditions = [at.visible("artifact")]
        tie = sa.and_(tie, at.version_visible())
    if type_name is not None:
        conditions.append(is_of_type(artifact, "artifact", type_name))
    if names is not None:
        conditions.append(backend_of(connection).among(version.c.name, names))
    found = connection.execute(
        sa.select(artifact.c.id, version.c.name)
        .select_from(artifact.join(version, tie, isouter=names is None))
        .where(*conditions)
        .order_by(artifact.c.id.desc())
    )
    return [(row[0], row[1]) for row in found]


def _chosen(
    candidates: Iterable[_Candidate], *, all_versions: bool, limit: int | None
) -> Iterator[int]:
    seen: set[str] = set()
    count = 0
    for artifact_id, name in candidates:
        if count == limit:
            return
        if name is not None and not all_versions:
            if name in seen:
                continue
            seen.add(name)
        count += 1
        yield artifact_id


def _shows(artifact: Artifact, wanted: Criteria, *, hides: bool) -> bool:
    return not (hides and artifact.state in _HIDDEN) and wanted.fit(artifact)


def _parsed(filter_text: str) -> Filter | None:
    if not filter_text.strip():
        return None
    from lineal.metadata.filters import parse

    return parse(filter_text, "artifact")


def _asks_for_states(wanted: Filter) -> bool:
    from lineal.metadata.filters.syntax import Attribute, StateIn, walk

    return wanted.condition is not None and any(
        each.column == "state" if isinstance(each, Attribute) else isinstance(each, StateIn)
        for each in walk(wanted.condition)
    )


def _filtered_then(
    store: Store, candidates: list[_Candidate], wanted: Filter | None
) -> list[_Candidate]:
    """Return the candidates that fulfilled the filter by the values of then."""
    if wanted is None:
        return candidates
    from lineal.metadata.batch import answers
    from lineal.metadata.batch.forms import PageRequest

    ids = sorted(number for number, _ in candidates)
    found, _ = answers.nodes(store, "artifact", PageRequest(filter=wanted.text), {"ids": ids})
    fitting = {node.id for node in found}
    return [each for each in candidates if each[0] in fitting]


def _names(store: Store, name: str) -> list[str]:
    """Return the names that an exact one or a pattern means."""
    if not set("*?[") & set(name) or store.newest(name) is not None:
        return [name]
    return list(filter(re.compile(fnmatch.translate(name)).match, store.names()))


def _as_state(state: ArtifactState | str | None) -> ArtifactState | None:
    if state is None or isinstance(state, ArtifactState):
        return state
    try:
        return ArtifactState[text(state, "state").upper()]
    except KeyError:
        known = ", ".join(each.name for each in ArtifactState)
        raise InvalidInput(f"there is no state {state!r}; choose one of {known}") from None
