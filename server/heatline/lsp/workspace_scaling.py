"""``heatline.scaling: workspace``: risks scaled by what became of lines in the workspace's own repository."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from heatline.errors import InputError, ProbeError
from heatline.probe import SpanProbe
from heatline.settings import Scaling, Settings

if TYPE_CHECKING:
    from heatline.history.workspace_scaling import WorkspaceScaling


@dataclass(frozen=True)
class ScaledProbe:
    """The probe that is used, the repository's scaling in it, and a sentence when one was asked for and isn't there."""

    probe: SpanProbe
    workspace: WorkspaceScaling | None = None
    problem: str | None = None


def shown_scaling(settings: Settings) -> Scaling:
    """Which of a span's two figures is shown: a workspace's scaling takes the place of the shipped one."""
    return "unscaled" if settings.scaling == "unscaled" else "scaled"


def scaled_probe(probe: SpanProbe, settings: Settings, folder: Path | None) -> ScaledProbe:
    """``probe`` with the calibrators that the settings ask for.  ``folder`` is the workspace's first one.

    Without a usable scaling of the workspace the shipped one holds, and ``problem`` says so.  Raises ``ProbeError``
    when `heatline.baseRate` is set and the probe isn't calibrated.
    """
    found, problem = (None, None) if settings.scaling != "workspace" else _workspace(probe, folder)
    if found is not None:
        return found
    moved = probe if settings.base_rate is None else probe.at_base_rate(settings.base_rate)
    return ScaledProbe(moved, None, problem)


def _workspace(probe: SpanProbe, folder: Path | None) -> tuple[ScaledProbe | None, str | None]:
    if folder is None:
        return None, None
    from heatline.history.workspace_scaling import workspace_scaling

    try:
        found = workspace_scaling(folder)
        if found is None:
            return None, (
                f"{folder.name} was not calibrated yet, so risks are scaled as shipped. Run `heatline calibrate` there."
            )
        return ScaledProbe(found.apply(probe), found), None
    except (InputError, ProbeError) as error:
        return None, f"Risks are scaled as shipped. {error}"
