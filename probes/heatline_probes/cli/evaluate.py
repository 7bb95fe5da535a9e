"""`heatline-probes evaluate`: tables and diagrams of predictions, comparisons, failures, background code."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from platformdirs import user_cache_path
from rich.console import Console
from typer.core import TyperGroup

from heatline.cli.progress import stage_progress
from heatline.supervisor.card import atomic_path
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline_probes.cli.options import (
    PROTOCOLS,
    CorporaOption,
    PatchesOption,
    ProtocolsOption,
    ShareOption,
    quotas_at,
)
from heatline_probes.errors import EvaluationError
from heatline_probes.patches.table import MINED


class _TablesByDefault(TyperGroup):
    """`evaluate FOLDER…` means `evaluate tables FOLDER…`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["tables", *args]
        return list(super().parse_args(ctx, args))


app = typer.Typer(
    cls=_TablesByDefault,
    help="Measure held-out predictions: `evaluate FOLDER… --out docs/results.md` writes all tables.",
    no_args_is_help=True,
)

Runs = Annotated[list[Path], typer.Argument(help="Folders of predictions that `train` wrote.")]
Run = Annotated[Path, typer.Argument(help="A folder of predictions.")]
Resamples = Annotated[int, typer.Option(min=20, help="How often programs are drawn again for an interval.")]
Seed = Annotated[int, typer.Option(help="Of the resamples and the folds of scaling.")]
Whole = Annotated[
    bool, typer.Option("--by-problem", help="Draw whole problems again, not programs: wider intervals.")
]


@app.command()
def tables(
    predictions: Runs,
    out: Annotated[Path, typer.Option(help="The page to write; diagrams go to images/ beside it.")],
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write every figure as JSON here.")
    ] = None,
    cards: Annotated[
        list[Path],
        typer.Option("--card", help="Also put its supervisor's figures on this card; may be given again."),
    ] = [],  # noqa: B006
    resamples: Resamples = 1000,
    seed: Seed = 0,
    by_problem: Whole = False,
    baselines: Annotated[bool, typer.Option(help="Fit the trivial baselines too.")] = True,
) -> None:
    """Write the tables and diagrams of predictions, by protocol and level, with intervals and baselines."""
    from heatline_probes.evaluation.predictions import Predictions
    from heatline_probes.evaluation.protocol import EvaluationSettings
    from heatline_probes.evaluation.results import evaluate_all, write_card_metrics, write_results

    runs = [Predictions.load(folder) for folder in predictions]
    settings = EvaluationSettings(resamples, seed, by_problem, baselines)
    with stage_progress() as progress:
        results = evaluate_all(runs, settings, progress)
    written = write_results(results, out, _command(), as_json)
    written += [write_card_metrics(card, results) for card in cards]
    Console(stderr=True).print(f"Wrote {', '.join(str(path) for path in written)}.")


@app.command()
def compare(
    one: Run,
    other: Run,
    resamples: Resamples = 1000,
    seed: Seed = 0,
    by_problem: Whole = False,
) -> None:
    """Say how OTHER differs from ONE, both scaled, with paired intervals: an ablation's test."""
    from heatline_probes.evaluation.comparisons import compare_runs
    from heatline_probes.evaluation.predictions import Predictions
    from heatline_probes.evaluation.protocol import EvaluationSettings
    from heatline_probes.evaluation.tables import figure, table

    settings = EvaluationSettings(resamples, seed, by_problem)
    found = compare_runs(Predictions.load(one), Predictions.load(other), settings)
    rows = [
        [level, metric, figure(contest["one"][metric], 4), figure(contest["other"][metric], 4),
         figure(contest["other"]["difference"][metric], 4)]
        for level, contest in found.items()
        for metric in ("bss_within_dataset", "auc", "ece")
    ]  # fmt: skip
    typer.echo(table(["level", "metric", one.name, other.name, "difference, paired"], rows))


@app.command()
def failures(
    predictions: Run,
    listing: Annotated[
        Path, typer.Option(help="JSON with the lines themselves; keep it out of repositories.")
    ],
    out: Annotated[Path | None, typer.Option(help="A page with counts only; default: print it.")] = None,
    threshold: Annotated[
        float | None, typer.Option(help="Risk to flag from; default: one line in ten is flagged.")
    ] = None,
    worst: Annotated[int, typer.Option(min=1, help="How many of each kind.")] = 30,
) -> None:
    """List the worst false alarms and misses, grouped by cause."""
    import numpy as np

    from heatline_probes.evaluation.failure_page import failure_page
    from heatline_probes.evaluation.failures import study_failures
    from heatline_probes.evaluation.predictions import Predictions
    from heatline_probes.evaluation.scaling import transferred
    from heatline_probes.evaluation.views import Run as EvaluatedView

    loaded = Predictions.load(predictions)
    if "line" not in loaded.levels:
        raise EvaluationError("These predictions hold no lines. Name predictions of the line level.")
    if threshold is None:
        confidence = transferred(loaded, EvaluatedView(loaded).view("line"))
        threshold = float(np.quantile(1 - confidence, 0.9))
    study = study_failures(loaded, threshold, worst)
    with atomic_path(listing) as temporary:
        temporary.write_text(json.dumps(study.to_json(), indent=1), encoding="utf-8")
    text = failure_page(study, f"{loaded.supervisor}: {loaded.name}", threshold, _command())
    if out is None:
        typer.echo(text)
    else:
        with atomic_path(out) as temporary:
            temporary.write_text(text, encoding="utf-8")


