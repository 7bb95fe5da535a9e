"""Mining finds verified minimal patches, remembers what it did, and writes tables that say what they are."""

import ast
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="needs the probes extra")

import pyarrow.parquet as pq

from heatline_probes.corpus.programs import Corpora, Problem, Program, code_sha
from heatline_probes.errors import PatchError
from heatline_probes.patches.deadcode import dead_statements
from heatline_probes.patches.jobs import Mine, ordered_tasks, run_tasks, table_path, tasks_again, write_mined
from heatline_probes.patches.mining import MiningSettings, tasks
from heatline_probes.patches.report import drops_table, models_table, summary_table
from heatline_probes.patches.sample import sample_page
from heatline_probes.patches.sandbox import Sandbox
from heatline_probes.patches.state import MiningState
from heatline_probes.patches.table import load_patches, read_table
from heatline_probes.patches.units import cut
from heatline_probes.patches.unverified import nearest_patches

TESTS = """
def check(candidate):
    inputs = [[[3, 1, 2]], [[5]], [[-1, -7, 4]]]
    results = [3, 5, 4]
    for i, (inp, exp) in enumerate(zip(inputs, results)):
        assert candidate(*inp) == exp

check(largest)
"""
REFERENCE = "def largest(numbers):\n    return max(numbers)\n"
LOOP = (
    "def largest(values):\n    best = values[0]\n    for value in values:\n        if value > best:\n"
    "            best = value\n    return best\n"
)
FAILING = {
    "one operator": LOOP.replace(">", "<"),
    "an insertion": LOOP.replace("        if value > best:\n            best = value\n", "        pass\n"),
    "other names": LOOP.replace("best", "b").replace(">", "<").replace("values", "xs"),
    "does not parse": LOOP.replace("]\n", "\n", 1),
}
PROBLEM = Problem(
    "toy:1", "toy", "1", "python", "Find the largest.", "largest", REFERENCE, "", TESTS, "exec", *[""] * 6
)


def program(code: str, *, passes: bool = False, licence: str = "MIT") -> Program:
    return Program(
        code_sha(code), "toy", "toy:1", "python", "m", "solution", "s/r", licence, passes, "ran", code
    )


CORPORA = Corpora(
    (program(LOOP, passes=True), *(program(code) for code in FAILING.values())),
    {"toy:1": PROBLEM},
    {"toy:1": "toy:1"},
)


@pytest.fixture
def mine(tmp_path: Path) -> Iterator[Mine]:
    sandbox = Sandbox()
    sandbox.__enter__()
    passing = {"toy:1": [p for p in CORPORA.programs if p.passes]}
    with Mine(CORPORA, passing, MiningSettings(), sandbox, MiningState(tmp_path / "state.sqlite")) as opened:
        yield opened


def mined(mine: Mine) -> dict[str, dict[str, object]]:
    found: list[dict[str, object]] = []
    chosen = ordered_tasks(CORPORA, ["toy"], mine.settings)
    run_tasks(mine, chosen, 1, Path(), Path(), (), lambda _, outcomes: found.extend(outcomes))
    return {str(outcome["code_sha"]): outcome for outcome in found}


def test_every_failing_program_gets_a_small_patch_that_passes(mine: Mine) -> None:
    outcomes = mined(mine)
    assert {code_sha(code) for code in FAILING.values()} == set(outcomes)
    with mine.sandbox.problem(PROBLEM) as tests:
        for outcome in outcomes.values():
            assert outcome["status"] == "patched"
            assert tests.run(str(outcome["patched"])).passes
    assert outcomes[code_sha(FAILING["one operator"])]["changed_tokens"] == 1
    assert outcomes[code_sha(FAILING["other names"])]["changed_tokens"] == 1
    assert outcomes[code_sha(FAILING["does not parse"])]["changed_tokens"] == 1


