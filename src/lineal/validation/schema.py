"""A schema, as a proto that TensorFlow's tools read and as something pleasant to edit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists, NotFound
from lineal.validation.feature import Feature
from lineal.validation.files import parse_text, read_proto, write_proto

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.differences import SchemaChange
    from lineal.validation.fields import Plain
    from lineal.validation.lint import Problem

__all__ = ["Schema"]


class Schema:
    """What data must look like, feature by feature.

    `schema["arr_delay"]` gives a `Feature` whose changes change the schema; fields of structs
    are named by dots or as a tuple. `proto` is a `tensorflow_metadata` `Schema`.
    """

    def __init__(self, proto: schema_pb2.Schema | None = None) -> None:
        """Wrap `proto`; without one the schema is empty."""
        if proto is None:
            from tensorflow_metadata.proto.v0 import schema_pb2

            proto = schema_pb2.Schema()
        self.proto = proto

    @classmethod
    def load(cls, path: str | Path) -> Schema:
        """Read a schema file: text if the name ends in .pbtxt, else binary."""
        from tensorflow_metadata.proto.v0 import schema_pb2

        return cls(read_proto(path, schema_pb2.Schema(), "schema"))

    @classmethod
    def from_text(cls, text: str) -> Schema:
        """Read the text form of the proto."""
        from tensorflow_metadata.proto.v0 import schema_pb2

        return cls(parse_text(text, schema_pb2.Schema(), "schema", "the text"))

    def to_text(self) -> str:
        """Return the text form of the proto."""
        from google.protobuf import text_format

        return str(text_format.MessageToString(self.proto, as_utf8=True))

    def save(self, path: str | Path) -> Path:
        """Write the schema; name it `schema.pbtxt` for a text that git can keep."""
        return write_proto(self.proto, path)

    def copy(self) -> Schema:
        """Return a schema of its own with the same content."""
        duplicate = type(self.proto)()
        duplicate.CopyFrom(self.proto)
        return Schema(duplicate)

    @property
    def features(self) -> Mapping[str, Feature]:
        """Every feature by its name, the fields of a struct after it."""
        return {feature.name: feature for feature in self._walk((), self.proto.feature)}

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments that data is checked for; a feature is expected in all of them."""
        return tuple(self.proto.default_environment)

    @environments.setter
    def environments(self, names: Iterable[str]) -> None:
        self.proto.default_environment[:] = list(names)

    @property
    def min_examples(self) -> int | None:
        """The least number of examples that a data set may have."""
        return self._examples("min_examples_count")

    @min_examples.setter
    def min_examples(self, count: int | None) -> None:
        self._limit_examples("min_examples_count", count)

    @property
    def max_examples(self) -> int | None:
        """The greatest number of examples that a data set may have."""
        return self._examples("max_examples_count")

    @max_examples.setter
    def max_examples(self, count: int | None) -> None:
        self._limit_examples("max_examples_count", count)

    def __getitem__(self, name: str | tuple[str, ...]) -> Feature:
        """Return a feature; raise `NotFound` naming the one that was likely meant."""
        wanted = name if isinstance(name, str) else ".".join(name)
        features = self.features
        found = features.get(wanted)
        if found is None:
            raise NotFound.among("the schema has no feature", wanted, features)
        return found

    def add(self, name: str, type: str) -> Feature:  # noqa: A002
        """Add an optional feature of type INT, FLOAT, BYTES or STRUCT and return it."""
        if name in self:
            raise AlreadyExists(f"the schema already has a feature {name!r}")
        self.proto.feature.add(name=name)
        feature = self[name]
        feature.type = type
        return feature

    def remove(self, name: str) -> None:
        """Take a column out of the schema, a struct with its fields."""
        self[name]
        kept = [feature for feature in self.proto.feature if feature.name != name]
        del self.proto.feature[:]
        self.proto.feature.extend(kept)

    def to_html(self, *, title: str = "Schema") -> str:
        """Return one HTML page that shows it and needs no network."""
        from lineal.validation.page import statistics_page

        return statistics_page(schema=self, title=title)

    def _repr_html_(self) -> str:
        from lineal.validation.page import framed

        return framed(self.to_html())

    def diff(self, other: Schema) -> list[SchemaChange]:
        """Say what `other` changes in this schema; each change reads well as a text."""
        from lineal.validation.differences import schema_changes

        return schema_changes(self, other)

    def set(self, field: str, value: Plain | Sequence[Plain] | None) -> None:
        """Set any field of the proto by its dotted name; None clears it. See `Feature.set`."""
        from lineal.validation.fields import set_field

        set_field(self.proto, field, value)

    def share_domain(self, name: str, values: Iterable[str]) -> None:
        """Keep a domain of texts at the schema, for features to use (`feature.use_domain`)."""
        known = [domain for domain in self.proto.string_domain if domain.name == name]
        domain = known[0] if known else self.proto.string_domain.add(name=name)
        domain.value[:] = list(dict.fromkeys(values))

    def add_sparse(self, name: str, *, indices: Sequence[str], values: str) -> None:
        """Say that the features `indices` and `values` are one sparse tensor together."""
        self._check_free(name)
        sparse = self.proto.sparse_feature.add(name=name)
        for index in indices:
            self[index]
            sparse.index_feature.add(name=index)
        self[values]
        sparse.value_feature.name = values

    def add_weighted(self, name: str, *, feature: str, weight: str) -> None:
        """Say that the values of `weight` weigh those of `feature`, one for one."""
        self._check_free(name)
        steps = self[feature].path, self[weight].path
        weighted = self.proto.weighted_feature.add(name=name)
        weighted.feature.step.extend(steps[0])
        weighted.weight_feature.step.extend(steps[1])

    def _check_free(self, name: str) -> None:
        composed = [*self.proto.sparse_feature, *self.proto.weighted_feature]
        if name in self or name in [each.name for each in composed]:
            raise AlreadyExists(f"the schema already has a feature {name!r}")

    def rules(self) -> list[tuple[str, str, str]]:
        """Return every rule as feature, name and value in words; the feature of all is empty."""
        from lineal.validation.differences import schema_rules

        return schema_rules(self)

    def lint(self) -> list[Problem]:
        """Return what is wrong with the schema itself: contradictions, rules that never fire."""
        from lineal.validation.lint import lint

        return lint(self)

    def __contains__(self, name: object) -> bool:
        """Say whether there is a feature of this name."""
        return name in self.features

    def __iter__(self) -> Iterator[str]:
        """Go through the names of the features."""
        return iter(self.features)

    def __len__(self) -> int:
        """Return the number of features."""
        return len(self.features)

    def __eq__(self, other: object) -> bool:
        """Compare by everything the proto says."""
        return isinstance(other, Schema) and bool(self.proto == other.proto)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Say how much there is."""
        return f"<Schema of {len(self)} features>"

    def _walk(
        self, above: tuple[str, ...], features: Iterable[schema_pb2.Feature]
    ) -> Iterator[Feature]:
        for proto in features:
            path = (*above, proto.name)
            yield Feature(self, proto, path)
            if proto.HasField("struct_domain"):
                yield from self._walk(path, proto.struct_domain.feature)

    def _examples(self, field: str) -> int | None:
        constraints = self.proto.dataset_constraints
        return int(getattr(constraints, field)) if constraints.HasField(field) else None

    def _limit_examples(self, field: str, count: int | None) -> None:
        if count is None:
            self.proto.dataset_constraints.ClearField(field)
        else:
            setattr(self.proto.dataset_constraints, field, count)
