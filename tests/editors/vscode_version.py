"""Which VS Code the tests drive."""

from __future__ import annotations

import json

from tests.editors.places import CODE_SERVER


def vscode_version() -> str:
    """``VS Code 1.139.1 (code-server 4.139.1)``, as its own files say."""
    root = CODE_SERVER.parents[2]
    if not root.exists():
        return "VS Code (not installed)"
    code = json.loads((root / "lib/vscode/package.json").read_text("utf-8"))["version"]
    server = json.loads((root / "package.json").read_text("utf-8"))["version"]
    return f"VS Code {code} (code-server {server}, Chromium)"
