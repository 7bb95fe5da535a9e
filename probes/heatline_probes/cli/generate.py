"""`heatline-probes generate`: a corpus from a model behind an OpenAI-compatible endpoint."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from heatline_probes.corpus.endpoint import Endpoint
from heatline_probes.corpus.generating import Sampling, generate_programs
from heatline_probes.corpus.programs import Problem, corpora_folder, load_corpora
from heatline_probes.corpus.repository import RepositoryFunction, find_function
from heatline_probes.errors import CorpusError
from heatline_probes.patches.repository_tests import RepositoryTests, check_tests
from heatline_probes.patches.sandbox import Sandbox

Judge = Callable[[Problem, str], bool]


class Tests(StrEnum):
    """What decides whether a function of a repository is right."""

    PYTEST = "pytest"


def generate(
    model: Annotated[str, typer.Option(help="Name of the model at the endpoint.")],
    out: Annotated[Path, typer.Option(help="JSON-lines file; what is in it is not asked again.")],
    dataset: Annotated[str | None, typer.Option(help="Dataset whose problems are asked.")] = None,
    function: Annotated[
        list[str] | None,
        typer.Option(help="Function of your repository, as path/of/file.py:name; may be repeated."),
    ] = None,
    repository: Annotated[Path, typer.Option(help="The repository of --function.")] = Path(),
    tests: Annotated[Tests, typer.Option(help="What judges the answers for --function.")] = Tests.PYTEST,
    pytest_argument: Annotated[
        list[str] | None, typer.Option(help="Passed to pytest, e.g. a file of tests; may be repeated.")
    ] = None,
    python: Annotated[
        str | None,
        typer.Option(help="Python that runs the tests; default: the repository's .venv, else this one."),
    ] = None,
    base_url: Annotated[str, typer.Option(help="Endpoint.")] = "http://localhost:8080/v1",
    corpora: Annotated[Path | None, typer.Option("--corpora", help="Folder of corpora.")] = None,
    samples: Annotated[int, typer.Option(min=0, help="Samples besides the answer at temperature 0.")] = 0,
    temperature: Annotated[float, typer.Option(min=0, help="Of the samples.")] = 0.8,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")] = 1024,
    seed: Annotated[int, typer.Option(help="Passed to the endpoint.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first so many problems.")] = None,
) -> None:
    """Ask for solutions, run their tests where there are any, and keep token log-probabilities.

    Problems are those of a dataset, or functions of your own repository that its own tests judge. The API key is
    read from OPENAI_API_KEY. Run the command again to go on where it stopped.
    """
    if (dataset is None) == (not function):
        raise CorpusError("Nothing says what to ask. Give either --dataset or --function.")
    console = Console(stderr=True)
    endpoint = Endpoint(base_url, model, api_key=os.environ.get("OPENAI_API_KEY", "none"))
    sampling = Sampling(samples, temperature, max_tokens, seed)
    if dataset is not None:
        loaded = load_corpora(corpora_folder(corpora))
        problems = [p for p in loaded.problems.values() if p.dataset == dataset and p.prompt][:limit]
        if not problems:
            raise CorpusError(f"The dataset {dataset!r} has no problems with a prompt. See `corpus info`.")
        judging = _by_sandbox(problems[0].is_executable)
    else:
        functions = [find_function(repository, where) for where in function or ()][:limit]
        problems = [found.problem for found in functions]
        own = repository / ".venv" / "bin" / "python"
        chosen = python or (str(own.absolute()) if own.exists() else sys.executable)
        own_tests = RepositoryTests(repository, pytest_argument or (), python=chosen)
        console.print(f"Tests of answers are not fully isolated: {own_tests.not_isolated()}.", soft_wrap=True)
        judging = _by_own_tests(own_tests, functions)
    count = 0
    with judging as judge:
        answers = generate_programs(endpoint, problems, sampling, out, judge)
        total = len(problems) * (samples + 1)
        for _ in track(answers, "answers", total=total, console=console):
            count += 1
    typer.echo(f"Wrote {count} new answers to {out}.")


@contextmanager
def _by_sandbox(runnable: bool) -> Iterator[Judge | None]:
    if not runnable:
        yield None
        return
    with Sandbox() as sandbox:

        def judge(problem: Problem, code: str) -> bool:
            with sandbox.problem(problem) as prepared:
                return prepared.confirm(code).passes

        yield judge


@contextmanager
def _by_own_tests(tests: RepositoryTests, functions: Sequence[RepositoryFunction]) -> Iterator[Judge]:
    by_key = {found.problem.key: found for found in functions}
    expected = {
        key: check_tests(tests, found.path, found.text, found.broken()) for key, found in by_key.items()
    }

    def judge(problem: Problem, code: str) -> bool:
        found = by_key[problem.key]
        changed = found.with_answer(code)
        if changed is None:
            return False
        run = tests.run({found.path: changed})
        # Fewer tests than before: some were skipped or not found because of the change.
        return run.passes and run.tests >= expected[problem.key]

    yield judge
