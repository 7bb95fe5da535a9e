"""`heatline-probes patches`: mine minimal patches, show one, print a table's card."""

import difflib
import json
import os
import random
import shlex
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from platformdirs import user_cache_path
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from heatline.supervisor.store import SupervisorStore
from heatline.supervisor.tokenizer import TextTokenizer
from heatline_probes.cli.options import CorporaOption
from heatline_probes.corpus.programs import Corpora, Program, corpora_folder, load_corpora
from heatline_probes.errors import PatchError
from heatline_probes.patches.attempts import entry_points
from heatline_probes.patches.fixer import Fixer
from heatline_probes.patches.jobs import (
    open_mine,
    ordered_tasks,
    run_tasks,
    table_path,
    tasks_again,
    write_mined,
)
from heatline_probes.patches.mining import MiningSettings, failing_programs
from heatline_probes.patches.report import all_tables, with_tables
from heatline_probes.patches.sample import sample_page
from heatline_probes.patches.samples import open_samples
from heatline_probes.patches.sandbox import Sandbox
from heatline_probes.patches.search import SearchSettings
from heatline_probes.patches.state import MiningState
from heatline_probes.patches.supervisor_sizes import supervisor_sizes, supervisor_sizes_table
from heatline_probes.patches.table import (
    MINED,
    MinedPatch,
    amend_card,
    mined_tables,
    read_card,
    read_table,
)
from heatline_probes.patches.unverified import nearest_patches, write_unverified

app = typer.Typer(help="Minimal patches of failing programs.", no_args_is_help=True)

DatasetOption = Annotated[list[str], typer.Option("--dataset", help="Dataset to mine; may be repeated.")]
StateOption = Annotated[
    Path | None, typer.Option("--state", help="File that remembers what was done; default: in the cache.")
]


def default_state() -> Path:
    """Where mining remembers what it did, unless told otherwise."""
    return user_cache_path("heatline") / "patches.sqlite"


@app.command()
def mine(
    dataset: DatasetOption,
    corpora: CorporaOption = None,
    out: Annotated[Path, typer.Option(help="Folder for tables and cards.")] = Path("mined"),
    state: StateOption = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes side by side.")] = 1,
    seed: Annotated[int, typer.Option(help="Orders the programs.")] = 0,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many programs.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0, help="Stop after so many minutes.")] = None,
    again: Annotated[
        bool, typer.Option(help="Look again at what other settings found, the largest patches first.")
    ] = False,
    library: Annotated[list[str] | None, typer.Option(help="Library to import before forking.")] = None,
    fixer_url: Annotated[
        str | None, typer.Option(help="OpenAI-compatible endpoint that is asked too.")
    ] = None,
    fixer_model: Annotated[str, typer.Option(help="Model at that endpoint.")] = "default",
    unverified: Annotated[bool, typer.Option(help="Nearest passing program; runs public samples.")] = False,
) -> None:
    """Find minimal patches of failing first attempts. Run it again to go on where it stopped."""
    folder = corpora_folder(corpora)
    loaded = load_corpora(folder)
    known = {problem.dataset for problem in loaded.problems.values()}
    for name in dataset:
        if name not in known:
            raise PatchError(f"There is no dataset {name!r}. `heatline-probes corpus info` lists them.")
    command = shlex.join(["heatline-probes", *_public_arguments(sys.argv[1:])])
    if unverified:
        _mine_unverified(loaded, dataset, out, command, seed, limit)
        return
    key = os.environ.get("OPENAI_API_KEY", "none")
    fixer = Fixer(fixer_url, fixer_model, api_key=key) if fixer_url is not None else None
    settings = MiningSettings(search=SearchSettings(), seed=seed, fixer=fixer)
    state_path = state or default_state()
    console = Console(stderr=True)
    libraries = tuple(library or ())
    counts: Counter[str] = Counter()
    begin = time.monotonic()
    with open_mine(loaded, state_path, settings, libraries) as mining, _progress(console) as progress:
        chosen = (
            tasks_again(mining, dataset, limit) if again else ordered_tasks(loaded, dataset, settings, limit)
        )
        bar = progress.add_task("programs", total=sum(len(t.programs) for t in chosen), found="")

        def done(programs: int, outcomes: Sequence[dict[str, Any]]) -> None:
            counts.update(str(outcome["status"]) for outcome in outcomes)
            found = f"{counts['patched']} patched"
            progress.update(bar, advance=programs, found=found)
            if minutes is not None and time.monotonic() - begin > 60 * minutes:
                raise KeyboardInterrupt

        try:
            run_tasks(mining, chosen, jobs, folder, state_path, libraries, done)
        except KeyboardInterrupt:
            console.print("Stopped: what is done is kept, and running the command again goes on from here.")
        if (lacking := mining.sandbox.isolation.sentence()) and counts:
            console.print(f"Not available on this machine: {lacking}.")
        for name in dataset:
            write_mined(mining, name, table_path(out, name), command)
            console.print(f"Wrote {table_path(out, name)} and its card.")


