"""`heatline bench`: how fast a supervisor is on this machine, as a text to paste into a report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from heatline.cli.output import emit, version

if TYPE_CHECKING:
    from heatline.supervisor.session import SupervisorSession
    from heatline.supervisor.speed import Speed


@dataclass(frozen=True, slots=True)
class Bench:
    """What was measured, and on what.

    ``difference`` is that of the hidden states from those of the int8 build on the processor (median and 99th
    percentile, relative), when something else ran; else None.
    """

    versions: dict[str, str]
    system: str
    processor: str
    cores: int
    features: list[str] | None
    load_average: float | None
    supervisor: str
    layers: int
    precision: str
    kernel: str
    device: str
    why: str
    warning: str
    threads: int
    open_seconds: float
    peak_megabytes: float | None
    speed: Speed
    difference: dict[str, float] | None


def bench(
    supervisor: Annotated[
        str | None, typer.Option(metavar="NAME", help="The supervisor.", show_default="smollm2-135m")
    ] = None,
    device: Annotated[
        str,
        typer.Option(
            metavar="DEVICE",
            help="What to run it on: auto, cpu, cuda, directml, coreml or openvino.",
            show_default="auto",
        ),
    ] = "auto",
    threads: Annotated[
        int | None,
        typer.Option(min=1, help="Threads to compute with.", show_default="physical cores less one"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the figures as JSON.")] = False,
) -> None:
    """Measures how fast a supervisor is on this machine, and on what it runs.

    It takes half a minute. The supervisor reads made-up tokens, no code, and nothing is sent: the text is for you, to
    paste into an issue if you like. On a graphics card it also says how far its numbers are from the processor's.
    """
    from heatline.cli.progress import stage_progress

    with stage_progress() as progress:
        measured = measure(
            supervisor, device, threads, lambda done, total: progress("Measuring", done, total)
        )
    if as_json:
        emit(json.dumps(asdict(measured), indent=2) + "\n")
    else:
        emit("\n".join(text(measured)) + "\n")


def measure(
    supervisor: str | None,
    device: str,
    threads: int | None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Bench:
    """Opens the supervisor and measures it. Raises SupervisorError when it isn't here or can't be run."""
    import os
    import platform
    import time

    from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
    from heatline.supervisor.processor import integer_features, physical_cores, processor_name
    from heatline.supervisor.store import SupervisorStore

    name = supervisor or os.environ.get("HEATLINE_SUPERVISOR") or DEFAULT_SUPERVISOR
    bundle = SupervisorStore().bundle(name)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    started = time.perf_counter()
    from heatline.supervisor.opening import open_supervisor

    session = open_supervisor(bundle, threads, device)
    opened = time.perf_counter() - started
    from heatline.supervisor.speed import measure_speed, peak_memory

    speed = measure_speed(session, progress)
    most = peak_memory()  # before another build is loaded to compare with
    return Bench(
        versions=_versions(),
        system=platform.platform(),
        processor=processor_name(),
        cores=physical_cores(),
        features=integer_features(),
        load_average=load,
        supervisor=name,
        layers=session.card.layers,
        precision=session.card.precision,
        kernel=session.card.kernel,
        device=session.device,
        why=session.why,
        warning=session.warning,
        threads=session.threads,
        open_seconds=opened,
        peak_megabytes=most,
        speed=speed,
        difference=_difference(session, bundle),
    )


def text(measured: Bench) -> Iterator[str]:
    """The lines of the report."""
    features = "features not known" if measured.features is None else ", ".join(measured.features) or "none"
    load = "" if measured.load_average is None else f", load average {measured.load_average:.1f} before"
    facts = {
        "versions": ", ".join(f"{name} {number}" for name, number in measured.versions.items()),
        "system": measured.system,
        "processor": f"{measured.processor}: {measured.cores} cores, {features}{load}",
        "supervisor": f"{measured.supervisor}: {measured.layers} layers, {measured.precision}",
        "device": f"{measured.device}, because {measured.why}",
        "threads": str(measured.threads),
        "opened in": f"{measured.open_seconds:.2f} s",
        "memory": "not known"
        if measured.peak_megabytes is None
        else f"{measured.peak_megabytes:.0f} MB at most",
    }
    if measured.precision == "int8":
        facts["supervisor"] += f", kernel {measured.kernel}"
    if measured.warning:
        facts["warning"] = measured.warning
    if measured.difference is not None:
        facts["numbers"] = (
            f"hidden states differ from the int8 build's on the processor by {measured.difference['median']:.1%} "
            f"(99 of 100 by less than {measured.difference['p99']:.1%})"
        )
    yield from (f"{name:<12}{fact}" for name, fact in facts.items())
    yield ""
    for length, speed in measured.speed.tokens_per_second.items():
        yield f"{length:>5} tokens from scratch  {speed:>8,.0f} tokens/s"
    for length, milliseconds in measured.speed.suffix_milliseconds.items():
        yield f"{length:>5} more after 512       {milliseconds:>8.1f} ms"


def _versions() -> dict[str, str]:
    import platform
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    import onnxruntime

    found = {"heatline": version(), "onnxruntime": onnxruntime.__version__}
    for package in ("onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino", "numpy"):
        try:
            found[package] = installed(package)
        except PackageNotFoundError:
            continue
    return found | {"Python": platform.python_version()}


def _difference(session: SupervisorSession, bundle: Path) -> dict[str, float] | None:
    from heatline.supervisor.agreement import differences, hidden_states
    from heatline.supervisor.session import SupervisorSession

    if session.device == "cpu":
        return None
    return differences(hidden_states(session), hidden_states(SupervisorSession(bundle, session.threads)))
