"""The Python API: ``heatline.load()`` and ``Scorer``."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from heatline.errors import ProbeError, SettingsError
from heatline.probe import SpanProbe
from heatline.probe.chosen import chosen_probe
from heatline.scoring.cache import FeatureCache
from heatline.scoring.engine import Engine
from heatline.scoring.headers import language_of_file
from heatline.scoring.known_text import KnownText
from heatline.scoring.languages import PLAIN, language_of
from heatline.scoring.layout import LAYOUT_VERSION
from heatline.scoring.parallel import ParallelEngine, free_memory, side_by_side
from heatline.scoring.scored_text import ScoredText
from heatline.scoring.text_logits import TextLogits
from heatline.supervisor.card import BundleCard
from heatline.supervisor.catalog import DEFAULT_SUPERVISOR
from heatline.supervisor.devices import choose
from heatline.supervisor.processor import physical_cores
from heatline.supervisor.store import SupervisorStore

if TYPE_CHECKING:
    from heatline.supervisor.session import SupervisorSession

log = logging.getLogger(__name__)

SHIPPED_PROBES = Path(__file__).parent / "probe" / "shipped"


@dataclass(frozen=True)
class Resolved:
    """Which bundle and which probe will be used."""

    supervisor: str
    bundle: Path
    probe: Path  # the card


def resolve(supervisor: str | None = None, probe: str | None = None) -> Resolved:
    """Find bundle and probe by name or path; nothing is loaded.

    Defaults: ``HEATLINE_SUPERVISOR``, then ``smollm2-135m``; ``HEATLINE_PROBE``, then the supervisor's shipped
    probe.  Raises ``SupervisorError`` or ``ProbeError`` saying what to do.
    """
    name = supervisor or os.environ.get("HEATLINE_SUPERVISOR") or DEFAULT_SUPERVISOR
    return Resolved(
        name, SupervisorStore().bundle(name), find_probe(name, probe or os.environ.get("HEATLINE_PROBE"))
    )


def find_probe(supervisor: str, probe: str | None = None) -> Path:
    """The card of a probe: a path, a shipped probe's name, or the supervisor's default probe.

    The default is what `heatline probe use` chose, else the shipped one.
    """
    probe = probe or chosen_probe(supervisor)
    if probe and (probe.endswith(".json") or os.sep in probe):
        path = Path(probe).expanduser().with_suffix(".json")
        if not path.is_file():
            raise ProbeError(f"There is no probe at {path}. Give the path of its .json card.")
        return path
    shipped = SHIPPED_PROBES / supervisor
    path = shipped / f"{probe or 'default'}.json"
    if path.is_file():
        return path
    known = ", ".join(sorted(p.stem for p in shipped.glob("*.json"))) if shipped.is_dir() else ""
    if probe and known:
        raise ProbeError(
            f"There is no probe {probe!r} for {supervisor}. Choose one of {known}, or give a path."
        )
    raise ProbeError(
        f"No probe is shipped for the supervisor {supervisor}. Train one with `heatline-probes train`, and "
        "name it with --probe."
    )


class Scorer:
    """Scores texts with one supervisor and one probe; use it from one thread at a time."""

    def __init__(self, engine: Engine, supervisor: str) -> None:
        self.engine = engine
        self.supervisor = supervisor
        self._expected: dict[tuple[str, str], TextLogits] = {}

    @property
    def probe(self) -> SpanProbe:
        """The probe in use."""
        return self.engine.probe

    @property
    def bundle_hash(self) -> str:
        """The bundle the probe was fitted on: the one in use, or the one that it stands for."""
        return self.probe.bundle_hash

    @property
    def threshold(self) -> float:
        """Scaled line risk at or above which a line is flagged by default."""
        return self.probe.threshold

    def score(
        self,
        text: str,
        language: str | None = None,
        *,
        path: Path | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> ScoredText:
        """Score a whole text.

        ``language`` is a name or an editor's language id; without it ``path``'s ending decides, else the text
        is cut by indentation.  Raises ``SupervisorError`` or ``ProbeError`` when the model can't be run, and
        ``scoring.engine.Cancelled`` when ``cancelled()`` turns true.
        """
        chosen = _language(text, language, path)

        def scored() -> ScoredText:
            scopes = list(self.engine.scope_features(text, chosen, cancelled=cancelled))
            return ScoredText(text, chosen, scopes, self.probe)

        known = self._expected.pop((text, chosen), None) or self.engine.known_logits(text, chosen)
        if known is not None:
            return KnownText(text, chosen, known, self.probe, scored)
        new = scored()
        self.engine.keep_logits(new)
        return new

    def expect(self, text: str, language: str | None = None, *, path: Path | None = None) -> None:
        """Say that ``score`` will be called with this soon; where texts are scored side by side, it begins now."""
        chosen = _language(text, language, path)
        known = self.engine.known_logits(text, chosen)
        if known is None:
            self.engine.expect(text, chosen)
        else:
            self._expected[text, chosen] = known

    def score_many(self, texts: Iterable[str], language: str | None = None) -> Iterator[ScoredText]:
        """Score texts one after the other, as they are asked for."""
        for text in texts:
            yield self.score(text, language)

    def close(self) -> None:
        """Release the feature cache."""
        self.engine.close()

    def __enter__(self) -> Scorer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def load(
    supervisor: str | None = None,
    probe: str | None = None,
    threads: int | None = None,
    *,
    device: str = "auto",
    cache: bool | int = True,
    memory: int | None = None,
    base_rate: float | None = None,
    batch: int | None = None,
) -> Scorer:
    """Get ready to score: find bundle and probe and check that they fit.

    ``supervisor`` is a name (``heatline supervisor list``), ``probe`` a name or the path of a card, ``threads``
    the processor's cores to use (default: all physical ones but one), ``cache`` whether features are kept on
    disk, or in how many bytes, ``memory`` the bytes that may be kept of scopes under edit, ``base_rate`` the share
    of lines that get edited in code like this, to which risks are shifted.  ``batch`` says that nobody is editing and
    that so many bytes of text will be scored: all cores are used, by several sessions when it is much.  The model is
    loaded when it is first needed.
    """
    if threads is not None and threads < 1:
        raise SettingsError(f"{threads} threads can't score anything. Use 1 or more.")
    found = resolve(supervisor, probe)
    loaded = SpanProbe.load(found.probe)
    loaded.check_bundle(BundleCard.read(found.bundle).bundle_hash, LAYOUT_VERSION)
    choice = choose(found.bundle, device)
    if base_rate is not None:
        loaded = loaded.at_base_rate(base_rate)

    def open_session() -> SupervisorSession:
        from heatline.supervisor.opening import open_supervisor

        return open_supervisor(found.bundle, threads, device, choice)

    kept = None if not cache else FeatureCache() if cache is True else FeatureCache(limit=cache)
    if batch is not None:
        threads = threads or physical_cores()
        # the weights, and again as the kernels want them, and what they work on
        size = 3 * sum(file.stat().st_size for file in found.bundle.glob("graph.data"))
        sessions = side_by_side(batch, threads, size, free_memory()) if choice.device == "cpu" else 1
        threads //= sessions
        if sessions > 1:
            if choice.warning:  # once, and not by each of them
                log.warning("%s", choice.warning)
                choice = replace(choice, warning="")
            return Scorer(ParallelEngine(open_session, loaded, kept, sessions=sessions), found.supervisor)
    chosen_hash = BundleCard.read(choice.bundle).bundle_hash
    return Scorer(Engine(open_session, loaded, kept, memory, chosen_hash), found.supervisor)


def _language(text: str, language: str | None, path: Path | None) -> str:
    return language_of(language) if language else language_of_file(path, text) if path else PLAIN
