"""Small odd tables whose statistics TensorFlow Data Validation was asked for.

Needs nothing but pyarrow, from version 10 on, so that TFDV's own environment can read it too.
"""

import math
import random

import pyarrow as pa

_INF, _NAN = math.inf, math.nan
_RANDOM = random.Random(7)


def _drawn(draw):
    return [draw() for _ in range(400)]


TABLES = {
    "four": pa.table({"a": [1, 2, 3, 4]}),
    "spread": pa.table({"a": [0, 1, 2, 3, 10]}),
    "hundred": pa.table({"a": list(range(100))}),
    "constants": pa.table(
        {
            "sevens": [7, 7, 7],
            "zeros": [0.0, -0.0, 2.5],
            "truth": [True, False, True],
            "mostly": [None, True, True],
            "ones": [1, 1, 1],
            "negative": [-1, 0, 1],
        }
    ),
    "floats": pa.table(
        {
            "nan": [_NAN, 1.0, 2.0, _NAN, 5.0, None],
            "all_nan": [_NAN] * 6,
            "both": [_INF, 1.0, 2.0, 3.0, -_INF, -_INF],
            "positive": [_INF, 1.0, 2.0, _INF, 1.5, 2.5],
            "nothing_finite": [_INF, -_INF, _INF, None, _NAN, _INF],
            "negative": [-_INF, -_INF, -_INF, -_INF, 1.0, 2.0],
            "one_finite": [_INF, 5.0, _INF, 5.0, -_INF, _INF],
            "tiny": [1e-300, 2e-300, 0.0, 5e-324, 1.0, 2.0],
        }
    ),
    "nulls": pa.table(
        {
            "int": pa.array([None] * 3, pa.int64()),
            "text": pa.array([None] * 3, pa.string()),
            "nothing": pa.nulls(3),
            "some": pa.array([1, None, 3], pa.int64()),
            "float": pa.array([None] * 3, pa.float64()),
        }
    ),
    "texts": pa.table(
        {
            "ties": ["b", "a", "é", "z", "a", "b", None, "", "10", "9"],
            "truth": ["true", "false"] * 5,
            "set": ["SET", None] * 5,
            "python": ["True", "False"] * 5,
            "integers": ["1", " 2", "+3", "-4", "5", "6", "7", "8", "9", "10"],
            "with_empty": ["1", "", "2", "3", "4", "5", "6", "7", "8", "9"],
            "underscores": ["1_0"] * 10,
            "too_large": ["99999999999999999999"] * 10,
            "digits": ["0", "1"] * 5,
            "two_true": ["TRUE", ""] * 5,
            "clear": ["CLEAR", "x"] * 5,
            "floats": ["1.5", "2"] * 5,
            "empty": [""] * 10,
            "mixed": ["1", "true"] * 5,
            "only_false": ["false"] * 10,
        }
    ),
    "binary": pa.table({"bytes": [b"\xff", b"\xfe", b"\xff", b"ok", b"\xc3\xa9", None]}),
    "lists": pa.table(
        {
            "ints": [[1, 2], [], None, [3], [4, 5, 6]],
            "floats": pa.array(
                [[1.0, _NAN], [2.0], [3.0], [], [None, 1.0]], pa.list_(pa.float64())
            ),
            "texts": [["a"], ["b", "a"], None, [], [""]],
            "pairs": [[1, 2], [3, 4], [5, 6], [7, 8], [9, 0]],
            "with_null": pa.array([[1, None], [2], [3], [4], [5]], pa.list_(pa.int64())),
            "text_null": pa.array([["a", None], ["b"], ["c"], ["d"], [None]]),
            "empty": pa.array([[], [], [], None, []], pa.list_(pa.int64())),
            "sometimes": [[1], None, [1], [1], [1]],
            "varying": [[1], [1, 2], [1], [1], [1, 2, 3]],
        }
    ),
    "random": pa.table(
        {
            "uniform": _drawn(_RANDOM.random),
            "normal": _drawn(lambda: _RANDOM.gauss(0, 1)),
            "heavy": _drawn(lambda: _RANDOM.paretovariate(0.5)),
            "whole": _drawn(lambda: round(_RANDOM.gauss(0, 2))),
            "gaps": pa.array(_drawn(lambda: _RANDOM.choice([None, 1, 2, 1000])), pa.int64()),
            "keys": _drawn(lambda: f"k{int(_RANDOM.expovariate(0.02))}"),
        }
    ),
    "no_rows": pa.table({"int": pa.array([], pa.int64()), "text": pa.array([], pa.string())}),
    "struct": pa.table(
        {
            "trip": pa.array(
                [
                    {"x": 1, "y": "a", "d.t": 1.0},
                    {"x": None, "y": "b", "d.t": 2.0},
                    None,
                    {"x": 3, "y": None, "d.t": 3.0},
                ]
            ),
            "beside": [1, 2, 3, 4],
        }
    ),
    "names": pa.table(
        {
            "it's": ["a", "b"],
            "(p)": ["a", "b"],
            "a b": ["c", "c"],
            "d.t": ["c", "d"],
            "q(": ["x", "y"],
        }
    ),
    "widths": pa.table(
        {
            "unsigned": pa.array([0, 2**64 - 1, 5], pa.uint64()),
            "byte": pa.array([1, 2, 3], pa.int8()),
            "single": pa.array([0.1, 0.2, 0.3], pa.float32()),
            "beyond_double": pa.array([2**60, 2**60 + 1, 1], pa.int64()),
        }
    ),
    "nested": pa.table(
        {
            "pairs": [[[1, 2], []], [], None, [[3], None, [4, 5, 6]], [[7]]],
            "even": [[[1.0, 2.0], [3.0, 4.0]]] * 5,
            "texts": [[["a"], ["b", None]], None, [["a", "a"]], [[]], [["c"]]],
            "deep": [[[[1], [2, 3]], []], [], None, [[[4]], [[5, 6]]], [[[]]]],
        }
    ),
    "structs": pa.table(
        {
            "legs": pa.array(
                [
                    [{"from": "JFK", "miles": 5, "stops": [1, 2]}, {"from": None, "miles": 7}],
                    [],
                    None,
                    [{"from": "EWR", "miles": None, "stops": []}],
                ],
                pa.list_(
                    pa.struct(
                        {"from": pa.string(), "miles": pa.int64(), "stops": pa.list_(pa.int64())}
                    )
                ),
            ),
            "outer": pa.array(
                [{"inner": {"x": 1.5}}, {"inner": None}, None, {"inner": {"x": None}}],
                pa.struct({"inner": pa.struct({"x": pa.float64()})}),
            ),
        }
    ),
    "weights": pa.table(
        {
            "w": [1.0, 2.0, 0.5, 0.0, 3.0, 1.5],
            "x": [1, 2, 2, 3, None, 10],
            "f": [0.5, _NAN, 1.0, -_INF, 2.0, 2.5],
            "s": ["a", "b", "b", None, "c", "a"],
            "l": [[1, 2], [], None, [3], [4, 5, 6], [1]],
            "n": [[[1], [2, 3]], [[4]], None, [], [[5]], [[6], []]],
            "t": pa.array([{"a": 1}, {"a": None}, None, {"a": 3}, {"a": 4}, {"a": 4}]),
        }
    ),
    "stated": pa.table(
        {
            "code": [10, 9, 9, 100, None, 9],
            "truth": [0, 1, 1, 0, 1, 1],
            "picture": ["abc", "", "x", None, "xy", "z"],
            "essay": ["abc", "", "x", None, "xy", "z"],
        }
    ),
    "joined": pa.table(
        {
            "index": [[1, 2], [1], None, None, [], [3]],
            "other": [[1, 2], [1, 2], [5], None, [], None],
            "value": [[0.1, 0.2], [0.3, 0.4, 0.5], [0.6], None, None, [0.7]],
        }
    ),
}

OPTIONS = {
    "weights": {"weight": "w"},
    "stated": {
        "schema": """
            feature { name: "code" type: INT int_domain { is_categorical: true } }
            feature { name: "truth" type: INT bool_domain {} }
            feature { name: "picture" type: BYTES image_domain {} }
            feature { name: "essay" type: BYTES
                      string_domain { name: "essay" is_categorical: CATEGORICAL_NO } }
        """
    },
    "joined": {
        "schema": """
            feature { name: "index" type: INT }
            feature { name: "other" type: INT }
            feature { name: "value" type: FLOAT }
            sparse_feature {
              name: "points"
              index_feature { name: "index" }
              index_feature { name: "other" }
              value_feature { name: "value" }
            }
            weighted_feature {
              name: "weighed"
              feature { step: "index" }
              weight_feature { step: "value" }
            }
        """
    },
}
"""For some tables, what the statistics are told: a weight column, a schema as text."""
