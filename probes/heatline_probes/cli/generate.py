"""`heatline-probes generate`: a corpus from a model behind an OpenAI-compatible endpoint."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from heatline_probes.corpus.endpoint import Endpoint
from heatline_probes.corpus.generating import Sampling, generate_programs
from heatline_probes.corpus.programs import Problem, corpora_folder, load_corpora
from heatline_probes.errors import CorpusError
from heatline_probes.patches.sandbox import Sandbox


def generate(
    dataset: Annotated[str, typer.Option(help="Dataset whose problems are asked.")],
    model: Annotated[str, typer.Option(help="Name of the model at the endpoint.")],
    out: Annotated[Path, typer.Option(help="JSON-lines file; what is in it is not asked again.")],
    base_url: Annotated[str, typer.Option(help="Endpoint.")] = "http://localhost:8080/v1",
    corpora: Annotated[Path | None, typer.Option("--corpora", help="Folder of corpora.")] = None,
    samples: Annotated[int, typer.Option(min=0, help="Samples besides the answer at temperature 0.")] = 0,
    temperature: Annotated[float, typer.Option(min=0, help="Of the samples.")] = 0.8,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")] = 1024,
    seed: Annotated[int, typer.Option(help="Passed to the endpoint.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many problems.")] = None,
) -> None:
    """Ask for solutions, run their tests where there are any, and keep token log-probabilities.

    The API key is read from OPENAI_API_KEY. Run the command again to go on where it stopped.
    """
    loaded = load_corpora(corpora_folder(corpora))
    problems = [p for p in loaded.problems.values() if p.dataset == dataset and p.prompt][:limit]
    if not problems:
        raise CorpusError(f"The dataset {dataset!r} has no problems with a prompt. See `corpus info`.")
    endpoint = Endpoint(base_url, model, api_key=os.environ.get("OPENAI_API_KEY", "none"))
    sampling = Sampling(samples, temperature, max_tokens, seed)
    count = 0
    with Sandbox() as sandbox:

        def judge(problem: Problem, code: str) -> bool:
            with sandbox.problem(problem) as tests:
                return tests.confirm(code).passes

        runnable = judge if problems[0].is_executable else None
        answers = generate_programs(endpoint, problems, sampling, out, runnable)
        total = len(problems) * (samples + 1)
        for _ in track(answers, "answers", total=total, console=Console(stderr=True)):
            count += 1
    typer.echo(f"Wrote {count} new answers to {out}.")
