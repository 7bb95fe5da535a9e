"""`heatline-probes transfer`: what a probe that only saw code says of made-up sentences."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatline.cli.progress import stage_progress
from heatline.supervisor.card import atomic_path
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR


def transfer(
    corpora: Annotated[Path | None, typer.Option(help="Folder with halueval_general.parquet.")] = None,
    supervisor: Annotated[str, typer.Option(help="Whose probe.")] = DEFAULT_SUPERVISOR,
    probe: Annotated[str | None, typer.Option(help="A probe's name or the path of its card.")] = None,
    answers: Annotated[
        int | None, typer.Option(min=50, help="A seeded choice of so many; default: all.")
    ] = None,
    states: Annotated[
        Path | None, typer.Option(help="Folder that keeps hidden states: a run goes on where it stopped.")
    ] = None,
    as_json: Annotated[Path | None, typer.Option("--json", help="Also write every figure here.")] = None,
    resamples: Annotated[int, typer.Option(min=20, help="For the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the choice, the folds and the resamples.")] = 0,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the supervisor.")] = None,
) -> None:
    """Score HaluEval's answers with a code probe: answers, sentences and marked spans, as Markdown tables."""
    import heatline
    from heatline.scoring.sequences import SequenceRunner
    from heatline_probes.corpus.programs import corpora_folder
    from heatline_probes.evaluation.transfer import (
        LEVELS,
        judge,
        load_answers,
        measure_transfer,
        read_all,
        transfer_table,
    )

    chosen = load_answers(corpora_folder(corpora), answers, seed)
    with heatline.load(supervisor, probe, threads, cache=False) as scorer, stage_progress() as progress:
        runner = SequenceRunner(scorer.engine.session)
        read = read_all(chosen, runner, states, lambda done, total: progress("reading", done, total))
        found = {}
        for done, level in enumerate(LEVELS):
            progress("measuring", done, len(LEVELS))
            judged = judge(read, scorer.probe, level)
            found[level] = measure_transfer(judged, scorer.probe, level, resamples, seed)
    marked = sum(bool(one.marked.spans) for one in read)
    if as_json is not None:
        with atomic_path(as_json) as temporary:
            described = {"supervisor": supervisor, "answers": len(read), "marked": marked, "levels": found}
            temporary.write_text(json.dumps(described, indent=1), encoding="utf-8")
    Console(stderr=True).print(f"{len(read):,} answers, {marked:,} of them with something made up.")
    typer.echo(transfer_table(found))
