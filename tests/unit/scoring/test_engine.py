"""The engine: scopes scored independently, cached by content, taken back between chunks."""

import sqlite3

import numpy as np
import pytest

import heatline
from heatline.errors import ProbeError, SupervisorError
from heatline.probe import SpanProbe
from heatline.scoring.cache import FeatureCache
from heatline.scoring.engine import Cancelled, Engine
from heatline.scoring.layout import CONTEXT_BUDGET, OVERLAP, SEQUENCE, lay_out
from heatline.scoring.scopes import Scope, find_scopes
from heatline.supervisor.session import SupervisorSession
from tests.tiny import tiny_probe, tiny_supervisor

CODE = "import os\n\n\ndef f(x):\n    return x + 1\n\n\ndef g(y):\n    return y\n"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return tiny_supervisor(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="module")
def session(bundle):
    return SupervisorSession(bundle, threads=1)


@pytest.fixture(scope="module")
def probe(bundle):
    return SpanProbe.load(tiny_probe(bundle))


def never_open():
    raise AssertionError("the model was loaded")


def engine(session, probe, cache=None):
    return Engine(lambda: session, probe, cache)


def features(engine, text):
    return {text[s.start : s.end]: s.features for s in engine.scope_features(text, "python")}


def test_editing_one_scope_leaves_the_others_features_alone(session, probe):
    before = features(engine(session, probe), CODE)
    after = features(engine(session, probe), CODE.replace("x + 1", "x - 1"))
    same = set(before) & set(after)
    assert len(same) == 2
    assert all(np.array_equal(before[key], after[key]) for key in same)


def test_a_cached_text_needs_no_model(session, probe, tmp_path):
    first = features(engine(session, probe, FeatureCache(tmp_path)), CODE)
    again = features(Engine(never_open, probe, FeatureCache(tmp_path)), CODE)
    assert first.keys() == again.keys()
    assert all(np.array_equal(first[key], again[key]) for key in first)


def test_moved_scopes_come_from_the_cache_at_their_new_place(session, probe, tmp_path):
    cache = FeatureCache(tmp_path)
    list(engine(session, probe, cache).scope_features(CODE, "python"))
    moved = CODE.replace("\n\n\ndef g", "\n\n\n\n\n\ndef g")
    *_, last = Engine(never_open, probe, cache).scope_features(moved, "python")
    assert moved[last.token_spans[0, 0] : last.token_spans[-1, 1]] == "def g(y):\n    return y"


def test_the_scope_nearest_the_caret_comes_first(session, probe):
    first, *_ = engine(session, probe).scope_features(CODE, "python", priority_offset=len(CODE))
    assert first.name == "g"


def test_work_is_taken_back_between_chunks(session, probe):
    with pytest.raises(Cancelled):
        list(engine(session, probe).scope_features(CODE, "python", cancelled=lambda: True))


def test_a_long_scope_goes_on_with_overlap(session):
    text = "x = [" + ", ".join(str(i) for i in range(1500)) + "]"
    (scope,) = find_scopes(text, "python")
    layout = lay_out(text, scope, session.tokenizer, session.card.sink_token_id)
    assert sum(s.scored for s in layout.sequences) == len(layout.tokens.ids)
    assert all(len(s.ids) <= SEQUENCE for s in layout.sequences)
    second = layout.sequences[1]
    done = layout.sequences[0].scored
    assert second.ids[1 : 1 + OVERLAP].tolist() == layout.tokens.ids[done - OVERLAP : done].tolist()


def test_every_sequence_starts_with_the_sink_and_a_bounded_context(session):
    scope = Scope(0, 5, "f", "function", "import a\n" * 500)
    (sequence,) = lay_out("x = 1", scope, session.tokenizer, session.card.sink_token_id).sequences
    assert sequence.ids[0] == session.card.sink_token_id
    assert len(sequence.ids) == 1 + CONTEXT_BUDGET + sequence.scored


@pytest.mark.parametrize("text", ["", "\n", "def f(:\n  ((", "é😋 = '\ud800'\r\n\x0c", "x" * 3000])
def test_odd_texts_are_scored(session, probe, text):
    for scope in engine(session, probe).scope_features(text, "python"):
        assert len(scope.features) == len(scope.token_spans)
        assert np.isfinite(scope.features).all()


def test_an_unusable_cache_is_left_out(session, probe, tmp_path):
    (tmp_path / "file").write_text("")
    cache = FeatureCache(tmp_path / "file" / "x")
    assert "HEATLINE_CACHE" in cache.problem
    assert len(features(engine(session, probe, cache), CODE)) == 3


def test_a_read_only_database_is_left_out(session, probe, tmp_path):
    list(engine(session, probe, FeatureCache(tmp_path)).scope_features(CODE, "python"))
    cache = FeatureCache(tmp_path)
    cache._connection.execute("pragma query_only = on")
    assert len(features(engine(session, probe, cache), CODE + "z = 1\n")) == 4
    assert cache.problem


def test_a_damaged_database_is_set_aside(session, probe, tmp_path):
    (tmp_path / "features.sqlite").write_bytes(b"no database" * 1000)
    cache = FeatureCache(tmp_path)
    assert not cache.problem
    assert (tmp_path / "features.damaged").exists()


def test_the_cache_forgets_when_it_outgrows_its_limit(session, probe, tmp_path):
    cache = FeatureCache(tmp_path, limit=1)
    list(engine(session, probe, cache).scope_features(CODE, "python"))
    cache.close()
    with sqlite3.connect(tmp_path / "features.sqlite") as connection:
        assert connection.execute("select count(*) from features").fetchone()[0] < 3


def test_load_refuses_a_probe_of_another_bundle(bundle, tmp_path, monkeypatch):
    other = tiny_probe(tiny_supervisor(tmp_path, "qwen2"))
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(bundle.parent))
    with pytest.raises(ProbeError, match="another build"):
        heatline.load("tiny", str(other))


def test_load_says_how_to_get_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("HEATLINE_SUPERVISORS", str(tmp_path))
    monkeypatch.delenv("HEATLINE_SUPERVISOR", raising=False)
    with pytest.raises(SupervisorError, match="heatline supervisor pull smollm2-135m"):
        heatline.load()