def test_the_edit_is_where_the_bug_is(mine: Mine, tmp_path: Path) -> None:
    mined(mine)
    path = table_path(tmp_path, "toy")
    write_mined(mine, "toy", path, "command")
    patches = {patch.code_sha: patch for patch in read_table(path)}
    code = FAILING["one operator"]
    edit = patches[code_sha(code)].edits[0]
    assert code[edit.start : edit.end] == "<"
    offsets = np.array([(i, i + 1) for i in range(len(code))])
    assert [code.index("<")] == np.flatnonzero(~patches[code_sha(code)].kept(offsets)).tolist()


def test_what_was_done_is_not_done_again(mine: Mine) -> None:
    before = mined(mine)
    mine.sandbox.close()  # nothing may be run
    assert mined(mine) == before


def test_a_task_that_was_stopped_half_way_goes_on_with_what_is_left(mine: Mine) -> None:
    done = code_sha(FAILING["one operator"])
    mark = {"status": "no patch found", "code_sha": done, "problem_key": "toy:1", "runs": 0}
    mine.state.set_outcome(mine.settings.name(), "toy:1", done, mark)
    outcomes = mined(mine)
    assert outcomes.pop(done) == mark
    assert [outcome["status"] for outcome in outcomes.values()] == ["patched"] * 3


def with_an_earlier_search(mine: Mine, edited: int) -> str:
    """A state in which "one operator" was patched with so many edited tokens; returns its hash."""
    sha = code_sha(FAILING["one operator"])
    earlier = mined(mine)[sha] | {"edited_tokens": edited, "hunks": 1}
    del earlier["search"]
    mine.state.set_outcome(mine.settings.name(), "toy:1", sha, earlier)
    return sha


def test_looking_again_begins_with_the_largest_patch_and_keeps_the_smaller_one(mine: Mine) -> None:
    sha = with_an_earlier_search(mine, edited=20)
    settings = replace(mine.settings, search=replace(mine.settings.search, runs=81))
    again = replace(mine, settings=settings)
    task = tasks_again(again, ["toy"])[0]
    assert [sha] == [p.code_sha for p in task.programs]
    (outcome,) = again.run(task)
    assert outcome["edited_tokens"] == 1
    assert task.programs not in [other.programs for other in tasks_again(again, ["toy"])]


def test_looking_again_never_makes_a_patch_larger(mine: Mine) -> None:
    sha = with_an_earlier_search(mine, edited=0)
    settings = replace(mine.settings, search=replace(mine.settings.search, runs=81))
    again = replace(mine, settings=settings)
    (outcome,) = again.run(next(t for t in tasks_again(again, ["toy"]) if t.programs[0].code_sha == sha))
    assert outcome["edited_tokens"] == 0


def test_a_patch_never_goes_around_the_old_code(mine: Mine) -> None:
    wrong = "def largest(values):\n    total = 0\n    for v in values:\n        total += v * 2\n    return total\n"
    known = replace(CORPORA, programs=(program(REFERENCE, passes=True), program(wrong)))
    other = replace(mine, corpora=known, passing={"toy:1": [known.programs[0]]})
    (outcome,) = other.run(tasks(known.programs[1:], mine.settings)[0])
    assert outcome["status"] == "patched"
    assert dead_statements(ast.parse(outcome["patched"])) == 0


def test_a_state_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "state").write_bytes(b"not a database at all, but long enough to be looked at" * 50)
    with pytest.raises(PatchError, match="Delete it"):
        MiningState(tmp_path / "state")


def test_verdicts_survive_only_after_a_commit_but_are_known_at_once(tmp_path: Path) -> None:
    with MiningState(tmp_path / "s") as one, MiningState(tmp_path / "s") as other:
        one.set_verdict("t", "code", True)
        assert one.verdict("t", "code") is True
        assert other.verdict("t", "code") is None
        one.commit()
        assert other.verdict("t", "code") is True


