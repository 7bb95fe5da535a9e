"""The command ``heatline.toggleScaling``: shows unscaled risk instead of scaled, or back."""

from __future__ import annotations

from heatline.settings import Scaling

COMMAND = "heatline.toggleScaling"


def other_scaling(scaling: Scaling) -> Scaling:
    """What the command changes ``scaling`` to."""
    return "unscaled" if scaling == "scaled" else "scaled"
