"""Code identity: what changes it, what doesn't, and what can't be compared."""

# ruff: noqa: ISC004 - long messages among the cases are split
from __future__ import annotations

import ast
import itertools
import sys
import textwrap
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineal.pipeline import CodeIdentity, identify

if TYPE_CHECKING:
    from pathlib import Path

_numbers = itertools.count()

BASE = '''\
import dataclasses
import math
from enum import Enum
from functools import cache, partial

CARRIERS = {"UA", "AA", "B6"}
LIMIT = 3
UNUSED = 1
SCALE = partial(round, ndigits=2)


class Level(Enum):
    LOW = 1
    HIGH = LIMIT


@dataclasses.dataclass(frozen=True)
class Settings:
    """How it is set."""

    depth: int = 2

    def deep(self):
        return self.depth > LIMIT


DEFAULT = Settings(4)


def helper(x, *, by=1):
    """Help."""
    return x + by if x in CARRIERS else helper(x, by=by + 1)


@cache
def slow(x):
    return math.sqrt(x)


def load(month: int, settings: "Settings" = DEFAULT):
    """Load a month."""
    # the carriers first
    rows = [helper(c) for c in CARRIERS if month and settings.deep()]
    return SCALE(slow(len(rows))), Level.LOW
'''


def define(folder: Path, text: str, name: str = "load") -> FunctionType:
    """Run a file's text as a module, and return one of its functions."""
    number = next(_numbers)
    path = folder / f"module_{number}.py"
    path.write_text(text)
    module = ModuleType(f"module_{number}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    exec(compile(text, str(path), "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    found = vars(module)[name]
    assert isinstance(found, FunctionType)
    return found


def identity(folder: Path, text: str, name: str = "load") -> CodeIdentity:
    return identify(define(folder, text, name))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("modules")


@pytest.fixture(scope="module")
def base(folder: Path) -> CodeIdentity:
    return identity(folder, BASE)


def test_it_holds_all_that_is_reached_and_nothing_else(base: CodeIdentity) -> None:
    assert base.problems == ()
    assert {
        "function load",
        "function helper",
        "function slow",
        "class Level",
        "class Settings",
        "constant CARRIERS",
        "constant DEFAULT",
        "constant LIMIT",
        "constant SCALE",
    } <= base.parts.keys()
    assert "constant UNUSED" not in base.parts


COMMENTS = st.sampled_from(["# note", "", "   # indented note", "# été 🛫"])


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_comments_and_blank_lines_never_change_it(
    folder: Path, base: CodeIdentity, data: st.DataObject
) -> None:
    lines = BASE.splitlines()
    for position in data.draw(st.lists(st.integers(0, len(lines)), max_size=8)):
        lines.insert(position, data.draw(COMMENTS))
    text = "\n".join(lines)
    assert identity(folder, text).fingerprint == base.fingerprint


def test_layout_and_docstrings_never_change_it(folder: Path, base: CodeIdentity) -> None:
    unparsed = ast.unparse(ast.parse(BASE))
    reflowed = BASE.replace(
        "[helper(c) for c in CARRIERS if month and settings.deep()]",
        "[\n        helper(\n            c,\n        )\n        for c in CARRIERS\n"
        "        if month\n        and settings.deep()\n    ]",
    )
    redocumented = BASE.replace('"""Load a month."""', '"""Load one month, or none."""')
    undocumented = BASE.replace('    """Help."""\n', "").replace('    """How it is set."""\n', "")
    for text in (unparsed, reflowed, redocumented, undocumented, "\n\n" + BASE):
        assert identity(folder, text).fingerprint == base.fingerprint


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ('"B6"}', '"DL"}', "constant CARRIERS"),
        ("LIMIT = 3", "LIMIT = 4", "constant LIMIT"),
        ("ndigits=2", "ndigits=3", "constant SCALE"),
        ("Settings(4)", "Settings(5)", "constant DEFAULT"),
        ("LOW = 1", "LOW = 0", "class Level"),
        ("depth: int = 2", "depth: int = 3", "class Settings"),
        ("self.depth > LIMIT", "self.depth >= LIMIT", "class Settings"),
        ("by=1)", "by=2)", "function helper"),
        ("math.sqrt(x)", "math.sqrt(x) + 1", "function slow"),
        ("rows = [helper(c)", "rows = [c", "function load"),
        ("@cache\n", "", "name slow"),
        ("import math", "import cmath as math", "name math"),
    ],
)
def test_any_change_of_what_is_reached_changes_it(
    folder: Path, base: CodeIdentity, old: str, new: str, part: str
) -> None:
    assert old in BASE
    changed = identity(folder, BASE.replace(old, new))
    assert changed.fingerprint != base.fingerprint
    assert changed.parts.get(part) != base.parts.get(part)


@settings(max_examples=50, deadline=None)
@given(
    one=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner),
        max_leaves=5,
    ),
    other=st.integers() | st.text() | st.lists(st.integers()),
)
def test_a_constant_counts_by_its_content(folder: Path, one: object, other: object) -> None:
    def of(value: object) -> str:
        given = f"inf = float('inf')\nVALUE = {value!r}\n"  # as the largest double prints itself
        return identity(folder, f"{given}def load():\n    return VALUE\n").fingerprint

    assert of(one) == of(one)
    if (repr(one), type(one)) != (repr(other), type(other)):
        assert of(one) != of(other)


