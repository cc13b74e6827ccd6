"""Go through a schema and let each check look at what it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.validation.lint.domains import check_domain
from lineal.validation.lint.features import check_feature
from lineal.validation.lint.whole import check_names, check_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.lint.problem import Problem
    from lineal.validation.schema import Schema

__all__ = ["lint"]


def lint(schema: Schema) -> list[Problem]:
    """Return what is wrong with `schema`: of the whole first, then feature by feature.

    An ERROR contradicts itself: data is reported whatever it is, or the rule is dropped. A
    WARNING is a rule that can never fire, or that does other than it seems to.
    """
    return [*check_whole(schema.proto), *_features(schema.proto, (), schema.proto.feature)]


def _features(
    schema: schema_pb2.Schema, above: tuple[str, ...], features: Sequence[schema_pb2.Feature]
) -> Iterator[Problem]:
    yield from check_names(above, features)
    for feature in features:
        path = (*above, feature.name)
        name = ".".join(path)
        yield from check_feature(schema, feature, name)
        yield from check_domain(schema, feature, name)
        yield from _features(schema, path, feature.struct_domain.feature)
