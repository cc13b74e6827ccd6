"""Keeping a store and a plain ML Metadata server alike."""

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
    from lineal.mlmd.mirror import Mirrored

__all__ = ["mirror"]


def mirror(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A server, mlmd://host:port; or a workspace's folder or a database's URL.",
        ),
    ],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="The other one of the two.")],
    full: Annotated[
        bool, typer.Option("--full", help="Look at everything, not only at what changed.")
    ] = False,
    every: Annotated[
        float | None,
        typer.Option(
            "--every", metavar="SECONDS", help="Go on, with a pause between passes, until Ctrl-C."
        ),
    ] = None,
    as_json: session.JsonOption = False,
) -> None:
    """Keep a store and an ML Metadata server alike.

    What is new or changed in SOURCE comes into TARGET; a pass that broke off is simply run again.
    One of the two is a server that speaks ML Metadata's protocol (mlmds:// by TLS), the other a
    store of Lineal's. Nothing is removed from TARGET.
    """
    while True:
        done = _mirror(source, target, full=full)
        if as_json:
            output.print_json(done)
        else:
            counts = {**done.new, "changed": done.changed}
            told = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
            output.print_lines(f"{done.source} -> {done.target}: {told or 'nothing new'}")
        if every is None:
            return
        time.sleep(every)


def _mirror(source: str, target: str, *, full: bool) -> "Mirrored":
    from lineal.mlmd.mirror import Peer, mirror_in, mirror_out

    if _is_server(source) == _is_server(target):
        raise InvalidInput(
            "one of SOURCE and TARGET is a server (mlmd://host:port), the other a workspace's "
            "folder or a database's URL; between two databases, export and import"
        )
    if _is_server(source):
        with _store(target) as store:
            return mirror_in(Peer.at(source), store, full=full)
    with _store(source) as store:
        return mirror_out(store, Peer.at(target), full=full)


def _is_server(place: str) -> bool:
    return place.startswith(("mlmd://", "mlmds://"))


@contextmanager
def _store(place: str) -> Iterator["Store"]:
    if (Path(place) / "lineal.toml").is_file():
        with session.opened(Path(place)) as workspace:
            yield workspace.store
        return
    from lineal.metadata import Store

    store = Store.open(place)
    try:
        yield store
    finally:
        store.close()
