"""Metadata databases of other versions: looked at, upgraded, downgraded."""

from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session

if TYPE_CHECKING:
    from lineal.metadata.upgrade import Migration

__all__ = ["check", "downgrade", "upgrade"]

UrlArgument = Annotated[
    str,
    typer.Argument(
        metavar="URL",
        help="The database: a SQLite file, sqlite:///FILE, mysql://… or postgresql://…",
        show_default=False,
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Only print the plan; nothing is changed.")
]


def upgrade(
    url: UrlArgument, dry_run: DryRunOption = False, as_json: session.JsonOption = False
) -> None:
    """Upgrade an ML Metadata database of any version to the newest.

    All of it in one transaction, or nothing, and under a lock, so that two can't do it at once.
    (MySQL commits each change of a table at once; there an interrupted upgrade goes on where it
    was when it is begun again.)
    """
    from lineal.metadata import upgrade as upgrading

    with output.working("upgrading"):
        migration = upgrading.upgrade(url, dry_run=dry_run)
    _tell(migration, as_json=as_json)


def downgrade(
    url: UrlArgument,
    to: Annotated[
        int, typer.Option("--to", metavar="N", min=0, help="The version to go back to, 0 to 9.")
    ],
    dry_run: DryRunOption = False,
    force: Annotated[
        bool, typer.Option("--force", help="Go on though something is lost by it.")
    ] = False,
    as_json: session.JsonOption = False,
) -> None:
    """Downgrade an ML Metadata database for an old client.

    Says what the old version has no place for, and refuses to lose it without `--force`. Lineal's
    own tables stay in the database, where old clients don't look.
    """
    from lineal.metadata import upgrade as upgrading

    with output.working("downgrading"):
        migration = upgrading.downgrade(url, to, dry_run=dry_run, force=force)
    _tell(migration, as_json=as_json)


def check(url: UrlArgument, as_json: session.JsonOption = False) -> None:
    """Tell a metadata database's versions, tables and rows.

    Nothing is changed. Exits 1, and says why, where something stands in the way of using it.
    """
    from lineal.metadata import upgrade as upgrading

    found = upgrading.check(url)
    if as_json:
        output.print_json(found)
    else:
        output.print_fields(
            {
                "database": found.database,
                "ML Metadata schema": "?" if found.version is None else found.version,
                "Lineal's tables": found.lineal_version or "none",
                "rows": found.rows,
            }
        )
        lines = [f"downgraded: {one}" for one in found.downgrades]
        output.print_lines(*lines, found.problem or "it can be used as it is")
    if found.problem:
        raise typer.Exit(1)


def _tell(migration: "Migration", *, as_json: bool) -> None:
    if as_json:
        output.print_json({**vars(migration), "lost": migration.lost})
        return
    if not migration.steps:
        output.print_lines(f"{migration.database} has version {migration.end} already")
        return
    lines = []
    for step in migration.steps:
        copied = f" ({step.copied_rows:,} rows copied)" if step.copied_rows else ""
        lines.append(f"{step.start} -> {step.end}: {step.summary}{copied}")
        if migration.dry_run:
            lines += [f"    {statement};" for statement in step.statements]
        lines += [f"    lost: {loss.what} ({loss.rows:,})" for loss in step.lost]
    verb = "would go" if migration.dry_run else "went"
    lines += migration.notes
    lines.append(f"{migration.database} {verb} from {migration.start} to {migration.end}")
    output.print_lines(*lines)
