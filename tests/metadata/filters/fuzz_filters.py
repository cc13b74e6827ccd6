"""Feed the filter language whatever atheris, a fuzzer that watches coverage, comes up with.

To be run by hand, in an environment of its own, since atheris brings its own build of libFuzzer:

    python -m venv fuzz && fuzz/bin/pip install atheris . && \
        fuzz/bin/python tests/metadata/filters/fuzz_filters.py -max_total_time=60

It ends with an error, and the text that led there, if a filter raises anything but InvalidInput,
or if what was compiled can't be written down for a database.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["lineal.metadata.filters"]):
    from lineal.metadata.filters import parse
    from lineal.metadata.filters.compile import _compiled

from sqlalchemy.dialects import mysql, postgresql, sqlite

from lineal.errors import InvalidInput

DIALECTS = (sqlite, postgresql, mysql)
KINDS = ("artifact", "execution", "context")
WORDS = (
    *("id", "name", "state", "LIVE", "properties.n.int_value", "properties.n", "contexts_a.name"),
    *("custom_properties.`a`.string_value", "events_e.type", "AND", "OR", "NOT", "IN", "LIKE"),
    *("BETWEEN", "IS", "NULL", "TRUE", "CASE", "WHEN", "THEN", "ELSE", "END", "CAST", "AS"),
    *("STRING", "LOWER", "COALESCE", "IF", "has", "upstream", "depth", "(", ")", ",", "="),
    *("!=", "<=", "+", "-", "*", "/", "~", "||", "1", "1.5", "'a'", "parent_contexts_p.id"),
)


def one(data: bytes) -> None:
    """Read and compile one filter, half of them made of words that the language has."""
    provider = atheris.FuzzedDataProvider(data)
    kind = KINDS[provider.ConsumeIntInRange(0, 2)]
    meaning = ("mlmd", "lineal")[provider.ConsumeBool()]
    module = DIALECTS[provider.ConsumeIntInRange(0, 2)]
    if provider.ConsumeBool():
        count = provider.ConsumeIntInRange(1, 30)
        places = (provider.ConsumeIntInRange(0, len(WORDS) - 1) for _ in range(count))
        text = " ".join(WORDS[place] for place in places)
    else:
        text = provider.ConsumeUnicode(4096)
    dialect = module.dialect()
    try:
        parse(text, kind, meaning=meaning)
        found = _compiled(text, kind, meaning, dialect.name)
    except InvalidInput:
        return
    str(found.ids().compile(dialect=dialect))


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
