"""`heatline calibrate`: scaling fitted to a repository's own history."""

from __future__ import annotations

import json
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heatline.errors import InputError

if TYPE_CHECKING:
    from heatline.history.evidence import Evidence
    from heatline.history.reading import History
    from heatline.history.repository import Repository
    from heatline.history.workspace_scaling import WorkspaceScaling
    from heatline.scorer import Scorer

MOST_LINES = 6000
HORIZON = 90.0  # days


class Outcome(StrEnum):
    """What counts as edited."""

    fixed = "fixed"
    edited = "edited"


def calibrate(
    folder: Annotated[Path, typer.Argument(metavar="REPO", help="A folder of the repository.")] = Path(),
    horizon: Annotated[
        float, typer.Option(min=1, metavar="DAYS", help="Within which a fate counts.", show_default="90")
    ] = HORIZON,
    outcome: Annotated[
        Outcome,
        typer.Option(help="What risk means: fixed by a fix, or edited for any reason.", show_default="fixed"),
    ] = Outcome.fixed,
    lines: Annotated[
        int,
        typer.Option(
            min=100,
            metavar="N",
            help="Score at most so many lines, drawn from all of history.",
            show_default="6000",
        ),
    ] = MOST_LINES,
    author: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Commits whose author holds this, whoever wrote them.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Lines written on or after this day, such as 2026-01-31."),
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Everybody's lines, not only assistants'.")] = False,
    base_rate: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="The share of lines that are edited, if you know it: no history is read, and risks are moved until "
            "their mean in this repository is that.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the scaling here.", show_default="your state folder"),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the reliability page here, too.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the figures as JSON.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Keep nothing; only say how it would do.")
    ] = False,
    supervisor: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The supervisor to score with.", show_default="smollm2-135m"),
    ] = None,
    probe: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The probe to score with.", show_default="the supervisor's own"),
    ] = None,
) -> None:
    """Fits the scaling of risks to a repository, from what became of the lines that assistants wrote in it.

    Lines are scored as they were when they were written, the scaling is fitted on the earlier 60 % of them and
    judged on the rest, and then fitted on all. `"scaling": "workspace"` in the settings makes use of it. When
    history tells too little nothing is written, and what is missing is said.
    """
    from heatline.cli.output import emit

    if base_rate is not None:
        other_fate = horizon != HORIZON or outcome is not Outcome.fixed
        _refuse_with_rate(author, since, everyone, other_fate)
        scaling, repository = _at_rate(base_rate, folder, lines, supervisor, probe)
        _keep(scaling, folder, repository, out, html, dry_run)
        emit((json.dumps(asdict(scaling), indent=2) if as_json else scaling.basis()) + "\n")
        return
    from heatline.cli.history import read_with_progress, rules
    from heatline.history.calibrating import fit_and_judge
    from heatline.history.calibration_run import make_scaling

    chosen = rules(author, since, everyone, folder)
    history = read_with_progress(folder, chosen)
    with _scorer(supervisor, probe) as scorer:
        evidence = gather(history, scorer, horizon=horizon, outcome=outcome.value, most_lines=lines)
        judged = fit_and_judge(evidence, outcome.value)
        scaling = make_scaling(
            judged, evidence, history, scorer.probe, chosen, horizon=horizon, outcome=outcome.value
        )
    _keep(scaling, folder, history.repository, out, html, dry_run)
    if as_json:
        emit(json.dumps(asdict(scaling), indent=2) + "\n")
    else:
        _say(evidence, judged, outcome.value)


def _refuse_with_rate(*given: object) -> None:
    if any(given):
        raise InputError(
            "With --base-rate no history is read. Leave out --author, --since, --all, --horizon and --outcome, "
            "or the rate."
        )


