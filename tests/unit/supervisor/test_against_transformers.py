"""The graph computes what transformers computes: ``hidden_states[k]``, before any final norm."""

import os
from pathlib import Path

import numpy as np
import pytest

from heatline.supervisor.catalog import CATALOG
from heatline.supervisor.gguf_weights import GgufWeights
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import SupervisorStore
from tests.tiny import tiny_gguf

torch = pytest.importorskip("torch", reason="needs the probes extra")
transformers = pytest.importorskip("transformers", reason="needs the probes extra")
pytest.importorskip("accelerate", reason="needs the probes extra")

pytestmark = pytest.mark.probes

INSTALLED = SupervisorStore().folder  # read before any fixture points elsewhere
CODE = Path(__file__).read_text()[:1500]


def reference(gguf: Path, ids: np.ndarray, layers: int) -> np.ndarray:
    config = transformers.AutoConfig.from_pretrained(gguf.parent, gguf_file=gguf.name)
    if hasattr(config, "head_dim"):  # its GGUF reader leaves Qwen3's at a default
        config.head_dim = GgufWeights(gguf).architecture.head_dim
    model = transformers.AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, config=config, dtype=torch.float32, attn_implementation="eager"
    )
    with torch.no_grad():
        out = model.model(torch.from_numpy(ids.astype(np.int64))[None], output_hidden_states=True)
    return out.hidden_states[layers][0].numpy()


def relative_error(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The median token's ‖ours − theirs‖ / ‖theirs‖, which the huge attention sink can't hide."""
    return float(np.median(np.linalg.norm(ours - theirs, axis=1) / np.linalg.norm(theirs, axis=1)))


def states(store: SupervisorStore, name: str, ids: np.ndarray) -> np.ndarray:
    session = SupervisorSession(store.bundle(name))
    return session.run(ids, session.new_cache(len(ids)))


def weights_of(name: str) -> Path:
    """The catalog's weights: beside an installed supervisor, or in ``HEATLINE_TEST_WEIGHTS``."""
    candidates = [INSTALLED / "weights" / f"{name}.gguf"]
    if folder := os.environ.get("HEATLINE_TEST_WEIGHTS"):
        candidates += [p for p in Path(folder).glob("*.gguf") if p.stat().st_size == CATALOG[name].size]
    for path in candidates:
        if path.is_file():
            return path
    pytest.skip(f"the weights of {name} are neither pulled nor in HEATLINE_TEST_WEIGHTS")


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3"])
def test_fp32_graph_of_random_weights(tmp_path, family):
    gguf = tiny_gguf(tmp_path, family)
    ids = np.arange(50, dtype=np.int32)
    store = SupervisorStore(tmp_path / "supervisors")
    store.build("tiny", gguf, 2, precision="fp32")
    assert relative_error(states(store, "tiny", ids), reference(gguf, ids, 2)) < 1e-4


@pytest.mark.real
@pytest.mark.parametrize("name", list(CATALOG))
def test_real_supervisors(tmp_path, name):
    gguf, layers = weights_of(name), CATALOG[name].layers
    store = SupervisorStore(tmp_path)
    for precision in ("fp32", "int8"):
        store.build(f"x-{precision}", gguf, layers, precision=precision)
    session = SupervisorSession(store.bundle("x-int8"))
    ids = np.append(session.card.sink_token_id, session.tokenizer.encode(CODE).ids).astype(np.int32)
    theirs = reference(gguf, ids, layers)
    exact = relative_error(states(store, "x-fp32", ids), theirs)
    quantised = relative_error(states(store, "x-int8", ids), theirs)
    print(f"{name}: fp32 {exact:.1e}, int8 {quantised:.2%}")
    assert exact < 1e-4
    assert quantised < 0.05


@pytest.mark.real
@pytest.mark.parametrize("name", list(CATALOG))
def test_tokenizers_agree_on_code(tmp_path, name):
    gguf = weights_of(name)
    theirs = transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    store = SupervisorStore(tmp_path)
    store.build("x", gguf, 1)
    ours = SupervisorSession(store.bundle("x")).tokenizer
    for text in (
        CODE,
        "x = 'é😋 1234567'\r\n\tif a!=b:\n\n\n    pass  # über",
        "for(int i=0;i<10;++i){a[i]+=1;}",
    ):
        assert ours.encode(text).ids.tolist() == theirs.encode(text, add_special_tokens=False)


@pytest.mark.real
@pytest.mark.parametrize("name", list(CATALOG))
def test_suffixes_of_real_supervisors_equal_scratch(tmp_path, name):
    store = SupervisorStore(tmp_path)
    store.build("x", weights_of(name), CATALOG[name].layers)
    session = SupervisorSession(store.bundle("x"))
    ids = session.tokenizer.encode(CODE).ids[:300]
    scratch = session.run(ids, session.new_cache(len(ids)))
    for cut in (1, 64, 65, 128, 129, 250, len(ids) - 1):
        cache = session.new_cache(len(ids))
        session.run(ids[:cut], cache)
        assert np.array_equal(session.run(ids[cut:], cache), scratch[cut:])
