"""Writes what is made from the schema: ``python -m heatline.settings.reference`` in the project's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from heatline.settings.json_schema import json_schema
from heatline.settings.page import page
from heatline.settings.vscode import with_configuration

PAGE = Path("docs/settings.md")
SCHEMA = Path("docs/heatline.schema.json")
MANIFEST = Path("client-vscode/package.json")


def made_files(project: Path) -> dict[Path, str]:
    """The texts that the files should have, by their paths in ``project``."""
    manifest: dict[str, Any] = json.loads((project / MANIFEST).read_text(encoding="utf-8"))
    return {
        PAGE: page(),
        SCHEMA: _json(json_schema()),
        MANIFEST: _json(with_configuration(manifest)),
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Writes all of them."""
    for path, text in made_files(Path()).items():
        part = path.with_name(path.name + ".part")
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(path)


if __name__ == "__main__":
    main()
