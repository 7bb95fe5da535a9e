"""Tests of estimators need the probes extra."""

import pytest

pytest.importorskip("openai", reason="needs the probes extra")
pytest.importorskip("pandas", reason="needs the probes extra")
