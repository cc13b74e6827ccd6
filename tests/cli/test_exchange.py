"""`lineal metadata export` and `import`."""

from tests.cli.conftest import Lineal


def test_workspace_is_exported_and_imported_into_another(lineal: Lineal) -> None:
    lineal.write("data.csv", "a\n1\n")
    for name in ("one", "two"):
        lineal.ok("init", name)
    lineal.ok("-w", "one", "save", "data.csv", "thing")

    exported = lineal.ok("-w", "one", "metadata", "export", "out", "--format", "jsonl", "--json")
    first = lineal.ok("-w", "two", "metadata", "import", "out", "--json").json
    again = lineal.ok("-w", "two", "metadata", "import", "out")

    assert exported.json["layout"] == "jsonl"
    assert (first["copied"], first["added"]["lineal_version"]) == (True, 1)
    assert again.lines == ["nothing new"]
    assert "thing@1" in lineal.ok("-w", "two", "show", "thing").out


def test_database_is_named_by_its_place(lineal: Lineal) -> None:
    lineal.ok("metadata", "export", "out", "--store", "new.db")

    done = lineal.ok("metadata", "import", "out", "--store", "other.db")

    assert "copied into an empty store" in done.out
    assert (lineal.directory / "other.db").exists()
