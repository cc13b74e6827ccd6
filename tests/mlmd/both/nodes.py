"""Nodes: inserted, updated, masked, found, listed."""

from __future__ import annotations

from bench import case, set_value


def unchanged(artifact):
    """Leave an artifact as it was read."""


@case
def an_artifact_with_all_kinds_of_values(b):
    values = {
        "n": -(2**63),
        "d": 0.5,
        "s": "ä\n'\"",
        "m": {"k": [1, None]},
        "p": b"\0\1",
        "b": False,
    }
    made = b.put(b.artifact(values, values, name="x", uri="u", state=2, external_id="e"))
    return made, b.stored(1)


@case
def an_artifact_with_nothing(b):
    return b.put(b.artifact()), b.stored(1)


@case
def an_execution_with_all_kinds_of_values(b):
    values = {"n": 2**63 - 1, "d": -1.25, "s": "", "m": {}, "p": b"", "b": True}
    b.put(b.execution(values, values, name="x", last_known_state=0, external_id="e"))
    return b.store.get_executions()


@case
def a_context_with_all_kinds_of_values(b):
    values = {"n": 0, "d": 0.0, "s": "", "m": {"a": {"b": True}}, "b": False}
    b.put(b.context(values, values, name="x", external_id="e"))
    return b.store.get_contexts()


@case
def a_node_without_type(b):
    return b.store.put_artifacts([b.pb.Artifact(uri="u")])


@case
def a_node_of_an_unknown_type(b):
    return b.put(b.artifact(type_id=99))


@case
def a_node_of_a_type_of_another_kind(b):
    return b.put(b.artifact(type_id=b.x))


@case
def a_property_that_the_type_lacks(b):
    return b.put(b.artifact({"zzz": 1}))


@case
def a_property_of_the_wrong_kind(b):
    return b.put(b.artifact({"n": "1"}))


@case
def a_property_without_value(b):
    return b.put(b.artifact({"n": None}))


@case
def a_context_without_name(b):
    return b.put(b.context())


@case
def a_context_with_an_empty_name(b):
    return b.put(b.context(name=""))


@case
def two_artifacts_of_one_name(b):
    return b.put(b.artifact(name="x"), b.artifact(name="x"))


@case
def nothing_of_a_refused_batch_stays(b):
    try:
        b.put(b.artifact(name="x"), b.artifact(name="x"))
    except b.errors.AlreadyExistsError:
        return b.store.get_artifacts()
    return "no error"


@case
def an_empty_name_counts(b):
    return b.put(b.artifact(name="")), b.put(b.artifact(name=""))


@case
def two_nodes_of_one_external_id(b):
    return b.put(b.context(name="x", external_id="e"), b.context(name="y", external_id="e"))


@case
def the_times_sent_are_ignored(b):
    b.put(b.artifact(create_time_since_epoch=5, last_update_time_since_epoch=6))
    return b.stored(1)


@case
def an_update_of_an_unknown_id(b):
    return b.put(b.artifact(id=7))


@case
def an_update_with_another_type(b):
    other = b.store.put_artifact_type(b.pb.ArtifactType(name="B"))
    b.put(b.artifact())
    return b.put(b.artifact(id=1, type_id=other))


@case
def an_update_replaces_everything_but_the_name(b):
    b.put(b.artifact({"n": 1, "s": "a"}, {"c": 1}, name="x", uri="u", state=2, external_id="e"))
    b.store.put_artifacts([b.pb.Artifact(id=1, name="other")])
    return b.stored(1)


@case
def what_was_read_and_is_put_again_changes_nothing(b):
    b.put(b.artifact({"n": 1, "m": {"k": 1}}, {"c": 0.5}, name="x", uri="u", state=2))
    return b.later(1, unchanged)


@case
def a_changed_property_moves_the_time(b):
    b.put(b.artifact({"n": 1}))
    return b.later(1, lambda artifact: set_value(artifact.properties["n"], 2))


@case
def a_node_without_its_type_name_counts_as_changed(b):
    b.put(b.artifact({"n": 1}))
    return b.later(1, lambda artifact: artifact.ClearField("type"))


@case
def a_context_is_renamed(b):
    b.put(b.context(name="x"))
    b.put(b.context(id=1, name="y"))
    return b.store.get_contexts()


@case
def a_context_is_updated_without_its_name(b):
    b.put(b.context(name="x"))
    return b.put(b.context(id=1))


@case
def a_context_is_renamed_to_a_taken_name(b):
    b.put(b.context(name="x"), b.context(name="y"))
    return b.put(b.context(id=1, name="y"))


