"""Made-up sentences: marks, sentences and spans, and the measures over them."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from heatline.calibration.calibrators import sigmoid
from heatline.probe import SpanProbe
from heatline.scoring.sequences import SequenceRunner
from heatline.supervisor.session import SupervisorSession
from heatline_probes.errors import CorpusError
from heatline_probes.evaluation.transfer import (
    JudgedSpans,
    MarkedAnswer,
    judge,
    load_answers,
    measure_transfer,
    quintiles,
    read_all,
    read_answer,
    sentences,
    transfer_table,
)
from tests.tiny import tiny_probe, tiny_supervisor

ANSWER = "Rome is in Italy. It has 9 million cats.\nIt is old!"
MARK = (18, 40)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A runner and a probe of random weights."""
    bundle = tiny_supervisor(tmp_path_factory.mktemp("tiny"))
    return SequenceRunner(SupervisorSession(bundle, 1)), SpanProbe.load(tiny_probe(bundle))


def test_sentences_end_at_stops_and_lines():
    """A stop inside a number is none."""
    text = "It is 3.5 high. Yes?\nNo stop here\n\n- item"
    assert [text[a:b] for a, b in sentences(text)] == ["It is 3.5 high.", "Yes?", "No stop here", "- item"]


def test_answers_whose_marks_are_not_in_them_are_left_out(tmp_path):
    """Made up, but nobody knows where; and an empty answer."""
    row = {"user_query": "q", "chatgpt_response": ANSWER, "hallucination": "yes"}
    marks = [[ANSWER[slice(*MARK)]], ["elsewhere"], []]
    rows = [{**row, "hallucination_spans": json.dumps(m)} for m in marks]
    rows += [{**rows[2], "hallucination": "no"}, {**rows[2], "hallucination": "no", "chatgpt_response": " "}]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "halueval_general.parquet")
    assert [one.spans for one in load_answers(tmp_path)] == [(MARK,), ()]
    with pytest.raises(CorpusError, match="HEATLINE_CORPORA"):
        load_answers(tmp_path / "absent")


def test_levels_of_one_answer(tiny):
    """The whole is made up, one of three sentences is; marks count as spans of their own."""
    runner, probe = tiny
    read = [read_answer(MarkedAnswer("Tell me of Rome.", ANSWER, (MARK,)), runner)]
    assert judge(read, probe, "answer").kept.tolist() == [False]
    assert judge(read, probe, "sentence").kept.tolist() == [True, False, True]
    spans = judge(read, probe, "span")
    assert spans.kept.tolist() == [False, True, True]
    assert spans.logit["max"][0] == pytest.approx(judge(read, probe, "sentence").logit["max"][1])


def test_states_are_of_the_answer_after_its_question(tiny):
    """Another question, other states; the tokens are the answer's."""
    runner, _ = tiny
    one, other = (read_answer(MarkedAnswer(q, ANSWER, ()), runner) for q in ("a b c", "quite another"))
    assert "".join(ANSWER[a:b] for a, b in one.offsets) == ANSWER
    assert one.states.shape == other.states.shape
    assert not np.allclose(one.states, other.states, atol=1e-3)


def test_states_are_kept_and_read_again(tiny, tmp_path, monkeypatch):
    """The second time no model runs; another question is another file."""
    runner, _ = tiny
    marked = [MarkedAnswer("q", ANSWER, ()), MarkedAnswer("q", "   ", ()), MarkedAnswer("r", ANSWER, (MARK,))]
    first = read_all(marked, runner, tmp_path)
    monkeypatch.setattr(
        "heatline_probes.evaluation.transfer.read_answer", lambda *args: pytest.fail("read again")
    )
    again = read_all(marked, runner, tmp_path)
    assert [one.marked for one in again] == [one.marked for one in first]
    assert all(np.array_equal(a.states, b.states) for a, b in zip(first, again, strict=True))


def test_platt_fitted_again_mends_what_code_taught(tiny):
    """Logits that rank well but lie far too high: the code's calibrator is no use, a fit by folds is."""
    generator = np.random.default_rng(0)
    true = generator.normal(0.5, 1.5, 600)
    kept = generator.random(600) < sigmoid(true)
    logit = dict.fromkeys(("max", "mean", "least sure token"), true + 6)
    judged = JudgedSpans(logit, kept, np.arange(600) // 2)
    found = measure_transfer(judged, tiny[1], "answer", resamples=30)
    contenders = found["contenders"]
    assert contenders["unscaled"]["bss"]["value"] < 0 < contenders["platt fitted again"]["bss"]["low"]
    assert contenders["platt fitted again"]["auc"]["value"] > 0.7
    assert "| answer | 600 |" in transfer_table({"answer": found})


def test_quintiles_are_equally_full():
    """The least sure first."""
    found = quintiles(np.linspace(0, 1, 10), np.arange(10) >= 5)
    assert [row["spans"] for row in found] == [2] * 5
    assert [row["kept"] for row in found] == [0, 0, 0.5, 1, 1]
