"""Where the mistake of every sample in examples/ stands among its lines, riskiest first.

python benchmarks/examples.py [--supervisor NAME]
"""

import argparse
from pathlib import Path

from rich.console import Console
from rich.table import Table

import heatline

MISTAKES = {  # 1-based lines, explained in examples/README.md
    "intervals": 29, "inventory": 28, "matrix": 20, "primes": 5, "sorted_list": 10,
    "statistics_window": 27, "strings": 19, "wrap_text": 17,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--supervisor")
    folder = Path(__file__).parent.parent / "examples"
    table = Table("sample", "line with the mistake", "rank", "lines", "its risk", "highest risk", box=None)
    with heatline.load(parser.parse_args().supervisor) as scorer:
        for name, line in MISTAKES.items():
            scored = scorer.score((folder / f"{name}.py").read_text(encoding="utf-8"), "python")
            ranked = sorted(scored.lines, key=lambda scored_line: -scored_line.risk)
            rank = next(i for i, found in enumerate(ranked) if found.line + 1 == line)
            risks = (f"{ranked[rank].risk:.0%}", f"{ranked[0].risk:.0%}")
            table.add_row(name, str(line), str(rank + 1), str(len(ranked)), *risks)
    Console().print(table)


if __name__ == "__main__":
    main()
