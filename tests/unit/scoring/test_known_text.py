"""What is kept of a whole text says the same as scoring it again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import heatline
from heatline.probe import SpanProbe
from heatline.scorer import Scorer
from heatline.scoring.cache import FeatureCache
from heatline.scoring.engine import Engine
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.known_text import KnownText
from heatline.scoring.scopes import find_scopes
from heatline.scoring.scored_text import ScoredText
from heatline.scoring.text_logits import TextLogits
from heatline.supervisor.session import SupervisorSession
from tests.tiny import tiny_probe, tiny_supervisor

CODE = "import os\n\n\ndef f(x):\n    return x + 1\n\n\ndef g(y): return y\n"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_supervisor(tmp_path_factory.mktemp("known"))


@pytest.fixture(scope="module")
def probe(bundle: Path) -> SpanProbe:
    return SpanProbe.load(tiny_probe(bundle))


@pytest.fixture(scope="module")
def session(bundle: Path) -> SupervisorSession:
    return SupervisorSession(bundle, threads=1)


def never_open() -> SupervisorSession:
    raise AssertionError("the model was loaded")


def never_again() -> ScoredText:
    raise AssertionError("the text was scored again")


def scored_at_random(text: str, probe: SpanProbe, seed: int = 0) -> ScoredText:
    """Every character a token with features of its own."""
    random = np.random.default_rng(seed)
    scopes = []
    for scope in find_scopes(text, "python"):
        places = np.arange(scope.start, scope.end, dtype=np.int32)
        spans = np.stack([places, places + 1], axis=1)
        features = random.standard_normal((len(spans), probe.width)).astype(np.float32)
        scopes.append(ScopeFeatures(scope.start, scope.end, scope.name, scope.kind, spans, features))
    return ScoredText(text, "python", scopes, probe)


def kept(scored: ScoredText, probe: SpanProbe) -> KnownText:
    logits = TextLogits.from_bytes(TextLogits.of(scored).to_bytes())
    return KnownText(scored.text, scored.language, logits, probe, never_again)


@given(
    st.lists(
        st.sampled_from(["def f():\n    pass\n", "x = 1\r\n", "\n", "a = 2; ", "# é\n", "  \r"]), max_size=8
    )
)
def test_a_kept_text_has_the_same_tokens_lines_and_scopes(probe: SpanProbe, pieces: list[str]) -> None:
    """To the last bit: a report must not depend on what was in the cache."""
    scored = scored_at_random("".join(pieces), probe)
    known = kept(scored, probe)
    assert (known.tokens, known.lines, known.scopes) == (scored.tokens, scored.lines, scored.scopes)
    assert known.tokens_between(1, 4) == scored.tokens_between(1, 4)


def test_another_base_rate_holds_for_kept_texts(probe: SpanProbe) -> None:
    """Calibrators are not among what is kept."""
    rarely = probe.at_base_rate(0.01)
    scored = scored_at_random(CODE, probe)
    again = ScoredText(CODE, "python", [], rarely)
    assert again.lines == ()
    assert kept(scored, rarely).lines == scored_at_random(CODE, rarely).lines != scored.lines


@pytest.mark.parametrize("cut", [1, 30, -1])
def test_damaged_bytes_are_refused(probe: SpanProbe, cut: int) -> None:
    """A value that is not what was written is as good as none."""
    raw = TextLogits.of(scored_at_random(CODE, probe)).to_bytes()
    with pytest.raises(ValueError, match="malformed"):
        TextLogits.from_bytes(raw[:cut])


def test_a_text_that_was_scored_is_neither_parsed_nor_scored_again(
    session: SupervisorSession, probe: SpanProbe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Scorer(Engine(lambda: session, probe, FeatureCache(tmp_path)), "tiny") as scorer:
        first = scorer.score(CODE, "python")
    monkeypatch.setattr("heatline.scoring.engine.find_scopes", None)
    with Scorer(Engine(never_open, probe, FeatureCache(tmp_path)), "tiny") as scorer:
        scorer.expect(CODE, "python")
        again = scorer.score(CODE, "python")
    assert (again.tokens, again.lines, again.scopes) == (first.tokens, first.lines, first.scopes)


def test_a_span_of_a_kept_text_is_explained_from_its_features(
    session: SupervisorSession, probe: SpanProbe, tmp_path: Path
) -> None:
    """Features are in the cache too, so no model is loaded for it."""
    with Scorer(Engine(lambda: session, probe, FeatureCache(tmp_path)), "tiny") as scorer:
        first = scorer.score(CODE, "python").span(11, 20)
    with Scorer(Engine(never_open, probe, FeatureCache(tmp_path)), "tiny") as scorer:
        assert scorer.score(CODE, "python").span(11, 20) == first


@pytest.mark.parametrize("changed", ["text", "language", "probe", "bytes"])
def test_a_kept_text_is_found_by_all_that_it_depends_on(
    session: SupervisorSession, probe: SpanProbe, tmp_path: Path, changed: str
) -> None:
    """Another text, language or probe, or a value that was damaged: it is scored anew."""
    from dataclasses import replace

    engine = Engine(lambda: session, probe, FeatureCache(tmp_path))
    with Scorer(engine, "tiny") as scorer:
        scorer.score(CODE, "python")
        assert engine.known_logits(CODE, "python") is not None
        if changed == "bytes":
            key = engine._text_key(CODE, "python")
            assert engine.cache is not None
            engine.cache.put_text(key, b"{}\n")
        if changed == "probe":
            engine.probe = replace(probe, card=replace(probe.card, sha256="another"))
        text = CODE.replace("f", "h") if changed == "text" else CODE
        assert engine.known_logits(text, "ruby" if changed == "language" else "python") is None


def test_old_texts_go_with_old_features(tmp_path: Path) -> None:
    """One limit holds for the whole file."""
    cache = FeatureCache(tmp_path, limit=1)
    cache.put_text(b"old", b"1")
    cache.trim()
    assert cache.get_text(b"old") is None
    cache.close()


SPANS = np.asarray([[0, 1], [2, 3]], np.int32)


def test_features_go_before_the_texts_that_a_check_needs(tmp_path: Path) -> None:
    """However much is written, and without a large file in between."""
    limit = 1 << 20
    cache = FeatureCache(tmp_path, limit)
    for number in range(300):
        cache.put_text(b"text%d" % number, bytes(100))
        scored = ScopeFeatures(0, 9, "f", "function", SPANS, np.zeros((len(SPANS), 5000), np.float32))
        cache.put(b"scope%d" % number, scored)
        assert cache.path.stat().st_size < 1.5 * limit
    cache.close()
    assert cache.path.stat().st_size <= limit
    again = FeatureCache(tmp_path, limit)
    assert all(again.get_text(b"text%d" % number) == bytes(100) for number in range(300))
    assert again.has(b"scope299")
    assert not again.has(b"scope0")
    again.close()


def test_the_api_gives_kept_texts_where_it_gave_scored_ones() -> None:
    """Whoever holds a ``ScoredText`` needn't know."""
    assert issubclass(KnownText, heatline.ScoredText)
