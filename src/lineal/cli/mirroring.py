"""Copying what is new or changed: between databases, and from and to ML Metadata servers."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session
from lineal.errors import InvalidInput

if TYPE_CHECKING:
    from lineal.metadata import Store
    from lineal.metadata.exchange import Mirrored as FromDatabase
    from lineal.mlmd.mirror import Mirrored as FromServer

__all__ = ["mirror"]


def mirror(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="What to copy from: a database, or a server (mlmd://host:port); only read.",
            show_default=False,
        ),
    ],
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="[TARGET]",
            help="The database or server to copy into; else the workspace's.",
            show_default=False,
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option("--full", help="Look at all that a server has, not only at what changed."),
    ] = False,
    every: Annotated[
        float | None,
        typer.Option(
            "--every", metavar="SECONDS", help="Go on, with a pause between passes, until Ctrl-C."
        ),
    ] = None,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Copy what is new or changed in a metadata database or an ML Metadata server.

    To be run again and again; nothing comes twice. A plain ML Metadata database or server stays
    one. Changed nodes are updated; what they were before stays in the history of a target of
    Lineal's. Nothing is removed. At most one of the two is a server (mlmds:// by TLS).
    """
    while True:
        _pass(source, target, workspace, full=full, as_json=as_json)
        if every is None:
            return
        time.sleep(every)


def _pass(
    source: str, target: str | None, workspace: Path | None, *, full: bool, as_json: bool
) -> None:
    done = _mirror(source, target, workspace, full=full)
    if as_json:
        output.print_json(done)
        return
    counts = {**done.new, "changed": done.changed}
    told = ", ".join(output.counted(count, what) for what, count in counts.items() if count)
    output.print_lines(f"{done.source} -> {done.target}: {told or 'nothing new'}")


def _mirror(
    source: str, target: str | None, workspace: Path | None, *, full: bool
) -> "FromServer | FromDatabase":
    if _is_server(target):
        if _is_server(source):
            raise InvalidInput(
                "one of SOURCE and TARGET is a server, the other a workspace's folder or a "
                "database: there the mirror keeps what it knows"
            )
        from lineal.mlmd.mirror import Peer, mirror_out

        with _store(source, workspace) as store:
            return mirror_out(store, Peer.at(target or ""), full=full)
    with _store(target, workspace) as store:
        if _is_server(source):
            from lineal.mlmd.mirror import Peer, mirror_in

            return mirror_in(Peer.at(source), store, full=full)
        from lineal.metadata.exchange import mirror_database

        return mirror_database(source, store)


def _is_server(place: str | None) -> bool:
    return place is not None and place.startswith(("mlmd://", "mlmds://"))


@contextmanager
def _store(place: str | None, workspace: Path | None) -> Iterator["Store"]:
    """Open the workspace or database at `place`, or else the workspace of the command."""
    if place is None or (Path(place) / "lineal.toml").is_file():
        with session.opened(workspace if place is None else Path(place)) as opened:
            yield opened.store
        return
    from lineal.metadata import Store

    store = Store.open(place)
    try:
        yield store
    finally:
        store.close()
