"""One run of `heatline check`: from what was wished to reports and an exit code, one file in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from heatline.cli.check_progress import CheckProgress, file_size
from heatline.cli.check_settings import ProjectSettings, project_settings, selection
from heatline.cli.checking import STDIN, Reading, Source, check_source, read_ahead, read_all
from heatline.cli.destinations import (
    Destination,
    FileDestination,
    Format,
    Order,
    is_watched,
    open_destination,
    write_file,
)
from heatline.cli.discover import Candidate, discover
from heatline.cli.flags import Flags, KnownLines
from heatline.cli.formats import Shape, make_report
from heatline.cli.output import complain, version
from heatline.noise.baseline import Baseline
from heatline.noise.line_marks import LineMark
from heatline.noise.reviewed import reviewed_path
from heatline.noise.reviewed_marks import ReviewedMarks
from heatline.report.checked import CheckedFile, FailedFile, Flagging, Provenance, Report, Run
from heatline.report.layout import Layout
from heatline.report.ranking import Total, count

if TYPE_CHECKING:
    from heatline.scorer import Scorer

EXIT_RISKY = 1
EXIT_ERROR = 2


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for; None leaves a choice to the settings, and those to the probe."""

    paths: tuple[Path, ...]
    orders: tuple[Order, ...]
    base: str | None = None
    threshold: float | None = None
    fail_over: float | None = None
    baseline: Path | None = None
    update_baseline: bool = False
    heed: bool = True
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    unscaled: bool | None = None
    layout: Layout = field(default_factory=Layout)
    language: str | None = None
    stdin_filename: Path | None = None
    with_text: bool = False
    config: Path | None = None
    isolated: bool = False
    supervisor: str | None = None
    probe: str | None = None
    base_rate: float | None = None
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class _Writing:
    """The reports of a run and where each goes."""

    reports: tuple[Report, ...]
    destinations: tuple[Destination, ...]

    def file(self, file: CheckedFile) -> None:
        for report in self.reports:
            report.file(file)

    def failure(self, failed: FailedFile) -> None:
        for report in self.reports:
            report.failure(failed)

    def finish(self) -> None:
        # files before standard output, whose reader may have gone away
        for report, destination in sorted(
            zip(self.reports, self.destinations, strict=True),
            key=lambda pair: not isinstance(pair[1], FileDestination),
        ):
            report.end()
            destination.commit()

    def abandon(self) -> None:
        for destination in self.destinations:
            destination.abandon()