def test_a_table_holds_no_program_text_and_an_altered_one_is_refused(mine: Mine, tmp_path: Path) -> None:
    mined(mine)
    path = table_path(tmp_path, "toy")
    card = write_mined(mine, "toy", path, "heatline-probes patches mine --dataset toy")
    assert card["looked_at"] == 4
    assert len(load_patches(tmp_path, verified_only=True)) == 4
    stored = json.dumps(pq.read_table(path).to_pylist()) + path.with_suffix(".json").read_text()
    assert "largest" not in stored
    assert "values" not in stored
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(PatchError, match="not the one its card describes"):
        read_table(path)
    path.with_suffix(".json").write_text("{")
    with pytest.raises(PatchError, match="no JSON"):
        read_table(path)
    path.with_suffix(".json").unlink()
    with pytest.raises(PatchError, match="can't be read"):
        read_table(path)


def test_programs_under_a_noncommercial_licence_are_not_mined() -> None:
    corpora = replace(CORPORA, programs=(program("x", licence="CC-BY-NC-4.0"), program("y")))
    chosen = ordered_tasks(corpora, ["toy"], MiningSettings())
    assert [p.code for task in chosen for p in task.programs] == ["y"]


def test_rounds_look_at_every_problem_before_any_twice() -> None:
    programs = [replace(program(str(n)), problem_key=f"toy:{n % 3}") for n in range(30)]
    keys = [task.problem_key for task in tasks(programs, MiningSettings(round_size=2))]
    assert {"toy:0", "toy:1", "toy:2"} == set(keys[:3]) == set(keys[3:6])
    assert len(keys) == 15


def test_a_limit_is_kept_and_a_seed_decides_the_order() -> None:
    chosen = ordered_tasks(CORPORA, ["toy"], MiningSettings(), limit=3)
    assert sum(len(task.programs) for task in chosen) == 3
    assert chosen == ordered_tasks(CORPORA, ["toy"], MiningSettings(), limit=3)
    orders = {ordered_tasks(CORPORA, ["toy"], MiningSettings(seed=n))[0].programs for n in range(8)}
    assert len(orders) > 1


def test_without_tests_the_nearest_program_is_never_called_verified() -> None:
    failing = [program(FAILING["other names"])]
    (patch,) = nearest_patches(failing, [program(LOOP, passes=True), program(REFERENCE, passes=True)])
    assert not patch.verified
    assert patch.origin == "nearest renamed"
    assert patch.changed_tokens == 1
    assert 0 < patch.quality < 1
    assert nearest_patches(failing, []) == []


def test_sizes_are_counted_in_units_of_the_failing_program(mine: Mine) -> None:
    for code, outcome in mined(mine).items():
        text = next(p.code for p in CORPORA.programs if p.code_sha == code)
        assert len(cut(text).units) == outcome["tokens"]
        assert outcome["parses"] == _parses(text)


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


def test_the_sample_page_shows_no_program_without_a_licence(mine: Mine) -> None:
    outcomes = list(mined(mine).values())
    shown = sample_page(CORPORA.programs, outcomes, 40, seed=0)
    assert "best" in shown
    unlicensed = [replace(p, licence="none stated") for p in CORPORA.programs]
    hidden = sample_page(unlicensed, outcomes, 40, seed=0)
    for text in ("best", "value", "largest", "return"):
        assert text not in hidden
    assert hidden.count("character offsets only") == 3


def test_new_text_that_only_unlicensed_programs_have_is_not_shown(mine: Mine) -> None:
    outcomes = list(mined(mine).values())
    mixed = [replace(p, licence="none stated") if p.passes else p for p in CORPORA.programs]
    page = sample_page(mixed, outcomes, 40, seed=0)
    assert "tokens⟧" in page
    assert "if value > best" not in page.replace(FAILING["one operator"], "")


def test_a_card_gives_the_tables_of_the_documentation(mine: Mine, tmp_path: Path) -> None:
    mined(mine)
    card = write_mined(mine, "toy", table_path(tmp_path, "toy"), "command")
    assert "| toy | 4 | 4 | all that parse | 3 | 100.0 % |" in summary_table([card])
    assert "| toy | 4 | 4 | attempts | 3 | 100.0 % |" in summary_table([card])
    assert "| toy | patched | 3 |" in drops_table([card])
    assert "| m | 1 | 4 | 4 | 3 |" in models_table(card, least=1)
