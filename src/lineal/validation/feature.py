"""One feature of a schema: read its rules and change them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound
from lineal.validation.domains import Domain, read_domain, write_domain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tensorflow_metadata.proto.v0 import schema_pb2

    from lineal.validation.fields import Plain
    from lineal.validation.schema import Schema

__all__ = ["Feature"]

_MEASURES = {
    "l_infinity": "infinity_norm",
    "jensen_shannon": "jensen_shannon_divergence",
    "absolute_difference": "normalized_abs_difference",
}
_TYPES = ("BYTES", "INT", "FLOAT", "STRUCT")


class Feature:
    """A feature of a schema. Setting an attribute, or calling a verb, changes the schema.

    The verbs return the feature, so that rules can be said in one line:
    `schema["arr_delay"].not_in("SERVING").drift_threshold(0.1)`.
    """

    def __init__(self, schema: Schema, proto: schema_pb2.Feature, path: tuple[str, ...]) -> None:
        """Stand for `proto`, which is part of `schema`."""
        self._schema = schema
        self.proto = proto
        self.path = path

    @property
    def name(self) -> str:
        """The path joined by dots."""
        return ".".join(self.path)

    @property
    def type(self) -> str:
        """BYTES (texts too), INT, FLOAT or STRUCT."""
        from tensorflow_metadata.proto.v0 import schema_pb2

        return str(schema_pb2.FeatureType.Name(self.proto.type))

    @type.setter  # noqa: A003
    def type(self, name: str) -> None:
        from tensorflow_metadata.proto.v0 import schema_pb2

        if name not in _TYPES:
            raise InvalidInput(f"{name!r} is no type of a feature; choose one of {_TYPES}")
        self.proto.type = schema_pb2.FeatureType.Value(name)

    @property
    def required(self) -> bool:
        """Whether the column must be there; `presence` says in which part of the rows."""
        presence = self.proto.presence
        return not self.deprecated and (presence.min_count > 0 or presence.min_fraction > 0)

    @required.setter
    def required(self, required: bool) -> None:
        self.proto.ClearField("presence")
        if required:
            self.proto.presence.min_count = 1
            self.proto.presence.min_fraction = 1.0

    @property
    def presence(self) -> float | None:
        """The least fraction of rows that must have it; None if there is no such rule."""
        presence = self.proto.presence
        return float(presence.min_fraction) if presence.HasField("min_fraction") else None

    @presence.setter
    def presence(self, fraction: float | None) -> None:
        if fraction is None:
            self.proto.presence.ClearField("min_fraction")
            return
        if not 0 <= fraction <= 1:
            raise InvalidInput(f"{self.name}: a presence of {fraction} is not between 0 and 1")
        self.proto.presence.min_fraction = fraction

    @property
    def value_count(self) -> tuple[int | None, int | None] | None:
        """The least and the greatest number of values in a row; None if there is no such rule."""
        if self.proto.HasField("value_count"):
            count = self.proto.value_count
            least = int(count.min) if count.HasField("min") else None
            return least, int(count.max) if count.HasField("max") else None
        if self.proto.HasField("shape"):
            size = 1
            for dimension in self.proto.shape.dim:
                size *= dimension.size
            return size, size
        return None

    @property
    def domain(self) -> Domain:
        """The values allowed.

        A list of texts; a pair (least, greatest) of numbers, None for an open end; "bool",
        "time" and so on for other kinds of domain; None if anything goes. Set it to a list of
        texts, a pair of numbers or None.
        """
        return read_domain(self._schema.proto, self.proto)

    @domain.setter
    def domain(self, domain: Domain) -> None:
        write_domain(self._schema.proto, self.proto, self.path, domain)

    @property
    def min_domain_mass(self) -> float:
        """The part of the values that must lie in the domain of texts."""
        constraints = self.proto.distribution_constraints
        return float(constraints.min_domain_mass)

    @min_domain_mass.setter
    def min_domain_mass(self, mass: float) -> None:
        if not 0 <= mass <= 1:
            raise InvalidInput(f"{self.name}: a domain mass of {mass} is not between 0 and 1")
        self.proto.distribution_constraints.min_domain_mass = mass

    @property
    def unique(self) -> tuple[int, int | None] | None:
        """The least and the greatest number of different texts; None if there is no such rule."""
        if not self.proto.HasField("unique_constraints"):
            return None
        limits = self.proto.unique_constraints
        return int(limits.min), int(limits.max) if limits.HasField("max") else None

    @unique.setter
    def unique(self, limits: tuple[int, int] | None) -> None:
        if limits is None:
            self.proto.ClearField("unique_constraints")
        else:
            self.proto.unique_constraints.min, self.proto.unique_constraints.max = limits

    @property
    def deprecated(self) -> bool:
        """Whether the feature is not checked any more, or not yet."""
        from lineal.validation.lifecycle import is_deprecated

        return is_deprecated(self.proto)

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments of the schema in which the feature is expected."""
        from lineal.validation.lifecycle import in_environment

        return tuple(
            name
            for name in self._schema.environments
            if in_environment(self._schema.proto, self.proto, name)
        )

    @property
    def drift(self) -> float | None:
        """The L-infinity distance from earlier statistics above which drift is reported."""
        comparator = self.proto.drift_comparator
        if not comparator.HasField("infinity_norm"):
            return None
        return float(comparator.infinity_norm.threshold)

    def not_in(self, *environments: str) -> Feature:
        """Expect the feature in every environment but these: a label is not in SERVING."""
        for name in environments:
            self._check_environment(name)
            if name in self.proto.in_environment:
                self.proto.in_environment.remove(name)
            if name not in self.proto.not_in_environment:
                self.proto.not_in_environment.append(name)
        return self

    def only_in(self, *environments: str) -> Feature:
        """Expect the feature in these environments and no other of the schema."""
        for name in environments:
            self._check_environment(name)
        others = [name for name in self._schema.environments if name not in environments]
        self.proto.ClearField("in_environment")
        self.proto.not_in_environment[:] = others
        return self

    def drift_threshold(self, threshold: float | None) -> Feature:
        """Report drift when the L-infinity distance from earlier statistics exceeds `threshold`.

        The distance is the largest difference of a text's share of all values. None stops the
        measuring. Raises `InvalidInput` for numbers, whose distance would always be 0.
        """
        if self.type in {"INT", "FLOAT"}:
            raise InvalidInput(
                f"{self.name} holds numbers, and the L-infinity distance compares the shares of "
                "texts: of numbers it is always 0, so it would never find drift"
            )
        if threshold is None:
            self.proto.ClearField("drift_comparator")
        else:
            self.proto.drift_comparator.infinity_norm.threshold = threshold
        return self

    @property
    def stage(self) -> str:
        """The stage of its life: PRODUCTION and BETA are checked, DEPRECATED is not, and so on."""
        from tensorflow_metadata.proto.v0 import schema_pb2

        return str(schema_pb2.LifecycleStage.Name(self.proto.lifecycle_stage))

    @stage.setter
    def stage(self, name: str) -> None:
        self.set("lifecycle_stage", name)

    def measure(self, *, drift: bool = True, **thresholds: float | None) -> Feature:
        """Report drift (or skew, with `drift=False`) above thresholds; None stops a measure.

        `l_infinity` compares shares of texts, `jensen_shannon` distributions of anything,
        `absolute_difference` counts of texts.
        """
        rule = "drift_comparator" if drift else "skew_comparator"
        for name, threshold in thresholds.items():
            if name not in _MEASURES:
                raise NotFound.among("there is no measure", name, _MEASURES)
            if name == "l_infinity" and drift:
                self.drift_threshold(threshold)
            elif threshold is None:
                self.set(f"{rule}.{_MEASURES[name]}", None)
            else:
                self.set(f"{rule}.{_MEASURES[name]}.threshold", threshold)
        return self

    def use_domain(self, name: str) -> Feature:
        """Allow the texts of a domain that the schema shares (`schema.share_domain`)."""
        known = [domain.name for domain in self._schema.proto.string_domain]
        if name not in known:
            raise NotFound.among("the schema has no string_domain", name, known)
        self.proto.domain = name
        return self

    def set(self, field: str, value: Plain | Sequence[Plain] | None) -> Feature:
        """Set any field of the proto by its dotted name; None clears it.

        `feature.set("float_domain.disallow_nan", True)`, `feature.set("annotation.tag", ["pii"])`;
        a whole message as text in braces: `feature.set("shape", "{dim {size: 2}}")`.
        """
        from lineal.validation.fields import set_field

        set_field(self.proto, field, value)
        return self

    def __repr__(self) -> str:
        """Say its name and type."""
        return f"<Feature {self.name} {self.type}>"

    def _check_environment(self, name: str) -> None:
        if name not in self._schema.environments:
            raise NotFound.among(
                "the schema has no environment",
                name,
                self._schema.environments,
                remedy="set schema.environments first",
            )
