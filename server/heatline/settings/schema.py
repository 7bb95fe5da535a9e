"""Every setting with its default, its kind and its text: the one place where they are written down.

The settings of the VS Code client, the schema of ``heatline.toml`` and the page in the documentation are
made from these dataclasses (``heatline.settings.reference``).  A field's name in camelCase is the setting's
name everywhere; a nested dataclass is a group, whose name comes before a dot (``severity.low``).
"""

# ruff: noqa: RUF009 - `_setting` makes a dataclass field
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from heatline.settings.kinds import Choice, Flag, Integer, Kind, Number, Text, Texts

Scope = Literal["changes", "inserted", "file"]
Scaling = Literal["scaled", "unscaled"]
ChosenScaling = Literal["scaled", "unscaled", "workspace"]
Severity = Literal["error", "warning", "information", "hint", "off"]
Granularity = Literal["token", "line", "both", "off"]
LogLevel = Literal["error", "warning", "info", "debug"]

Reach = Literal["folder", "window", "machine"]


@dataclass(frozen=True, slots=True)
class Rule:
    """What is known about one setting besides its default.

    ``reach``: whether it may differ between the folders of a workspace, or belongs to the editor window or
    to the machine.  ``restricted``: what an untrusted folder may not set, because it names a program or a
    file.  ``restarts``: a change starts the scoring process anew.  ``client``: for the VS Code client alone,
    which the server and ``heatline.toml`` leave alone.
    """

    kind: Kind
    text: str
    reach: Reach = "folder"
    restricted: bool = False
    restarts: bool = False
    client: bool = False
    null: str = ""
    """What "not set" means, where that is the default."""


def _setting(default: Any, kind: Kind, text: str, **more: Any) -> Any:
    return field(default=default, metadata={"rule": Rule(kind, text, **more)})


_SEVERITY = Choice(
    (
        ("error", "Shown as an error."),
        ("warning", "Shown as a warning."),
        ("information", "Shown as information."),
        ("hint", "Shown as a hint."),
        ("off", "Not shown."),
    )
)


@dataclass(frozen=True, slots=True)
class Severities:
    """How a flagged line is shown, by the band its risk lies in."""

    low: Severity = _setting("information", _SEVERITY, "Flagged lines with a risk below 35 %.")
    medium: Severity = _setting("information", _SEVERITY, "Flagged lines with a risk from 35 % to 70 %.")
    high: Severity = _setting("information", _SEVERITY, "Flagged lines with a risk of 70 % and more.")


@dataclass(frozen=True, slots=True)
class Features:
    """What the server shows."""

    diagnostics: bool = _setting(True, Flag(), "Flag risky lines.")
    workspace_diagnostics: bool = _setting(
        True, Flag(), "Flag risky lines of changed files that are not open, in editors that ask for it."
    )
    hover: bool = _setting(True, Flag(), "Show the risks of token, line and function on hover.")
    code_lens: bool = _setting(True, Flag(), "Show the risk of each function above it.")
    code_actions: bool = _setting(
        True, Flag(), "Offer to mark lines as reviewed, to ignore them, and to explain them."
    )
    inlay_hints: bool = _setting(False, Flag(), "Show the risk at the end of each flagged line.")
    semantic_tokens: bool = _setting(
        False,
        Flag(),
        "Send heat as semantic-token modifiers, for editors that can't draw `heatline/heat`.",
        reach="window",
    )