def test_the_order_of_a_set_never_changes_it(folder: Path) -> None:
    text = "NAMES = frozenset({})\nclass C: pass\nC.names = NAMES\ndef load():\n    return NAMES\n"
    letters = [chr(97 + i) for i in range(26)]
    found = {identity(folder, text.format(order)).fingerprint for order in (letters, letters[::-1])}
    assert len(found) == 1


def test_closures_and_defaults_count_by_content(folder: Path) -> None:
    text = textwrap.dedent(
        """
        def make(factor, *more):
            def load(x, by=factor):
                return x * factor + len(more)
            return load
        one, same, two = make(1), make(1), make(2)
        """
    )
    fingerprints = [identity(folder, text, name).fingerprint for name in ("one", "same", "two")]
    assert fingerprints[0] == fingerprints[1] != fingerprints[2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("import _thread\nLOCK = _thread.allocate_lock()\ndef load():\n    return LOCK\n", "LOCK"),
        ("def load():\n    return eval('1')\n", "eval()"),
        ("def load():\n    return globals()['x']\n", "globals()"),
        (
            "def make(lock):\n    def load():\n        return lock\n    return load\n"
            "load = make(__import__('_thread').allocate_lock())\n",
            "lock",
        ),
        ("LOOP = []\nLOOP.append(LOOP)\ndef load():\n    return LOOP\n", "contains itself"),
    ],
)
def test_what_cant_be_compared_is_told(folder: Path, text: str, why: str) -> None:
    assert why in "; ".join(identity(folder, text).problems)


def test_code_of_another_module_of_the_project_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "own_helpers.py").write_text("FACTOR = 2\ndef double(x):\n    return 2 * x\n")
    monkeypatch.syspath_prepend(str(folder))
    uses = {
        "a function": "from own_helpers import double\ndef load():\n    return double(1)\n",
        "the module": "import own_helpers\ndef load():\n    return own_helpers.FACTOR\n",
        "an import inside": "def load():\n    from own_helpers import double\n    return double\n",
    }
    for what, text in uses.items():
        problems = identity(folder, text).problems
        assert any("own_helpers" in problem for problem in problems), what
    unused = "import own_helpers\ndef load():\n    return 1\n"
    assert identity(folder, unused).problems == ()
    # A constant is compared itself, wherever it was imported from.
    constant = "from own_helpers import FACTOR\ndef load():\n    return FACTOR\n"
    assert identity(folder, constant).problems == ()


def test_installed_and_standard_modules_are_the_environments(folder: Path) -> None:
    text = textwrap.dedent(
        """
        import json
        import numpy as np
        from numpy import mean as middle
        from collections import OrderedDict
        def load():
            import decimal
            return json.dumps(OrderedDict()), np.float64(middle([1])), decimal.Decimal(1)
        """
    )
    found = identity(folder, text)
    assert found.problems == ()
    other = identity(folder, text.replace("mean as middle", "median as middle"))
    assert other.fingerprint != found.fingerprint


def test_a_function_without_source_is_told() -> None:
    space: dict[str, object] = {"__name__": "prompt"}
    exec("def load():\n    return 1\n", space)  # noqa: S102
    load = space["load"]
    assert isinstance(load, FunctionType)
    assert "can't be found" in identify(load).problems[0]


def test_a_file_edited_since_its_import_counts_as_it_was(folder: Path) -> None:
    text = "def load():\n    return 1\n"
    load = define(folder, text)
    before = identify(load, sources={load.__code__.co_filename: text})
    (folder / load.__code__.co_filename).write_text("def load():\n    return 2\n")
    assert identify(load, sources={load.__code__.co_filename: text}) == before


def test_lambdas_named_tuples_and_wrapped_functions(folder: Path) -> None:
    text = textwrap.dedent(
        """
        from collections import namedtuple
        from functools import wraps
        Point = namedtuple("Point", "x y")
        shift = lambda p: Point(p.x + 1, p.y)
        def twice(function):
            @wraps(function)
            def inner(p):
                return function(function(p))
            return inner
        @twice
        def move(p):
            return shift(p)
        def load():
            return move(Point(1, 2))
        """
    )
    found = identity(folder, text)
    assert found.problems == ()
    for old, new in (("p.x + 1", "p.x + 2"), ('"x y"', '"x y z"'), ("function(function(p))", "p")):
        assert identity(folder, text.replace(old, new)).fingerprint != found.fingerprint


NAMED = """\
from typing import Annotated, Literal
from lineal.pipeline import Named

p = [1]
q = [1]

def load(
    month: "q", name: Annotated[int, Named("p.second"), "p"], kind: Literal["p"] = "p"
) -> "Annotated[int, Named('p')]":
    return month
"""


def test_texts_in_an_annotation_are_code_only_where_a_type_is(tmp_path: Path) -> None:
    before = identify(define(tmp_path, NAMED))

    assert identify(define(tmp_path, NAMED.replace("p = [1]", "p = [2]"))) == before
    assert identify(define(tmp_path, NAMED.replace("q = [1]", "q = [2]"))) != before
