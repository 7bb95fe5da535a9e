"""The extension by VS Code's own interface: ``client-vscode/test/host/checks.ts``, run inside the extension host."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import heatline
from tests.editors.chromium_window import CodeServer
from tests.editors.extension_host import OPTIONS, HostRun
from tests.editors.extension_package import CLIENT
from tests.editors.vscode_version import vscode_version
from tests.editors.vscode_window import SAMPLE, flagged, keep_picture

editor = vscode_version
pytestmark = pytest.mark.editor

CHECKS = CLIENT / "test/host/checks.ts"
NAMES = re.findall(r'^check\("(.+?)"', CHECKS.read_text("utf-8"), re.MULTILINE)


@pytest.fixture(scope="module")
def results(
    extension: Path,
    served_environment: dict[str, str],
    scorer: heatline.Scorer,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str | None]:
    """What went wrong in each check, None where nothing did.  All run in one window, one after the other."""
    folder = tmp_path_factory.mktemp("host")
    sample = folder / "deliveries/sample.py"
    sample.parent.mkdir()
    sample.write_text(SAMPLE, "utf-8")
    written = folder / "results.json"
    plan = folder / "plan.json"
    plan.write_text(json.dumps(_plan(scorer, sample) | {"results": str(written)}), "utf-8")
    environment = served_environment | {"HEATLINE_CHECKS": str(plan)}
    with CodeServer(folder / "vscode", environment, extension, options=OPTIONS) as server:
        run = HostRun(server, CHECKS, sample.parent)
        run.wait()
        keep_picture(run.page, "extension_host")
    return dict(json.loads(written.read_text("utf-8"))) if written.exists() else {}


def _plan(scorer: heatline.Scorer, sample: Path) -> dict[str, object]:
    scored = scorer.score(SAMPLE, "python")
    lines = [
        {"line": line.line, "risk": line.risk, "unscaledRisk": line.unscaled_risk} for line in scored.lines
    ]
    return {
        "file": str(sample),
        "functions": sum(scope.kind == "function" for scope in scored.scopes),
        "flagged": [line for line in lines if line["line"] in flagged(scored)],
        "lines": lines,
    }


@pytest.mark.parametrize("name", NAMES)
def test_in_the_extension_host(name: str, results: dict[str, str | None]) -> None:
    assert name in results, f"not run; these were: {list(results)}"
    assert results[name] is None, results[name]