def _at_rate(
    base_rate: float, folder: Path, lines: int, supervisor: str | None, probe: str | None
) -> tuple[WorkspaceScaling, Repository]:
    """The scaling to a share of edited lines that a person knows, and the repository it is for."""
    from heatline.calibration.calibrators import checked_rate
    from heatline.cli.check_settings import project_settings, selection
    from heatline.cli.checking import Reading, Source
    from heatline.cli.discover import Candidate, source_files
    from heatline.cli.output import complain
    from heatline.cli.progress import stage_progress
    from heatline.history.known_rate import scaling_at_rate, score_some_lines, shipped_scaling
    from heatline.history.repository import Repository

    checked_rate(base_rate)
    repository, project = Repository(folder), project_settings(folder)
    files = list(source_files(folder, selection(project, folder, (), False)))
    reading = Reading(
        None, project.settings.skip_generated, 1000 * project.settings.max_file_size_kb, complain
    )

    def read(path: Path) -> str | None:
        found = reading.candidate(Candidate(path, named=False))
        return found.text if isinstance(found, Source) else None

    with _scorer(supervisor, probe) as scorer, stage_progress() as report:
        shipped_scaling(scorer.probe)  # what can't be scaled is refused before it is scored
        logits = score_some_lines(
            files,
            read,
            scorer,
            most_lines=lines,
            progress=lambda done, total: report("Scoring lines", done, total),
        )
        return scaling_at_rate(logits, base_rate, scorer.probe, repository), repository


def _keep(
    scaling: WorkspaceScaling,
    folder: Path,
    repository: Repository,
    out: Path | None,
    html: Path | None,
    dry_run: bool,
) -> None:
    """Write the scaling, and the page about it if one is wanted."""
    from heatline.cli.output import complain
    from heatline.history.workspace_scaling import scaling_path, write_scaling
    from heatline.report.reliability_page import page_of

    target = out or scaling_path(repository)
    if not dry_run:
        write_scaling(scaling, target)
        complain(f'Wrote {target}. Set "scaling" to "workspace" to use it.')
    if html is not None:
        _write(html, page_of(folder.resolve().name, scaling).html())


def gather(history: History, scorer: Scorer, *, horizon: float, outcome: str, most_lines: int) -> Evidence:
    """Score lines of a history, with a bar on standard error."""
    from heatline.cli.progress import stage_progress
    from heatline.history.evidence import gather_evidence

    with stage_progress() as report:
        return gather_evidence(
            history,
            scorer,
            horizon=horizon,
            outcome=outcome,
            most_lines=most_lines,
            progress=lambda done, total: report("Scoring lines", done, total),
        )


def _scorer(supervisor: str | None, probe: str | None) -> Scorer:
    import heatline
    from heatline.settings import find_project_file, read_settings

    project = find_project_file(Path().resolve())
    settings, _ = read_settings([] if project is None else [project.layer(trusted=True)])
    return heatline.load(supervisor or settings.supervisor, probe or settings.probe, settings.threads)


def _say(evidence: Evidence, judged: object, outcome: str) -> None:
    import numpy as np
    from rich.console import Console

    from heatline.history.calibrating import Judged
    from heatline.history.validation import reliability
    from heatline.report.reliability_terminal import print_quality, print_reliability

    assert isinstance(judged, Judged)
    console = Console()
    edited = int((~evidence.kept).sum())
    console.print(
        f"{len(evidence):,} lines of {len(np.unique(evidence.commit)):,} commits were scored; {edited:,} of them "
        f"({edited / len(evidence):.1%}) were {outcome}. Fitted on the first {len(judged.past):,}, judged on the "
        f"{len(judged.later):,} that came later:"
    )
    if judged.scaling.languages:
        console.print(
            f"Lines of {' and '.join(sorted(judged.scaling.languages))} have a scaling of their own."
        )
    print_quality(console, [("shipped", judged.before), ("workspace", judged.after)])
    later = judged.later
    print_reliability(console, "shipped", reliability(later.shipped, later.kept), outcome)
    fitted = judged.fitted_on_past.predict(later)
    print_reliability(console, "workspace", reliability(fitted, later.kept), outcome)


def _write(path: Path, text: str) -> None:
    from heatline.supervisor.card import atomic_path

    try:
        with atomic_path(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} can't be written ({error.strerror}). Choose another file.") from error
