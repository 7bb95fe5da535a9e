"""Where commands write: standard output for what was asked for, standard error for what went wrong."""

from __future__ import annotations

import os
import sys

from heatline.report.heat import printable

EXIT_PIPE_CLOSED = 141  # 128 + SIGPIPE, as a shell reports it


def version() -> str:
    """Heatline's version."""
    from importlib import metadata

    try:
        return metadata.version("heatline")
    except metadata.PackageNotFoundError:
        return "0 (not installed)"


def complain(message: str) -> None:
    """Writes one message to standard error, safe to read whatever file name or text is in it."""
    print(f"heatline: {printable(' '.join(message.split()))}", file=sys.stderr)


def emit(text: str) -> None:
    """Writes a finished report to standard output at once.

    Raises typer.Exit, quietly, when the reader has gone away, as in ``heatline check . | head``.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # Python flushes standard output once more as it ends; that must find somewhere to write.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

        import typer

        raise typer.Exit(EXIT_PIPE_CLOSED) from None
