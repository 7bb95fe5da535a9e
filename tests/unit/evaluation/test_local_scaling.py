"""Local against global Platt scaling on held-out lines."""

from dataclasses import replace

import numpy as np
import pytest

from heatline.calibration.calibrators import sigmoid
from heatline.calibration.local_platt_fitting import LocalSettings
from heatline_probes.errors import EvaluationError
from heatline_probes.evaluation.local_scaling import local_table, pooled_states, sampled, study_local_platt
from heatline_probes.evaluation.protocol import EvaluationSettings
from heatline_probes.training.store import Source
from tests.unit.evaluation.synthetic import synthetic

GRID = (LocalSettings(components=2, smallest_share=0.1, anchors=400),)


def as_it_is(settings):
    """No embedding."""
    return lambda points: points


def two_kinds(protocol):
    """Predictions whose logits are three times too large for half of the lines, by their states."""
    predictions = synthetic(200, skill=1.0, protocol=protocol)
    own = np.asarray([f"g{i}" for i in range(200)])  # no problem in both datasets
    predictions = replace(predictions, programs=replace(predictions.programs, group=own))
    lines = predictions.levels["line"]
    second = np.random.default_rng(1).random(len(lines)) < 0.5
    kept = np.random.default_rng(2).random(len(lines)) < sigmoid(lines.logit)
    crooked = replace(lines, logit=np.where(second, 4 * lines.logit, lines.logit), kept=kept)
    states = np.where(second[:, None], 3.0, -3.0) + np.random.default_rng(3).normal(0, 0.3, (len(lines), 4))
    return replace(predictions, levels={**predictions.levels, "line": crooked}), states.astype(np.float32)


@pytest.mark.parametrize("protocol", ["by_problem", "leave_one_dataset_out"])
def test_local_wins_where_states_tell_two_kinds_apart(protocol):
    """The paired difference's interval lies above 0; and the table says so."""
    predictions, states = two_kinds(protocol)
    settings = EvaluationSettings(resamples=60)
    study = study_local_platt(predictions, states, "line", settings, GRID, as_it_is).to_json()
    assert study["contest"]["local"]["difference"]["bss_within_dataset"]["low"] > 0
    assert {fold["clusters"] for fold in study["folds"]} == {2}
    assert "local − global" in local_table([study])


class FakeStore:
    """States that count the tokens of each program."""

    def read(self, sources):
        import pandas as pd

        counts = [sum(1 for line in source.code.split("\n") if line.strip()) for source in sources]
        assert all(isinstance(source, Source) for source in sources)
        program = np.repeat(np.arange(len(sources)), counts)
        states = np.concatenate([np.arange(n) for n in counts]).astype(np.float16)[:, None]
        return states, pd.DataFrame({"program": program})


def test_states_are_means_over_a_spans_tokens():
    """A line of one token has that token's state, a scope the mean of all."""
    predictions = synthetic(450)
    lines = pooled_states(predictions, "line", FakeStore())
    assert lines[:12, 0].tolist() == list(range(12))
    assert pooled_states(predictions, "scope", FakeStore())[0, 0] == pytest.approx(5.5)


def test_a_sample_reads_and_measures_its_own_programs_only():
    """The same choice for the same seed; the states of the others are not asked for."""
    predictions = synthetic(450)
    some = sampled(predictions, 50, seed=3)
    assert np.array_equal(some.programs.fold, sampled(predictions, 50, seed=3).programs.fold)
    held_out = some.programs.fold >= 0
    assert held_out.sum() == 50
    states = pooled_states(some, "line", FakeStore())
    assert states[held_out[some.levels["line"].program]].any()
    assert not states[~held_out[some.levels["line"].program]].any()


def test_a_store_with_other_tokens_is_refused():
    """States of another tokenization would be put on the wrong lines."""

    class Shorter(FakeStore):
        def read(self, sources):
            states, table = super().read(sources)
            return states[:-1], table.iloc[:-1]

    with pytest.raises(EvaluationError, match="other tokens"):
        pooled_states(synthetic(60), "line", Shorter())