class CheckRun:
    """Does what a wish says, once or for some files again and again; the model is loaded when it is first needed."""

    def __init__(self, wish: Wish) -> None:
        """Raises SettingsError or InputError for what can be known to be wrong before anything is read."""
        self.wish = wish
        self.project: ProjectSettings = project_settings(Path(), config=wish.config, isolated=wish.isolated)
        for message in self.project.messages:
            complain(message)
        self._selection = selection(self.project, Path(), wish.exclude, wish.force_exclude)
        self._known = self._read_baseline()
        self._progress = CheckProgress()
        self._scorer: Scorer | None = None
        self._opened = ExitStack()

    def __enter__(self) -> CheckRun:
        return self

    def __exit__(self, *exc: object) -> None:
        self._opened.close()

    def once(self) -> int:
        """Checks everything; the exit code."""
        with self:
            candidates, failures = self.candidates()
            return self.check(candidates, failures, stdin=STDIN in self.wish.paths)

    def candidates(self) -> tuple[list[Candidate], list[FailedFile]]:
        """The files to check, and what was wrong with what was named."""
        named = [path for path in self.wish.paths if path != STDIN]
        found, errors = discover(named, self._selection)
        return found, [FailedFile(str(path), str(error)) for path, error in errors]

    def check(
        self, candidates: Sequence[Candidate], failures: Sequence[FailedFile] = (), *, stdin: bool = False
    ) -> int:
        """Checks some files and writes the reports; the exit code.

        What can't be checked is said on standard error as it is met.  An interruption, and any mistake, leaves files
        as they were.
        """
        with self._progress.over([candidate.path for candidate in candidates]):
            return self._check(candidates, list(failures), stdin)

    def _check(self, candidates: Sequence[Candidate], failures: list[FailedFile], stdin: bool) -> int:
        sources = self._sources(candidates, stdin)
        first: Source | None = None
        for failed in failures:
            self._complain(failed)
        for item in sources:
            if isinstance(item, Source):
                first = item
                break
            failures.append(item)
            self._complain(item)
            self._progress.passed(Path(item.name))
        if first is None and failures:
            return EXIT_ERROR
        scorer = self._load(sum(file_size(candidate.path) for candidate in candidates))
        flags = self._flags(scorer)
        writing = self._open(flags.run, alone=len(candidates) + stdin == 1)
        try:
            for failed in failures:
                writing.failure(failed)
            total, failing, marks = Total(), False, dict[str, tuple[LineMark, ...]]()
            for item in read_ahead(_chained(first, sources), scorer, self.wish.language):
                checked = (
                    check_source(item, scorer, self.wish.language, flags)
                    if isinstance(item, Source)
                    else item
                )
                if isinstance(checked, FailedFile):
                    failures.append(checked)
                    self._complain(checked)
                    writing.failure(checked)
                elif checked is not None:
                    total.add(flags.run, checked)
                    failing = failing or flags.fails(checked)
                    if self.wish.update_baseline and self._known is not None and checked.path is not None:
                        risky = flags.risky_marks(checked, checked.quiet)
                        marks[self._known.name(checked.path)] = tuple(risky.values())
                    with self._progress.aside():
                        writing.file(checked)
                self._progress.passed(Path(item.name))
            with self._progress.aside():
                writing.finish()
        except KeyboardInterrupt:
            writing.abandon()
            done = total.files
            complain(
                f"Stopped after {done} of {count(len(candidates) + stdin, 'file')}. What was scored is kept: the next "
                "run goes on from there."
            )
            raise
        except BaseException:
            writing.abandon()
            raise
        self._say_written(total)
        if self.wish.update_baseline:
            self._write_baseline(marks)
            return EXIT_ERROR if failures else 0
        return EXIT_ERROR if failures else EXIT_RISKY if failing else 0

    def _sources(self, candidates: Sequence[Candidate], stdin: bool) -> Iterator[Source | FailedFile]:
        settings = self.project.settings
        reading = Reading(
            self.wish.base, settings.skip_generated, 1000 * settings.max_file_size_kb, self._complain_of
        )
        return read_all(
            candidates,
            reading,
            lambda candidate: self._progress.passed(candidate.path),
            stdin=stdin,
            stdin_filename=self.wish.stdin_filename,
        )

    def _load(self, size: int) -> Scorer:
        if self._scorer is None:
            import heatline

            settings, wish = self.project.settings, self.wish
            self._scorer = self._opened.enter_context(
                heatline.load(
                    wish.supervisor or settings.supervisor,
                    wish.probe or settings.probe,
                    wish.threads or settings.threads,
                    device=settings.device,
                    cache=settings.cache_size_mb << 20,
                    base_rate=self._base_rate(),
                    batch=size,
                )
            )
            self._scale_by_workspace(self._scorer)
        return self._scorer

    def _scale_by_workspace(self, scorer: Scorer) -> None:
        if self.project.settings.scaling != "workspace" or self.wish.base_rate is not None:
            return
        from heatline.history.workspace_scaling import workspace_scaling

        found = workspace_scaling(Path())
        if found is None:
            complain(
                "No scaling was fitted to this repository; the shipped one is used. Run `heatline calibrate`."
            )
        else:
            scorer.engine.probe = found.apply(scorer.probe)

    def _base_rate(self) -> float | None:
        wished, set_there = self.wish.base_rate, self.project.settings.base_rate
        return wished if wished is not None else set_there if isinstance(set_there, float) else None

    def _flags(self, scorer: Scorer) -> Flags:
        settings, wish = self.project.settings, self.wish
        unscaled = settings.scaling == "unscaled" if wish.unscaled is None else wish.unscaled
        threshold = settings.threshold if wish.threshold is None else wish.threshold
        flagging = (
            Flagging(scorer.threshold) if threshold is None else Flagging(threshold, on_unscaled=unscaled)
        )
        provenance = Provenance(version(), scorer.supervisor, scorer.probe.name, scorer.bundle_hash)
        return Flags(
            Run(provenance, flagging, unscaled),
            wish.fail_over,
            settings.review_budget,
            wish.heed,
            self._reviewed(),
            None if wish.update_baseline else self._known,
        )

    def _reviewed(self) -> ReviewedMarks | None:
        if not self.wish.heed or not reviewed_path().exists():
            return None  # nobody has marked a line here, and nothing is written to say so
        reviewed = ReviewedMarks()
        self._opened.callback(reviewed.close)
        return reviewed

    def _open(self, run: Run, *, alone: bool) -> _Writing:
        shape = Shape(self.wish.layout, self.wish.with_text, alone)
        destinations: list[Destination] = []
        try:
            for order in self.wish.orders:
                destinations.append(open_destination(order))  # noqa: PERF401 - those opened so far must be known
        except BaseException:
            for opened in destinations:
                opened.abandon()
            raise
        reports = tuple(
            make_report(order.format, run, destination.write, shape, to_file=order.path is not None)
            for order, destination in zip(self.wish.orders, destinations, strict=True)
        )
        return _Writing(reports, tuple(destinations))

    def _read_baseline(self) -> KnownLines | None:
        path = self.wish.baseline
        if path is None:
            return None
        new = self.wish.update_baseline and not path.exists()
        return KnownLines(Baseline({}) if new else Baseline.read(path), path.parent)

    def _write_baseline(self, marks: dict[str, tuple[LineMark, ...]]) -> None:
        assert self._known is not None
        assert self.wish.baseline is not None
        updated = self._known.baseline.updated(marks, self._known.folder)
        write_file(self.wish.baseline, updated.text())
        complain(f"{self.wish.baseline} now knows {count(len(updated), 'line')}.")

    def _say_written(self, total: Total) -> None:
        written = [str(order.path) for order in self.wish.orders if order.path is not None]
        on_terminal = any(order == Order(Format.terminal, None) for order in self.wish.orders)
        if written and is_watched() and not on_terminal:
            complain(
                f"{total.flagged} of {count(total.lines, 'line')} in {count(total.files, 'file')} flagged; "
                f"wrote {' and '.join(written)}."
            )

    def _complain(self, failed: FailedFile) -> None:
        self._complain_of(failed.message)

    def _complain_of(self, message: str) -> None:
        with self._progress.aside():
            complain(message)


def _chained(first: Source | None, rest: Iterator[Source | FailedFile]) -> Iterator[Source | FailedFile]:
    if first is not None:
        yield first
    yield from rest
