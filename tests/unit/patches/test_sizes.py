"""Sizes of patches: in a picture that is the same for the same tables, and in tokens of a supervisor."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="needs the probes extra")

from tokenizers import Tokenizer, models, pre_tokenizers

from heatline.supervisor.tokenizer import TextTokenizer
from heatline_probes.patches.labels import Edit, EditKind
from heatline_probes.patches.supervisor_sizes import supervisor_sizes, supervisor_sizes_table
from heatline_probes.patches.table import MinedPatch, amend_card, load_patches, read_card, write_table

CODE = "def f(x):\n    return x - 1\n"
PATCH = MinedPatch(
    code_sha="a" * 16,
    dataset="toy",
    problem_key="toy:1",
    model="m",
    source="s",
    licence="MIT",
    verified=True,
    origin="template",
    parses=True,
    samples="",
    attempt=True,
    tokens=12,
    edited_tokens=1,
    changed_tokens=1,
    hunks=1,
    rewrite=False,
    quality=0.9,
    edits=(Edit(CODE.index("-"), CODE.index("-") + 1, EditKind.REPLACED),),
)


def characters() -> TextTokenizer:
    """A tokenizer with a token for every character."""
    vocabulary = {character: number for number, character in enumerate(sorted(set(CODE)))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="x"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return TextTokenizer(tokenizer)


def test_the_labels_of_any_tokenizer_are_counted() -> None:
    codes = {("toy:1", "a" * 16): CODE}
    other = replace(PATCH, code_sha="b" * 16)
    sizes = supervisor_sizes(characters(), [PATCH, other], codes)
    assert sizes["programs"] == 1
    assert sizes["tokens_median"] == len(CODE)
    assert sizes["edited_tokens_mean"] == 1
    assert sizes["edited_fraction_mean"] == round(1 / len(CODE), 4)
    assert supervisor_sizes(characters(), [other], codes) == {}
    table = supervisor_sizes_table([{"dataset": "toy", "supervisor_tokens": {"s": sizes}}, {"dataset": "no"}])
    assert "| toy | s | 1 | 1.0, 1 |" in table
    assert "| no |" not in table


def test_what_is_added_to_a_card_leaves_the_table_readable(tmp_path: Path) -> None:
    path = tmp_path / "toy.parquet"
    write_table([PATCH], path, {"dataset": "toy"})
    amend_card(path, {"supervisor_tokens": {"s": {"programs": 1}}})
    assert read_card(path)["supervisor_tokens"] == {"s": {"programs": 1}}
    assert load_patches(tmp_path)["toy:1", "a" * 16].edits == PATCH.edits
    assert json.loads(path.with_suffix(".json").read_text())["rows"] == 1


def test_the_picture_is_the_same_for_the_same_patches(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs the probes extra")
    from heatline_probes.patches.plot import plot_sizes

    patches = {"toy": [PATCH, replace(PATCH, edited_tokens=6)], "other": [PATCH], "empty": []}
    for name in ("a.svg", "b.svg"):
        plot_sizes(patches, tmp_path / name)
    text = (tmp_path / "a.svg").read_text()
    assert text == (tmp_path / "b.svg").read_text()
    assert "toy (2)" in text
    assert "empty" not in text
    assert {path.name for path in tmp_path.iterdir()} == {"a.svg", "b.svg"}
