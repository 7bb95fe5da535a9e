"""`heatline-probes evaluate`: tables and diagrams of predictions, comparisons, failures, background code."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from heatline.cli.progress import stage_progress
from heatline.supervisor.card import atomic_path
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline_probes.errors import EvaluationError


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