@app.command()
def show(
    code_sha: Annotated[str, typer.Argument(help="Hash of a failing program, or its beginning.")],
    corpora: CorporaOption = None,
    state: StateOption = None,
) -> None:
    """The patch of one program as a diff, from the mining state."""
    loaded = load_corpora(corpora)
    programs = [p for p in loaded.programs if p.code_sha.startswith(code_sha) and not p.passes]
    if not programs:
        raise PatchError(f"No failing program has the hash {code_sha}. Take one from a patch table.")
    state_path = state or default_state()
    if not state_path.is_file():
        raise PatchError(f"There is no mining state {state_path}. Run `heatline-probes patches mine` first.")
    with MiningState(state_path) as known:
        name = MiningSettings().name()
        for program in {(p.problem_key, p.code_sha): p for p in programs}.values():
            outcome = known.outcome(name, program.problem_key, program.code_sha)
            _print_outcome(program, outcome)


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="Markdown file to write.")],
    dataset: DatasetOption,
    count: Annotated[int, typer.Option(min=1, help="How many patches.")] = 40,
    seed: Annotated[int, typer.Option(help="Draws them.")] = 0,
    corpora: CorporaOption = None,
    state: StateOption = None,
) -> None:
    """A page of patches drawn at random, from the mining state; shows only what licences permit."""
    loaded = load_corpora(corpora)
    with MiningState(state or default_state()) as known:
        outcomes = [o for o in known.outcomes(MiningSettings().name()) if o["dataset"] in dataset]
    if not outcomes:
        raise PatchError("Nothing was mined yet. Run `heatline-probes patches mine` first.")
    page = sample_page(loaded.programs, outcomes, count, seed)
    out.write_text(page, encoding="utf-8")


@app.command()
def card(
    table: Annotated[Path | None, typer.Argument(help="A table; default: all that come along.")] = None,
    markdown: Annotated[bool, typer.Option(help="As the tables of docs/corpora.md.")] = False,
    update: Annotated[
        Path | None, typer.Option(help="Page whose tables are written anew, e.g. docs/corpora.md.")
    ] = None,
) -> None:
    """What a table holds and how it was made; a table that is not its card's is refused."""
    paths = [table] if table is not None else mined_tables(MINED)
    cards = {}
    for path in paths:
        read_table(path)
        cards[path.name] = read_card(path)
    if update is None and not markdown:
        typer.echo(json.dumps(cards, indent=2, ensure_ascii=False))
        return
    tables = all_tables(list(cards.values()))
    if update is not None:
        update.write_text(with_tables(update.read_text(encoding="utf-8"), tables), encoding="utf-8")
    else:
        typer.echo(tables, nl=False)


