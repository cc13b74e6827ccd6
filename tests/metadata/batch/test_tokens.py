"""Page tokens are ML Metadata's own: the golden texts were given by its wheel 1.17.1."""

import base64
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.metadata.batch.forms import PageRequest
from lineal.metadata.batch.tokens import Place, read_token, write_token

TIME = 1795572503062


def going_on(given, order_by="id", *, ascending=True):
    """Return the request for the page after the one that ended with a token."""
    return PageRequest(2, order_by, ascending, given)


GOLDEN = [
    (PageRequest(limit=2), Place(2, 2), "CAIQAhoCCAI"),
    (PageRequest(limit=2), Place(4, 4), "CAQQBBoCCAI"),
    (
        PageRequest(
            limit=2, ascending=False, sent=bytes.fromhex("08021204 08031000".replace(" ", ""))
        ),
        Place(4, 4),
        "CAQQBBoICAISBAgDEAA",
    ),
    (PageRequest(limit=2, ascending=False), Place(4, 4), "CAQQBBoGCAISAhAA"),
    (PageRequest(limit=2, order_by="create_time"), Place(TIME, 2), "CAIQlqTYg6E0GgYIAhICCAE"),
    (
        PageRequest(limit=2, order_by="last_update_time"),
        Place(TIME, 2),
        "EJak2IOhNBoGCAISAggCIAIgAQ",
    ),
    (
        PageRequest(limit=2, order_by="last_update_time", ascending=False, filter="type = 'A'"),
        Place(TIME, 4),
        "EJak2IOhNBoUCAISBAgCEAAiCnR5cGUgPSAnQScgBCAF",
    ),
]


@pytest.mark.parametrize(("asked", "place", "token"), GOLDEN)
def test_token_is_the_wheels_to_the_byte(asked, place, token):
    ties = [place.id - 1, place.id] if asked.ascending else [place.id + 1, place.id]
    assert write_token(asked, place, ties) == token


@pytest.mark.parametrize(("asked", "place", "token"), GOLDEN)
def test_token_of_the_wheel_is_read(asked, place, token):
    again = PageRequest(7, asked.order_by, asked.ascending, token)
    assert read_token(again) == place


def test_padding_is_no_fault_of_a_token():
    assert read_token(going_on("CAIQAhoCCAI=")) == Place(2, 2)


def test_first_page_has_no_place():
    assert read_token(PageRequest(limit=2)) is None


@pytest.mark.parametrize(
    "token", ["@@@", "abc", "CAIQAhoCCA", "a", "CAI\n", "=", "€", "gA", "_" * 99]
)
def test_token_that_cannot_be_read_is_refused_by_name(token):
    with pytest.raises(InvalidInput, match=r"page token '.*can't be read"):
        read_token(going_on(token))


@pytest.mark.parametrize(
    "asked",
    [
        going_on("CAIQAhoCCAI", "create_time"),
        going_on("CAIQAhoCCAI", ascending=False),
    ],
)
def test_token_of_another_order_is_refused(asked):
    with pytest.raises(InvalidInput, match="another order"):
        read_token(asked)


def test_tie_list_without_ids_is_refused():
    token = write_token(PageRequest(2, "last_update_time"), Place(5, 1), [])
    with pytest.raises(InvalidInput, match="can't be read"):
        read_token(going_on(token, "last_update_time"))


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(["id", "create_time", "last_update_time"]),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(1, 2**63 - 1),
    st.text(max_size=20),
)
def test_every_place_comes_back(order_by, ascending, value, node_id, text):
    asked = PageRequest(3, order_by, ascending, filter=text)
    token = write_token(asked, Place(value, node_id), [node_id])
    assert read_token(PageRequest(3, order_by, ascending, token)) == Place(value, node_id)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=40))
def test_bytes_of_any_kind_are_read_or_refused(data):
    token = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    with contextlib.suppress(InvalidInput):
        read_token(going_on(token))
