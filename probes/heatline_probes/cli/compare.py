"""`heatline-probes compare`: every estimator and calibrator on the same programs."""

import os
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from heatline.cli.progress import stage_progress
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline_probes.errors import CorpusError, EvaluationError

DATASETS = ["humaneval+", "mbpp+"]
ESTIMATORS = "probe,token-probability,fine-grained,multisampling"


def compare(
    out: Annotated[Path, typer.Option(help="Folder of the run: answers, verdicts, estimates, tables, page.")],
    corpus: Annotated[
        Path | None,
        typer.Option(help="Answers that `generate` wrote; without it, the model is asked for them."),
    ] = None,
    estimators: Annotated[
        str,
        typer.Option(help="Names with commas: all, token-probability, verbalized, … (docs/estimators.md)"),
    ] = ESTIMATORS,
    calibrators: Annotated[
        str, typer.Option(help="Names with commas; tables are in full for the first two.")
    ] = "identity,platt,temperature,beta,isotonic,histogram",
    dataset: Annotated[
        list[str], typer.Option(help="Whose problems are asked; may be given again.")
    ] = DATASETS,
    problems: Annotated[int, typer.Option(min=1, help="How many problems.")] = 110,
    base_url: Annotated[str | None, typer.Option(help="Endpoint that generates and is asked.")] = None,
    model: Annotated[str, typer.Option(help="Name of the model at the endpoint.")] = "",
    workers: Annotated[int, typer.Option(min=1, help="Requests at a time.")] = 4,
    samples: Annotated[int, typer.Option(min=0, help="Answers besides the one at temperature 0.")] = 5,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")] = 512,
    weights: Annotated[
        Path | None,
        typer.Option(help="A whole model (GGUF or folder) for attention and its own probabilities."),
    ] = None,
    supervisor: Annotated[
        str, typer.Option(help="Whose tokens are judged, and whose probe.")
    ] = DEFAULT_SUPERVISOR,
    probe: Annotated[str | None, typer.Option(help="A probe's name or the path of its card.")] = None,
    corpora: Annotated[Path | None, typer.Option(help="Folder of corpora.")] = None,
    resamples: Annotated[int, typer.Option(min=20, help="For the intervals.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the choice of problems, the samples and the resamples.")] = 0,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds an answer may take.")] = 600.0,
) -> None:
    """Generate programs, test and patch them, estimate every token, line and program, and compare.

    Each step keeps what it did in --out: the same command goes on where it was stopped. With --corpus nothing is
    generated. The API key is read from OPENAI_API_KEY.
    """
    import heatline
    from heatline_probes.corpus.endpoint import Endpoint
    from heatline_probes.corpus.generating import Sampling
    from heatline_probes.corpus.programs import corpora_folder, load_corpora
    from heatline_probes.estimators.answers import choose_problems, gather_answers
    from heatline_probes.estimators.asking import Asker
    from heatline_probes.estimators.comparison_run import run_comparison, write_comparison
    from heatline_probes.estimators.judged import judge_answers, read_answers
    from heatline_probes.estimators.language_model import LanguageModel
    from heatline_probes.estimators.registry import Resources, estimator_names

    chosen = estimator_names(_names(estimators))
    wanted = _names(calibrators)
    key = os.environ.get("OPENAI_API_KEY", "none")
    endpoint = Endpoint(base_url, model, api_key=key, timeout=timeout, retries=0) if base_url else None
    if corpus is None and (endpoint is None or not model):
        raise CorpusError(
            "There are no programs yet. Give --base-url and --model to generate them, or --corpus."
        )
    loaded = load_corpora(corpora_folder(corpora))
    with stage_progress() as progress, heatline.load(supervisor, probe, 1) as scorer:
        answers = corpus or out / "answers.jsonl"
        if endpoint is not None and corpus is None:
            asked = choose_problems(loaded, dataset, problems, seed)
            patient = Endpoint(base_url or "", model, api_key=key, timeout=timeout, retries=4)
            sampling = Sampling(samples, 0.8, max_tokens, seed)
            gather_answers(patient, asked, sampling, answers, workers, progress)
        rows = read_answers(answers)
        out.mkdir(parents=True, exist_ok=True)
        verdicts = judge_answers(loaded, rows, out, progress=progress)
        resources = Resources(
            scorer=scorer,
            reader=LanguageModel(weights, 1) if weights else None,
            asker=Asker(endpoint, max_tokens=max_tokens, seed=seed) if endpoint else None,
            sampler=model or (str(rows[0]["model"]) if rows else ""),
        )
        found = run_comparison(
            loaded, rows, verdicts, resources, chosen, wanted, out, workers, resamples, seed, progress
        )
    written = write_comparison(found, wanted, out, _command())
    Console(stderr=True).print(f"Wrote {', '.join(str(path) for path in written)}.")


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise EvaluationError("Nothing is named. Give names with commas in between.")
    return names


def _command() -> str:
    """The command as it was given, with the names of paths only: no page tells where it was made."""
    words = [Path(word).name if "/" in word and "://" not in word else word for word in sys.argv[1:]]
    return "heatline-probes " + shlex.join(words)
