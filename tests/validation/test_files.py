"""A file that is no schema is told with its name, the line, the field and what to do."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.errors import LinealError
from lineal.validation import Schema
from lineal.validation.lint import lint

TEXT = "feature {\n  name: 'x'\n  type: INT\n}\n"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("s.pbtxt", b"feature {\n  nme: 'x'\n}", r"s\.pbtxt.*2:3.*nme.*Did you mean 'name'"),
        ("s.pbtxt", b"feature {\n  name: 'x'\n", r"s\.pbtxt.*cut short"),
        ("s.pbtxt", b"feature {\n  type: WORD\n}", r"s\.pbtxt.*2:.*WORD"),
        ("s.pbtxt", b"feature {\n  name: '\xff'\n}", r"s\.pbtxt.*line 2.*0xff.*UTF-8"),
        ("s.csv", b"a,b\n1,2\n", r"s\.csv holds no schema: line and column 1:"),
        ("s.pb", b"\x0a\x05ab", r"s\.pb holds no schema"),
        ("s.pb", b"\xba\x3e\x01a", r"s\.pb holds no schema.*fields number 999"),
        ("s.json", b'{"feature": 1}', r"s\.json holds no schema: line and column 1:"),
    ],
)
def test_what_is_no_schema_is_told_where(tmp_path, name, content, said):
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(LinealError, match=said):
        Schema.load(path)


@pytest.mark.parametrize("name", ["s.pb", "s.pbtxt", "s", "s.schema"])
def test_text_and_binary_are_told_apart_by_content(tmp_path, name):
    text, binary = tmp_path / name, tmp_path / f"binary.{name.partition('.')[2] or 'x'}"
    text.write_text(TEXT)
    schema = Schema.load(text)
    assert schema["x"].type == "INT"
    if not binary.name.endswith("pbtxt"):
        binary.write_bytes(schema.proto.SerializeToString())
        assert Schema.load(binary) == schema


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(
        st.binary(min_size=1, max_size=60),
        st.text(max_size=60).map(str.encode),
        st.integers(0, len(TEXT)).map(lambda end: TEXT[:end].encode()),
        st.tuples(st.integers(0, len(TEXT) - 1), st.binary(min_size=1, max_size=2)).map(
            lambda cut: TEXT.encode()[: cut[0]] + cut[1] + TEXT.encode()[cut[0] + 1 :]
        ),
    ),
    st.sampled_from(["s.pbtxt", "s.pb"]),
)
def test_any_bytes_give_a_schema_or_an_error_that_names_the_file(tmp_path_factory, content, name):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)

    try:
        found = Schema.load(path)
    except LinealError as error:
        assert name in str(error)  # noqa: PT017 -- either outcome is right
    else:
        assert isinstance(lint(found), list)
        assert isinstance(found.rules(), list)