@dataclass(frozen=True, slots=True)
class Heat:
    """How the VS Code client draws heat."""

    granularity: Granularity = _setting(
        "token",
        Choice(
            (
                ("token", "Colour each risky token."),
                ("line", "Tint each risky line."),
                ("both", "Colour tokens and tint lines."),
                ("off", "Draw no heat."),
            )
        ),
        "What heat is drawn on.",
        reach="window",
        client=True,
    )
    gutter: bool = _setting(True, Flag(), "Mark risky lines in the gutter.", reach="window", client=True)
    overview_ruler: bool = _setting(
        True, Flag(), "Mark risky lines in the overview ruler and the minimap.", reach="window", client=True
    )


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """A language model that a person may ask about lines; nothing is asked without being told to."""

    enabled: bool = _setting(
        False,
        Flag(),
        "Offer the command `heatline.secondOpinion`, which sends lines to the endpoint after asking you.",
        reach="machine",
        restricted=True,
    )
    base_url: str | None = _setting(
        None,
        Text("an address"),
        "The OpenAI-compatible endpoint that is asked, such as `http://localhost:8080/v1`. Its key is read from "
        "`$OPENAI_API_KEY`.",
        reach="machine",
        restricted=True,
        null="nothing is asked",
    )
    model: str | None = _setting(
        None,
        Text("a model's name"),
        "The model's name at the endpoint.",
        reach="machine",
        restricted=True,
        null="nothing is asked",
    )


