"""Serving a metadata store to others, and the tokens that let them in."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lineal.cli import output, session

if TYPE_CHECKING:
    from lineal.metadata import Store
    from lineal.mlmd.server import Server

__all__ = ["serve", "token"]

_PEM = "PEM"

UrlOption = Annotated[
    str | None,
    typer.Option(
        "--url",
        metavar="URL",
        help="The database: sqlite:///FILE, postgresql://… or mysql://…; else a workspace's.",
        show_default=False,
    ),
]
CertificateOption = Annotated[
    Path | None,
    typer.Option("--tls-cert", metavar=_PEM, help="The server's certificate chain."),
]
KeyOption = Annotated[
    Path | None, typer.Option("--tls-key", metavar=_PEM, help="The certificate's private key.")
]
ClientsOption = Annotated[
    Path | None,
    typer.Option("--client-ca", metavar=_PEM, help="Let in only clients with its certificates."),
]
TokensOption = Annotated[
    Path | None,
    typer.Option("--tokens", metavar="FILE", help="Let in only who has a token of this file."),
]
MetricsOption = Annotated[
    int | None,
    typer.Option("--metrics-port", metavar="PORT", help="Serve Prometheus' numbers there."),
]
ConfigurationOption = Annotated[
    Path | None,
    typer.Option(
        "--mlmd-config",
        metavar="FILE",
        help="A MetadataStoreServerConfig: the database, TLS and migration that it names.",
    ),
]

serve = typer.Typer(add_completion=False, rich_markup_mode="markdown")


@serve.command("serve", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def _serve(
    context: typer.Context,
    url: UrlOption = None,
    host: Annotated[
        str, typer.Option("--host", help="The address to listen on; 0.0.0.0 for all.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option("--port", help="The port; 0 for a free one.  [default: 8080]")
    ] = None,
    tls_cert: CertificateOption = None,
    tls_key: KeyOption = None,
    client_ca: ClientsOption = None,
    tokens: TokensOption = None,
    metrics_port: MetricsOption = None,
    mlmd_config: ConfigurationOption = None,
    workers: Annotated[
        int, typer.Option("--workers", metavar="N", help="Calls answered at the same time.")
    ] = 64,
    grace: Annotated[
        float,
        typer.Option("--grace", metavar="SECONDS", help="How long running calls may take to end."),
    ] = 30.0,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Log no calls, only what goes wrong.")
    ] = False,
    workspace: session.WorkspaceOption = None,
    as_json: session.JsonOption = False,
) -> None:
    """Serve a metadata store by gRPC, to ML Metadata's clients and to workspaces.

    Without --url or --mlmd-config it is the store of a workspace. SIGTERM and Ctrl-C end it when
    the running calls are done; a second Ctrl-C ends it at once. One line of JSON a call goes to
    stderr. The flags of ML Metadata's own server (--grpc_port=8080, --mysql_config_host=…) are
    understood, too.
    """
    from lineal.mlmd.server import Certificates, TokenFile
    from lineal.mlmd.server.configuration import read_configuration, read_flags
    from lineal.mlmd.server.running import Wanted, run
    from lineal.mlmd.server.telemetry import logging_to_stderr

    given = read_flags(context.args)
    wanted = Wanted(
        url=url,
        configuration=read_configuration(mlmd_config) if mlmd_config else given,
        host=host,
        port=port,
        certificates=Certificates.of_files(tls_key, tls_cert, client_ca),
        tokens=None if tokens is None else TokenFile(tokens),
        metrics_port=metrics_port,
        workers=workers,
        grace_seconds=grace,
    )
    with (
        wanted.store() if wanted.names_a_database else _of_workspace(workspace) as store,
        logging_to_stderr(calls=not quiet),
    ):
        run(wanted, store, ready=partial(_tell, as_json=as_json))


def token(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Whose token it is.")],
    tokens: Annotated[
        Path, typer.Option("--tokens", metavar="FILE", help="The server's file; made if need be.")
    ],
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="What it allows: read, or write too.")
    ] = "read",
    revoke: Annotated[bool, typer.Option("--revoke", help="Take the token away instead.")] = False,
    as_json: session.JsonOption = False,
) -> None:
    """Make a token that lets somebody into a server, and print it, once.

    The file keeps its hash only. A running server takes up the change at the next call.
    """
    from lineal.errors import InvalidInput
    from lineal.mlmd.server.tokens import Role, TokenFile

    file = TokenFile(tokens)
    if revoke:
        file.revoke(name)
        if as_json:
            output.print_json({"name": name, "revoked": True})
        else:
            output.print_lines(f"revoked the token of {name}")
        return
    if role not in list(Role):
        raise InvalidInput(f"there is no role {role!r}; choose 'read' or 'write'")
    text = file.add(name, Role(role))
    if as_json:
        output.print_json({"name": name, "role": role, "token": text})
    else:
        output.print_lines(text)


@contextmanager
def _of_workspace(workspace: Path | None) -> Iterator["Store"]:
    with session.opened(workspace) as ws:
        yield ws.store


def _tell(server: "Server", *, as_json: bool) -> None:
    """Say where the server is, as soon as it answers."""
    if as_json:
        told = {"address": server.address, "metrics_port": server.metrics_port}
        output.print_json({**told, "store": server.store.uuid})
    else:
        lines = [f"serving on {server.address}"]
        if server.metrics_port is not None:
            lines.append(f"metrics on port {server.metrics_port}")
        output.print_lines(*lines)
    sys.stdout.flush()  # whoever started it waits for this
