"""The page that names the repositories of a folder of rows: what was collected of each, and what became of it."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from heatline_probes.errors import CorpusError

FEW = 50  # lines of known fate below which no share is given


def repository_page(rows: Path, card: Mapping[str, Any]) -> str:
    """Markdown of the repositories in ``rows``, by name; the figures are those of its card and of the rows' tables.

    The share is that of lines whose fate is known, at the card's horizon.  Raises ``CorpusError`` when a table can't
    be read.
    """
    entries = sorted(card["repositories"], key=lambda entry: str(entry["repository"]).lower())
    known = sum(_known(entry) for entry in entries)
    shared = [entry for entry in entries if _known(entry) >= FEW]
    fates = card["fates"]
    lines = [
        "# Repositories that the fates were read from",
        "",
        "Made by `heatline-probes corpus repositories ROWS --out docs/history-repositories.md`; "
        "[history.md](history.md) says what the words mean. None of their code is part of this project.",
        "",
        f"{len(entries)} repositories, {sum(entry['writing_commits'] for entry in entries):,} commits that an "
        f"assistant wrote, {card['lines']:,} lines drawn of them (of a large repository a seeded choice of files). Of "
        f"{known:,} lines in {sum(_known(entry) > 0 for entry in entries)} repositories the fate is known: "
        f"{fates.get('fixed', 0) / max(known, 1):.1%} were fixed within {card['horizon_days']:g} days, "
        f"{fates.get('edited', 0) / max(known, 1):.1%} edited otherwise, {fates.get('deleted', 0) / max(known, 1):.1%} "
        f"deleted. The rest were written less than {card['horizon_days']:g} days before the last commit that is known.",
        "",
        f"No share is given for fewer than {FEW} lines of known fate; {len(shared)} repositories have more.",
        "",
        "| repository | commit | licence | languages | commits by assistants | lines | of known fate | fixed |",
        "|---|---|---|---|--:|--:|--:|--:|",
    ]
    for entry in entries:
        name = str(entry["repository"])
        share = "–" if _known(entry) < FEW else f"{entry['fates'].get('fixed', 0) / _known(entry):.1%}"
        lines.append(
            f"| {name} | {entry['head'][:10]} | {entry['licence']} | {', '.join(_languages(rows, name))} "
            f"| {entry['writing_commits']:,} | {entry['lines']:,} | {_known(entry):,} | {share} |"
        )
    return "\n".join(lines) + "\n"


def _known(entry: Mapping[str, Any]) -> int:
    return int(entry["lines"]) - int(entry["fates"].get("censored", 0))


def _languages(rows: Path, name: str) -> list[str]:
    """Languages by how many of the repository's lines they hold, those of less than a tenth left out."""
    file = rows / "rows" / f"{name.replace('/', '+')}.parquet"
    try:
        table = pq.read_table(file, columns=["language", "lines"]).to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise CorpusError(
            f"The rows of {name} can't be read ({error}). Collect them again with `corpus from-git`."
        ) from error
    counted: Counter[str] = Counter()
    for row in table:
        counted[row["language"]] += len(row["lines"])
    return [language for language, lines in counted.most_common() if lines * 10 >= counted.total()]
