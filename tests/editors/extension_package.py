"""Packs the VS Code extension."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client-vscode"
PACK_SECONDS = 600


def packaged_extension(folder: Path) -> Path:
    """Builds the client and packs it into ``folder``, from a copy: what lies in the checkout stays as it is."""
    npm_folder = ROOT / "node_modules"
    if not (npm_folder / "@vscode/vsce").exists():
        pytest.skip("the client's npm packages are missing: run npm ci")
    copy = folder / "client-vscode"
    shutil.copytree(CLIENT, copy, ignore=shutil.ignore_patterns("node_modules", "dist", "out", "bundled"))
    (folder / "node_modules").symlink_to(npm_folder)
    shutil.copy(ROOT / "LICENSE", copy / "LICENSE")
    vsix = folder / "heatline.vsix"
    _run(["npm", "run", "build"], copy)
    _run(
        [
            str(npm_folder / ".bin/vsce"),
            "package",
            "--no-dependencies",
            "--allow-missing-repository",
            "--no-rewrite-relative-links",
            "--allow-unused-files-pattern",  # the server comes from this checkout, not from a wheel
            "--out",
            str(vsix),
        ],
        copy,
    )
    return vsix


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=PACK_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
