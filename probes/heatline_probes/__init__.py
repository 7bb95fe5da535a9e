"""Everything for those who train and study probes: corpora, minimal patches, training, evaluation."""
