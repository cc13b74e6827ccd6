"""A schema's versions tell who changed what and why, and are updated from what data is like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from lineal.errors import NotFound
from lineal.validation.evolution import Compatibility

if TYPE_CHECKING:
    from lineal.workspace import Workspace


@pytest.fixture
def named(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("LINEAL_AUTHOR", "Ada")
    first = ws.infer_schema(pa.table({"x": ["a", "b"], "n": [1, 2]}), name="s")
    monkeypatch.setenv("LINEAL_AUTHOR", "Grace")
    first["x"].domain = ["a", "b", "c"]
    ws.schemas.save(first, "s", reason="c came with the new depot")
    second = ws.read("s")
    second["n"].domain = (0, 9)
    ws.schemas.save(second, "s")
    return "s"


def test_log_tells_author_reason_and_class(ws, named):
    log = ws.schemas.log(named)

    assert [(each.ref, each.author, each.compatibility) for each in log] == [
        ("s@3", "Grace", Compatibility.FORWARD),
        ("s@2", "Grace", Compatibility.BACKWARD),
        ("s@1", "Ada", None),
    ]
    assert [each.reason for each in log] == ["", "c came with the new depot", "inferred"]
    assert [str(change) for change, _ in log[1].changes] == ["x: domain 'a', 'b' → 'a', 'b', 'c'"]
    (execution,) = ws.store.executions(ids=[int(log[1].execution.removeprefix("execution/"))])
    assert execution.get("compatibility") == "backward"


def test_blame_tells_which_version_set_each_rule(ws, named):
    blamed = {(each.feature, each.rule): each for each in ws.schemas.blame(named)}

    assert blamed["x", "domain"].version.ref == "s@2"
    assert blamed["n", "domain"].version.ref == "s@3"
    assert blamed["n", "type"].version.author == "Ada"
    assert {each.feature for each in ws.schemas.blame(named, "n")} == {"n"}
    with pytest.raises(NotFound, match="nn"):
        ws.schemas.blame(named, "nn")


def test_update_takes_what_is_accepted_and_records_the_rest(ws, named):
    data = pa.table({"x": ["a", "z"], "n": [1, 99]})

    assert {each.name for each in ws.schemas.proposals(named, data)} == {"x", "n"}
    kept = ws.schemas.update(named, data, accept=["ENUM_TYPE_UNEXPECTED_STRING_VALUES"])

    assert kept.ref == "s@4"
    assert kept["x"].domain == ["a", "b", "c", "z"]
    assert kept["n"].domain == (0, 9)
    newest = ws.schemas.log(named)[0]
    assert newest.verb == "update_schema"
    assert newest.reason == "data has ENUM_TYPE_UNEXPECTED_STRING_VALUES"
    with pytest.raises(NotFound, match="no proposal for 'q'"):
        ws.schemas.update(named, data, accept=["q"])


def test_an_update_may_be_edited(ws, named):
    def wider(schema):
        schema["n"].domain = (0, 1000)

    kept = ws.schemas.update(
        named, pa.table({"x": ["a"], "n": [99]}), accept=["n"], edit=wider, reason="new sensor"
    )

    assert kept["n"].domain == (0, 1000)
    assert ws.schemas.log(named)[0].reason == "new sensor"