@case
def a_mask_sets_only_what_it_names(b):
    b.put(b.artifact({"n": 1, "s": "a"}, {"c": 1}, uri="u", state=2))
    wanted = b.artifact({"n": 5, "s": "z"}, {"c": 9, "e": 1}, id=1, uri="v", state=4)
    b.put(wanted, field_mask_paths=["properties.n", "custom_properties.c", "uri"])
    return b.stored(1)


@case
def a_mask_deletes_what_is_not_sent(b):
    b.put(b.artifact({"n": 1, "s": "a"}, {"c": 1}, uri="u", state=2))
    b.put(b.artifact(id=1), field_mask_paths=["properties.n", "custom_properties.c", "state"])
    return b.stored(1)


@case
def a_mask_replaces_a_whole_map(b):
    b.put(b.artifact({"n": 1, "s": "a"}, {"c": 1}))
    b.put(b.artifact({"d": 0.5}, id=1), field_mask_paths=["properties", "properties.n"])
    return b.stored(1)


@case
def a_mask_with_unknown_paths(b):
    b.put(b.artifact({"n": 1}, name="x", uri="u"))
    return b.later(1, unchanged, field_mask_paths=["nope", "name", "id"])


@case
def a_mask_that_names_an_unknown_property(b):
    b.put(b.artifact({"n": 1}))
    return b.put(b.artifact({"zzz": 1}, id=1), field_mask_paths=["properties.zzz"])


@case
def a_mask_on_an_insert_is_ignored(b):
    b.put(b.artifact({"n": 1}, uri="u"), field_mask_paths=["state"])
    return b.stored(1)


@case
def nodes_by_id_come_once_and_in_order(b):
    b.put(*[b.artifact(name=name) for name in "xyz"])
    return [each.id for each in b.store.get_artifacts_by_id([3, 1, 3, 99])]


@case
def artifacts_with_their_types(b):
    b.put(b.artifact(), b.artifact())
    return b.store.get_artifacts_and_types_by_artifact_ids([1, 2, 9])


@case
def nodes_of_an_unknown_type_are_none(b):
    return b.store.get_executions_by_type("nope"), b.store.get_contexts_by_type("C", "9")


@case
def a_node_by_type_and_name(b):
    b.put(b.context(name="x"))
    return (
        b.store.get_context_by_type_and_name("C", "x"),
        b.store.get_context_by_type_and_name("C", "y"),
        b.store.get_context_by_type_and_name("D", "x"),
    )


@case
def artifacts_by_uri(b):
    b.put(b.artifact(uri="u"), b.artifact(uri="u2"), b.artifact())
    return b.store.get_artifacts_by_uri("u"), b.store.get_artifacts_by_uri("")


@case
def nodes_by_external_ids(b):
    b.put(b.execution(external_id="e"), b.execution())
    return b.store.get_executions_by_external_ids(["e", "f"])


@case
def nodes_by_external_ids_that_are_not_there(b):
    return b.store.get_artifacts_by_external_ids(["e"])


@case
def nodes_by_an_empty_external_id(b):
    return b.store.get_artifacts_by_external_ids(["e", ""])


@case
def a_mask_with_a_property_unmasked(b):
    b.put(b.artifact({"n": 1}, name="x", uri="u"))

    def change(artifact):
        set_value(artifact.properties["n"], 2)

    return b.later(1, change, field_mask_paths=["uri"])


@case
def a_mask_with_a_state_unmasked(b):
    b.put(b.artifact({"n": 1}, name="x", uri="u"))

    def change(artifact):
        artifact.state = 3

    return b.later(1, change, field_mask_paths=["properties"])


@case
def a_list_with_a_limit_and_an_order(b):
    b.put(*[b.artifact(name=name) for name in "vwxyz"])
    wanted = b.options(limit=2, order_by=b.order.ID, is_asc=False)
    return [each.name for each in b.store.get_artifacts(wanted)]


@case
def a_list_over_more_than_a_page(b):
    b.put(*[b.artifact() for _ in range(230)])
    wanted = b.options(limit=205, order_by=b.order.ID)
    return [each.id for each in b.store.get_artifacts(wanted)] == list(range(1, 206))


@case
def a_list_with_a_negative_limit(b):
    return b.store.get_artifacts(b.options(limit=-1))


@case
def a_list_with_a_filter(b):
    b.put(*[b.artifact({"n": n}, name=f"a{n}") for n in range(5)])
    wanted = b.options(filter_query="properties.n.int_value > 1 AND name LIKE 'a%'")
    return [each.name for each in b.store.get_artifacts(wanted)]


@case
def a_list_with_a_filter_that_is_none(b):
    return b.store.get_artifacts(b.options(filter_query="invalid syntax"))


@case
def a_filter_that_compares_other_kinds(b):
    return b.store.get_artifacts(b.options(filter_query="id = 'x'"))
