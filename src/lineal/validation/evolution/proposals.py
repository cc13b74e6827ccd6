"""What a schema would have to change for data to satisfy it, to be taken piece by piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.differences import SchemaChange
    from lineal.validation.results import Statistics
    from lineal.validation.schema import Schema

__all__ = ["Proposal", "apply_proposals", "proposals"]


@dataclass(frozen=True)
class Proposal:
    """The change of one feature that an anomaly of it asks for."""

    path: tuple[str, ...]
    types: tuple[str, ...]
    """The types of the anomalies that it answers."""
    description: str
    changes: tuple[SchemaChange, ...]
    updated: Schema
    """The schema with every proposal taken, from which this one is copied."""

    @property
    def name(self) -> str:
        """The feature's name."""
        return ".".join(self.path)


def proposals(schema: Schema, statistics: Statistics) -> list[Proposal]:
    """Return a proposal for each feature whose anomalies a change of the schema would answer."""
    from lineal.validation.verbs import update_schema, validate

    updated = update_schema(schema, statistics)
    found = []
    for info in validate(statistics, schema).proto.anomaly_info.values():
        path = tuple(info.path.step)
        one = Proposal(path, tuple(_types(info)), info.description, (), updated)
        changes = tuple(
            change
            for change in schema.diff(apply_proposals(schema, [one]))
            if change.feature  # a shared domain of texts changes in all that name it
        )
        if changes:
            found.append(Proposal(path, one.types, one.description, changes, updated))
    order = {name: number for number, name in enumerate(updated)}
    return sorted(found, key=lambda proposal: order.get(proposal.name, len(order)))


def apply_proposals(schema: Schema, taken: Iterable[Proposal]) -> Schema:
    """Return a copy of `schema` with the proposals that are taken."""
    result = schema.copy()
    for proposal in taken:
        _take(result.proto, proposal)
    return result


def _types(info: object) -> Iterable[str]:
    from tensorflow_metadata.proto.v0 import anomalies_pb2

    for reason in getattr(info, "reason", ()):
        yield anomalies_pb2.AnomalyInfo.Type.Name(reason.type)


def _take(target: schema_pb2.Schema, proposal: Proposal) -> None:
    source = _at(proposal.updated.proto.feature, proposal.path)
    parent = target.feature
    if len(proposal.path) > 1:
        above = _at(target.feature, proposal.path[:-1])
        if above is None:
            return  # its struct is not there: that one's own proposal brings it
        parent = above.struct_domain.feature
    if source is None:
        return
    feature = _at(parent, proposal.path[-1:])
    if feature is None:
        feature = parent.add()
        feature.CopyFrom(source)
    else:
        fields = type(feature.struct_domain)()
        has_fields = feature.HasField("struct_domain")
        fields.CopyFrom(feature.struct_domain)
        feature.CopyFrom(source)
        if has_fields and source.HasField("struct_domain"):  # which have proposals of their own
            feature.struct_domain.CopyFrom(fields)
    for field in [feature, *_below(feature)]:
        if field.HasField("domain"):
            _take_domain(target, proposal.updated.proto, field.domain)


def _take_domain(target: schema_pb2.Schema, updated: schema_pb2.Schema, name: str) -> None:
    source = next((each for each in updated.string_domain if each.name == name), None)
    if source is None:
        return
    known = next((each for each in target.string_domain if each.name == name), None)
    (known or target.string_domain.add()).CopyFrom(source)


def _below(feature: schema_pb2.Feature) -> Iterable[schema_pb2.Feature]:
    for field in feature.struct_domain.feature:
        yield field
        yield from _below(field)


def _at(features: Iterable[schema_pb2.Feature], path: tuple[str, ...]) -> schema_pb2.Feature | None:
    for feature in features:
        if feature.name == path[0]:
            return feature if len(path) == 1 else _at(feature.struct_domain.feature, path[1:])
    return None
