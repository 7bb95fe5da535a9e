"""``heatline serve``: the language server."""

from __future__ import annotations

from typing import Annotated

import typer


def serve(
    tcp: Annotated[
        int | None,
        typer.Option(
            metavar="PORT",
            min=0,
            max=65535,
            help="Serve one client on this port of the loopback interface; 0 takes any free one.",
        ),
    ] = None,
    # Editors built on vscode-languageclient add --stdio to whatever command they are given.
    stdio: Annotated[bool, typer.Option("--stdio", hidden=True)] = False,
) -> None:
    """Start the language server; an editor does this, on stdin and stdout."""
    if tcp is None:
        from heatline.lsp.start import serve_editor

        serve_editor()
        return
    from heatline.lsp.server import create_server
    from heatline.lsp.transport import LOOPBACK, log_to_stderr, serve_tcp

    log_to_stderr()
    server = create_server()
    try:
        serve_tcp(server, tcp, lambda port: typer.echo(f"Heatline listens on {LOOPBACK}:{port}", err=True))
    except OSError:
        typer.echo(f"Port {tcp} can't be used. Choose another, or 0 for any free one.", err=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
