"""From answers to tables: tested, patched, labelled, estimated, calibrated and written, and gone on with."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

pytest.importorskip("pandas", reason="needs the probes extra")
pytest.importorskip("matplotlib", reason="needs the probes extra")

import heatline
from heatline_probes.cli import app
from heatline_probes.corpus.endpoint import Endpoint
from heatline_probes.corpus.generating import Sampling
from heatline_probes.corpus.programs import Corpora, Problem, Program, code_sha
from heatline_probes.errors import CorpusError, EvaluationError
from heatline_probes.estimators.answers import choose_problems, gather_answers
from heatline_probes.estimators.asking import Asker, Patience
from heatline_probes.estimators.comparison import ComparedSpans, calibrated, fill, risk_coverage, spans_of
from heatline_probes.estimators.comparison_run import run_comparison, write_comparison
from heatline_probes.estimators.judged import judge_answers, labelled, read_answers, recorded_of
from heatline_probes.estimators.kept_estimates import KeptEstimates, estimate_all
from heatline_probes.estimators.registry import Resources, estimator_names
from heatline_probes.estimators.subject import Estimate
from heatline_probes.evaluation.plots import cluster_plot
from tests.tiny import NAME, tiny_probe, tiny_supervisor
from tests.unit.estimators.fake_endpoint import fake_endpoint, said
from tests.unit.estimators.subjects import subject

COUNT = 12
RIGHT = "def f{0}(a, b):\n    c = a + b\n    return c + {0}\n"


def wrong(number):
    """One sign is wrong."""
    return RIGHT.format(number).replace("a + b", "a - b")


def fenced(code):
    """As a model answers."""
    return f"Here it is:\n```python\n{code}```"


@pytest.fixture(scope="module")
def corpora():
    """Problems whose every other answer will be wrong, each with a passing program to patch from."""
    problems = {
        f"p{i}": Problem(
            f"p{i}", "own" if i % 3 else "other", str(i), "python", f"Write f{i}.", f"f{i}", RIGHT.format(i), "",
            f"assert f{i}(1, 2) == {3 + i}\nassert f{i}(5, 5) == {10 + i}", "exec", "", "", "", "", "", "",
        )
        for i in range(COUNT)
    }  # fmt: skip
    programs = tuple(
        Program(code_sha(RIGHT.format(i)), p.dataset, p.key, "python", "m0", "solution", "s", "MIT", True, "ran",
                RIGHT.format(i))
        for i, p in enumerate(problems.values())
    )  # fmt: skip
    return Corpora(programs, problems, {key: key for key in problems})


def row(number, sample=0):
    """One answer with its tokens: every other greedy one is wrong, all samples are right."""
    code = wrong(number) if number % 2 and not sample else RIGHT.format(number)
    text = fenced(code)
    tokens = [text[i : i + 3] for i in range(0, len(text), 3)]
    logprobs = [-0.9 if "-" in token else -0.05 for token in tokens]
    return {
        "problem_key": f"p{number}", "model": "m", "sample": sample, "kind": "solution", "code": code,
        "finish_reason": "stop", "tokens": tokens, "logprobs": logprobs,
    }  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    """Greedy answers and two samples of each."""
    return [row(i, s) for s in range(3) for i in range(COUNT)]


@pytest.fixture(scope="module")
def judged_folder(corpora, rows, tmp_path_factory):
    """Verdicts and patches of the answers, made once."""
    folder = tmp_path_factory.mktemp("judged")
    return folder, judge_answers(corpora, rows, folder)


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    """A tiny supervisor with a random probe."""
    folder = tmp_path_factory.mktemp("tiny")
    bundle = tiny_supervisor(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEATLINE_SUPERVISORS", str(bundle.parent))
        with heatline.load(NAME, str(tiny_probe(bundle)), 1, cache=False) as loaded:
            yield loaded


def test_failing_answers_get_a_minimal_patch(judged_folder, corpora, rows, scorer):
    """Only the wrong sign is edited, so only its line is not kept."""
    _, verdicts = judged_folder
    assert [verdicts[f"p{i}"]["passes"] for i in range(COUNT)] == [i % 2 == 0 for i in range(COUNT)]
    one = next(j for j in labelled(corpora, rows, verdicts, scorer) if not j.passes)
    assert one.line.tolist() == [True, False, True]
    edited = [one.subject.code[a:b].strip() for a, b in one.subject.spans[~one.token]]
    assert edited == ["-"]
    assert one.problem.tolist() == [False]
    assert len(one.subject.samples) == 2


def test_verdicts_are_not_made_again(judged_folder, corpora, rows, monkeypatch):
    """A second run reads the first one's."""
    folder, verdicts = judged_folder
    monkeypatch.setattr("heatline_probes.estimators.judged._judge", lambda *args: pytest.fail("asked again"))
    assert judge_answers(corpora, rows, folder) == verdicts


