"""Scores after any edits are, bit for bit, those of a run from scratch, and run no more tokens than they must."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heatline.probe import SpanProbe
from heatline.scoring.cancellation import Cancelled
from heatline.scoring.engine import Engine, distance
from heatline.supervisor.session import SupervisorSession
from tests.tiny import tiny_probe, tiny_supervisor

START = "import os\n\n\ndef f(x):\n    return x + 1\n\n\ndef g(y):\n    return f(y)\n"
SCRAPS = [
    "x",
    " ",
    "\n",
    "    ",
    "(",
    ")",
    "return",
    "import a\n",
    "\n\n\ndef h():\n    ",
    "é",
    "😋",
    "'",
    ":",
]
MEMORY = 64 << 10  # bytes: a few hundred tokens of the tiny supervisors, so that prefixes are given up

edits = st.lists(
    st.tuples(
        st.floats(0, 1),  # where, as a share of the text
        st.integers(0, 6),  # characters taken out
        st.sampled_from(SCRAPS),
        st.integers(0, 3),  # chunks after which the work is taken back; 0: it isn't
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module", params=["llama", "qwen2", "qwen3"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    bundle = tiny_supervisor(tmp_path_factory.mktemp(request.param), request.param)
    return SupervisorSession(bundle, threads=1), SpanProbe.load(tiny_probe(bundle))


def from_scratch(made, text: str) -> list[np.ndarray]:
    session, probe = made
    engine = Engine(lambda: session, probe)
    return [scope.features for scope in engine.scope_features(text, "python")]


@settings(max_examples=12, deadline=None)
@given(edits)
def test_scores_after_any_edits_are_those_of_scratch(made, changes) -> None:
    session, probe = made
    engine, text = Engine(lambda: session, probe, memory=MEMORY), START
    for share, taken, inserted, chunks in changes:
        place = round(share * len(text))
        text = text[:place] + inserted + text[place + taken :]
        scopes = engine.outline(text, "python", "a.py")
        keys = {keyed.key for keyed in scopes}
        left = iter([False] * chunks)
        for cancelled in ([lambda left=left: next(left, True)] if chunks else []) + [lambda: False]:
            scored = []
            for keyed in scopes:
                edited = "a.py" if distance(keyed.scope, place) == 0 else None
                try:
                    scored.append(
                        engine.features(text, keyed, edited_in=edited, others=keys, cancelled=cancelled)
                    )
                except Cancelled:
                    break
        for ours, theirs in zip(scored, from_scratch(made, text), strict=True):
            assert np.array_equal(ours.features, theirs)


def test_a_key_at_the_end_of_a_scope_runs_only_what_follows_it(made) -> None:
    session, probe = made
    engine, text = Engine(lambda: session, probe), START.rstrip("\n")
    run = []
    for typed in ("", "x", "y", "z"):
        text += typed
        before = engine.sequences.tokens_run
        scopes = engine.outline(text, "python", "a.py")
        engine.features(text, scopes[-1], edited_in="a.py", others=[s.key for s in scopes])
        run.append(engine.sequences.tokens_run - before)
    assert run[1:] == [1, 1, 1]


def test_the_memory_of_prefixes_is_bounded(made) -> None:
    """The one used last stays, however small the bound."""
    session, probe = made
    engine = Engine(lambda: session, probe, memory=MEMORY)
    for number in range(30):
        text = f"def f{number}(x):\n    return [{', '.join(map(str, range(number, 20 + number)))}]"
        (keyed,) = engine.outline(text, "python", f"{number}.py")
        engine.features(text, keyed, edited_in=f"{number}.py", others=[keyed.key])
        assert engine.sequences.memory <= MEMORY


def test_another_scopes_prefix_is_copied_and_not_taken(made) -> None:
    """Two functions that begin alike, edited in turn: neither runs the other's tokens again."""
    session, probe = made
    engine = Engine(lambda: session, probe)
    bodies = ["def same(a):\n    return a + 1", "def same(a):\n    return a + 2"]
    run = []
    for step in range(4):
        bodies[step % 2] += "x"
        text = "\n\n\n".join(bodies)
        scopes = engine.outline(text, "python", "a.py")
        before = engine.sequences.tokens_run
        engine.features(text, scopes[step % 2], edited_in="a.py", others=[s.key for s in scopes])
        run.append(engine.sequences.tokens_run - before)
    assert run[2:] == [1, 1]


def test_undo_runs_no_model(made) -> None:
    session, probe = made
    engine = Engine(lambda: session, probe)
    for text in (START, START.replace("x + 1", "x - 1")):
        for keyed in engine.outline(text, "python", "a.py"):
            engine.features(text, keyed, edited_in="a.py")
    before = engine.sequences.tokens_run
    for keyed in engine.outline(START, "python", "a.py"):
        engine.features(START, keyed, edited_in="a.py")
    assert engine.sequences.tokens_run == before