@app.command()
def token_probability(
    card: Annotated[
        Path, typer.Option(help="The card of the probe to stand beside; its figures are added to.")
    ],
    weights: Annotated[Path, typer.Option(help="The supervisor's GGUF file, all of it.")],
    out: Annotated[Path, typer.Option(help="The page to write.")],
    corpora: CorporaOption = None,
    patches: PatchesOption = MINED,
    share: ShareOption = 1.0,
    protocols: ProtocolsOption = PROTOCOLS,
    kept: Annotated[
        Path | None, typer.Option(help="Folder of probabilities; default: in the cache. Used again.")
    ] = None,
    resamples: Resamples = 1000,
    seed: Annotated[int, typer.Option(help="Of the sample, the folds and the resamples.")] = 0,
) -> None:
    """Measure the supervisor's own token probability on the programs that a shipped probe was measured on.

    Give the share, seed and patches of the probe's training.
    """
    import torch

    from heatline.probe import ProbeCard
    from heatline.supervisor.session import SupervisorSession
    from heatline.supervisor.store import SupervisorStore
    from heatline_probes.corpus.programs import corpora_folder, load_corpora
    from heatline_probes.evaluation.protocol import EvaluationSettings, evaluate_run
    from heatline_probes.evaluation.results import same_spans, write_card_baselines
    from heatline_probes.evaluation.token_probability_page import token_probability_page
    from heatline_probes.patches.table import load_patches
    from heatline_probes.training.labels import labelled_sample
    from heatline_probes.training.supervisor_model import SupervisorModel
    from heatline_probes.training.token_probabilities import (
        TokenProbabilities,
        read_sample,
        sources_of,
        without_probe,
    )
    from heatline_probes.training.train import TrainingPlan

    described = ProbeCard.read(card)
    supervisor = described.supervisor
    plan = TrainingPlan(described.name, supervisor, tuple(protocols), seed=seed, command=_command())
    session = SupervisorSession(SupervisorStore().bundle(supervisor))
    folder = kept or user_cache_path("heatline") / "token-probabilities" / supervisor
    store = TokenProbabilities(folder, weights, session)
    loaded = load_corpora(corpora_folder(corpora), other_languages=True)
    settings = EvaluationSettings(resamples, seed, probe=False)
    with stage_progress() as progress:
        sample = labelled_sample(
            loaded, load_patches(patches), quotas_at(share), seed,
            progress=lambda done, total: progress("labelling", done, total),
        )  # fmt: skip
        store.fill(
            sources_of(sample),
            lambda: SupervisorModel(weights, None, torch.bfloat16),
            lambda done, total: progress("reading", done, total),
        )
        examples, values = read_sample(store, loaded, sample)
        results = []
        for protocol in protocols:
            predictions = without_probe(protocol, plan, sample, examples, values)
            results.append(evaluate_run(predictions, settings, progress).to_json())
    same_spans(described, results)
    with atomic_path(out) as temporary:
        temporary.write_text(token_probability_page(described, results, _command()), encoding="utf-8")
    write_card_baselines(card, results)
    Console(stderr=True).print(f"Wrote {out} and {card}.")


@app.command()
def background(
    probe: Annotated[str, typer.Option(help="A probe's name or the path of its card.")] = "default",
    supervisor: Annotated[str, typer.Option(help="Whose probe.")] = DEFAULT_SUPERVISOR,
    files: Annotated[
        int | None,
        typer.Option(min=1, help="How many files: of the standard library (50), or of each package (5)."),
    ] = None,
    packages: Annotated[
        list[str], typer.Option("--package", help="An installed package instead; may be given again.")
    ] = [],  # noqa: B006
    seed: Seed = 0,
    threshold: Annotated[float | None, typer.Option(help="Risk to flag from; default: the probe's.")] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="Threads of the supervisor.")] = None,
    as_json: Annotated[
        Path | None, typer.Option("--json", help="Also write the figures as JSON here.")
    ] = None,
) -> None:
    """Score files of the running Python's standard library, or of packages: what of them is flagged, by part."""
    import heatline
    from heatline_probes.evaluation.background import library_files, package_files, score_background
    from heatline_probes.evaluation.failure_page import background_page

    chosen = package_files(packages, files or 5, seed) if packages else library_files(files or 50, seed)
    with heatline.load(supervisor, probe, threads, cache=False) as scorer, stage_progress() as progress:

        def score(text: str) -> list[tuple[int, float]]:
            return [(line.line, line.risk) for line in scorer.score(text, "python").lines]

        scored = score_background(chosen, score, lambda done, total: progress("scoring", done, total))
        found = scored.to_json(scorer.threshold if threshold is None else threshold, seed=seed)
    found |= {"supervisor": supervisor, "probe": scorer.probe.name, "python": sys.version.split()[0]}
    found |= {"packages": packages}
    if as_json is not None:
        with atomic_path(as_json) as temporary:
            temporary.write_text(json.dumps(found, indent=1), encoding="utf-8")
    typer.echo(background_page(found))


def _command() -> str:
    """The command as it was given, with the names of paths only: no page tells where it was made."""
    words = [Path(word).name if "/" in word else word for word in sys.argv[1:]]
    return "heatline-probes " + shlex.join(words)