def test_recorded_tokens_are_placed_in_the_code():
    """The fence and the sentence before it are no part of the program."""
    code = "x = 1\n"
    text = fenced(code)
    tokens = [text[i : i + 4] for i in range(0, len(text), 4)]
    recorded = recorded_of(code, tokens, [-float(i) for i in range(len(tokens))])
    assert "".join(code[a:b] for a, b in recorded.spans) == code
    first = text.index(code) // 4
    assert recorded.log_probability[0] == -first


def test_a_recorded_probability_is_at_most_one():
    """Endpoints round: 1e-6 above 0 is a sure token, not more than sure."""
    assert recorded_of("x = 1", ["x", " = 1"], [1e-6, -0.5]).log_probability.tolist() == [0.0, -0.5]


def test_tokens_that_do_not_spell_the_code_are_left_out():
    """A generator's tokens with half a character are no record."""
    assert recorded_of("é = 1", ["\ufffd", "\ufffd", " = 1"], [-1.0] * 3) is None
    assert recorded_of("x", [], []) is None


@pytest.fixture(scope="module")
def compared(judged_folder, corpora, rows, scorer, tmp_path_factory):
    """Every kind of estimator on the answers; the model says a fixed list, or the wrong length for long ones."""
    answers = [said("The sign.\n[0.9, 0.4, 0.8, 1.0]"), said("Yes", [("Yes", -0.5), ("No", -1.0)])]
    folder = tmp_path_factory.mktemp("compared")
    with fake_endpoint(*answers) as (url, _):
        asker = Asker(Endpoint(url, "m", retries=0), Patience(2, sleep=lambda seconds: None))
        resources = Resources(scorer, None, asker, "m")
        names = estimator_names(
            ["probe", "token-probability", "lowest-k", "multisampling", "verbalized", "p-true"]
        )
        found = run_comparison(
            corpora, rows, judged_folder[1], resources, names, ["identity", "platt", "isotonic"], folder,
            resamples=20,
        )  # fmt: skip
    return folder, found


