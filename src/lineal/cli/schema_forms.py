"""Other tools' forms of schemas in files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lineal.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["read_form", "written"]


def read_form(form: str, path: Path) -> object:
    """Return what a file holds, as the form has it."""
    if not path.is_file():
        raise NotFound(f"there is no file {path}")
    try:
        if form == "json-schema":
            return json.loads(path.read_text(encoding="utf-8"))
        if form == "odcs":
            from open_data_contract_standard.model import OpenDataContractStandard

            return OpenDataContractStandard.from_file(str(path))
        if form == "arrow":
            import pyarrow.parquet as pq

            return pq.read_schema(path)
    except ImportError:
        return None  # which the conversion answers with what to install
    except Exception as error:
        raise InvalidInput(f"{path} holds no {form}: {error}") from error
    raise InvalidInput(
        f"no file holds the form {form!r}; choose json-schema, odcs or arrow, or convert in Python"
    )


def written(form: str | None, value: object) -> str:
    """Return a converted schema as a file has it; without a form it is one of ours."""
    from lineal.validation import Schema

    if isinstance(value, Schema):
        return value.to_text()
    if form == "json-schema":
        return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
    if form == "odcs":
        return str(getattr(value, "to_yaml")())  # noqa: B009 -- an extra's type, not known here
    return f"{value}\n"