@dataclass(frozen=True, slots=True)
class Trace:
    """What is logged of the protocol."""

    server: Literal["off", "messages", "verbose"] = _setting(
        "off",
        Choice(
            (
                ("off", "Nothing."),
                ("messages", "The names of messages."),
                ("verbose", "Whole messages. They hold code."),
            )
        ),
        "What VS Code writes to the output channel of the messages between it and the server.",
        reach="window",
        client=True,
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; a ``Settings()`` holds the defaults."""

    supervisor: str | None = _setting(
        None,
        Text("a supervisor's name"),
        "The supervisor that reads the code.",
        reach="machine",
        restricted=True,
        restarts=True,
        null="`$HEATLINE_SUPERVISOR`, else the default supervisor",
    )
    probe: str | None = _setting(
        None,
        Text("a probe's name or path"),
        "The probe that turns the supervisor's states into risk: a name, or the path of its card.",
        reach="machine",
        restricted=True,
        restarts=True,
        null="`$HEATLINE_PROBE`, else the supervisor's own",
    )
    scope: Scope = _setting(
        "changes",
        Choice(
            (
                ("changes", "Lines that differ from git HEAD; outside a repository, the whole file."),
                ("inserted", "What was inserted in one go: a paste, an accepted completion."),
                ("file", "All lines."),
            )
        ),
        "Which lines count as generated, and so are shown.",
    )
    scaling: ChosenScaling = _setting(
        "scaled",
        Choice(
            (
                ("scaled", "Calibrated risk."),
                ("unscaled", "The probe's own figure."),
                (
                    "workspace",
                    "Risk calibrated to this repository's history by `heatline calibrate`; without that, as scaled.",
                ),
            )
        ),
        "Which risk is shown first; the command `heatline.toggleScaling` switches.",
        reach="window",
    )
    threshold: float | None = _setting(
        None,
        Number(0, 1),
        "A line is flagged when its risk is at least this.",
        null="the probe's own threshold",
    )
    review_budget: float | None = _setting(
        None,
        Number(0, 1),
        "Flag at most this share of a file's shown lines, the riskiest first.",
        null="no limit",
    )
    severity: Severities = field(default_factory=Severities)
    base_rate: float | None = _setting(
        None,
        Number(0.001, 0.999),
        "The share of lines that get edited in code like yours, to which risks are shifted.",
        null="the rate of the probe's corpus",
    )

    assistants: tuple[str, ...] = _setting(
        (),
        Texts("regular expressions"),
        "More authors whose commits count as written by an assistant, as `NAME=EXPRESSION`, for `heatline history` "
        "and `heatline calibrate`.",
    )
    feedback: bool = _setting(
        False,
        Flag(),
        "Remember on this machine what became of scored lines: hashes, risks and fates, never code.",
        reach="machine",
    )

    languages: tuple[str, ...] | None = _setting(
        None,
        Texts("languages"),
        "The only languages to score, by their names in editors.",
        null="all but prose and data",
    )
    include: tuple[str, ...] = _setting(
        (), Texts("globs"), "Score only files that match one of these globs; empty: all files."
    )
    exclude: tuple[str, ...] = _setting(
        (), Texts("globs"), "Leave files alone that match one of these globs."
    )
    skip_generated: bool = _setting(
        True, Flag(), "Leave files alone that a program wrote: generated, vendored, minified and lock files."
    )
    max_file_size_kb: int = _setting(
        1000, Integer(1, 100_000), "Leave files alone that are larger than this many kilobytes (1000 bytes)."
    )

    features: Features = field(default_factory=Features)

    debounce_ms: int = _setting(
        150, Integer(0, 10_000), "Milliseconds without an edit before a file is scored again.", reach="window"
    )
    quiet_ms: int = _setting(
        1000,
        Integer(0, 60_000),
        "Milliseconds without an edit before the line that was typed on may be flagged.",
        reach="window",
    )
    threads: int | None = _setting(
        None,
        Integer(1, 256),
        "Threads that scoring may use.",
        reach="machine",
        restarts=True,
        null="one less than the physical cores, at least 1",
    )
    device: str = _setting(
        "auto",
        Choice(
            (
                ("auto", "The fastest that works."),
                ("cpu", "The processor."),
                ("cuda", "An NVIDIA card, with onnxruntime-gpu."),
                ("directml", "A graphics card under Windows, with onnxruntime-directml."),
                ("coreml", "Apple's accelerators."),
                ("openvino", "Intel's accelerators, with onnxruntime-openvino."),
            )
        ),
        "What the supervisor runs on; where it can't be used, the processor is.",
        reach="machine",
        restarts=True,
    )
    memory_mb: int | None = _setting(
        None,
        Integer(1, 65_536),
        "Megabytes for the supervisor's kept states, which make an edit cost only what comes after it.",
        reach="machine",
        restarts=True,
        null="what suits the supervisor",
    )
    cache_size_mb: int = _setting(
        512,
        Integer(0, 1_048_576),
        "Megabytes that the cache of scores may take on disk; 0: no cache.",
        reach="machine",
        restarts=True,
    )
    keep_warm_minutes: float = _setting(
        10.0,
        Number(0, 1440),
        "Minutes that the scoring process stays after the last document was closed.",
        reach="machine",
    )
    log_level: LogLevel = _setting(
        "warning",
        Choice(
            (
                ("error", "What went wrong."),
                ("warning", "And what could not be done as asked."),
                ("info", "And what is being done."),
                ("debug", "And why, with timings."),
            )
        ),
        "What the server logs to stderr; code is never logged.",
        reach="window",
    )

    second_opinion: SecondOpinion = field(default_factory=SecondOpinion)
    heat: Heat = field(default_factory=Heat)
    trace: Trace = field(default_factory=Trace)
    path: str | None = _setting(
        None,
        Text("a program's name or path"),
        "The heatline program: a name found on PATH, or an absolute path.",
        reach="machine",
        restricted=True,
        client=True,
        null="that of the selected Python environment, else the one on PATH, else the extension's own",
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One setting as it is written down: its dotted name, the fields that lead to it, default and rule."""

    name: str
    fields: tuple[str, ...]
    default: Any
    rule: Rule


def entries() -> Iterator[Entry]:
    """All settings in the order of their definition."""
    yield from _entries(Settings(), (), ())


def _entries(owner: Any, names: tuple[str, ...], path: tuple[str, ...]) -> Iterator[Entry]:
    for each in fields(owner):
        value = getattr(owner, each.name)
        named, led = (*names, camel_case(each.name)), (*path, each.name)
        rule = each.metadata.get("rule")
        if isinstance(rule, Rule):
            yield Entry(".".join(named), led, value, rule)
        else:
            yield from _entries(value, named, led)


def camel_case(name: str) -> str:
    """``max_file_size_kb`` as ``maxFileSizeKb``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