def test_every_estimator_is_measured_where_it_speaks(compared):
    """P(True) only of whole programs; the others of lines too; samples that agree find the wrong line."""
    _, found = compared
    assert (found["programs"], found["passing"], found["unpatched"]) == (COUNT, COUNT // 2, 0)
    assert "p-true" not in found["levels"]["line"]["estimators"]
    assert "p-true" in found["levels"]["problem"]["estimators"]
    best = found["levels"]["line"]["estimators"]["multisampling:min"]["calibrators"]
    assert best["identity"]["auc"]["value"] == 1.0
    assert best["platt"]["bss"]["value"] > 0.5


def test_what_fell_back_is_counted(compared):
    """The model answered the first question with a list, all later ones with Yes."""
    counts = compared[1]["levels"]["line"]["estimators"]["verbalized"]["counts"]
    assert counts["asked"] == COUNT
    assert counts["compliant"] == 1
    assert counts["fell back"] == COUNT - 1
    assert compared[1]["levels"]["line"]["estimators"]["verbalized"]["silent"] == 3 * (COUNT - 1)


def test_tables_and_page_are_written(compared, tmp_path):
    """Self-contained: no script, no address to fetch from."""
    paths = write_comparison(
        compared[1], ["identity", "platt", "isotonic"], tmp_path, "heatline-probes compare"
    )
    texts = {path.suffix: path.read_text() for path in paths}
    assert json.loads(texts[".json"])["programs"] == COUNT
    assert "| multisampling:min | " in texts[".md"]
    assert "fell back to the base rate" in texts[".md"]
    assert f"(SHA-256 {compared[1]['probe_sha256'][:8]}…)" in texts[".md"]
    assert "<svg" in texts[".html"]
    assert "<script" not in texts[".html"]
    assert 'src="' not in texts[".html"]
    assert 'href="http' not in texts[".html"]


def test_estimates_are_kept_and_failures_are_not(tmp_path):
    """What is known isn't estimated again; where a model gave nothing, it is asked again."""
    calls = []

    class Fickle:
        name = identity = "fickle"

        def estimate(self, one):
            calls.append(one.key)
            lost = {"fell back": 1} if one.key == "p/2" else {}
            size = len(one.spans)
            return Estimate(np.full(size, 0.5), np.full(len(one.line_numbers), np.nan), 0.25, lost)

    subjects = [subject(key="p/1"), subject(key="p/2")]
    kept = KeptEstimates(tmp_path)
    first, again = (list(estimate_all(Fickle(), subjects, kept)) for _ in range(2))
    assert calls == ["p/1", "p/2", "p/2"]
    assert again[0].token == pytest.approx(first[0].token)
    assert np.isnan(again[0].line).all()


def test_a_damaged_estimate_is_made_again(tmp_path):
    """Half a file, or one of other tokens, is not there."""
    kept, one = KeptEstimates(tmp_path), subject()

    class Plain:
        name = identity = "plain"

        def estimate(self, one):
            return Estimate(np.full(len(one.spans), 0.5), np.full(len(one.line_numbers), 0.5), 0.5)

    list(estimate_all(Plain(), [one], kept))
    (file,) = tmp_path.rglob("*.json")
    file.write_text(file.read_text()[:20])
    assert kept.get(Plain(), one) is None


class FakeJudged:
    """Outcomes of the lines of one program."""

    def __init__(self, kept):
        self.kept = np.asarray(kept, bool)

    def level(self, name):
        return self.kept


def test_silence_gets_the_base_rate_and_tells_no_program_from_another():
    """Two kept of four, smoothed, is one half: in programs whose lines are all kept and all edited alike."""
    judged = [FakeJudged([True, True]), FakeJudged([False, False])]
    silent = Estimate(np.empty(0), np.asarray([np.nan, np.nan]), np.nan)
    spoken = Estimate(np.empty(0), np.asarray([0.3, np.nan]), np.nan)
    filled = fill(judged, [silent, spoken], "line")
    assert filled.confidence == pytest.approx([0.5, 0.5, 0.3, 0.5])
    assert filled.silent == 3
    assert fill(judged, [silent, silent], "line") is None


def test_calibration_never_sees_the_problem_it_is_applied_to():
    """One problem's outcomes are the opposite of all others': its own calibrator is the others'."""
    generator = np.random.default_rng(0)
    confidence = generator.random(400)
    group = np.repeat([f"g{i}" for i in range(20)], 20)
    kept = generator.random(400) < confidence
    odd = group == "g7"
    spans = ComparedSpans(np.where(odd, ~kept, kept), np.repeat(np.arange(20), 20), np.full(400, "d"), group)
    other = ComparedSpans(kept, spans.program, spans.dataset, group)
    assert calibrated("platt", confidence, spans)[odd] == pytest.approx(
        calibrated("platt", confidence, other)[odd]
    )


def test_a_level_nobody_speaks_of_has_no_table(judged_folder, corpora, rows, scorer, tmp_path):
    """P(True) judges the whole only."""
    with fake_endpoint(said("Yes", [("Yes", -0.5), ("No", -1.0)])) as (url, _):
        asker = Asker(Endpoint(url, "m", retries=0), Patience(1, sleep=lambda seconds: None))
        resources = Resources(scorer, None, asker, "m")
        found = run_comparison(
            corpora, rows, judged_folder[1], resources, ["p-true"], ["identity"], tmp_path, resamples=20
        )
    assert list(found["levels"]) == ["problem"]


def test_unknown_names_are_refused(compared, corpora, rows, judged_folder, scorer, tmp_path):
    """Estimators and calibrators, and those that lack what they need."""
    with pytest.raises(EvaluationError, match="unknown"):
        estimator_names(["probes"])
    for names, calibrators, sentence in (
        (["probe"], ["platts"], "unknown"),
        (["verbalized"], ["identity"], "--base-url"),
        (["attention-weighted"], ["identity"], "--weights"),
    ):
        with pytest.raises(EvaluationError, match=sentence):
            run_comparison(
                corpora, rows, judged_folder[1], Resources(scorer), names, calibrators, tmp_path, resamples=20
            )


def test_risk_coverage_by_hand():
    """Surest first: kept, edited, kept; ties in expectation."""
    found = risk_coverage(np.asarray([0.9, 0.5, 0.1]), np.asarray([True, False, True]))
    assert found["risk"] == pytest.approx([0, 0.5, 1 / 3], abs=1e-4)
    tied = risk_coverage(np.asarray([0.5, 0.5]), np.asarray([True, False]))
    assert tied["risk"] == [0.5, 0.5]


def test_pooled_states_are_means_of_lines(judged_folder, corpora, rows, scorer):
    """For local Platt scaling."""
    judged = labelled(corpora, rows, judged_folder[1], scorer)[:1]
    states = np.arange(len(judged[0].subject.spans), dtype=np.float32)[:, None]
    pooled = spans_of(judged, "line", [states]).states
    first = judged[0].subject.line_rows == 0
    assert pooled[0, 0] == pytest.approx(states[first].mean())
    assert spans_of(judged, "problem", [states]).states[0, 0] == pytest.approx(states.mean())


def test_problems_are_shared_over_datasets(corpora):
    """What a small dataset lacks, the other gives; the order is seeded."""
    chosen = choose_problems(corpora, ["own", "other"], 10)
    assert sorted(p.dataset for p in chosen) == ["other"] * 4 + ["own"] * 6
    assert [p.key for p in chosen] == [p.key for p in choose_problems(corpora, ["own", "other"], 10)]
    with pytest.raises(CorpusError, match="no problems"):
        choose_problems(corpora, ["absent"], 3)


def test_answers_are_gathered_several_at_a_time_and_gone_on_with(corpora, tmp_path):
    """Greedy ones first; a request that fails is left for the next run."""
    path = tmp_path / "answers.jsonl"
    problems = choose_problems(corpora, ["own"], 3)
    with fake_endpoint(500, said(fenced("x = 1\n"))) as (url, asked):
        endpoint = Endpoint(url, "m", retries=0)
        assert gather_answers(endpoint, problems, Sampling(1), path, workers=1) == 5
        assert gather_answers(endpoint, problems, Sampling(1), path, workers=3) == 1
    assert [body["temperature"] for body in asked] == [0, 0, 0, 0.8, 0.8, 0.8, 0]
    assert len(read_answers(path)) == 6
    path.write_text(path.read_text() + "{}\n")
    with pytest.raises(CorpusError, match="Line 7"):
        read_answers(path)


def test_the_command_says_what_is_missing(tmp_path):
    """Neither programs nor a model to write them."""
    error = CliRunner().invoke(app, ["compare", "--out", str(tmp_path)]).exception
    assert isinstance(error, CorpusError)
    assert "--base-url" in str(error)


def test_clusters_are_drawn_where_local_scaling_was_asked_for():
    """Two kinds of states, two colours, noise in grey; and none without states."""
    states = np.repeat([[0.0, 0.0], [5.0, 5.0]], 60, axis=0) + np.random.default_rng(0).normal(
        0, 0.1, (120, 2)
    )
    places = np.concatenate([states, [[9.0, 9.0]]])
    drawn = cluster_plot(places, np.asarray([0] * 60 + [1] * 60 + [-1]), "clusters")
    assert drawn.startswith("<svg")
    assert "1: 60" in drawn
    assert "2: 60" in drawn
    assert drawn == cluster_plot(places, np.asarray([0] * 60 + [1] * 60 + [-1]), "clusters")
