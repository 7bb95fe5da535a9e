"""The command ``heatline.showReliability``: how well risks hold in the workspace, as a page in a temporary file."""

from __future__ import annotations

from pathlib import Path

COMMAND = "heatline.showReliability"


def write_reliability(folder: Path) -> str:
    """Write the page of the repository that ``folder`` is in; its URI.  Runs in a thread.

    Raises ``InputError`` when nothing is known of it.
    """
    import tempfile

    from heatline.feedback.store import FeedbackStore
    from heatline.history.repository import Repository
    from heatline.history.workspace_scaling import read_scaling, repository_key, scaling_path
    from heatline.report.reliability_page import page_of

    repository = Repository(folder)
    store = FeedbackStore()
    try:
        outcomes = store.outcomes(repository_key(repository))
    finally:
        store.close()
    page = page_of(folder.name, read_scaling(scaling_path(repository)), outcomes)
    path = Path(tempfile.mkdtemp(prefix="heatline-")) / "reliability.html"
    path.write_text(page.html(), encoding="utf-8")
    return path.as_uri()
