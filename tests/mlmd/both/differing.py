"""Where Lineal answers otherwise on purpose."""

from __future__ import annotations

from bench import case


@case
def doubles_keep_all_their_digits(b):
    b.put(b.artifact({"d": 1 / 3}, {"tiny": 1e-9}))
    return b.stored(1)


@case
def infinity_is_a_value(b):
    return b.put(b.artifact({"d": float("inf")}))


@case
def not_a_number_is_none(b):
    return b.put(b.artifact({"d": float("nan")}))


@case
def a_property_and_a_custom_one_of_the_same_name(b):
    b.put(b.artifact({"n": 1}, {"n": 2}))
    b.put(b.artifact({"n": 5}, {"n": 2}, id=1))
    return b.stored(1)


@case
def a_name_that_is_called_name(b):
    b.put(b.artifact(name="name"), b.artifact(name="x"))
    return [each.name for each in b.store.get_artifacts(b.options(filter_query="name = 'name'"))]


@case
def text_behind_nul(b):
    return b.put(b.artifact({"s": "a\0b"}))


@case
def text_that_stands_for_nothing(b):
    return b.put(b.artifact({"s": "__MLMD_NULL__"}))


@case
def a_pair_of_nothing(b):
    return b.store.put_execution(b.execution(), [(None, None)], [])


@case
def a_filter_with_a_state_that_is_newer(b):
    b.put(b.artifact(state=5))
    return len(b.store.get_artifacts(b.options(filter_query="state = ABANDONED")))


@case
def a_filter_with_a_function_that_sqlite_lacks(b):
    b.put(b.artifact(name="xy"))
    query = "STARTS_WITH(name, 'x')"
    return len(b.store.get_artifacts(b.options(filter_query=query)))
