"""Markdown of a comparison, from figures as `comparison.json` holds them."""

import pytest

pytest.importorskip("pandas", reason="needs the probes extra")

from heatline_probes.estimators.comparison_tables import comparison_tables

pytestmark = pytest.mark.probes

FIGURES = ("bss", "brier", "ece", "mce", "ace", "nll", "auc", "bin_coverage", "wasserstein", "kendall")


def row(*collapsed):
    """An estimator whose confidences collapse under the calibrators named."""
    return {
        "silent": 0,
        "counts": {},
        "calibrators": {
            name: dict.fromkeys([*FIGURES, "median_skewness"])
            | {"collapse": "Narrow." if name in collapsed else ""}
            for name in ("identity", "platt", "beta")
        },
    }


def test_a_warning_stands_once_with_all_that_it_is_about():
    found = {
        "programs": 2, "model": "m", "datasets": {"own": 2}, "passing": 1, "unpatched": 0, "probe": "default",
        "supervisor": "tiny", "probe_sha256": "0123456789",
        "levels": {
            "line": {"spans": 9, "kept": 0.5, "estimators": {"one": row("platt", "beta"), "two": row("beta")}}
        },
    }  # fmt: skip
    page = comparison_tables(found, ["identity", "platt", "beta"])
    assert page.count("Narrow.") == 1
    assert "* one (platt), one (beta), two (beta): Narrow." in page
