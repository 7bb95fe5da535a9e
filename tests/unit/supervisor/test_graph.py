"""What the integer graph does where numbers are at their edge."""

import numpy as np

from heatline.supervisor.gguf_weights import GgufWeights
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import build_bundle
from tests.tiny import NAME, tiny_gguf

IDS = np.random.default_rng(0).integers(0, 260, 30).astype(np.int32)


def test_rows_of_zeros_stay_zeros(tmp_path, monkeypatch):
    """Nothing is divided by their largest number: a layer whose inputs are zeros adds nothing to the stream."""
    tensor = GgufWeights.tensor

    def silenced(self, name):
        found = tensor(self, name)
        return np.zeros_like(found) if name in ("0.attn_norm", "0.ffn_norm") else found

    monkeypatch.setattr(GgufWeights, "tensor", silenced)
    weights, states = tiny_gguf(tmp_path), []
    for precision in ("int8", "fp32"):
        (tmp_path / precision).mkdir()
        build_bundle(NAME, weights, tmp_path / precision, 1, precision)
        session = SupervisorSession(tmp_path / precision, threads=1)
        states.append(session.run(IDS, session.new_cache(len(IDS))))
    assert np.allclose(states[0], states[1], rtol=0, atol=0.02 * np.abs(states[1]).max())
