"""How alike the hidden states of two builds of the same weights are, on the processor."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from heatline.errors import BundleError
from heatline.supervisor import architecture
from heatline.supervisor.architecture import Float32
from heatline.supervisor.session import CHUNK, SupervisorSession

LARGEST_DIFFERENCE = 0.08
"""Of the median token's hidden state, relative to its length.  What the int8 builds themselves are off by is 0.02 to
0.04, and the difference between a build that is right and one that isn't is of the order of 1."""

TOKENS = 512


def sample_ids(
    session: SupervisorSession, tokens: int = TOKENS
) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """The sink token and code: some of Heatline's own, which every installation has."""
    text = Path(architecture.__file__).read_text(encoding="utf-8")
    code = session.tokenizer.encode(text).ids
    repeated = np.resize(code, max(tokens - 1, 1))
    return np.concatenate([np.asarray([session.card.sink_token_id], np.int32), repeated.astype(np.int32)])


def hidden_states(session: SupervisorSession, tokens: int = TOKENS) -> Float32:
    """Of the sample, without the sink token's: ``(tokens - 1, D)``."""
    ids = sample_ids(session, tokens)
    cache = session.new_cache(len(ids))
    runs = [session.run(ids[start : start + CHUNK], cache) for start in range(0, len(ids), CHUNK)]
    return np.concatenate(runs)[1:]


def differences(states: Float32, reference: Float32) -> dict[str, float]:
    """Median and 99th percentile of ``|state - reference| / |reference|`` over tokens."""
    relative = np.linalg.norm(states - reference, axis=1) / np.linalg.norm(reference, axis=1)
    return {"median": float(np.median(relative)), "p99": float(np.quantile(relative, 0.99))}


def check_agreement(build: Path, reference: Path) -> dict[str, float]:
    """Differences of a build's hidden states from those of ``reference``, each bundle run on the processor.

    Raises ``BundleError`` when they are larger than ``LARGEST_DIFFERENCE``, or no numbers.
    """
    expected = hidden_states(SupervisorSession(reference))
    found = differences(hidden_states(SupervisorSession(build)), expected)
    if not found["median"] <= LARGEST_DIFFERENCE:  # nor for what is no number
        raise BundleError(
            f"The new build's hidden states differ from those of {reference.name} by {found['median']:.0%} of their "
            "length, too much for its probes. Use the int8 build."
        )
    return found