@app.command()
def plot(
    out: Annotated[Path, typer.Option(help="Picture to write; its suffix is the format.")],
    tables: Annotated[Path, typer.Option(help="Folder of tables.")] = MINED,
) -> None:
    """The distribution of patch sizes, of verified patches of programs that parse and are attempts."""
    from heatline_probes.patches.plot import plot_sizes  # matplotlib is slow to import

    found: dict[str, list[MinedPatch]] = {}
    for path in mined_tables(tables):
        found[str(read_card(path)["dataset"])] = [
            patch for patch in read_table(path) if patch.verified and patch.parses and patch.attempt
        ]
    if not any(found.values()):
        raise PatchError(
            f"The folder {tables} has no verified patches. Run `heatline-probes patches mine` first."
        )
    plot_sizes(found, out)


@app.command()
def sizes(
    supervisor: Annotated[list[str], typer.Option(help="Installed supervisor; may be repeated.")],
    corpora: CorporaOption = None,
    tables: Annotated[Path, typer.Option(help="Folder of tables, whose cards are amended.")] = MINED,
) -> None:
    """How large verified patches of attempts are in tokens of supervisors; kept in the cards of the tables."""
    store = SupervisorStore()
    tokenizers = {name: TextTokenizer.load(store.bundle(name) / "tokenizer.json") for name in supervisor}
    codes = {(p.problem_key, p.code_sha): p.code for p in load_corpora(corpora).programs if not p.passes}
    cards = []
    for path in mined_tables(tables):
        patches = [p for p in read_table(path) if p.verified and p.parses and p.attempt]
        found = {name: supervisor_sizes(tokenizer, patches, codes) for name, tokenizer in tokenizers.items()}
        if patches and all(found.values()):
            cards.append(amend_card(path, {"supervisor_tokens": found}))
    typer.echo(supervisor_sizes_table(cards))


def _mine_unverified(
    loaded: Corpora, datasets: Sequence[str], out: Path, command: str, seed: int, limit: int | None
) -> None:
    passing: dict[str, list[Program]] = defaultdict(list)
    for program in loaded.programs:
        if program.passes and not program.is_noncommercial:
            passing[program.problem_key].append(program)
    for name in datasets:
        groups: dict[str, list[Program]] = defaultdict(list)
        failing_ones = failing_programs(loaded, name)
        random.Random(seed).shuffle(failing_ones)
        for program in failing_ones[:limit]:
            groups[program.problem_key].append(program)
        patches: list[MinedPatch] = []
        with Sandbox() as sandbox, _progress(Console(stderr=True)) as progress:
            bar = progress.add_task(name, total=sum(map(len, groups.values())), found="")
            for key, failing in sorted(groups.items()):
                problem = loaded.problems[key]
                with open_samples(sandbox, problem, [p.code for p in passing[key]]) as samples:
                    patches += nearest_patches(failing, passing[key], entry_points(problem), samples)
                progress.update(bar, advance=len(failing), found=f"{len(patches)} with a passing program")
        write_unverified(patches, table_path(out, name, verified=False), name, command, groups)


def _public_arguments(arguments: Sequence[str]) -> list[str]:
    """Arguments without the places on this machine, which a card must not tell."""
    public: list[str] = []
    hide = False
    for argument in arguments:
        if hide:
            public.append("…")
            hide = False
            continue
        public.append(argument)
        hide = argument in ("--corpora", "--state", "--out")
    return public


def _print_outcome(program: Program, outcome: dict[str, Any] | None) -> None:
    typer.echo(f"{program.problem_key}  {program.model}  {program.code_sha}  ({program.licence})")
    if outcome is None:
        typer.echo("not looked at yet")
    elif outcome["status"] != "patched":
        typer.echo(outcome["status"])
    else:
        typer.echo(
            f"{outcome['edited_tokens']} of {outcome['tokens']} tokens edited, {outcome['hunks']} hunks, "
            f"from: {outcome['origin']}"
        )
        lines = difflib.unified_diff(
            program.code.splitlines(), outcome["patched"].splitlines(), "failing", "patched", lineterm=""
        )
        typer.echo("\n".join(lines))


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[found]}"),
        console=console,
    )
