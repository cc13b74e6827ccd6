"""Tables by subject: loaded, changed, read at any version, and never overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lineal.errors import AlreadyExists, InvalidInput, NotFound
from lineal.metadata import Version, format_name, parse
from lineal.warehouse.catalog import Catalog
from lineal.warehouse.graph import SAVE, TABLE, Operation
from lineal.warehouse.history import history
from lineal.warehouse.names import TableName
from lineal.warehouse.parts import Parts
from lineal.warehouse.plan import Plans
from lineal.warehouse.reading import Reading
from lineal.warehouse.subjects import Subject, describe_subject, subjects
from lineal.warehouse.table import Table, TableVersion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from lineal.engine import Engine, Source
    from lineal.lake import Lake, LakeVersion
    from lineal.metadata import Artifact, Moment, Recorder, Store, VersionRow
    from lineal.metadata.columns import Column
    from lineal.warehouse.enforce import Evolve
    from lineal.warehouse.evolve import Edit
    from lineal.warehouse.settle import Settled
    from lineal.warehouse.sources import Format, ParseOptions, SourceFile
    from lineal.warehouse.table import HistoryEntry

__all__ = ["Warehouse"]


class Warehouse:
    """The tables of one workspace; over a store as of a moment, those that were known then."""

    def __init__(self, recorder: Recorder, lake: Lake, engine: Engine, root: Path) -> None:
        """Work in the folder `root`, a workspace's `.lineal`."""
        self._recorder = recorder
        self._lake = lake
        self._engine = engine
        catalog = Catalog(root)
        plans = Plans(lake.objects, catalog.folder)
        self._parts = Parts(recorder, lake, engine, catalog, plans, root)
        self._reading = Reading(engine, plans, catalog)

    @property
    def store(self) -> Store:
        """The graph that the tables' versions stand in."""
        return self._recorder.store

    # Subjects and names

    def subject(
        self,
        name: str,
        *,
        owner: str | None = None,
        description: str | None = None,
        tags: Iterable[str] | None = None,
    ) -> Subject:
        """Return the subject called `name`; make it, or change what is given, if need be."""
        return describe_subject(self._parts, name, owner=owner, description=description, tags=tags)

    def subjects(self) -> list[Subject]:
        """Return all subjects, by name."""
        return subjects(self.store)

    def tables(self, subject: str | None = None) -> list[str]:
        """Return the names of all tables, or of those of one subject."""
        names = self.store.names(type=TABLE.name)
        return [n for n in names if subject is None or n.partition(".")[0] == subject]

    def table(self, name: str) -> Table:
        """Return the table called `name`; raise `NotFound` with the name that was likely meant."""
        TableName.of(name)
        row = self.store.newest(name)
        if row is None or self.store.artifact(row.artifact_id).type != TABLE.name:
            raise self._no_table(name)
        return Table(self, name)

    def __getitem__(self, reference: str) -> Table | TableVersion:
        """Return a table, `warehouse["ops.flights"]`, or one version, `warehouse["ops.flights@3"]`.

        Other selectors work as everywhere: `@2013-06-30`, `:best`, `@sha256:9f86d0`.
        """
        found = parse(reference)
        if found.name == "":
            raise InvalidInput(f"{reference!r} names no table; write SUBJECT.TABLE")
        table = self.table(found.name)
        row = self._selected(reference)
        return table if row is None else self.version(row)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name in self.tables()

    def __iter__(self) -> Iterator[Table]:
        return (Table(self, name) for name in self.tables())

    def newest(self, name: str) -> TableVersion:
        """Return the newest version of a table."""
        row = self.store.newest(name)
        if row is None:
            raise self._no_table(name)
        return self.version(row)

    def version(self, row: VersionRow) -> TableVersion:
        """Return the handle of a version."""
        artifact = self.store.artifact(row.artifact_id)
        return TableVersion(self.store, self._recorder, artifact, row, reading=self._reading)

    def history(self, name: str) -> list[HistoryEntry]:
        """Return what happened to a table, oldest first."""
        return history(self.store, name)

    # Writing

    def ingest(
        self,
        table: str,
        source: object,
        *,
        event_time: str | None = None,
        known_at: Moment | None = None,
        again: bool = False,
        evolve: Evolve | None = None,
        lossy: bool = False,
        format: Format | None = None,  # noqa: A002 -- what everybody calls it
        delimiter: str | None = None,
        na_values: Sequence[str] | None = None,
        member: str | None = None,
    ) -> TableVersion:
        """Append a source to a table as one version, and make the table if there is none.

        `source` is a file of the lake, the path of a CSV, JSON lines, Parquet or Arrow file (also
        zipped or gzipped), a name in the lake, or a frame. The first load sets the columns and
        their types, later ones must fit them: `evolve="add"` allows new columns, `"omit"` columns
        left out, `"union"` both. A source that was loaded already, read the same way, is skipped
        unless `again`. `event_time` names the column that says when a row happened, `known_at`
        claims when the source knew the data. `na_values` are a CSV file's texts for "no value";
        without them an empty one is, and NA and the like where they stand between numbers.
        `lossy` gives up digits that a type can't hold, and records how many values lost some.
        """
        name = self._new_name(table)
        options = _options(format, delimiter, na_values, member)
        artifact, file, made_from = self._stored(source)
        from lineal.warehouse.load import Load, load

        what = Load(
            artifact,
            file,
            options=options,
            event_time=event_time,
            known_at=known_at,
            again=again,
            lossy=lossy,
            evolve=evolve,
            also_from=made_from,
        )
        return self.version(load(self._parts, name, what))

    def save(
        self,
        frame: object,
        table: str,
        *,
        append: bool = False,
        event_time: str | None = None,
        known_at: Moment | None = None,
        lossy: bool = False,
        columns: Mapping[str, Sequence[Column]] | None = None,
    ) -> TableVersion:
        """Keep a frame as the table's whole content, or with `append` add its rows.

        The old versions stay readable. Content equal to the newest makes no new version. A
        replacing save may bring other columns; an appending one must fit the table's. `columns`
        tells which columns of other versions, then inputs too, a column was made of.
        """
        from lineal.warehouse.frames import is_frame
        from lineal.warehouse.load import Load, load

        name = self._new_name(table)
        if not is_frame(frame):
            raise InvalidInput(
                f"a {type(frame).__name__} can't be saved as a table; give a frame (pandas, "
                "Polars, Arrow), and files to ingest"
            )
        artifact, file, made_from = self._stored(frame)
        what = Load(
            artifact,
            file,
            operation=Operation.APPEND if append else Operation.REPLACE,
            event_time=event_time,
            known_at=known_at,
            lossy=lossy,
            verb=SAVE,
            also_from=[*made_from, *self._sources(columns or {}, made_from)],
            made_of=columns or {},
        )
        return self.version(load(self._parts, name, what))

    def _sources(
        self, columns: Mapping[str, Sequence[Column]], known: Sequence[Artifact]
    ) -> list[Artifact]:
        """Return the artifacts that columns were made of and that aren't inputs already."""
        wanted = {source.artifact_id for sources in columns.values() for source in sources}
        return self.store.artifacts(ids=wanted - {artifact.id for artifact in known})

    def edit(self, table: str, change: Edit) -> TableVersion:
        """Apply a change of columns; `Table` has a method for each."""
        from lineal.warehouse.evolve import edit

        self._refuse_past()
        return self.version(edit(self._parts, TableName.of(table), change))

    def settle(self, *, dry_run: bool = False) -> list[Settled]:
        """Bring all tables up to what Iceberg holds, and close what dead writers left open.

        Returns what was done; with `dry_run`, what would be, and nothing is.
        """
        from lineal.warehouse.settling import settle_all

        self._refuse_past()
        return settle_all(self._parts, dry_run=dry_run)

    # SQL

    def sources(self) -> Mapping[str, Source]:
        """Return the data of each table by its name, as of one moment, each opened when asked for.

        What is asked for counts as an input of the run that is open, if one is.
        """
        from lineal.warehouse.queries import Sources

        return Sources(self, {})

    def sql(self, query: str) -> pa.RecordBatchReader:
        """Run `query` over all tables as they are at one moment; stream the rows.

        A table is `ops.flights`; an older version or moment is quoted whole, `"ops.flights@3"`.
        Each has two columns more, `_artifact` and `_loaded_at`: what brought a row, and when.
        """
        from lineal.warehouse.queries import Sources, named_tables, quoted_references

        text, references = quoted_references(query, self.tables())
        try:
            return self._engine.sql(text, Sources(self, references))
        except NotFound as error:
            if self.store.at is None:
                raise
            later = set(self.store.present().names(type=TABLE.name)) - set(self.tables())
            for name in sorted(later & named_tables(query)):
                raise self._no_table(name) from error
            raise

    # Inside

    def _new_name(self, table: str) -> TableName:
        """Return a name to write to; refuse one that differs from a table's in case alone."""
        self._refuse_past()
        name = TableName.to_write(table)
        table = str(name)
        for known in self.tables():
            if known != table and known.casefold() == table.casefold():
                raise AlreadyExists(
                    f"there is a table {known!r}, and SQL does not tell it from {table!r}; "
                    f"write {known!r}, or choose another name"
                )
        return name

    def _refuse_past(self) -> None:
        if self.store.at is not None:
            raise InvalidInput(
                f"the warehouse as it was at {self.store.at.moment.isoformat()} can't be changed; "
                "use the present workspace"
            )

    def _no_table(self, name: str) -> NotFound:
        at = self.store.at
        later = [] if at is None else self.store.present().versions(name)
        if at is not None and later:
            return NotFound(
                f"table {name} was not known yet at {at.moment.isoformat()}; its first version is "
                f"known since {later[0].known_at.isoformat()}"
            )
        return NotFound.among(
            "there is no table", name, self.tables(), remedy="lineal find lists what there is"
        )

    def _selected(self, reference: str) -> VersionRow | None:
        """Return the version that the selector in `reference` means; None without a selector."""
        found, store = parse(reference), self.store
        if found.number is not None:
            row = store.version(found.name, found.number)
        elif found.moment is not None:
            row = store.as_of(found.moment).newest(found.name)
        elif found.alias is not None:
            row = store.alias(found.name, found.alias)
        elif found.content is not None:
            row = next(iter(store.by_content(found.name, found.content)[::-1]), None)
        else:
            return None
        if row is None:
            newest = store.newest(found.name)
            has = "nothing" if newest is None else f"1 to {newest.number}"
            raise NotFound(
                f"{format_name(found.name)} has no {reference!r}; its versions are {has}"
            )
        return row

    def _stored(self, source: object) -> tuple[Artifact, SourceFile, list[Artifact]]:
        """Return a source as a file of the lake, stored by content if it was none."""
        from lineal.lake import LakeVersion
        from lineal.warehouse.frames import FRAME_LABEL, store_frame
        from lineal.warehouse.sources import SourceFile

        if isinstance(source, str) and not Path(source).exists():
            source = self._in_lake(source)
        if isinstance(source, Version) and source.store.uuid != self.store.uuid:
            raise InvalidInput(
                f"{source.ref} belongs to another workspace; an execution's inputs come from one: "
                "write it out there, and load the file here"
            )
        if isinstance(source, LakeVersion):
            label = source.name or str(source.artifact.get("source") or source.ref)
            return source.artifact, SourceFile(source.path, label), []
        if isinstance(source, str | Path):
            artifact, label = self._lake.store_plain(Path(source)), str(source)
            if artifact.type != "lineal.File":
                raise InvalidInput(f"{label} is a folder; load the files in it one by one")
            made_from = []
        else:
            source = source.newest if isinstance(source, Table) else source
            made_from = [source.artifact] if isinstance(source, Version) else []
            artifact = store_frame(self._lake, source, temporary=self._parts.temporary)
            label = FRAME_LABEL
        path = self._lake.objects.path(str(artifact.get("sha256")))
        return artifact, SourceFile(path, label), made_from

    def _in_lake(self, text: str) -> LakeVersion:
        """Return the file of the lake that `text` names, since no path does."""
        try:
            found = parse(text)
            known = found.name and self.store.newest(found.name)
        except InvalidInput:
            known = None
        if not known:
            raise NotFound.among(
                "there is neither a file nor a name in the lake",
                text,
                self._lake.names(),
                remedy=f"looked in {Path.cwd()}; check the path",
            )
        row = self._selected(text) or known
        return self._lake.version(self.store.artifact(row.artifact_id), row)


def _options(
    format: Format | None,  # noqa: A002 -- as above
    delimiter: str | None,
    na_values: Sequence[str] | None,
    member: str | None,
) -> ParseOptions:
    from lineal.warehouse.sources import ParseOptions

    if isinstance(na_values, str):
        raise InvalidInput(f"na_values is a list of texts: [{na_values!r}]")
    missing = None if na_values is None else tuple(dict.fromkeys(na_values))
    return ParseOptions(format=format, delimiter=delimiter, na_values=missing, member=member)
