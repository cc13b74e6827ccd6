"""Read and write the domain of a feature as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tensorflow_metadata.proto.v0 import schema_pb2

__all__ = ["Bound", "Domain", "find_string_domain", "read_domain", "write_domain"]

Bound = int | float | None
Domain = list[str] | tuple[Bound, Bound] | str | None


def find_string_domain(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature
) -> schema_pb2.StringDomain | None:
    """Return the texts allowed: the feature's own, or those of the schema that it names."""
    if feature.HasField("string_domain"):
        return feature.string_domain
    if feature.HasField("domain"):
        for domain in schema.string_domain:
            if domain.name == feature.domain:
                return domain
    return None


def read_domain(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> Domain:
    """Return the domain; see `Feature.domain` for its forms."""
    kind = feature.WhichOneof("domain_info")
    if kind in {"domain", "string_domain"}:
        texts = find_string_domain(schema, feature)
        return None if texts is None else list(texts.value)
    if kind == "int_domain":
        numbers = feature.int_domain
    elif kind == "float_domain":
        numbers = feature.float_domain
    else:
        return None if kind is None else str(kind).removesuffix("_domain")
    least = numbers.min if numbers.HasField("min") else None
    return least, numbers.max if numbers.HasField("max") else None


def write_domain(
    schema: schema_pb2.Schema, feature: schema_pb2.Feature, path: Sequence[str], domain: Domain
) -> None:
    """Set the domain. A domain of texts that other features share is left to them."""
    if domain is None:
        _clear(schema, feature)
    elif isinstance(domain, tuple):
        _write_range(schema, feature, path, domain)
    elif isinstance(domain, str):
        raise InvalidInput(
            f"{'.'.join(path)}: a domain is a list of texts, a pair of numbers or None, "
            f"not {domain!r}"
        )
    else:
        _write_texts(schema, feature, path, domain)


def _write_texts(
    schema: schema_pb2.Schema,
    feature: schema_pb2.Feature,
    path: Sequence[str],
    values: Sequence[str],
) -> None:
    from tensorflow_metadata.proto.v0 import schema_pb2

    if feature.type != schema_pb2.BYTES:
        raise InvalidInput(f"{'.'.join(path)} holds no texts, so its domain can't be {values}")
    texts = find_string_domain(schema, feature)
    if texts is None or (feature.HasField("domain") and _users(schema, feature.domain) > 1):
        _clear(schema, feature)
        texts = feature.string_domain
        texts.name = ".".join(path)
    texts.value[:] = list(dict.fromkeys(values))


def _write_range(
    schema: schema_pb2.Schema,
    feature: schema_pb2.Feature,
    path: Sequence[str],
    bounds: tuple[Bound, Bound],
) -> None:
    from tensorflow_metadata.proto.v0 import schema_pb2

    least, greatest = bounds
    if feature.type not in {schema_pb2.INT, schema_pb2.FLOAT}:
        raise InvalidInput(f"{'.'.join(path)} holds no numbers, so its domain can't be {bounds}")
    if least is not None and greatest is not None and least > greatest:
        raise InvalidInput(f"{'.'.join(path)}: the domain {bounds} is empty")
    whole = feature.type == schema_pb2.INT
    if whole and any(isinstance(bound, float) for bound in bounds):
        raise InvalidInput(f"{'.'.join(path)} holds whole numbers, so its domain can't be {bounds}")
    _clear(schema, feature)
    numbers = feature.int_domain if whole else feature.float_domain
    numbers.SetInParent()
    if least is not None:
        numbers.min = least
    if greatest is not None:
        numbers.max = greatest


def _clear(schema: schema_pb2.Schema, feature: schema_pb2.Feature) -> None:
    """Take the domain away, and from the schema too if nobody else names it."""
    named = feature.domain if feature.HasField("domain") else None
    kind = feature.WhichOneof("domain_info")
    if kind == "struct_domain":
        raise InvalidInput(f"{feature.name} is a struct: its fields are its domain")
    if kind is not None:
        feature.ClearField(kind)
    if named is not None and _users(schema, named) == 0:
        kept = [domain for domain in schema.string_domain if domain.name != named]
        del schema.string_domain[:]
        schema.string_domain.extend(kept)


def _users(schema: schema_pb2.Schema, name: str) -> int:
    """Count the features that name this domain of the schema."""

    def count(features: Sequence[schema_pb2.Feature]) -> int:
        return sum(
            (each.HasField("domain") and each.domain == name) + count(each.struct_domain.feature)
            for each in features
        )

    return count(schema.feature)
