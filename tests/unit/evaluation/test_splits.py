"""No protocol lets a probe learn from a problem that it is tested on."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the probes extra")
from hypothesis import given, settings
from hypothesis import strategies as st

from heatline_probes.corpus.programs import Program
from heatline_probes.errors import EvaluationError
from heatline_probes.evaluation.splits import generator_family, leave_one_out, split_programs

pytestmark = pytest.mark.probes


def program(i: int, dataset: str, model: str = "gpt-4", language: str = "python") -> Program:
    return Program(
        f"{i:016x}", dataset, f"{dataset}/{i}", language, model, "solution", "own", "MIT", True, "ran", "x"
    )


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 60), st.sampled_from(["by_problem", "leave_one_dataset_out"])
)
def test_training_never_holds_a_tested_group_or_class(seed, groups, protocol):
    """Groups of tested programs are out of training; a left-out dataset is out entirely."""
    generator = np.random.default_rng(seed)
    rows = list(zip(generator.choice(list("abc"), 100), generator.integers(0, groups, 100), strict=True))
    programs = [program(i, str(dataset)) for i, (dataset, _) in enumerate(rows)]
    group = np.asarray([f"g{number}" for _, number in rows])
    datasets = np.asarray([p.dataset for p in programs])
    split = split_programs(protocol, programs, group)
    for fold, name in enumerate(split.names):
        training, test = split.training(fold), split.test(fold)
        assert not set(group[training]) & set(group[test])
        if protocol == "leave_one_dataset_out":
            assert set(datasets[test]) == {name}
            assert name not in datasets[training]


def test_rare_classes_are_never_tested():
    """A dataset of a few programs stays in training: its figures would say nothing."""
    names = np.asarray(["a"] * 30 + ["b"] * 30 + ["c"] * 3)
    split = leave_one_out(names, np.asarray([f"g{i}" for i in range(63)]))
    assert split.names == ("a", "b")
    assert split.fold[-3:].tolist() == [-1, -1, -1]
    assert split.training(0)[-3:].all()


def test_one_class_alone_is_refused():
    """Leaving out everything is an error, not an empty table."""
    with pytest.raises(EvaluationError, match="leaves nothing"):
        leave_one_out(np.asarray(["a"] * 30), np.asarray(["g"] * 30))


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("GPT-4O-2024-08-06", "gpt-4o"),
        ("gpt-35-turbo", "gpt-3.5"),
        ("O4-Mini (High)", "openai-reasoning"),
        ("Claude-3.5-Sonnet-20241022", "claude"),
        ("DSCoder-33b-Ins", "deepseek"),
        ("QwQ-32B-Preview", "qwen"),
        ("human refinement of codegen", "human"),
        ("Tabnine", "tabnine"),
        ("AzeroGPT-64b", "other"),
    ],
)
def test_families_of_generators(name, family):
    """A generator's family is read off its name, whatever its version."""
    assert generator_family(name) == family
