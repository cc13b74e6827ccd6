"""The grammar of names: what is formatted parses back; what is no name is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lineal.errors import InvalidInput
from lineal.metadata import Reference, as_moment, check_name, format_name, parse

HOSTILE = [
    "a@b",
    "a:b",
    'say "hi"',
    '"',
    '""@"',
    "🎈 emoji",
    "it's",
    "a b  c",
    "x@sha256:abcdef",
    "ops.flights@3",
    "2013-06-30",
    "artifact/x",
    "C:\\data",
    "%s; DROP TABLE Artifact--",
    "..hidden",
    "a..b",
    "[bold]",
    "--help",
    "é",
    "e\u0301",
    "*",
]

NOTHING = ["", "@3", ":best", "a:", "a@", "a@x", '"a', '"a"b', '""', "a@2013-06-30T12:00", "a@-1"]
NOTHING += ["a@3.5", "a@sha256:abc", "a@sha256:XYZXYZ", "a:b:c", "a:b@3", "a:b/c", "a@3@4", "a: "]


def is_name(text: str) -> bool:
    try:
        check_name(text)
    except InvalidInput:
        return False
    return True


names = st.text(min_size=1, max_size=40).filter(is_name) | st.sampled_from(HOSTILE)


@given(name=names)
@settings(max_examples=200, deadline=None)
def test_a_name_parses_back(name: str) -> None:
    assert parse(format_name(name)) == Reference(name=name)


@given(name=names, number=st.integers(0, 10**15))
@settings(max_examples=200, deadline=None)
def test_a_version_parses_back(name: str, number: int) -> None:
    assert parse(format_name(name, number)) == Reference(name=name, number=number)


@given(name=names, content=st.text("0123456789abcdef", min_size=6, max_size=64))
@settings(max_examples=50, deadline=None)
def test_every_selector_may_follow_a_quoted_name(name: str, content: str) -> None:
    text = format_name(name)

    assert parse(f"{text}@sha256:{content}") == Reference(name=name, content=content)
    assert parse(f"{text}:best") == Reference(name=name, alias="best")
    assert parse(f"{text}@2013-06-30") == Reference(
        name=name, moment=datetime(2013, 6, 30, tzinfo=UTC)
    )


@given(text=st.text(max_size=60))
@example("a@" + "9" * 5000)
@example("a@9999-12-31T23:59:59-10:00")
@example("a@0001-01-01T00:00:00+10:00")
@example("artifact/" + "9" * 30)
@example("a@٣")
@settings(max_examples=300, deadline=None)
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except InvalidInput as error:
        assert str(error)  # noqa: PT017 -- both outcomes are right
    else:
        assert found.name or found.id is not None


def test_a_node_is_addressed_by_its_id() -> None:
    assert parse("artifact/12") == Reference(kind="artifact", id=12)
    assert parse("execution/7") == Reference(kind="execution", id=7)
    assert parse("artifact/x") == Reference(name="artifact/x")


@pytest.mark.parametrize("text", NOTHING)
def test_what_follows_no_rule_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse(text)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "é"])
def test_hostile_names_are_names(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        (" a", "blanks"),
        ("a\u00a0", "blanks"),
        ("a\nb", "control"),
        ("a\0b", "control"),
        ("a\x1b[31m", "control"),
        ("a\x9b31m", "control"),
        ("a\u2028b", "control"),
        ("a\udc80", "broken"),
        ("..", "path"),
        (".", "path"),
        ("../up", "path"),
        ("a/../b", "path"),
        ("a//b", "path"),
        ("/etc/passwd", "path"),
        ("a/", "path"),
        ("artifact/12", "addressed by its id"),
        ("execution/7", "addressed by its id"),
        ("x" * 231, "longer than"),
        ("é" * 116, "longer than"),
        ('"' * 120, "longer than"),
    ],
)
def test_what_can_be_no_name_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        check_name(name)


@given(name=names)
@settings(max_examples=200, deadline=None)
def test_a_versions_full_name_fits_ml_metadatas_column(name: str) -> None:
    assert len(format_name(name, 10**12).encode()) <= 255


# Moments


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (date(2013, 6, 30), datetime(2013, 6, 30, tzinfo=UTC)),
        ("2013-06-30", datetime(2013, 6, 30, tzinfo=UTC)),
        (" 2013-06-30 ", datetime(2013, 6, 30, tzinfo=UTC)),
        ("2013-06-30T12:00Z", datetime(2013, 6, 30, 12, tzinfo=UTC)),
        ("2013-06-30 12:00:00.000001+02:00", datetime(2013, 6, 30, 10, 0, 0, 1, tzinfo=UTC)),
        (
            datetime(2013, 6, 30, 12, tzinfo=timezone(timedelta(hours=-5))),
            datetime(2013, 6, 30, 17, tzinfo=UTC),
        ),
    ],
)
def test_a_moment_is_aware_utc(given: datetime | date | str, meant: datetime) -> None:
    moment = as_moment(given)

    assert moment == meant
    assert moment.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "given",
    [datetime.min, "2013-06-30T12:00", "20130630T12", "2013-06-30 00:00:00"],  # noqa: DTZ901 -- naive on purpose
)
def test_a_time_of_day_without_a_zone_is_refused(given: datetime | str) -> None:
    with pytest.raises(InvalidInput, match="has no time zone"):
        as_moment(given)


@pytest.mark.parametrize("given", ["", "soon", "2013-13-01", "9999-12-31T23:59-10:00", 5, None])
def test_what_is_no_time_is_refused(given: object) -> None:
    with pytest.raises(InvalidInput):
        as_moment(given)
