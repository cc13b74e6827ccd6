from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from lineal.engine import ArrowData, Engine, EngineSettings, embedded, open_engine
from lineal.errors import InvalidInput, NotFound, Unavailable

NUMBERS = ibis.table({"n": "int64"}, name="numbers")


def numbers(*values: int | None) -> ArrowData:
    return ArrowData(pa.table({"n": pa.array(values, pa.int64())}))


def test_a_table_may_have_any_name(engine: Engine) -> None:
    for name in ["ops.flights", 'quo"ted', "it's", "emoji 🛫", "select", "a\nb", "t0", ""]:
        table = ibis.table({"n": "int64"}, name=name)
        found = engine.run(table.mutate(m=table.n + 1), {name: numbers(1)})
        assert found.read_all().to_pylist() == [{"n": 1, "m": 2}]


def test_a_table_that_was_not_given_is_named(engine: Engine) -> None:
    with pytest.raises(NotFound, match="'numbers'; did you mean 'numbrs'"):
        engine.run(NUMBERS, {"numbrs": numbers(1)})


def test_the_result_has_the_types_of_the_expression(engine: Engine) -> None:
    expression = NUMBERS.agg(total=NUMBERS.n.sum(), mean=NUMBERS.n.mean(), most=NUMBERS.n.max())
    schema = engine.run(expression, {"numbers": numbers(1, 2)}).schema
    assert schema.types == [pa.int64(), pa.float64(), pa.int64()]


def test_a_sum_that_does_not_fit_is_refused_and_not_wrapped(engine: Engine) -> None:
    big = 2**62
    with pytest.raises(InvalidInput, match="range"):
        engine.run(NUMBERS.agg(t=NUMBERS.n.sum()), {"numbers": numbers(big, big)}).read_all()


def test_a_mistake_found_while_rows_are_read_is_translated(engine: Engine) -> None:
    words = ibis.table({"word": "string"}, name="words")
    data = ArrowData(pa.table({"word": ["1"] * 300_000 + ["one"]}))
    with pytest.raises(InvalidInput, match="one"):
        engine.run(words.select(n=words.word.cast("int64")), {"words": data}).read_all()


def test_calls_of_many_threads_do_not_meet(engine: Engine) -> None:
    def total(value: int) -> int:
        expression = NUMBERS.agg(total=NUMBERS.n.sum())
        found = engine.run(expression, {"numbers": numbers(*[value] * 1000)})
        assert engine.sql("SELECT max(n) FROM numbers", {"numbers": numbers(value)}).read_all()
        return int(found.read_all()["total"][0].as_py())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(total, range(64))) == [value * 1000 for value in range(64)]


def test_results_are_streamed_side_by_side(engine: Engine) -> None:
    first = engine.sql("SELECT * FROM range(1000000)", {})
    second = engine.sql("SELECT * FROM range(1000000)", {})
    assert first.read_next_batch().num_rows == second.read_next_batch().num_rows > 0


def test_what_exceeds_the_memory_limit_is_spilled_or_refused(tmp_path: Path) -> None:
    query = "SELECT range, hash(range) AS h FROM range(3000000) ORDER BY h"
    spill = tmp_path / "spill"
    roomy = open_engine(EngineSettings("60MB", threads=2, temporary_directory=spill))
    assert sum(batch.num_rows for batch in roomy.sql(query, {})) == 3_000_000
    roomy.close()
    assert not list(tmp_path.rglob("*.tmp"))
    tight = open_engine(EngineSettings("20MB", threads=2))
    with pytest.raises(Unavailable, match=r"engine\.memory_limit in lineal\.toml"):
        tight.sql(query, {}).read_all()
    tight.close()


@pytest.mark.parametrize("settings", [EngineSettings("lots"), EngineSettings(threads=0)])
def test_a_limit_that_is_not_understood_is_refused(settings: EngineSettings) -> None:
    with pytest.raises(InvalidInput, match=r"\[engine\] in lineal.toml"):
        open_engine(settings)


