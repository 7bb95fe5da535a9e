"""A whole model that reads programs: of random weights, so only how it reads can be right or wrong."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")
pytest.importorskip("transformers", reason="needs the probes extra")

from heatline_probes.errors import EvaluationError
from heatline_probes.estimators.language_model import LanguageModel
from heatline_probes.estimators.probabilities import AttentionWeighted, TokenProbability
from heatline_probes.estimators.token_scores import minimum_token_probability
from tests.tiny import tiny_gguf
from tests.unit.estimators.subjects import CODE, subject


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Three layers of random weights."""
    return LanguageModel(tiny_gguf(tmp_path_factory.mktemp("weights")), threads=1)


def test_every_token_has_a_log_probability(model):
    """Tokens spell the text; all are possible, none is certain."""
    reading = model.read("", CODE)
    assert "".join(CODE[a:b] for a, b in reading.spans) == CODE
    assert (reading.log_probability < 0).all()
    assert np.isfinite(reading.log_probability).all()
    assert reading.weight is None


def test_a_problem_before_it_changes_what_is_likely(model):
    """The same tokens, other probabilities: they are conditional on the problem."""
    alone, after = model.read("", CODE), model.read("Add two numbers.", CODE)
    assert alone.spans.tolist() == after.spans.tolist()
    assert not np.allclose(alone.log_probability, after.log_probability)


def test_rollout_weights_are_shares_of_what_reaches_the_end(model):
    """Positive, and together no more than one: the rest is the problem's and the start's."""
    reading = model.read("Add two numbers.", CODE, attention=True)
    assert reading.weight.shape == reading.log_probability.shape
    assert (reading.weight >= 0).all()
    assert 0 < reading.weight.sum() <= 1 + 1e-6


def test_estimators_read_what_the_generator_did_not_record(model):
    """And say whose probabilities they are."""
    plain = TokenProbability("minimum-token-probability", minimum_token_probability, model).estimate(
        subject()
    )
    assert plain.counts == {"probabilities of the supervisor": 1}
    assert plain.problem == pytest.approx(plain.token.min())
    weighted = AttentionWeighted(model).estimate(subject())
    assert plain.token.min() <= weighted.problem <= plain.token.max()
    assert len(weighted.line) == 2


def test_without_weights_there_is_nothing_to_read(tmp_path):
    """A missing file, and an estimator without a model."""
    with pytest.raises(EvaluationError, match="no weights"):
        LanguageModel(tmp_path / "absent.gguf")
    with pytest.raises(EvaluationError, match="--weights"):
        TokenProbability("m", minimum_token_probability, None).estimate(subject())
