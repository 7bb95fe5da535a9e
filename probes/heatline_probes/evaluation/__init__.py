"""How good confidences are: one protocol for every estimator, with intervals and baselines."""
