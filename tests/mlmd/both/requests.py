"""Requests that ML Metadata's Python methods can't make, and raw responses."""

from __future__ import annotations

import base64

from bench import case


def order(b, field, is_asc=True):
    return b.pb.ListOperationOptions.OrderByField(field=field, is_asc=is_asc)


def listed(b, size=2, field=3, is_asc=True, **options):
    """Ask for a page of artifacts; return their names and what the token holds."""
    asked = b.pb.ListOperationOptions(
        max_result_size=size, order_by_field=order(b, field, is_asc), **options
    )
    answer = b.request("GetArtifacts", options=asked)
    return [each.name for each in answer.artifacts], answer.next_page_token


def opened(b, token):
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    return b.pb.ListOperationNextPageToken.FromString(raw)


@case
def types_of_all_kinds_at_once(b):
    kind = b.pb.ArtifactType(name="T", properties={"x": 1})
    return b.request(
        "PutTypes",
        artifact_types=[kind, kind],
        execution_types=[b.pb.ExecutionType(name="T")],
        context_types=[b.pb.ContextType(name="T"), b.pb.ContextType(name="U")],
    )


@case
def types_are_put_all_or_none(b):
    wrong = b.pb.ContextType(name="C", properties={"n": 3})
    try:
        b.request("PutTypes", artifact_types=[b.pb.ArtifactType(name="T")], context_types=[wrong])
    except b.errors.AlreadyExistsError:
        return b.store.get_artifact_types()
    return "no error"


@case
def all_fields_need_not_match(b):
    kind = b.pb.ArtifactType(name="T")
    return b.request("PutArtifactType", artifact_type=kind, all_fields_match=False)


@case
def pages_by_id(b):
    b.put(*[b.artifact(name=name) for name in "vwxyz"])
    first, token = listed(b)
    return first, opened(b, token), listed(b, next_page_token=token)


@case
def pages_by_id_backwards(b):
    b.put(*[b.artifact(name=name) for name in "vwxyz"])
    first, token = listed(b, is_asc=False)
    return first, listed(b, is_asc=False, next_page_token=token)[0]


@case
def the_last_page_has_no_token(b):
    b.put(*[b.artifact(name=name) for name in "vw"])
    return listed(b)


@case
def a_page_of_another_order_than_its_token(b):
    b.put(*[b.artifact(name=name) for name in "vwxyz"])
    token = listed(b)[1]
    return listed(b, is_asc=False, next_page_token=token)


@case
def a_page_of_another_size_than_its_token(b):
    b.put(*[b.artifact(name=name) for name in "vwxyz"])
    return listed(b, size=4, next_page_token=listed(b)[1])[0]


@case
def a_token_that_is_none(b):
    return listed(b, next_page_token="???")  # noqa: S106 -- no password


@case
def a_page_of_nothing(b):
    return listed(b, size=0)


@case
def a_page_in_no_order(b):
    return listed(b, field=0)


@case
def all_artifacts_without_options(b):
    b.put(*[b.artifact() for _ in range(130)])
    answer = b.request("GetArtifacts")
    return len(answer.artifacts), answer.next_page_token


@case
def pages_of_a_type(b):
    b.put(*[b.context(name=name) for name in "xyz"])
    options = b.pb.ListOperationOptions(max_result_size=2, filter_query="name != 'y'")
    answer = b.request("GetContextsByType", type_name="C", options=options)
    return [each.name for each in answer.contexts], answer.next_page_token


@case
def executions_of_a_context_without_options(b):
    b.store.put_execution(b.execution(name="r"), [], [b.context(name="x")])
    return b.request("GetExecutionsByContext", context_id=1)


@case
def an_update_of_what_is_as_expected(b):
    b.put(b.artifact(uri="u"))
    held = b.stored(1)[0]
    held.uri = "v"
    options = {"abort_if_latest_updated_time_changed": True}
    b.request("PutArtifacts", artifacts=[held], options=options)
    return b.stored(1)[0].last_update_time_since_epoch > held.last_update_time_since_epoch


@case
def an_update_of_what_somebody_changed(b):
    b.put(b.artifact(uri="u"))
    held = b.stored(1)[0]
    held.last_update_time_since_epoch -= 1
    options = {"abort_if_latest_updated_time_changed": True}
    return b.request("PutArtifacts", artifacts=[held], options=options)


@case
def artifacts_by_several_uris(b):
    b.put(b.artifact(uri="u"), b.artifact(uri="v"), b.artifact(uri="w"))
    found = b.request("GetArtifactsByURI", uris=["w", "u", "none"]).artifacts
    return sorted(each.id for each in found)


@case
def the_skeleton_of_a_subgraph(b):
    b.store.put_execution(
        b.execution(), [(b.artifact(), b.event(path=["o"]))], [b.context(name="x")]
    )
    query = b.pb.LineageSubgraphQueryOptions(starting_artifacts={"filter_query": "id = 1"})
    return b.request("GetLineageSubgraph", lineage_subgraph_query_options=query)


@case
def a_part_of_a_skeleton(b):
    b.store.put_execution(b.execution(), [(b.artifact(), b.event())], [b.context(name="x")])
    query = b.pb.LineageSubgraphQueryOptions(starting_executions={"filter_query": "id = 1"})
    return b.request(
        "GetLineageSubgraph",
        lineage_subgraph_query_options=query,
        read_mask={"paths": ["contexts", "context_types"]},
    )


@case
def a_subgraph_from_nowhere(b):
    query = b.pb.LineageSubgraphQueryOptions(max_num_hops=3)
    return b.request("GetLineageSubgraph", lineage_subgraph_query_options=query)


@case
def an_execution_that_is_missing(b):
    return b.request("PutExecution")
