"""The `heatline` command: one small module per sub-command, put together in `heatline.cli.app`.

Whatever is slow to import is imported inside :func:`main` and the commands, so that help is quick and an
interruption is caught from the start.
"""

from __future__ import annotations

import logging
import os
import sys
import traceback
from typing import NoReturn

from heatline.cli.output import complain
from heatline.errors import HeatlineError

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130

EDITORS_COMMANDS = (["serve"], ["serve", "--stdio"])
"""What editors start, while a person waits: there is nothing to parse, and parsing takes as long as the rest."""


def main() -> NoReturn:
    """Runs the command line; a failure is one line on standard error and an exit code, never a traceback."""
    # The matrix library's threads spin for tens of milliseconds after each product, on the cores that the model
    # needs, and Heatline's own products are small.  It reads this when numpy is imported; the worker inherits it.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a narrow encoding must not end a report half-way
    try:
        if sys.argv[1:] in EDITORS_COMMANDS:
            from heatline.lsp.start import serve_editor

            serve_editor()
            sys.exit(0)
        from heatline.cli.app import app

        app()
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except HeatlineError as error:
        message = str(error)
    except OSError as error:
        place = f"{error.filename}: " if error.filename is not None else ""
        message = f"{place}{error.strerror or error}. Run `heatline doctor` to see what is wrong here."
    except MemoryError:
        message = "There is not enough memory. Close other programs, or check fewer files at a time."
    except Exception as error:
        message = (
            f"Heatline made a mistake ({type(error).__name__}: {error}). "
            "Run the command again with `heatline --verbose` and report what it prints."
        )
    if logging.getLogger("heatline").isEnabledFor(logging.DEBUG):
        traceback.print_exc()
    complain(message)
    sys.exit(EXIT_ERROR)
