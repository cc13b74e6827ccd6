"""Types: made, evolved, found."""

from __future__ import annotations

from bench import case


@case
def a_type_round_trips(b):
    kind = b.pb.ArtifactType(name="T", version="1", description="what", properties={"x": 2})
    kind.external_id = "e"
    return b.store.put_artifact_type(kind), b.store.get_artifact_type("T", "1")


@case
def an_execution_type_keeps_its_shapes(b):
    kind = b.pb.ExecutionType(name="T")
    kind.input_type.dict.properties["a"].simple.name = "A"
    kind.output_type.any.SetInParent()
    b.store.put_execution_type(kind)
    return b.store.get_execution_type("T")


@case
def the_same_type_again_has_the_same_id(b):
    kind = b.pb.ArtifactType(name="T", properties={"x": 1})
    return b.store.put_artifact_type(kind), b.store.put_artifact_type(kind)


@case
def a_type_without_name(b):
    return b.store.put_artifact_type(b.pb.ArtifactType(properties={"x": 1}))


@case
def a_type_with_a_property_of_unknown_kind(b):
    return b.store.put_artifact_type(b.pb.ArtifactType(name="T", properties={"x": 0}))


@case
def a_new_property_without_leave(b):
    return b.store.put_artifact_type(
        b.pb.ArtifactType(name="A", properties={"z": 1}), can_omit_fields=True
    )


@case
def an_omitted_property_without_leave(b):
    return b.store.put_artifact_type(b.pb.ArtifactType(name="A", properties={"n": 1}))


@case
def a_type_grows_and_never_shrinks(b):
    b.store.put_artifact_type(
        b.pb.ArtifactType(name="A", properties={"z": 1}), can_add_fields=True, can_omit_fields=True
    )
    return b.store.get_artifact_type("A")


@case
def a_property_of_another_kind(b):
    return b.store.put_artifact_type(
        b.pb.ArtifactType(name="A", properties={"n": 3}), can_add_fields=True, can_omit_fields=True
    )


@case
def a_description_is_never_updated(b):
    b.store.put_artifact_type(b.pb.ArtifactType(name="T", description="old"))
    b.store.put_artifact_type(b.pb.ArtifactType(name="T", description="new"))
    return b.store.get_artifact_type("T")


@case
def an_external_id_of_a_type_is_added_later_and_stays(b):
    b.store.put_artifact_type(b.pb.ArtifactType(name="T"))
    b.store.put_artifact_type(b.pb.ArtifactType(name="T", external_id="e"))
    b.store.put_artifact_type(b.pb.ArtifactType(name="T"))
    return b.store.get_artifact_types_by_external_ids(["e", "none"])


@case
def types_of_one_external_id(b):
    b.store.put_artifact_type(b.pb.ArtifactType(name="T", external_id="e"))
    return b.store.put_artifact_type(b.pb.ArtifactType(name="U", external_id="e"))


@case
def types_of_two_kinds_with_one_external_id(b):
    b.store.put_artifact_type(b.pb.ArtifactType(name="T", external_id="e"))
    return b.store.put_context_type(b.pb.ContextType(name="T", external_id="e"))


@case
def a_base_type_is_added_later(b):
    b.store.put_artifact_type(b.pb.ArtifactType(name="T"))
    b.store.put_artifact_type(b.pb.ArtifactType(name="T", base_type=1))
    return b.store.get_artifact_type("T")


@case
def a_base_type_does_not_change(b):
    b.store.put_artifact_type(b.pb.ArtifactType(name="T", base_type=1))
    return b.store.put_artifact_type(b.pb.ArtifactType(name="T", base_type=2))


@case
def a_base_type_is_not_unset(b):
    return b.store.put_execution_type(b.pb.ExecutionType(name="T", base_type=0))


@case
def versions_are_types_of_their_own(b):
    ids = [
        b.store.put_artifact_type(b.pb.ArtifactType(name="A", version=version))
        for version in ("1", "2")
    ]
    return ids, b.store.get_artifact_type("A", "2"), b.store.get_artifact_type("A", "")


@case
def an_unknown_version(b):
    return b.store.get_artifact_type("A", "9")


@case
def an_unknown_type(b):
    return b.store.get_execution_type("Y")


@case
def simple_types_are_hidden_from_lists_only(b):
    return (
        b.store.get_artifact_types(),
        b.store.get_execution_types(),
        b.store.get_artifact_type("mlmd.Dataset"),
        b.store.get_execution_types_by_id([5, 11]),
    )


@case
def types_by_id_repeat_and_skip(b):
    return b.store.get_artifact_types_by_id([b.a, 99, b.a])


@case
def types_by_external_ids_that_are_not_there(b):
    return b.store.get_context_types_by_external_ids(["nope"])


@case
def types_by_an_empty_external_id(b):
    return b.store.get_context_types_by_external_ids([""])


@case
def types_by_no_external_ids(b):
    return b.store.get_context_types_by_external_ids([])
