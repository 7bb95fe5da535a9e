"""A repository's own scaling, as `heatline calibrate` fitted it: in the person's state folder, not in the project."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from heatline.calibration import calibrator_from_json, calibrators_at
from heatline.calibration.calibrators import PlattCalibrator
from heatline.errors import InputError, ProbeError
from heatline.history.repository import Repository
from heatline.noise.reviewed import default_state_folder
from heatline.probe import SpanProbe

FORMAT_VERSION = 1


@dataclass(frozen=True)
class WorkspaceScaling:
    """Platt scaling of lines, and what it rests on: ``lines`` of ``commits``, of which ``edited`` met the outcome.

    ``languages`` have calibrators of their own, as JSON; they stand in for slope and intercept there.
    ``outcome`` is ``fixed`` or ``edited``, within ``horizon_days``; ``validation`` holds the figures on later lines.
    With a ``given_rate``, the share of edited lines that a person gave, nothing was learned from fates: lines were
    scored to find the intercept, and there are no commits, horizon or validation.
    """

    format_version: int
    probe: str
    probe_sha256: str
    bundle_hash: str
    repository: str
    head: str
    created: int  # seconds since 1970
    rules: str
    outcome: str
    horizon_days: float
    lines: int
    commits: int
    edited: int
    slope: float
    intercept: float
    threshold: float  # the line risk that one line in ten reached
    validation: dict[str, Any] = field(default_factory=dict)
    languages: dict[str, dict[str, Any]] = field(default_factory=dict)
    given_rate: float | None = None

    @property
    def base_rate(self) -> float:
        """The share of lines that met the outcome, or that was given."""
        return self.edited / self.lines if self.given_rate is None else self.given_rate

    def calibrator(self) -> PlattCalibrator:
        """Of lines."""
        return PlattCalibrator(self.slope, self.intercept, 1 - self.base_rate)

    def fits(self, probe: SpanProbe) -> bool:
        """Whether it was fitted on this very probe."""
        return (self.probe_sha256, self.bundle_hash) == (probe.card.sha256, probe.bundle_hash)

    def apply(self, probe: SpanProbe) -> SpanProbe:
        """The probe with this scaling: of lines as fitted, of tokens and scopes moved to the same base rate.

        Raises ``ProbeError`` when it was fitted on another probe.
        """
        if not self.fits(probe):
            raise ProbeError(
                f"The scaling of this workspace was fitted on another probe than {probe.name}. Run "
                "`heatline calibrate` again."
            )
        moved = calibrators_at(probe.card.calibrators, self.base_rate)
        moved["line"] = self.calibrator().to_json()
        card = replace(probe.card, calibrators=moved, threshold=self.threshold)
        return replace(probe, card=card, line_calibrators=self.languages)

    def basis(self) -> str:
        """What all its risks rest on, in one sentence."""
        if self.given_rate is not None:
            return (
                f"Risks are scaled to a given rate: {100 * self.given_rate:.3g} of 100 lines of this repository "
                f"are edited; from how the probe sees {self.lines:,} of its lines."
            )
        return (
            f"Risks are scaled to this repository: {round(100 * self.base_rate)} of 100 lines were {self.outcome} "
            f"within {self.horizon_days:g} days; from {self.lines:,} lines of {self.commits:,} commits."
        )

    def sentence(self, risk: float) -> str:
        """What a line's risk rests on, in one sentence."""
        share = "fewer than 1" if risk < 0.005 else f"{round(100 * risk)}"
        if self.given_rate is not None:
            return (
                f"With the given rate, {share} of 100 lines like this are edited in this repository; no history stands "
                "behind it."
            )
        done = "were fixed" if self.outcome == "fixed" else "were edited"
        return (
            f"In this repository, {share} of 100 lines like this {done} within {self.horizon_days:g} days; "
            f"from {self.lines:,} lines."
        )


def scaling_path(repository: Repository) -> Path:
    """Where the scaling of a repository is kept, by its common git folder: work trees share it."""
    return default_state_folder() / "workspaces" / f"{repository_key(repository)}.json"


def repository_key(repository: Repository) -> str:
    """A hash of where the repository is."""
    place = str(repository.common.resolve()).encode("utf-8", "surrogateescape")
    return hashlib.sha256(place).hexdigest()[:32]


def write_scaling(scaling: WorkspaceScaling, path: Path) -> None:
    """Write it atomically."""
    from heatline.supervisor.card import atomic_path

    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(asdict(scaling), indent=1) + "\n", encoding="utf-8")


def read_scaling(path: Path) -> WorkspaceScaling | None:
    """The scaling at ``path``; None when there is none.  Raises ``InputError`` for one that can't be used."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(
            f"The workspace's scaling {path} can't be read ({error}). Run `heatline calibrate`."
        ) from error
    if not isinstance(raw, Mapping) or raw.get("format_version") != FORMAT_VERSION:
        raise InputError(
            f"The workspace's scaling {path} is of another version. Run `heatline calibrate` again."
        )
    try:
        scaling = WorkspaceScaling(**raw)
        numbers = (
            scaling.slope,
            scaling.intercept,
            scaling.threshold,
            float(scaling.lines),
            float(scaling.edited),
        )
        sound = all(math.isfinite(number) for number in numbers) and 0 < scaling.base_rate < 1
        for own in scaling.languages.values():
            calibrator_from_json(own)
    except (TypeError, AttributeError, ZeroDivisionError, ProbeError):
        sound = False
    if not sound or scaling.slope < 0:
        raise InputError(f"The workspace's scaling {path} is malformed. Run `heatline calibrate` again.")
    return scaling


def workspace_scaling(folder: Path) -> WorkspaceScaling | None:
    """The scaling of the repository that ``folder`` is in; None outside one, and before it was calibrated."""
    try:
        repository = Repository(folder)
    except InputError:
        return None
    return read_scaling(scaling_path(repository))
