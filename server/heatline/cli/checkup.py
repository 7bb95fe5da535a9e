"""The checks of `heatline doctor`, in the order of its report."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping

from heatline.cli import diagnosis
from heatline.cli.diagnosis import Check, Finding, Status
from heatline.errors import HeatlineError, ProbeError
from heatline.probe import SpanProbe
from heatline.scorer import SHIPPED_PROBES, find_probe
from heatline.scoring import cache
from heatline.scoring.languages import LANGUAGES
from heatline.scoring.layout import LAYOUT_VERSION
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline.supervisor.devices import CARDS, available_devices, choose
from heatline.supervisor.kernel import exact_kernels
from heatline.supervisor.opening import open_supervisor
from heatline.supervisor.processor import default_threads, physical_cores
from heatline.supervisor.session import SupervisorSession
from heatline.supervisor.store import SupervisorStore


def checks() -> Mapping[str, Check]:
    """What the doctor looks at, by the name it is reported under."""
    store = SupervisorStore()
    grammars = sorted({(syntax.module, syntax.factory) for syntax in LANGUAGES.values()})
    cache_folder = cache.default_folder()
    return {
        "python": diagnosis.python,
        "onnxruntime": diagnosis.onnxruntime,
        "processor": diagnosis.processor,
        "threads": threads,
        "grammars": lambda: diagnosis.grammars(grammars),
        "git": diagnosis.git,
        "supervisors": lambda: supervisors(store),
        "device": lambda: device(store, os.environ),
        "probes": lambda: probes(store, os.environ),
        "cache": lambda: diagnosis.writable("cache", cache_folder, "HEATLINE_CACHE"),
        "disk": lambda: diagnosis.disk(store.folder),
    }


def threads() -> Finding:
    """How many threads are used, and whether integer products are exact on them."""
    kernels = exact_kernels()
    found = f"{default_threads()} of {physical_cores()} cores, kernel {kernels[0] if kernels else 'none'}"
    if not kernels:
        return Finding(
            "threads", Status.fail, found, "Install another version of onnxruntime: this one errs."
        )
    return Finding("threads", Status.ok, found)


def supervisors(store: SupervisorStore) -> Finding:
    """Which supervisors are here, each file checked against its hash."""
    installed = store.installed()
    if not installed:
        mend = f"Fetch the default one with `heatline supervisor pull {DEFAULT_SUPERVISOR}`."
        return Finding("supervisors", Status.fail, f"none in {store.folder}", mend)
    whole: list[str] = []
    broken: list[HeatlineError] = []
    for each in installed:
        try:
            card = store.verify(each.name)
            other = card.precision == "int8" and card.kernel not in exact_kernels()
            whole.append(each.name + (" (built for another processor)" if other else ""))
        except HeatlineError as error:
            broken.append(error)
    if broken:
        status = Status.warn if whole else Status.fail
        return Finding("supervisors", status, *_parts(broken[0]))
    return Finding("supervisors", Status.ok, f"{', '.join(whole)}, verified, in {store.folder}")


def device(
    store: SupervisorStore,
    environment: Mapping[str, str],
    available: Callable[[], Collection[str]] = available_devices,
    opened: Callable[..., SupervisorSession] = open_supervisor,
) -> Finding:
    """What the default supervisor runs on when the setting ``device`` is ``auto``, and why; a card is tried out."""
    name = environment.get("HEATLINE_SUPERVISOR", DEFAULT_SUPERVISOR)
    if not any(each.name == name and each.card for each in store.installed()):
        return Finding("device", Status.ok, f"not chosen yet: {name} is not on this machine")
    bundle = store.bundle(name)
    choice = choose(bundle, "auto", available)
    if choice.device == "cpu":
        found = f"cpu, because {choice.why}"
        if cards := [card for card in CARDS if card in available()]:
            mend = f"To try {cards[0]}, run `heatline supervisor build {name} --precision fp16`."
            return Finding("device", Status.warn, found, mend)
        return Finding("device", Status.ok, found)
    session = opened(bundle, None, "auto", choice)
    found = f"{session.device}, because {session.why}"
    if session.warning:
        return Finding("device", Status.warn, found, session.warning)
    return Finding("device", Status.ok, found)


def probes(store: SupervisorStore, environment: Mapping[str, str]) -> Finding:
    """Which probes fit the supervisors that are here; ``HEATLINE_PROBE`` is looked at for the default one."""
    default = environment.get("HEATLINE_SUPERVISOR", DEFAULT_SUPERVISOR)
    fitting: list[str] = []
    unfit: list[HeatlineError] = []
    for each in store.installed():
        if each.card is None:
            continue
        try:
            chosen = environment.get("HEATLINE_PROBE") if each.name == default else None
            shipped = sorted((SHIPPED_PROBES / each.name).glob("*.json"))
            for path in [find_probe(each.name, chosen)] if chosen else shipped or [find_probe(each.name)]:
                probe = SpanProbe.load(path)
                probe.check_bundle(each.card.bundle_hash, LAYOUT_VERSION)
                fitting.append(f"{probe.name} for {each.name}")
        except ProbeError as error:
            unfit.append(error)
    if unfit:
        return Finding("probes", Status.warn if fitting else Status.fail, *_parts(unfit[0]))
    if not fitting:
        return Finding(
            "probes", Status.fail, "none, as there is no supervisor", "Mend the supervisors first."
        )
    return Finding("probes", Status.ok, ", ".join(fitting))


def _parts(error: HeatlineError) -> tuple[str, str]:
    """What is wrong and what to do, of an error's two sentences."""
    wrong, _, mend = str(error).partition(". ")
    return wrong, mend
