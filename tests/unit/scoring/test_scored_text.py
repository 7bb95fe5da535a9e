"""From features to lines, tokens, scopes and spans."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heatline.errors import InputError
from heatline.probe import SpanProbe
from heatline.scoring.features import ScopeFeatures
from heatline.scoring.lines import line_spans
from heatline.scoring.scored_text import ScoredText, token_lines
from tests.tiny import tiny_probe, tiny_supervisor

TEXT = "a = 1\n\nif a:\n    b = 2"
SPANS = [(0, 1), (1, 3), (3, 5), (5, 7), (7, 9), (9, 12), (12, 17), (17, 18), (18, 22)]


@pytest.fixture(scope="module")
def probe(tmp_path_factory):
    return SpanProbe.load(tiny_probe(tiny_supervisor(tmp_path_factory.mktemp("probe"))))


@pytest.fixture(scope="module")
def features():
    return np.random.default_rng(0).standard_normal((len(SPANS), 8)).astype(np.float32)


@pytest.fixture(scope="module")
def scored(probe, features):
    scope = ScopeFeatures(0, len(TEXT), "", "statements", np.asarray(SPANS, np.int32), features)
    return ScoredText(TEXT, "python", [scope], probe)


def test_tokens_belong_to_the_line_of_their_first_character_that_is_not_white_space():
    lines = token_lines(TEXT, np.asarray(SPANS), line_spans(TEXT)[:, 0])
    # the line end and the indentation are one token: it opens the line it indents
    assert lines.tolist() == [0, 0, 0, 1, 2, 2, 3, 3, 3]


def test_every_non_blank_line_is_there_with_its_tokens(scored):
    assert [(line.line, line.start, line.end, line.tokens) for line in scored.lines] == [
        (0, 0, 5, (0, 3)),
        (2, 7, 12, (4, 6)),
        (3, 13, 22, (6, 9)),
    ]


def test_a_lines_confidence_is_that_of_its_max_pooled_features(scored, probe, features):
    logit = probe.logits(probe.in_scope(features)[4:6].max(axis=0, keepdims=True))
    line = scored.lines[1]
    assert line.confidence == probe.calibrator("line").predict(logit)[0]
    assert line.unscaled_confidence == pytest.approx(1 / (1 + np.exp(-logit[0])))
    assert line.risk == 1 - line.confidence


def test_levels_have_their_own_calibrators(scored, probe, features):
    final = probe.in_scope(features)
    whole = probe.logits(final.max(axis=0, keepdims=True))
    assert scored.scopes[0].confidence == probe.calibrator("scope").predict(whole)[0]
    assert scored.tokens[2].confidence == probe.calibrator("token").predict(probe.logits(final[2:3]))[0]
    assert (scored.scopes[0].first_line, scored.scopes[0].last_line) == (0, 3)


def test_a_query_explains_itself(scored):
    query = scored.span(7, 12)
    assert query.level == "line"
    assert query.confidence == scored.lines[1].confidence
    total = sum(c.logit for c in query.contributions) + query.bias
    assert 1 / (1 + np.exp(-total)) == pytest.approx(query.unscaled_risk)
    assert [c.logit for c in query.contributions] == sorted(
        (c.logit for c in query.contributions), reverse=True
    )


@pytest.mark.parametrize(
    ("span", "level"), [((0, 1), "token"), ((0, 0), "token"), ((0, 5), "line"), ((0, 22), "scope")]
)
def test_the_level_of_a_query_is_what_it_spans(scored, span, level):
    assert scored.span(*span).level == level


@pytest.mark.parametrize("span", [(-1, 2), (3, 2), (0, 99)])
def test_a_span_outside_the_text_is_refused(scored, span):
    with pytest.raises(InputError):
        scored.span(*span)


def test_a_text_without_scopes_has_nothing_to_query(probe):
    empty = ScoredText("\n", "python", [], probe)
    assert (empty.lines, empty.tokens, empty.scopes) == ((), (), ())
    with pytest.raises(InputError, match="Nothing is scored"):
        empty.span(0, 1)


@given(st.text(alphabet="ab\r\n\x0b\x0c\x85\u2028😋", max_size=40))
def test_lines_end_only_where_the_protocol_says(text):
    expected = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert [text[start:end] for start, end in line_spans(text)] == expected