def test_a_closed_engine_says_so() -> None:
    engine = open_engine()
    reader = engine.sql("SELECT * FROM range(10000000)", {})
    reader.read_next_batch()
    engine.close()
    engine.close()
    with pytest.raises(Unavailable, match="closed"):
        engine.sql("SELECT 1", {})
    with pytest.raises(Unavailable, match="closed"):
        reader.read_all()


def test_the_embedded_engine_is_one() -> None:
    assert embedded() is embedded()


def test_data_is_let_go_after_the_call(engine: Engine) -> None:
    table = pa.table({"n": [1]})
    before = sys.getrefcount(table)
    engine.run(NUMBERS, {"numbers": ArrowData(table)}).read_all()
    engine.point_in_time(ArrowData(table), []).read_all()
    assert sys.getrefcount(table) == before


def test_a_process_that_leaves_results_unread_ends_silently() -> None:
    script = (
        "import pyarrow as pa\n"
        "from lineal.engine import ArrowData, embedded\n"
        "data = {'ops.flights': ArrowData(pa.table({'n': list(range(300000))}))}\n"
        "readers = [embedded().sql('SELECT * FROM ops.flights', data) for _ in range(3)]\n"
        "readers[0].read_next_batch()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    script = (
        "import sys, lineal.engine\n"
        "from lineal.engine import FieldById, ParquetFiles\n"
        "def loaded(*names): print([name for name in names if name in sys.modules])\n"
        "loaded('duckdb', 'pyarrow', 'ibis', 'pandas')\n"
        "engine = lineal.engine.embedded()\n"
        "engine.sql('SELECT 1', {}).read_all()\n"
        "loaded('ibis', 'sqlglot', 'pandas')\n"
        "import ibis\n"
        "from pyarrow import int64\n"
        "table = ibis.table({'n': 'int64'}, name='t')\n"
        "data = ParquetFiles((), (FieldById(1, 'n', int64()),))\n"
        "engine.run(table.agg(n=table.n.sum()), {'t': data}).read_all()\n"
        "loaded('pandas')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines() == ["[]", "[]", "[]"]


ENDLESS = "SELECT sum(a.range * b.range) FROM range(100000000) a, range(100000000) b"


def test_a_running_computation_ends_with_its_engine() -> None:
    engine = open_engine()
    threading.Timer(0.3, engine.close).start()
    with pytest.raises(Unavailable, match="closed"):
        engine.sql(ENDLESS, {}).read_all()


@pytest.mark.parametrize("ending", ["", " GROUP BY ALL"])
def test_an_interrupt_ends_a_running_computation(ending: str) -> None:
    script = (
        "import os, signal, threading\n"
        "from lineal.engine import embedded\n"
        "embedded().sql('SELECT 1', {}).read_all()\n"
        "threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()\n"
        "try:\n"
        f"    embedded().sql('{ENDLESS}{ending}', {{}}).read_all()\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted', embedded().sql('SELECT 1', {}).read_all().num_rows)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert (ended.stdout, ended.stderr) == ("interrupted 1\n", "")


def test_a_directory_for_spilling_that_can_not_be_made_is_named() -> None:
    engine = open_engine(EngineSettings("60MB", 2, Path("/proc/nowhere/spill")))
    with pytest.raises(Unavailable, match=r"engine\.temporary_directory in lineal\.toml"):
        engine.sql("SELECT range, hash(range) AS h FROM range(3000000) ORDER BY h", {}).read_all()
    engine.close()


def test_a_result_can_be_the_source_of_the_next_computation(engine: Engine) -> None:
    first = engine.sql("SELECT range AS n FROM range(300000)", {})
    found = engine.run(NUMBERS.agg(n=NUMBERS.n.sum()), {"numbers": ArrowData(first)})
    assert found.read_all()["n"].to_pylist() == [sum(range(300_000))]


def test_an_engine_that_is_not_closed_ends_silently() -> None:
    script = (
        "from lineal.engine import open_engine\n"
        "engine = open_engine()\n"
        "reader = engine.sql('SELECT * FROM range(10000000)', {})\n"
        "reader.read_next_batch()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
